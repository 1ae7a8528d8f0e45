package billing

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shoal/core/meter"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

// usageOf returns usage of account "a1..." on a day of November 2026.
func usageOf(account string, day int, bucket string, o meter.Operation, t meter.UsageType, value int64, source meter.Source) meter.Row {
	start := time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)
	return meter.Row{
		Service: meter.Service, Account: account, Operation: o, UsageType: t, Resource: bucket,
		StartTime: start, EndTime: start.AddDate(0, 0, 1), UsageValue: value, Source: source,
	}
}

// exampleStatements are of two accounts, the second of which is gone: the first sends 150 GB, two thirds of them to
// peers, so that it leaves the free tier, and holds 51,203 GB.
func exampleStatements(t testing.TB) []*Statement {
	t.Helper()
	p, m := shipped(t, "aws-s3-2026"), month(t, "2026-11")
	rich, gone := strings.Repeat("a1", 32), strings.Repeat("b2", 32)
	hours := int64(24)
	usage := []meter.Row{
		usageOf(rich, 1, "", meter.ListAllMyBuckets, meter.RequestsTier1, 3, meter.REST),
		usageOf(rich, 1, "photos", meter.PutObject, meter.RequestsTier1, 12_345, meter.REST),
		usageOf(rich, 1, "photos", meter.PutObject, meter.DataTransferIn, 80*gib, meter.REST),
		usageOf(rich, 2, "photos", meter.GetObject, meter.DataTransferOut, 50*gib+1, meter.REST),
		usageOf(rich, 2, "photos", meter.GetObject, meter.RequestsTier2, 1001, meter.REST),
		usageOf(rich, 3, "photos", meter.GetObject, meter.DataTransferOut, 60*gib, meter.BitTorrent),
		usageOf(rich, 3, "photos", meter.GetObject, meter.RequestsTier2, 7, meter.BitTorrent),
		usageOf(rich, 3, "music", meter.GetObject, meter.DataTransferOut, 40*gib-1, meter.BitTorrent),
		usageOf(rich, 30, "photos", meter.StandardStorage, meter.TimedStorage, 51_203*30*gib*hours, meter.AnySource),
		usageOf(rich, 30, "photos", meter.StandardStorage, meter.StorageObjectCount, 12_345, meter.AnySource),
		usageOf(rich, 30, "music", meter.StandardStorage, meter.TimedStorage, 1, meter.AnySource),
	}
	first, err := p.Statement(Account{rich, "123456789012", `<b>"Ann" & Söhne`}, m, m.End().Add(settles), usage)
	if err != nil {
		t.Fatal(err)
	}
	second, err := p.Statement(Account{gone, "000000000007", ""}, m, time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), []meter.Row{
		usageOf(gone, 4, "old", meter.GetObject, meter.RequestsTier2, 1, meter.REST),
	})
	if err != nil {
		t.Fatal(err)
	}
	return []*Statement{first, second}
}

// formats are the writers by the name of their golden file.
func formats() map[string]func(io.Writer, []*Statement) error {
	return map[string]func(io.Writer, []*Statement) error{
		"statement.txt": WriteText, "statement.csv": WriteCSV, "statement.json": WriteJSON, "statement.html": WriteHTML,
		"focus.csv": func(w io.Writer, s []*Statement) error { return WriteFOCUS(w, "us-east-1", s) },
	}
}

func TestFormats(t *testing.T) {
	statements := exampleStatements(t)
	for name, write := range formats() {
		for prefix, all := range map[string][]*Statement{"": statements, "bucket_": {statements[0].Of("music")}, "empty_": nil} {
			var got bytes.Buffer
			if err := write(&got, all); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", prefix+name)
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s is\n%s\nwant\n%s", file, got.Bytes(), want)
			}
		}
		if err := write(brokenWriter{}, statements); err == nil {
			t.Errorf("%s: no error of a writer that fails", name)
		}
	}
}

// brokenWriter takes nothing.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestPageIsSelfContained: no script, no address, and what users chose is text.
func TestPageIsSelfContained(t *testing.T) {
	var page bytes.Buffer
	if err := WriteHTML(&page, exampleStatements(t)); err != nil {
		t.Fatal(err)
	}
	for _, unwanted := range []string{"<script", "<link", "<img", "src=", "href=", "url(", "@import", `<b>"Ann"`} {
		if strings.Contains(page.String(), unwanted) {
			t.Errorf("the page has %q", unwanted)
		}
	}
	if !strings.Contains(page.String(), "&lt;b&gt;&#34;Ann&#34; &amp; Söhne") {
		t.Error("the name of the account is not there, escaped")
	}
}

// TestFormatsAgree: whatever was used, the amounts of every format add up to the statement, and the FOCUS rules are kept.
func TestFormatsAgree(t *testing.T) {
	m := month(t, "2026-02")
	var plans []*Plan
	for _, name := range ShippedPlans() {
		plans = append(plans, shipped(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(plans).Draw(t, "plan")
		s, err := p.Statement(Account{ID: "owner", Number: "000000000001", Name: "ann"}, m, m.End(), drawUsage(t, m))
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "one bucket") {
			s = s.Of("a")
			checkSums(t, s)
		}
		for name, sum := range map[string]func(*Statement) (*big.Rat, error){"CSV": csvTotal, "JSON": jsonTotal, "FOCUS": focusTotal} {
			got, err := sum(s)
			if want := rational(s.Total.String()); err != nil || got.Cmp(want) != 0 {
				t.Fatalf("%s adds up to %v, %v, want %v", name, got, err, want)
			}
		}
	})
}

func csvTotal(s *Statement) (*big.Rat, error) {
	var out bytes.Buffer
	if err := WriteCSV(&out, []*Statement{s}); err != nil {
		return nil, err
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		return nil, err
	}
	total := new(big.Rat)
	for _, r := range records[1:] {
		for i, column := range records[0] {
			if column == "Amount" {
				total.Add(total, rational(r[i]))
			}
		}
	}
	return total, nil
}

func jsonTotal(s *Statement) (*big.Rat, error) {
	var out bytes.Buffer
	if err := WriteJSON(&out, []*Statement{s}); err != nil {
		return nil, err
	}
	var read []struct {
		Total string `json:"total"`
		Lines []struct {
			Amount  string `json:"amount"`
			Buckets []struct {
				Amount string `json:"amount"`
			} `json:"buckets"`
		} `json:"lines"`
	}
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		return nil, err
	}
	total := new(big.Rat)
	for _, l := range read[0].Lines {
		line := new(big.Rat)
		for _, b := range l.Buckets {
			line.Add(line, rational(b.Amount))
		}
		if line.Cmp(rational(l.Amount)) != 0 {
			return nil, fmt.Errorf("line of %s, its buckets %s", l.Amount, line.FloatString(6))
		}
		total.Add(total, line)
	}
	if total.Cmp(rational(read[0].Total)) != 0 {
		return nil, fmt.Errorf("total %s, its lines %s", read[0].Total, total.FloatString(6))
	}
	return total, nil
}

func focusTotal(s *Statement) (*big.Rat, error) {
	var out bytes.Buffer
	if err := WriteFOCUS(&out, "us-east-1", []*Statement{s}); err != nil {
		return nil, err
	}
	rows, faults := checkFOCUS(out.Bytes())
	if len(faults) > 0 {
		return nil, fmt.Errorf("faults: %v", faults)
	}
	total := new(big.Rat)
	for _, r := range rows {
		total.Add(total, rational(r["BilledCost"]))
	}
	return total, nil
}

func TestQuotient(t *testing.T) {
	for _, test := range []struct {
		n, d   int64
		places int
		want   string
	}{
		{0, 3, 0, "0"},
		{2, 3, 0, "1"},
		{1, 3, 2, "0.33"},
		{2, 3, 2, "0.67"},
		{999, 1000, 2, "1.00"},
		{1, 1 << 30, 6, "0.000000"},
		{1, 1 << 30, 15, "0.000000000931323"},
		{1<<63 - 1, 1, 15, "9223372036854775807.000000000000000"},
	} {
		if got := quotient(test.n, test.d, test.places); got != test.want {
			t.Errorf("%d/%d = %s, want %s", test.n, test.d, got, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.Int64Min(0).Draw(t, "n"), rapid.Int64Range(1, 1<<50).Draw(t, "d")
		places := rapid.IntRange(0, 15).Draw(t, "places")
		got := rational(quotient(n, d, places))
		off := got.Sub(got, big.NewRat(n, d))
		if half, _ := new(big.Rat).SetString("0.5e-" + strconv.Itoa(places)); off.Abs(off).Cmp(half) > 0 {
			t.Fatalf("%d/%d is off by %v", n, d, off)
		}
	})
}
