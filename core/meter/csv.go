package meter

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// csvHeader is the first line of the AWS usage report: comma and space here, bare commas in the rows.
const (
	csvHeader         = "Service, Operation, UsageType, Resource, StartTime, EndTime, UsageValue\n"
	csvHeaderProtocol = "Service, Operation, UsageType, Resource, StartTime, EndTime, UsageValue, Protocol\n"
)

// timeFormat is the MM/dd/yy HH:mm:ss of the AWS usage report.
const timeFormat = "01/02/06 15:04:05"

// WriteCSV writes rows as the AWS usage report in CSV. Fields with a comma, a quote or a line break are
// quoted as in RFC 4180. An error of rows is returned as it is, and then what was not written yet is not.
func WriteCSV(w io.Writer, rows iter.Seq2[Row, error], v View) error {
	b := bufio.NewWriter(w) // its first error sticks until Flush
	header := csvHeader
	if v.Protocol {
		header = csvHeaderProtocol
	}
	b.WriteString(header)
	c := csv.NewWriter(b)
	for r, err := range rows {
		if err != nil {
			return err
		}
		fields := []string{
			r.Service, r.Operation.String(), v.usageType(r.UsageType), r.Resource,
			r.StartTime.UTC().Format(timeFormat), r.EndTime.UTC().Format(timeFormat), strconv.FormatInt(r.UsageValue, 10),
		}
		if v.Protocol {
			fields = append(fields, r.Source.Protocol())
		}
		if err := c.Write(fields); err != nil {
			return fmt.Errorf("write usage report: %w", err)
		}
	}
	c.Flush()
	if err := errors.Join(c.Error(), b.Flush()); err != nil {
		return fmt.Errorf("write usage report: %w", err)
	}
	return nil
}
