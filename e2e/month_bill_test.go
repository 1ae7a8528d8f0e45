package e2e

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// monthPlan has a price of everything, and tiers that the month goes through.
const monthPlan = `
name = "month"
currency = "USD"
valid-from = 2026-01-01
source = "a test"
not-billed = ["StorageObjectCount"]
[[rate]]
usage-type = "TimedStorage-ByteHrs"
unit = "GB-month"
price = "0.023"
[[rate]]
usage-type = "Requests-Tier1"
unit = "requests"
per = 1000
tiers = [ { up-to = 700, price = "0.005" }, { price = "0.0041" } ]
[[rate]]
usage-type = "Requests-Tier2"
unit = "requests"
per = 1000
tiers = [ { up-to = 1000, price = "0" }, { up-to = 20000, price = "0.0004" }, { price = "0.00031" } ]
[[rate]]
usage-type = "DataTransfer-In-Bytes"
unit = "GB"
price = "0.01"
[[rate]]
usage-type = "DataTransfer-Out-Bytes"
unit = "GB"
tiers = [ { up-to = 1, price = "0.09" }, { price = "0.085" } ]
`

// bracket is the price of one unit of the usage report, up to a bound; no bound is 0.
type bracket struct {
	upTo  int64
	price *big.Rat
}

// monthPrices is monthPlan again, worked out for the units of the usage report. March has 744 hours.
var monthPrices = map[string][]bracket{
	"TimedStorage-ByteHrs":   {{0, big.NewRat(23, 1000*744<<30)}},
	"Requests-Tier1":         {{700, big.NewRat(5, 1e6)}, {0, big.NewRat(41, 1e7)}},
	"Requests-Tier2":         {{1000, new(big.Rat)}, {20000, big.NewRat(4, 1e7)}, {0, big.NewRat(31, 1e8)}},
	"DataTransfer-In-Bytes":  {{0, big.NewRat(1, 100<<30)}},
	"DataTransfer-Out-Bytes": {{1 << 30, big.NewRat(9, 100<<30)}, {0, big.NewRat(85, 1000<<30)}},
}

// microUnits is what so much costs: each bracket's exact cost rounded half up.
func microUnits(brackets []bracket, quantity int64) (total int64) {
	var from int64
	for _, b := range brackets {
		to := quantity
		if b.upTo > 0 {
			to = min(to, b.upTo)
		}
		cost := new(big.Rat).Mul(b.price, big.NewRat(1e6, 1))
		cost.Mul(cost, new(big.Rat).SetInt64(to-from))
		cost.Add(cost, big.NewRat(1, 2))
		total += new(big.Int).Quo(cost.Num(), cost.Denom()).Int64()
		if from = to; from == quantity {
			break
		}
	}
	return total
}

// checkStatements holds the statements of both accounts against the prices of what the logs say.
func (m *month) checkStatements(c *recount) {
	m.t.Helper()
	plan := filepath.Join(m.t.TempDir(), "plan.toml")
	if err := os.WriteFile(plan, []byte(monthPlan), 0o600); err != nil {
		m.t.Fatal(err)
	}
	var days []time.Time
	for day := monthStart; !day.After(monthEnd); day = day.AddDate(0, 0, 1) {
		days = append(days, day)
	}
	for _, name := range []string{"alice", "bob"} {
		id := m.user(name).CanonicalID
		quantities := map[string]int64{}
		for k, n := range c.usage {
			if k.account == id {
				quantities[k.usageType] += n
			}
		}
		if name == "alice" {
			for k, n := range c.storage(id, days) {
				quantities[k.usageType] += n
			}
		}
		var want int64
		for usageType, n := range quantities {
			want += microUnits(monthPrices[usageType], n)
		}
		got := m.statement(name, plan)
		m.t.Logf("%s owes %s for %v", name, got, quantities)
		if amount(m.t, got).Cmp(big.NewRat(want, 1e6)) != 0 {
			m.t.Errorf("the statement of %s says %s, the logs %s", name, got, big.NewRat(want, 1e6).FloatString(6))
		}
	}
}

// statement is the total of an account's month.
func (m *month) statement(account, plan string) string {
	m.t.Helper()
	out := m.s.bill("--month", monthStart.Format("2006-01"), "--account", account, "--plan", plan, "--format", "json")
	var statements []struct {
		Total     string `json:"total"`
		Estimated bool   `json:"estimated"`
	}
	if err := json.Unmarshal([]byte(out), &statements); err != nil || len(statements) != 1 || statements[0].Estimated {
		m.t.Fatalf("statement of %s: %v\n%s", account, err, out)
	}
	return statements[0].Total
}
