package meter

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"
)

// jsonRow is one row in JSON: the columns of the report, times in RFC 3339, the account and, in that view, the protocol.
type jsonRow struct {
	Service    string
	Account    string
	Operation  string
	UsageType  string
	Resource   string
	StartTime  time.Time
	EndTime    time.Time
	UsageValue int64
	Protocol   *string `json:",omitempty"`
}

// WriteJSON writes rows as one JSON array, one object a line. Errors are as for WriteCSV.
func WriteJSON(w io.Writer, rows iter.Seq2[Row, error], v View) error {
	b := bufio.NewWriter(w) // its first error sticks until Flush
	between := "[\n"
	for r, err := range rows {
		if err != nil {
			return err
		}
		row := jsonRow{
			Service: r.Service, Account: r.Account, Operation: r.Operation.String(), UsageType: v.usageType(r.UsageType),
			Resource: r.Resource, StartTime: r.StartTime.UTC(), EndTime: r.EndTime.UTC(), UsageValue: r.UsageValue,
		}
		if v.Protocol {
			protocol := r.Source.Protocol()
			row.Protocol = &protocol
		}
		line, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("write usage report: %w", err)
		}
		b.WriteString(between)
		b.Write(line)
		between = ",\n"
	}
	if between == "[\n" {
		b.WriteByte('[')
	}
	b.WriteString("\n]\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write usage report: %w", err)
	}
	return nil
}
