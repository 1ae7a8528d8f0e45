package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"shoal/front/admin"
)

type billCommand struct {
	Show  billShowCommand  `cmd:"" default:"withargs" help:"Print the statements of a month."`
	Plans billPlansCommand `cmd:"" help:"List the price plans that come with Shoal."`
	Plan  billPlanCommand  `cmd:"" help:"Print a price plan that comes with Shoal, to copy and change."`
}

type billShowCommand struct {
	accountTarget `embed:""`
	Month         string `help:"Month, YYYY-MM, UTC (default: this one, so far)."`
	Bucket        string `help:"Only the share of this bucket."`
	Format        string `default:"text" enum:"text,csv,json,html,focus" help:"text, csv, json, html (one page) or focus (FOCUS 1.2, CSV)."`
	Plan          string `placeholder:"FILE|NAME" help:"Price plan: the name of one that comes with Shoal, or a TOML file (default: the server's --price-plan; without a server aws-s3-2026)."`
}

// Run prints the statements.
func (c *billShowCommand) Run(ctx context.Context, t *terminal) error {
	q := admin.StatementQuery{Month: c.Month, Account: c.Account, Bucket: c.Bucket, Format: c.Format}
	if q.Month == "" {
		q.Month = time.Now().UTC().Format("2006-01")
	}
	if err := c.plan(&q); err != nil {
		return usageError{fmt.Errorf("--plan: %w", err)}
	}
	return c.call(ctx, func(client *admin.Client) error { return client.Statements(ctx, t.out, q) })
}

// plan puts the plan into q.
func (c *billShowCommand) plan(q *admin.StatementQuery) (err error) {
	if c.Plan == "" || slices.Contains(admin.PricePlans(), c.Plan) {
		q.Plan = c.Plan
		return nil
	}
	if q.PlanText, err = os.ReadFile(c.Plan); err != nil {
		return fmt.Errorf("neither a plan that comes with Shoal nor a file: %w", err)
	}
	if len(q.PlanText) == 0 {
		return errors.New("the file is empty")
	}
	return nil
}

type billPlansCommand struct{}

// Run prints the names.
func (c *billPlansCommand) Run(t *terminal) error {
	for _, name := range admin.PricePlans() {
		if _, err := fmt.Fprintln(t.out, name); err != nil {
			return err
		}
	}
	return nil
}

type billPlanCommand struct {
	Name string `arg:"" help:"Name of the plan."`
}

// Run prints the plan.
func (c *billPlanCommand) Run(t *terminal) error {
	text, err := admin.PricePlan(c.Name)
	if err != nil {
		return err
	}
	_, err = t.out.Write(text)
	return err
}
