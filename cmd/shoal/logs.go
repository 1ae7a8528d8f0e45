package main

import (
	"context"

	"shoal/front/admin"
)

type logsCommand struct {
	Deliver logsDeliverCommand `cmd:"" help:"Deliver the access logs that wait, now, and print what was done."`
}

type logsDeliverCommand struct {
	adminTarget `embed:""`
}

// Run delivers and prints the counts as JSON.
func (c *logsDeliverCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		d, err := client.DeliverLogs(ctx)
		if err != nil {
			return err
		}
		return printJSON(t.out, d)
	})
}
