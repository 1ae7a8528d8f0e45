package meter

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// jsonRow is one row in JSON: the columns of the report, times in RFC 3339, and the account.
type jsonRow struct {
	Service    string
	Account    string
	Operation  string
	UsageType  string
	Resource   string
	StartTime  time.Time
	EndTime    time.Time
	UsageValue int64
}

// WriteJSON writes rows as one JSON array, one object a line.
func WriteJSON(w io.Writer, rows []Row) error {
	b := bufio.NewWriter(w) // its first error sticks until Flush
	b.WriteByte('[')
	for i, r := range rows {
		line, err := json.Marshal(jsonRow{
			Service: r.Service, Account: r.Account, Operation: r.Operation.String(), UsageType: r.UsageType.String(),
			Resource: r.Resource, StartTime: r.StartTime.UTC(), EndTime: r.EndTime.UTC(), UsageValue: r.UsageValue,
		})
		if err != nil {
			return fmt.Errorf("write usage report: %w", err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(line)
	}
	b.WriteString("\n]\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write usage report: %w", err)
	}
	return nil
}
