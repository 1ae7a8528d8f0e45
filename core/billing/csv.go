package billing

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
)

// csvColumns are those of WriteCSV.
func csvColumns() []string {
	return []string{
		"Month", "Until", "Estimated", "Account", "AccountName", "CanonicalId", "Plan", "Currency",
		"UsageType", "Description", "Tier", "Bucket", "Quantity", "Unit", "Units", "Price", "Per",
		"Amount", "TorrentQuantity", "TorrentAmount",
	}
}

// WriteCSV writes a row for each line and bucket; the sum of Amount is the total. Quantity is what the usage report counts
// (requests, bytes, byte-hours), Units the same in units of the price, Tier counts from 1.
func WriteCSV(w io.Writer, statements []*Statement) error {
	c := csv.NewWriter(w) // its first error sticks until Flush
	_ = c.Write(csvColumns())
	for _, s := range statements {
		for _, l := range s.Lines {
			for _, share := range l.Shares {
				_ = c.Write(s.csvRow(&l, share))
			}
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write statement: %w", err)
	}
	return nil
}

func (s *Statement) csvRow(l *Line, share Share) []string {
	return []string{
		s.Month.String(), s.Until.Format(time.RFC3339), strconv.FormatBool(s.Estimated),
		s.Account.Number, s.Account.Name, s.Account.ID, s.Plan.Name, s.Plan.Currency,
		l.UsageType.String(), l.Describe(), strconv.Itoa(l.Tier + 1), share.Bucket,
		strconv.FormatInt(share.Quantity, 10), l.Rate.Unit.String(), l.Rate.units(s.Month, share.Quantity),
		l.Price().String(), strconv.FormatInt(l.Rate.Per, 10),
		share.Cost.String(), strconv.FormatInt(share.Torrent, 10), share.TorrentCost.String(),
	}
}
