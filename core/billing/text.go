package billing

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// noBucket stands where a bucket would, of usage that has none.
const noBucket = "(no bucket)"

// WriteText writes statements for people, one below the other.
func WriteText(w io.Writer, statements []*Statement) error {
	b := bufio.NewWriter(w) // its first error sticks until Flush
	for i, s := range statements {
		if i > 0 {
			b.WriteString("\n\n")
		}
		s.writeText(b)
	}
	if len(statements) == 0 {
		b.WriteString("nothing was used\n")
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write statement: %w", err)
	}
	return nil
}

func (s *Statement) writeText(b *bufio.Writer) {
	fmt.Fprintf(b, "Statement for %s, %s\n\n", s.Month, s.standing())
	head := [][]string{{"Account", s.who()}}
	if s.Bucket != "" {
		head = append(head, []string{"Bucket", s.Bucket + ", at the tiers of the whole account"})
	}
	writeColumns(b, "ll", append(head,
		[]string{"Price plan", s.Plan.Name + ", valid from " + s.Plan.ValidFrom.Format(time.DateOnly)},
		[]string{"Total", s.Total.String() + " " + s.Plan.Currency},
		[]string{"of which torrents", s.TorrentCost.String()},
	))
	lines := [][]string{{"USAGE", "QUANTITY", "UNIT", "PRICE", "AMOUNT", "OF WHICH TORRENTS"}}
	for _, l := range s.Lines {
		lines = append(lines, []string{
			l.Describe(), l.Rate.units(s.Month, l.Quantity), l.Rate.Unit.String(), l.Rate.priceText(l.Tier), l.Cost.String(), l.TorrentCost.String(),
		})
	}
	b.WriteString("\n")
	writeColumns(b, "lrllrr", append(lines, []string{"total", "", "", "", s.Total.String(), s.TorrentCost.String()}))
	buckets := [][]string{{"BUCKET", "AMOUNT", "OF WHICH TORRENTS"}}
	for _, c := range s.Buckets {
		buckets = append(buckets, []string{bucketName(c.Bucket), c.Cost.String(), c.TorrentCost.String()})
	}
	b.WriteString("\n")
	writeColumns(b, "lrr", append(buckets, []string{"total", s.Total.String(), s.TorrentCost.String()}))
}

// standing says whether more will come.
func (s *Statement) standing() string {
	if s.Estimated {
		return "estimated: so far, until " + s.Until.Format(time.RFC3339)
	}
	return "final"
}

// who names the account.
func (s *Statement) who() string {
	if s.Account.Name == "" {
		return s.Account.Number + " (no longer there)"
	}
	return s.Account.Name + " (" + s.Account.Number + ")"
}

func bucketName(bucket string) string {
	if bucket == "" {
		return noBucket
	}
	return bucket
}

// writeColumns writes rows with their columns aligned: l to the left, r to the right.
func writeColumns(b *bufio.Writer, align string, rows [][]string) {
	widths := make([]int, len(align))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if align[i] == 'l' {
				line.WriteString(cell + gap + "  ")
			} else {
				line.WriteString(gap + cell + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
