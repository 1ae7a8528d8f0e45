package main

import (
	"context"
	"fmt"

	"shoal/front/admin"
)

type fsckCommand struct {
	adminTarget `embed:""`
	Deep        bool `help:"Also read every blob and verify it against its leaves."`
}

// Run prints the findings as JSON; any finding fails the command.
func (c *fsckCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		report, err := client.Fsck(ctx, c.Deep)
		if err != nil {
			return err
		}
		if err := printJSON(t.out, report); err != nil {
			return err
		}
		if n := len(report.Findings); n > 0 || report.Truncated {
			return fmt.Errorf("fsck: %d findings", n)
		}
		return nil
	})
}
