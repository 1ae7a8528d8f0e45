package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"shoal/front/admin"
)

type savingsCommand struct {
	accountTarget `embed:""`
	Month         string `help:"Month, YYYY-MM, UTC (default: this one, so far)."`
	Bucket        string `help:"Only this bucket."`
	Top           int    `default:"10" help:"Best and worst objects shown, at most 1000."`
	Format        string `default:"text" enum:"text,csv,json" help:"text, csv (a row for each object) or json."`
	Plan          string `placeholder:"NAME" help:"Price plan: the name of one that comes with Shoal (default: the server's --price-plan; without a server aws-s3-2026)."`
}

// Run prints the savings report.
func (c *savingsCommand) Run(ctx context.Context, t *terminal) error {
	if c.Top < 1 {
		return usageError{errors.New("--top must be more than 0")}
	}
	if c.Month == "" {
		c.Month = time.Now().UTC().Format("2006-01")
	}
	return c.call(ctx, func(client *admin.Client) error {
		q := admin.SavingsQuery{Month: c.Month, Account: c.Account, Bucket: c.Bucket, Top: c.Top, Format: c.Format, Plan: c.Plan}
		if c.Format != "text" {
			return client.WriteSavings(ctx, t.out, q)
		}
		report, err := client.Savings(ctx, q)
		if err != nil {
			return err
		}
		return printSavings(t.out, &report)
	})
}

// printSavings prints totals, buckets, best and worst objects.
func printSavings(out io.Writer, r *admin.SavingsReport) error {
	s := &r.Total
	fmt.Fprintf(out, "%s: saved %s %s at the prices of %s (%s if all that peers claim is true)\n\n", r.Month, s.Saved, r.Currency, r.Plan, s.AsClaimed)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range []struct {
		name  string
		value string
		note  string
	}{
		{"sent by the origin", byteCount(s.OriginBytes), fmt.Sprintf("%.2f copies; the least is %s, one of each object", s.Copies, byteCount(s.LeastBytes))},
		{"received", byteCount(s.ClaimedBytes), fmt.Sprintf("as peers claim; they completed %d downloads", s.Completions)},
		{"from each other", byteCount(s.ObservedBytes), "as the seeder saw"},
		{"spared", byteCount(s.CrowdBytes), "as completed downloads and the seeder bear out: what was saved is computed from it"},
	} {
		fmt.Fprintf(w, "%s\t%s\t  %s\n", line.name, line.value, line.note)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(r.Accounts) > 1 {
		savingsHead(out, w, "ACCOUNT")
		for i := range r.Accounts {
			savingsLine(w, &r.Accounts[i].SavingsSum, r.Accounts[i].Number+" "+r.Accounts[i].Name)
		}
	}
	savingsHead(out, w, "BUCKET")
	for i := range r.Buckets {
		savingsLine(w, &r.Buckets[i].SavingsSum, r.Buckets[i].Bucket)
	}
	printObjects(out, w, "BEST OBJECT", r.Best)
	printObjects(out, w, "WORST OBJECT", r.Worst)
	return w.Flush()
}

func printObjects(out io.Writer, w *tabwriter.Writer, name string, objects []admin.ObjectSavings) {
	if len(objects) == 0 {
		return
	}
	savingsHead(out, w, name)
	for i := range objects {
		o := &objects[i]
		key := o.Key
		switch {
		case key == "":
			key = "(the rest)"
		case o.VersionID != "null":
			key += "?versionId=" + o.VersionID
		}
		savingsLine(w, &o.SavingsSum, printable(o.Bucket+"/"+key))
	}
}

// savingsHead begins a table.
func savingsHead(out io.Writer, w *tabwriter.Writer, name string) {
	_ = w.Flush() // an error stays for the last one
	fmt.Fprintln(out)
	fmt.Fprintf(w, "SENT\tCOPIES\tCLAIMED\tSEEN\tSPARED\tDONE\tSAVED\t  %s\n", name)
}

func savingsLine(w io.Writer, s *admin.SavingsSum, name string) {
	fmt.Fprintf(w, "%s\t%.2f\t%s\t%s\t%s\t%d\t%s\t  %s\n", byteCount(s.OriginBytes), s.Copies, byteCount(s.ClaimedBytes),
		byteCount(s.ObservedBytes), byteCount(s.CrowdBytes), s.Completions, s.Saved, name)
}
