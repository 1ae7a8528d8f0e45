package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"golang.org/x/term"

	"shoal/front/admin"
)

type topCommand struct {
	adminTarget `embed:""`
	Bucket      string        `help:"Only the swarms of this bucket."`
	Once        bool          `help:"Print once and end; also when the output is no terminal."`
	Every       time.Duration `default:"2s" help:"Time between two looks."`
	Lines       int           `default:"30" help:"Most swarms shown."`
}

// Run shows the live swarms until ctx is done.
func (c *topCommand) Run(ctx context.Context, t *terminal) error {
	if c.Every <= 0 || c.Lines <= 0 {
		return usageError{fmt.Errorf("--every and --lines are more than 0")}
	}
	f, ok := t.out.(*os.File)
	live := !c.Once && ok && term.IsTerminal(int(f.Fd()))
	return c.call(ctx, func(client *admin.Client) error {
		for {
			report, err := client.Swarms(ctx, c.Bucket)
			if err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
			if live {
				fmt.Fprint(t.out, "\x1b[H\x1b[2J")
			}
			if err := printSwarms(t, report, c.Lines); err != nil || !live {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(c.Every):
			}
		}
	})
}

// printSwarms prints the buckets, then their swarms.
func printSwarms(t *terminal, report admin.SwarmReport, lines int) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "PEERS\tCONNECTED\tSENT\tCROWD\tRATIO\tSWARMS\t  BUCKET")
	for _, b := range report.Buckets {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%.2f\t%d\t  %s\n",
			b.Peers, b.Connections, byteCount(b.OriginBytes), byteCount(b.CrowdBytes), b.Ratio, b.Swarms, b.Bucket)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(t.out)
	fmt.Fprintln(w, "PEERS\tCONNECTED\tSENT\tCROWD\tRATIO\tCOPIES\tBOUND\tREPLICAS\tSIZE\t  OBJECT")
	for _, s := range report.Swarms[:min(len(report.Swarms), lines)] {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%.2f\t%.2f\t%.2f\t%d\t%s\t  %s\n",
			s.Peers, s.Connections, byteCount(s.OriginBytes), byteCount(s.CrowdBytes), s.Ratio, s.Copies, s.Bound,
			s.LeastReplicas, byteCount(s.Bytes), printable(s.Bucket+"/"+s.Key))
	}
	return w.Flush()
}

// printable keeps a key from moving the cursor or breaking the table.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
