package meter

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
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

func TestWritersMatchGoldenFiles(t *testing.T) {
	tests := map[string]struct {
		write func(io.Writer, []Row) error
		rows  []Row
	}{
		"report.csv":  {WriteCSV, reportRows()},
		"report.xml":  {WriteXML, reportRows()},
		"report.json": {WriteJSON, reportRows()},
		"empty.csv":   {WriteCSV, nil},
		"empty.xml":   {WriteXML, nil},
		"empty.json":  {WriteJSON, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile("testdata/" + name)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := tt.write(&got, tt.rows); err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got:\n%swant:\n%s", got.String(), want)
			}
		})
	}
}

// What was written is read back by parsers that are not ours.
func TestWrittenReportsParse(t *testing.T) {
	rows := reportRows()
	var b bytes.Buffer
	if err := WriteCSV(&b, rows); err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(&b)
	r.TrimLeadingSpace = true
	records, err := r.ReadAll()
	if err != nil || len(records) != len(rows)+1 || records[3][3] != rows[2].Resource {
		t.Errorf("CSV: %v, %q", err, records)
	}

	b.Reset()
	if err := WriteXML(&b, rows); err != nil {
		t.Fatal(err)
	}
	var x struct {
		XMLName xml.Name `xml:"AWSUsageReport"`
		Rows    []struct {
			Resource   string
			UsageValue int64
		} `xml:"OperationUsage"`
	}
	err = xml.Unmarshal(b.Bytes(), &x)
	if err != nil || len(x.Rows) != len(rows) || x.Rows[2].Resource != rows[2].Resource || x.Rows[3].UsageValue != math.MaxInt64 {
		t.Errorf("XML: %v, %+v", err, x)
	}

	b.Reset()
	if err := WriteJSON(&b, rows); err != nil {
		t.Fatal(err)
	}
	var j []jsonRow
	if err := json.Unmarshal(b.Bytes(), &j); err != nil || len(j) != len(rows) || j[2].Resource != rows[2].Resource {
		t.Errorf("JSON: %v, %+v", err, j)
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
	for name, write := range map[string]func(io.Writer, []Row) error{"csv": WriteCSV, "xml": WriteXML, "json": WriteJSON} {
		for _, room := range []int{0, len(csvHeader)} {
			if err := write(&brokenWriter{room}, reportRows()); !errors.Is(err, errTest) {
				t.Errorf("%s with room for %d bytes: %v, want %v", name, room, err, errTest)
			}
		}
	}
}
