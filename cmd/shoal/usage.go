package main

import (
	"context"
	"fmt"
	"time"

	"shoal/front/admin"
)

type usageCommand struct {
	accountTarget `embed:""`
	From          string   `help:"First moment, RFC 3339 or YYYY-MM-DD, UTC (default: start of this month)."`
	To            string   `help:"Moment after the last, the same forms (default: now, rounded up)."`
	Granularity   string   `default:"hour" enum:"hour,day,month,hours,days,months" help:"Length of a row: hour, day or month."`
	Format        string   `default:"csv" enum:"csv,xml,json" help:"csv, xml or json."`
	Bucket        string   `help:"Only this bucket."`
	Operation     []string `help:"Only this operation, such as GetObject; may be repeated."`
	UsageType     []string `help:"Only this usage type, such as DataTransfer-Out-Bytes; may be repeated."`
	SplitTorrent  bool     `help:"A row for each protocol, with a last column REST, SOAP or BITTORRENT."`
}

// Run prints the usage report.
func (c *usageCommand) Run(ctx context.Context, t *terminal) error {
	now := time.Now().UTC()
	from, err := parseMoment(c.From, time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return usageError{fmt.Errorf("--from: %w", err)}
	}
	to, err := parseMoment(c.To, now.Add(time.Hour))
	if err != nil {
		return usageError{fmt.Errorf("--to: %w", err)}
	}
	if !from.Before(to) {
		return usageError{fmt.Errorf("--from %s is not before --to %s", from.Format(time.RFC3339), to.Format(time.RFC3339))}
	}
	return c.call(ctx, func(client *admin.Client) error {
		return client.Usage(ctx, t.out, admin.UsageQuery{
			From: from, To: to, Granularity: c.Granularity, Format: c.Format, Account: c.Account, Bucket: c.Bucket,
			Operations: c.Operation, UsageTypes: c.UsageType, SplitTorrent: c.SplitTorrent,
		})
	})
}

func parseMoment(s string, otherwise time.Time) (time.Time, error) {
	if s == "" {
		return otherwise, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15", "2006-01-02"} {
		if m, err := time.Parse(layout, s); err == nil {
			return m.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time such as 2026-11-23 or 2026-11-23T15:00:00Z", s)
}
