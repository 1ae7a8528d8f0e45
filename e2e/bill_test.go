package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// billPlan has a tier that few requests leave.
const billPlan = `name = "test"
currency = "EUR"
valid-from = 2026-01-01
source = "the test"
not-billed = ["StorageObjectCount"]
[[rate]]
usage-type = "TimedStorage-*"
unit = "GB-month"
price = "1000000"
[[rate]]
usage-type = "Requests-Tier1"
unit = "requests"
tiers = [{ up-to = 3, price = "0" }, { price = "0.0000015" }]
[[rate]]
usage-type = "Requests-*"
unit = "requests"
per = 7
price = "1"
[[rate]]
usage-type = "DataTransfer-*"
unit = "GB"
price = "0.7"
`

// TestBill: statements cost what the usage report says, times the prices of the plan, in every format.
func TestBill(t *testing.T) {
	s := start(t, options{})
	s.makeBucket("photos", true)
	s.makeBucket("music", true)
	for _, bucket := range []string{"photos", "music", "photos"} {
		s.put(bucket, "object", bytes.Repeat([]byte(bucket), 1<<15))
		if a := anonymous(t, http.MethodGet, s.objectURL("", bucket, "object")); len(a.body) != len(bucket)<<15 {
			t.Fatalf("status %d, %d bytes", a.status, len(a.body))
		}
	}
	if live := s.bill("--account", "root"); !strings.Contains(live, "root (") || !strings.Contains(live, "USD") {
		t.Errorf("statement of the server that runs:\n%s", live)
	}
	// The reports below are all of the same usage: nothing is stored any more, and nobody asks for anything.
	eventually(t, readyWithin, "storage is on the report", func() bool {
		return s.usage()[usageKey{"StandardStorage", "TimedStorage-ByteHrs", "photos"}] > 0
	})
	for _, bucket := range []string{"photos", "music"} {
		if _, err := s.sdk().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("object")}); err != nil {
			t.Fatal(err)
		}
	}
	s.stop()
	defer s.run()

	plan := filepath.Join(t.TempDir(), "plan.toml")
	if err := os.WriteFile(plan, []byte(billPlan), 0o600); err != nil {
		t.Fatal(err)
	}
	months := s.usageByMonth()
	if len(months) == 0 {
		t.Error("nothing was used")
	}
	for month, sums := range months {
		want := billed(month, sums)
		if want.Sign() == 0 {
			t.Errorf("%v of %s cost nothing", sums, month)
		}
		for format, total := range map[string]func(testing.TB, string) *big.Rat{
			"json": jsonBill, "csv": csvBill("Amount"), "focus": csvBill("BilledCost"),
		} {
			out := s.bill("--month", month, "--plan", plan, "--format", format, "--account", "root")
			if got := total(t, out); got.Cmp(want) != 0 {
				t.Errorf("statement of %s as %s is of %s, want %s\n%s", month, format, got.FloatString(6), want.FloatString(6), out)
			}
		}
	}
}

func (s *server) bill(args ...string) string {
	s.t.Helper()
	out, code := s.command(append([]string{"bill", "--data", s.data}, args...)...)
	if code != 0 {
		s.t.Fatalf("shoal bill %v: exit code %d", args, code)
	}
	return out
}

// usageByMonth returns the sums of the usage report by day, of each month by usage type. A test may run at midnight.
func (s *server) usageByMonth() map[string]map[string]int64 {
	s.t.Helper()
	out := s.report("json", "--granularity", "day", "--from", time.Now().UTC().AddDate(0, -1, 0).Format(time.DateOnly))
	var rows []struct {
		UsageType  string
		StartTime  time.Time
		UsageValue int64
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		s.t.Fatalf("usage report: %v\n%s", err, out)
	}
	months := map[string]map[string]int64{}
	for _, r := range rows {
		month := r.StartTime.Format("2006-01")
		if months[month] == nil {
			months[month] = map[string]int64{}
		}
		months[month][r.UsageType] += r.UsageValue
	}
	return months
}

// billed returns what sums cost by billPlan, each usage type and tier rounded half up to the micro-unit.
func billed(month string, sums map[string]int64) *big.Rat {
	start, _ := time.Parse("2006-01", month) // of a time
	hours := int64(start.AddDate(0, 1, 0).Sub(start).Hours())
	total := new(big.Rat)
	add := func(quantity int64, price string, per int64) {
		exact, _ := new(big.Rat).SetString(price)
		exact.Mul(exact, big.NewRat(quantity, per))
		micro := exact.Mul(exact, big.NewRat(1e6, 1)).Add(exact, big.NewRat(1, 2))
		whole := new(big.Int).Div(micro.Num(), micro.Denom()) // rounds down
		total.Add(total, new(big.Rat).SetFrac(whole, big.NewInt(1e6)))
	}
	add(sums["TimedStorage-ByteHrs"], "1000000", hours<<30)
	add(max(0, sums["Requests-Tier1"]-3), "0.0000015", 1)
	add(sums["Requests-Tier2"], "1", 7)
	add(sums["DataTransfer-In-Bytes"], "0.7", 1<<30)
	add(sums["DataTransfer-Out-Bytes"], "0.7", 1<<30)
	return total
}

func jsonBill(t testing.TB, text string) *big.Rat {
	t.Helper()
	var statements []struct{ Total string }
	if err := json.Unmarshal([]byte(text), &statements); err != nil || len(statements) != 1 {
		t.Fatalf("statement: %v\n%s", err, text)
	}
	return amount(t, statements[0].Total)
}

// csvBill adds a column up.
func csvBill(column string) func(testing.TB, string) *big.Rat {
	return func(t testing.TB, text string) *big.Rat {
		t.Helper()
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		total := new(big.Rat)
		for _, record := range records[1:] {
			for i, name := range records[0] {
				if name == column {
					total.Add(total, amount(t, record[i]))
				}
			}
		}
		return total
	}
}

func amount(t testing.TB, text string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no amount", text)
	}
	return r
}
