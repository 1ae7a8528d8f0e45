package s3api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shoal/core/accesslog"
	"shoal/core/meter"
)

// records parses the lines of events.
func records(t *testing.T, events []meter.Event) (all []accesslog.Record) {
	t.Helper()
	for _, e := range events {
		if (e.Log.Lines == nil) != (e.Log.Target == nil) || e.Log.Target != nil && e.Log.Target.Bucket != "logs" {
			t.Errorf("lines %q for %+v", e.Log.Lines, e.Log.Target)
		}
		for line := range strings.Lines(string(e.Log.Lines)) {
			r, err := accesslog.ParseLine(line)
			if err != nil {
				t.Fatal(err)
			}
			if r.Bucket != e.Bucket || r.Time.Unix() != e.At.Unix() {
				t.Errorf("a record of %s at %v in an event of %s at %v", r.Bucket, r.Time, e.Bucket, e.At)
			}
			all = append(all, r)
		}
	}
	return all
}

// usageRow is a row of the usage report.
type usageRow struct {
	account, bucket, operation, usageType string
	hour                                  int64
}

// usageRows is what a usage report says.
type usageRows map[usageRow]int64

func (rows usageRows) add(tier meter.Tier, row usageRow, requests, in, out int64) {
	for usageType, n := range map[meter.UsageType]int64{meter.DataTransferIn: in, meter.DataTransferOut: out} {
		if n > 0 {
			row.usageType = usageType.String()
			rows[row] += n
		}
	}
	if tier != meter.TierNone && requests > 0 {
		row.usageType = fmt.Sprintf("Requests-Tier%d", tier)
		rows[row] += requests
	}
}

// summed are the rows that events make.
func summed(events []meter.Event) usageRows {
	rows := usageRows{}
	for _, e := range events {
		row := usageRow{e.Account, e.Bucket, e.Operation.String(), "", e.At.Unix() / 3600}
		rows.add(e.Tier, row, e.Requests, e.BytesIn, e.BytesOut)
	}
	return rows
}

// recount is docs/protocol/access-log.md, "The usage report from the log".
func recount(t *testing.T, lines []accesslog.Record) usageRows {
	t.Helper()
	rows, table := usageRows{}, loggedOperations(t)
	for _, r := range lines {
		if r.ChargedTo == "" {
			continue
		}
		is, known := table[r.Operation]
		if !known {
			t.Errorf("the page has no operation %s", r.Operation)
		}
		requests := int64(1)
		if r.HostID == "" && strings.Contains(r.Request.URI, "x-continued=1") {
			requests = 0
		}
		rows.add(is.tier, usageRow{r.ChargedTo, r.Bucket, is.usage.String(), "", r.Time.Unix() / 3600}, requests, r.BytesReceived, r.BytesSent)
	}
	return rows
}

// reported is the usage report of an account.
func reported(t *testing.T, m *meter.Meter, account string) usageRows {
	t.Helper()
	list, err := m.Report(t.Context(), meter.Query{From: time.Now().Add(-2 * time.Hour), To: time.Now().Add(time.Hour), Account: account})
	if err != nil {
		t.Fatal(err)
	}
	rows := usageRows{}
	for _, r := range list {
		rows[usageRow{r.Account, r.Resource, r.Operation.String(), r.UsageType.String(), r.StartTime.Unix() / 3600}] = r.UsageValue
	}
	return rows
}
