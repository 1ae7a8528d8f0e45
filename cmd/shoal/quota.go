package main

import (
	"fmt"
	"text/tabwriter"

	"shoal/config"
	"shoal/front/admin"
)

// quotaFlags set quotas.
type quotaFlags struct {
	QuotaBytes   *config.ByteSize `explicit:"" help:"Most bytes held, such as 10GiB; 0 is no limit."`
	QuotaObjects *int64           `explicit:"" help:"Most objects (versions) held; 0 is no limit."`
	QuotaEgress  *config.ByteSize `explicit:"" help:"Most bytes sent in a calendar month (UTC), to S3 clients and peers; 0 is no limit."`
}

func (f *quotaFlags) change() admin.QuotaChange {
	return admin.QuotaChange{Bytes: (*int64)(f.QuotaBytes), Objects: f.QuotaObjects, Egress: (*int64)(f.QuotaEgress)}
}

// printQuota prints what is used, of what.
func printQuota(t *terminal, q admin.Quota, used admin.Used) error {
	limit := func(n int64) string {
		if n == 0 {
			return "no limit"
		}
		return fmt.Sprint(n)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nQUOTA\tUSED\tLIMIT")
	fmt.Fprintf(w, "bytes\t%d\t%s\n", used.Bytes, limit(q.Bytes))
	fmt.Fprintf(w, "objects\t%d\t%s\n", used.Objects, limit(q.Objects))
	fmt.Fprintf(w, "egress this month\t%d\t%s\n", used.Egress, limit(q.Egress))
	return w.Flush()
}
