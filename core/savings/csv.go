package savings

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"shoal/core/billing"
)

// csvColumns are those of WriteCSV.
func csvColumns() []string {
	return []string{
		"Month", "Account", "Bucket", "Key", "VersionId", "Size", "OriginBytes", "OriginRequests", "ClaimedBytes", "Completions",
		"ObservedBytes", "CrowdBytes", "CrowdRequests", "Saved", "SavedAsClaimed", "Currency",
	}
}

// WriteCSV writes a row for each of list. Key is percent-encoded; it and VersionId are empty of the rest of a bucket.
func WriteCSV(w io.Writer, m billing.Month, currency string, list []Saving) error {
	c := csv.NewWriter(w) // its first error sticks until Flush
	_ = c.Write(csvColumns())
	for i := range list {
		s := &list[i]
		row := []string{m.String(), s.Account, s.Bucket, encodeKey(s.Key), s.VersionID()}
		for _, n := range []int64{
			s.Size, s.OriginBytes, s.OriginPieces, s.ClaimedBytes, s.Completions, s.ObservedBytes, s.CrowdBytes(), s.CrowdRequests(),
		} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		_ = c.Write(append(row, s.Saved.String(), s.AsClaimed.String(), currency))
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write savings: %w", err)
	}
	return nil
}

// encodeKey encodes all but the unreserved characters of RFC 3986 and the slash, as S3 Inventory does in CSV: anybody who may
// put an object chooses its key, and a spreadsheet takes one such as =HYPERLINK("...") for a formula.
func encodeKey(key string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
}
