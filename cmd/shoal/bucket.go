package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"shoal/config"
	"shoal/front/admin"
)

type bucketCommand struct {
	Show bucketShowCommand `cmd:"" help:"Show a bucket, its quota and how its torrents are seeded."`
	Set  bucketSetCommand  `cmd:"" help:"Set the quota of a bucket and how its torrents are seeded; live swarms follow within a second."`
}

type bucketShowCommand struct {
	adminTarget `embed:""`
	Name        string `arg:"" help:"Name of the bucket."`
	JSON        bool   `help:"Print JSON."`
}

// Run prints the bucket.
func (c *bucketShowCommand) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, func(client *admin.Client) error {
		b, err := client.Bucket(ctx, c.Name)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(t.out, b)
		}
		return printBucket(t, b)
	})
}

type bucketSetCommand struct {
	adminTarget `embed:""`
	Name        string           `arg:"" help:"Name of the bucket."`
	Seeding     *string          `explicit:"" enum:"default,egress,balanced,speed" help:"egress, balanced or speed; default is the server's --seeding."`
	UploadRate  *config.ByteRate `explicit:"" help:"Most payload sent of all torrents of the bucket, such as 10MiB/s; 0 is the server's --bucket-rate."`
	quotaFlags  `embed:""`
}

// Run changes the bucket and prints it.
func (c *bucketSetCommand) Run(ctx context.Context, t *terminal) error {
	change := admin.BucketChange{Seeding: c.Seeding, UploadRate: (*int64)(c.UploadRate), QuotaChange: c.change()}
	if change == (admin.BucketChange{}) {
		return usageError{errors.New("nothing to set: give --seeding, --upload-rate or a quota")}
	}
	return c.call(ctx, func(client *admin.Client) error {
		b, err := client.SetBucket(ctx, c.Name, change)
		if err != nil {
			return err
		}
		return printBucket(t, b)
	})
}

func printBucket(t *terminal, b admin.Bucket) error {
	rate := "default"
	if b.UploadRate > 0 {
		rate = fmt.Sprintf("%d B/s", b.UploadRate)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSEEDING\tUPLOAD RATE\tCREATED\tOWNER")
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", b.Name, b.Seeding, rate, b.Created.UTC().Format(time.RFC3339), b.Owner)
	if err := w.Flush(); err != nil {
		return err
	}
	return printQuota(t, b.Quota, b.Used)
}
