package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"shoal/config"
	"shoal/front/admin"
)

type budgetCommand struct {
	Create budgetCreateCommand `cmd:"" help:"Make a monthly budget of a bucket or an account."`
	List   budgetListCommand   `cmd:"" help:"List budgets."`
	Show   budgetShowCommand   `cmd:"" help:"Show a budget, what is used of it and which alarms were raised."`
	Set    budgetSetCommand    `cmd:"" help:"Change a budget; it counts within a second."`
	Delete budgetDeleteCommand `cmd:"" help:"Delete a budget."`
}

// budgetFlags set what can be changed.
type budgetFlags struct {
	Egress  *config.ByteSize `explicit:"" xor:"limit" help:"Limit of bytes sent in a calendar month (UTC), to S3 clients and peers, such as 1TiB."`
	Cost    *money           `explicit:"" xor:"limit" help:"Limit of money in a calendar month, in the currency of the price plan, such as 12.50."`
	AlarmAt *[]int           `explicit:"" help:"Percentages of the limit that raise an alarm (default: 50,80,100)."`
	Action  *string          `explicit:"" enum:"none,torrents-only,stop-anonymous-egress" help:"What is done at 100 %: none, torrents-only or stop-anonymous-egress (default: none)."`
	Target  *string          `explicit:"" help:"Name of the --event-target that alarms are sent to; empty is none."`
}

// change returns what the flags change.
func (f *budgetFlags) change() admin.BudgetChange {
	c := admin.BudgetChange{Limit: (*int64)(f.Egress), Thresholds: f.AlarmAt, Action: f.Action, Target: f.Target}
	if f.Cost != nil {
		c.Limit = (*int64)(f.Cost)
	}
	return c
}

// unit returns which limit is given, "" for none.
func (f *budgetFlags) unit() string {
	switch {
	case f.Egress != nil:
		return "egress"
	case f.Cost != nil:
		return "cost"
	}
	return ""
}

// money is an amount in millionths.
type money int64

// moneyDigits are those behind the point that count.
const moneyDigits = 6

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *money) UnmarshalText(text []byte) error {
	whole, part, _ := strings.Cut(string(text), ".")
	n, err := strconv.ParseUint(whole+part+strings.Repeat("0", max(0, moneyDigits-len(part))), 10, 63)
	if err != nil || whole == "" || len(part) > moneyDigits {
		return fmt.Errorf("%q is not an amount such as 12.50", text)
	}
	*m = money(n)
	return nil
}

// String is the amount as UnmarshalText reads it.
func (m money) String() string { return fmt.Sprintf("%d.%06d", m/1e6, m%1e6) }

type budgetCreateCommand struct {
	accountTarget `embed:""`
	Name          string `arg:"" help:"Name of the budget: one in its account."`
	Bucket        string `help:"Bucket that the budget is of (default: the account, with all its buckets)."`
	budgetFlags   `embed:""`
}

// Run makes the budget and prints it.
func (c *budgetCreateCommand) Run(ctx context.Context, t *terminal) error {
	if c.unit() == "" {
		return usageError{errors.New("a budget needs a limit: give --egress or --cost")}
	}
	return c.call(ctx, func(client *admin.Client) error {
		b, err := client.CreateBudget(ctx, c.Account, admin.NewBudget{Name: c.Name, Bucket: c.Bucket, Unit: c.unit(), BudgetChange: c.change()})
		if err != nil {
			return err
		}
		return printBudgets(t, b)
	})
}

type budgetListCommand struct {
	accountTarget `embed:""`
	JSON          bool `help:"Print JSON."`
}

// Run lists the budgets.
func (c *budgetListCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		list, err := client.Budgets(ctx, c.Account)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(t.out, list)
		}
		return printBudgets(t, list...)
	})
}

type budgetShowCommand struct {
	accountTarget `embed:""`
	Name          string `arg:"" help:"Name of the budget."`
	JSON          bool   `help:"Print JSON."`
}

// Run prints the budget.
func (c *budgetShowCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		b, err := client.Budget(ctx, c.Account, c.Name)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(t.out, b)
		}
		return printBudgets(t, b)
	})
}

type budgetSetCommand struct {
	accountTarget `embed:""`
	Name          string `arg:"" help:"Name of the budget."`
	budgetFlags   `embed:""`
}

// Run changes the budget and prints it.
func (c *budgetSetCommand) Run(ctx context.Context, t *terminal) error {
	change := c.change()
	if change == (admin.BudgetChange{}) {
		return usageError{errors.New("nothing to set: give a limit, --alarm-at, --action or --target")}
	}
	return c.call(ctx, func(client *admin.Client) error {
		if c.unit() != "" {
			b, err := client.Budget(ctx, c.Account, c.Name)
			if err == nil && b.Unit != c.unit() {
				err = usageError{fmt.Errorf("the budget is one of %s", b.Unit)}
			}
			if err != nil {
				return err
			}
		}
		b, err := client.SetBudget(ctx, c.Account, c.Name, change)
		if err != nil {
			return err
		}
		return printBudgets(t, b)
	})
}

type budgetDeleteCommand struct {
	accountTarget `embed:""`
	Name          string `arg:"" help:"Name of the budget."`
}

// Run deletes the budget.
func (c *budgetDeleteCommand) Run(ctx context.Context, _ *terminal) error {
	return c.call(ctx, func(client *admin.Client) error { return client.DeleteBudget(ctx, c.Account, c.Name) })
}

func printBudgets(t *terminal, list ...admin.Budget) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tOF\tMONTH\tUSED\tLIMIT\tALARMS AT %\tRAISED\tACTION\tTARGET\tSTATE")
	for _, b := range list {
		of := "account " + b.Account
		if b.Bucket != "" {
			of = "bucket " + b.Bucket
		}
		state := "within"
		if b.UsedUp {
			state = "used up"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", b.Name, of, b.Month, budgetAmount(b, b.Used), budgetAmount(b, b.Limit),
			percentages(b.Thresholds), percentages(b.Raised), b.Action, orDash(b.Target), state)
	}
	return w.Flush()
}

// budgetAmount is a number in the unit of b.
func budgetAmount(b admin.Budget, n int64) string {
	if b.Unit == "cost" {
		return strings.TrimSpace(money(n).String() + " " + b.Currency)
	}
	return fmt.Sprintf("%d B", n)
}

func percentages(list []int) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return orDash(b.String())
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
