package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// usageKey names one sum of the usage report over all hours.
type usageKey struct{ operation, usageType, bucket string }

// usage maps each sum of the report to its value.
type usage map[usageKey]int64

// usage fetches the report and adds the hours up.
func (s *server) usage() usage {
	s.t.Helper()
	return s.usageBy(func(string) bool { return true })
}

// usageBy fetches the report with torrents apart, and adds the hours of some protocols up; what is stored has none.
func (s *server) usageBy(protocol func(string) bool) usage {
	s.t.Helper()
	out := s.report("json", "--split-torrent")
	var rows []struct {
		Operation, UsageType, Resource, Protocol string
		UsageValue                               int64
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		s.t.Fatalf("usage report: %v\n%s", err, out)
	}
	u := usage{}
	for _, r := range rows {
		if protocol(r.Protocol) {
			u[usageKey{r.Operation, r.UsageType, r.Resource}] += r.UsageValue
		}
	}
	return u
}

func (s *server) report(format string, flags ...string) string {
	s.t.Helper()
	out, code := s.command(append([]string{"usage", "--data", s.data, "--format", format}, flags...)...)
	if code != 0 {
		s.t.Fatalf("shoal usage: exit code %d", code)
	}
	return out
}

// got returns what GetObject of a bucket has sent, in bytes, and how many requests that were.
func (u usage) got(bucket string) (bytesOut, requests int64) {
	return u[usageKey{"GetObject", "DataTransfer-Out-Bytes", bucket}], u[usageKey{"GetObject", "Requests-Tier2", bucket}]
}

// withoutStorage leaves out what grows with time alone.
func (u usage) withoutStorage() usage {
	u = maps.Clone(u)
	maps.DeleteFunc(u, func(k usageKey, _ int64) bool {
		return strings.HasPrefix(k.usageType, "TimedStorage-") || k.usageType == "StorageObjectCount"
	})
	return u
}

func parseCSVUsage(t testing.TB, text string) usage {
	t.Helper()
	const header = "Service, Operation, UsageType, Resource, StartTime, EndTime, UsageValue\n"
	rest, ok := strings.CutPrefix(text, header)
	if !ok {
		t.Fatalf("usage report does not begin with %q:\n%s", header, text)
	}
	rows, err := csv.NewReader(strings.NewReader(rest)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	u := usage{}
	for _, r := range rows {
		n, err := strconv.ParseInt(r[6], 10, 64)
		if err != nil || r[0] != "AmazonS3" {
			t.Fatalf("usage row %q", r)
		}
		u[usageKey{r[1], r[2], r[3]}] += n
	}
	return u
}

func parseXMLUsage(t testing.TB, text string) usage {
	t.Helper()
	var doc struct {
		Rows []struct {
			ServiceName, OperationName, UsageType, Resource string
			UsageValue                                      int64
		} `xml:"OperationUsage"`
	}
	if err := xml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&doc); err != nil {
		t.Fatalf("usage report: %v\n%s", err, text)
	}
	u := usage{}
	for _, r := range doc.Rows {
		u[usageKey{r.OperationName, r.UsageType, r.Resource}] += r.UsageValue
	}
	return u
}

// checkFormatsAgree compares the three formats of one report.
func (s *server) checkFormatsAgree() {
	s.t.Helper()
	want := s.usage().withoutStorage()
	for format, got := range map[string]usage{
		"csv": parseCSVUsage(s.t, s.report("csv")).withoutStorage(),
		"xml": parseXMLUsage(s.t, s.report("xml")).withoutStorage(),
	} {
		if !maps.Equal(got, want) {
			s.t.Errorf("usage as %s = %v, as json %v", format, got, want)
		}
	}
	if len(want) == 0 {
		s.t.Errorf("the usage report is empty, want rows; operations: %v", slices.Collect(maps.Keys(want)))
	}
}
