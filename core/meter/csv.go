package meter

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// csvHeader is the first line of the AWS usage report: comma and space here, bare commas in the rows.
const csvHeader = "Service, Operation, UsageType, Resource, StartTime, EndTime, UsageValue\n"

// timeFormat is the MM/dd/yy HH:mm:ss of the AWS usage report.
const timeFormat = "01/02/06 15:04:05"

// WriteCSV writes rows as the AWS usage report in CSV. Fields with a comma, a quote or a line break are
// quoted as in RFC 4180.
func WriteCSV(w io.Writer, rows []Row) error {
	if _, err := io.WriteString(w, csvHeader); err != nil {
		return fmt.Errorf("write usage report: %w", err)
	}
	c := csv.NewWriter(w)
	for _, r := range rows {
		err := c.Write([]string{
			r.Service, r.Operation.String(), r.UsageType.String(), r.Resource,
			r.StartTime.UTC().Format(timeFormat), r.EndTime.UTC().Format(timeFormat), strconv.FormatInt(r.UsageValue, 10),
		})
		if err != nil {
			return fmt.Errorf("write usage report: %w", err)
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write usage report: %w", err)
	}
	return nil
}
