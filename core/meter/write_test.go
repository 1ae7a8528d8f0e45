package meter

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"math"
	"os"
	"slices"
	"testing"
	"time"
)

func reportRows() []Row {
	five := time.Date(2012, 8, 11, 17, 0, 0, 0, time.UTC)
	row := func(o Operation, u UsageType, bucket string, n int64) Row {
		return Row{
			Service: Service, Account: "acct", Operation: o, UsageType: u, Resource: bucket,
			StartTime: five, EndTime: five.Add(time.Hour), UsageValue: n,
		}
	}
	last := row(StandardStorage, TimedStorage, "mybucket", math.MaxInt64)
	last.StartTime = time.Date(2012, 12, 1, 1, 0, 0, 0, time.FixedZone("", 3600)) // written in UTC
	last.EndTime = time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)
	return []Row{
		row(GetObject, DataTransferOut, "mybucket", 662),
		row(ListAllMyBuckets, RequestsTier1, "", 3),
		row(PutObject, DataTransferIn, "a,\"b\"\n<c>&'", 1),
		last,
	}
}

// protocolRows are rows of a query that is BySource.
func protocolRows() []Row {
	rows := reportRows()
	torrent := rows[0]
	rows[0].Source, rows[1].Source, rows[2].Source = REST, REST, REST
	torrent.Source, torrent.UsageValue = BitTorrent, 16384
	return slices.Insert(rows, 1, torrent)
}

type writeFunc = func(io.Writer, iter.Seq2[Row, error], View) error

// writers are the formats by the suffix of their golden files.
func writers() map[string]writeFunc {
	return map[string]writeFunc{"csv": WriteCSV, "xml": WriteXML, "json": WriteJSON}
}

// each yields rows without an error.
func each(rows []Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestWritersMatchGoldenFiles(t *testing.T) {
	views := map[string]struct {
		rows []Row
		view View
	}{
		"report":         {reportRows(), View{}},
		"protocol":       {protocolRows(), View{Protocol: true}},
		"region":         {reportRows(), View{RegionCode: RegionCode("eu-west-1")}},
		"empty":          {nil, View{}},
		"empty-protocol": {nil, View{Protocol: true}},
	}
	for name, tt := range views {
		for format, write := range writers() {
			t.Run(name+"."+format, func(t *testing.T) {
				want, err := os.ReadFile("testdata/" + name + "." + format)
				if err != nil {
					t.Fatal(err)
				}
				var got bytes.Buffer
				if err := write(&got, each(tt.rows), tt.view); err != nil {
					t.Fatal(err)
				}
				if got.String() != string(want) {
					t.Errorf("got:\n%swant:\n%s", got.String(), want)
				}
			})
		}
	}
}

// What was written is read back by parsers that are not ours.
func TestWrittenReportsParse(t *testing.T) {
	rows := protocolRows()
	view := View{Protocol: true}
	var b bytes.Buffer
	if err := WriteCSV(&b, each(rows), view); err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(&b)
	r.TrimLeadingSpace = true
	records, err := r.ReadAll()
	if err != nil || len(records) != len(rows)+1 || records[4][3] != rows[3].Resource || records[2][7] != "BITTORRENT" {
		t.Errorf("CSV: %v, %q", err, records)
	}

	b.Reset()
	if err := WriteXML(&b, each(rows), view); err != nil {
		t.Fatal(err)
	}
	var x struct {
		XMLName xml.Name `xml:"AWSUsageReport"`
		Rows    []struct {
			Resource   string
			UsageValue int64
			Protocol   string
		} `xml:"OperationUsage"`
	}
	err = xml.Unmarshal(b.Bytes(), &x)
	if err != nil || len(x.Rows) != len(rows) || x.Rows[3].Resource != rows[3].Resource || x.Rows[4].UsageValue != math.MaxInt64 || x.Rows[1].Protocol != "BITTORRENT" {
		t.Errorf("XML: %v, %+v", err, x)
	}

	b.Reset()
	if err := WriteJSON(&b, each(rows), view); err != nil {
		t.Fatal(err)
	}
	var j []jsonRow
	if err := json.Unmarshal(b.Bytes(), &j); err != nil || len(j) != len(rows) || j[3].Resource != rows[3].Resource || *j[1].Protocol != "BITTORRENT" {
		t.Errorf("JSON: %v, %+v", err, j)
	}
}

// TestRegionCodes: no two regions have one code, and StorageObjectCount has none.
func TestRegionCodes(t *testing.T) {
	regions := make(map[string]string)
	for region, code := range regionCodes {
		if was := regions[code]; was != "" || code == "" {
			t.Errorf("%s and %s have the code %q", region, was, code)
		}
		regions[code] = region
	}
	for _, region := range []string{"us-east-1", "", "home"} {
		if code := RegionCode(region); code != "" {
			t.Errorf("RegionCode(%q) = %q, want none", region, code)
		}
	}
	v := View{RegionCode: RegionCode("us-west-2")}
	if got := v.usageType(StorageObjectCount); got != "StorageObjectCount" {
		t.Errorf("got %s", got)
	}
}

// TestWritersEndWithRows: an error of the rows comes back, and nothing that could stand for the end of a report is written.
func TestWritersEndWithRows(t *testing.T) {
	for format, write := range writers() {
		var got bytes.Buffer
		err := write(&got, func(yield func(Row, error) bool) {
			if yield(reportRows()[0], nil) {
				yield(Row{}, errTest)
			}
		}, View{})
		if err != errTest || got.Len() > 0 {
			t.Errorf("%s: %v, want %v; wrote %q", format, err, errTest, got.String())
		}
	}
}

// brokenWriter takes left bytes and then fails.
type brokenWriter struct{ left int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, errTest
	}
	w.left -= len(p)
	return len(p), nil
}

func TestWritersReturnTheErrorOfTheWriter(t *testing.T) {
	for name, write := range writers() {
		for _, room := range []int{0, len(csvHeader)} {
			if err := write(&brokenWriter{room}, each(reportRows()), View{}); !errors.Is(err, errTest) {
				t.Errorf("%s with room for %d bytes: %v, want %v", name, room, err, errTest)
			}
		}
	}
}
