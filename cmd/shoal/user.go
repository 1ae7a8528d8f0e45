package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"shoal/front/admin"
)

type userCommand struct {
	Create userCreateCommand `cmd:"" help:"Create a user with an access key and print both."`
	List   userListCommand   `cmd:"" help:"List users."`
	Show   userShowCommand   `cmd:"" help:"Show a user and its quota."`
	Set    userSetCommand    `cmd:"" help:"Set the quota of a user, for all its buckets together."`
	Delete userDeleteCommand `cmd:"" help:"Delete a user and its access keys."`
}

type userCreateCommand struct {
	adminTarget `embed:""`
	Name        string `arg:"" help:"Name of the user."`
	AccessKey   string `explicit:"" help:"Access key (default: made)."`
	SecretKey   string `explicit:"" help:"Secret key (default: made)."`
	CanonicalID string `name:"canonical-id" help:"Canonical user ID, 64 hex digits (default: made)."`
	DisplayName string `help:"Display name (default: NAME)."`
	Email       string `help:"E-mail address, by which ACL grants can name the user."`
	Role        string `default:"userplus" enum:"user,userplus,admin" help:"user: no bucket creation; userplus: own buckets; admin: all."`
}

// Run creates the user and prints it as JSON, the secret included, once.
func (c *userCreateCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		made, err := client.CreateUser(ctx, admin.NewUser{
			Name: c.Name, AccessKey: c.AccessKey, SecretKey: c.SecretKey,
			CanonicalID: c.CanonicalID, DisplayName: c.DisplayName, Email: c.Email, Role: c.Role,
		})
		if err != nil {
			return err
		}
		return printJSON(t.out, made)
	})
}

type userListCommand struct {
	adminTarget `embed:""`
	JSON        bool `help:"Print JSON."`
}

// Run lists users without their secrets.
func (c *userListCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		users, err := client.Users(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t.out, users)
		}
		w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tROLE\tACCESS KEYS\tCANONICAL ID\tEMAIL")
		for _, u := range users {
			fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%s\n", u.Name, u.Role, u.AccessKeys, u.CanonicalID, u.Email)
		}
		return w.Flush()
	})
}

type userShowCommand struct {
	adminTarget `embed:""`
	Name        string `arg:"" help:"Name of the user."`
	JSON        bool   `help:"Print JSON."`
}

// Run prints the user.
func (c *userShowCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		u, err := client.User(ctx, c.Name)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(t.out, u)
		}
		return printUser(t, u)
	})
}

type userSetCommand struct {
	adminTarget `embed:""`
	Name        string `arg:"" help:"Name of the user."`
	quotaFlags  `embed:""`
}

// Run changes the quota and prints the user.
func (c *userSetCommand) Run(ctx context.Context, t *terminal) error {
	change := c.change()
	if change == (admin.QuotaChange{}) {
		return usageError{errors.New("nothing to set: give --quota-bytes, --quota-objects or --quota-egress")}
	}
	return c.call(ctx, func(client *admin.Client) error {
		u, err := client.SetUser(ctx, c.Name, change)
		if err != nil {
			return err
		}
		return printUser(t, u)
	})
}

func printUser(t *terminal, u admin.UserQuota) error {
	fmt.Fprintf(t.out, "%s (%s), canonical id %s\n", u.Name, u.Role, u.CanonicalID)
	return printQuota(t, u.Quota, u.Used)
}

type userDeleteCommand struct {
	adminTarget `embed:""`
	Name        string `arg:"" help:"Name of the user."`
}

// Run deletes the user.
func (c *userDeleteCommand) Run(ctx context.Context, _ *terminal) error {
	return c.call(ctx, func(client *admin.Client) error { return client.DeleteUser(ctx, c.Name) })
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
