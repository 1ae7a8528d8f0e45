package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"shoal/front/admin"
)

type accountCommand struct {
	List accountListCommand `cmd:"" help:"List the accounts, with how many users and buckets each has."`
	Show accountShowCommand `cmd:"" help:"Show one account."`
}

type accountListCommand struct {
	keyTarget `embed:""`
	JSON      bool `help:"Print JSON."`
}

// Run prints the accounts that the key may ask of.
func (c *accountListCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		list, err := client.Accounts(ctx, "")
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t.out, list)
		}
		w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tNUMBER\tROLE\tUSERS\tGROUPS\tROLES\tBUCKETS\tCREATED\tCANONICAL ID")
		for _, a := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n",
				a.Name, a.Number, a.Role, a.Users, a.Groups, a.Roles, a.Buckets, a.Created.UTC().Format(time.RFC3339), a.CanonicalID)
		}
		return w.Flush()
	})
}

type accountShowCommand struct {
	keyTarget `embed:""`
	Name      string `arg:"" optional:"" help:"Name, number of 12 digits or canonical ID (default: that of --access-key)."`
	JSON      bool   `help:"Print JSON."`
}

// Run prints the account.
func (c *accountShowCommand) Run(ctx context.Context, t *terminal) error {
	if c.Name == "" && c.AccessKey == "" {
		return usageError{errors.New("give the NAME of an account")}
	}
	return c.call(ctx, func(client *admin.Client) error {
		list, err := client.Accounts(ctx, c.Name)
		if err != nil {
			return err
		}
		if len(list) != 1 {
			return usageError{errors.New("the key is of root: give the NAME of an account")}
		}
		if c.JSON {
			return printJSON(t.out, list[0])
		}
		a := list[0]
		fmt.Fprintf(t.out, "%s (%s), number %s, canonical id %s, since %s\n", a.Name, a.Role, a.Number, a.CanonicalID, a.Created.UTC().Format(time.DateOnly))
		fmt.Fprintf(t.out, "%d users, %d groups, %d roles, %d buckets\n", a.Users, a.Groups, a.Roles, a.Buckets)
		return nil
	})
}
