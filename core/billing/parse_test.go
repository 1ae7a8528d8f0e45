package billing

import (
	"strings"
	"testing"

	"shoal/core/fault"
)

// minimal is a plan up to the price of its only rate.
const minimal = `name = "p"
currency = "EUR"
valid-from = 2026-01-01
source = "the test"
[[rate]]
usage-type = "Requests-Tier1"
unit = "requests"
`

func TestParse(t *testing.T) {
	p, err := Parse([]byte(minimal + `per = 1000
tiers = [{ up-to = 5, price = "0" },
  { price = "0.000000000001" }]
[[rate]]
usage-type = "Requests-Tier2"
operations = ["GetObject"]
unit = "requests"
price = "1"
[[rate]]
usage-type = "Requests-Tier2"
unit = "requests"
price = "2"
`))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "p" || p.Currency != "EUR" || p.ValidFrom.Format("2006-01-02") != "2026-01-01" || p.Source != "the test" {
		t.Errorf("plan %+v", p)
	}
	r := p.Rates[0]
	if r.Unit != Requests || r.Per != 1000 || len(r.Tiers) != 2 || r.Tiers[0] != (Tier{5, 0}) || r.Tiers[1] != (Tier{0, 1}) {
		t.Errorf("rate %+v", r)
	}
}

// TestParseRefuses: an error says line and key.
func TestParseRefuses(t *testing.T) {
	price := minimal + "price = \"1\"\n"
	for _, test := range []struct{ text, want string }{
		{"name = ", "line 1"},
		{minimal, `line 5, rate 1, tiers"`},
		{price + "hue = 1\n", `line 9, rate 1, hue"`},
		{"hue = 1\n" + price, `line 1, hue"`},
		{strings.Replace(price, "EUR", "euro", 1), `line 2, currency"`},
		{strings.Replace(price, "2026-01-01", `"today"`, 1), `line 3, valid-from"`},
		{strings.Replace(price, `"the test"`, `""`, 1), `line 4, source"`},
		{strings.Replace(price, "source", "origin", 1), `source"`},
		{strings.Replace(price, `name = "p"`, `name = "P p"`, 1), `line 1, name"`},
		{strings.Replace(price, `"requests"`, `"TB"`, 1), `line 7, rate 1, unit"`},
		{strings.Replace(price, "Requests-Tier1", "*-*", 1), `line 6, rate 1, usage-type"`},
		{minimal + "price = 0.5\n", `line 8, rate 1, price"`},
		{minimal + "price = \"-1\"\n", `line 8, rate 1, price"`},
		{minimal + "price = \"1e3\"\n", `line 8, rate 1, price"`},
		{minimal + "price = \"0.0000000000001\"\n", `line 8, rate 1, price"`},
		{minimal + "price = \"1000001\"\n", `line 8, rate 1, price"`},
		{price + "per = 0\n", `line 9, rate 1, per"`},
		{strings.Replace(price, `"requests"`, `"GB"`, 1) + "per = 10\n", `line 9, rate 1, per"`},
		{price + "tiers = [{ price = \"1\" }]\n", `line 9, rate 1, tiers"`},
		{minimal + "tiers = [\n{ up-to = 5, price = \"1\" },\n{ up-to = 6, price = \"2\" }]\n", `line 10, rate 1, tier 2, up-to"`},
		{minimal + "tiers = [\n{ price = \"1\" },\n{ price = \"2\" }]\n", `line 9, rate 1, tier 1, up-to"`},
		{minimal + "tiers = [\n{ up-to = 5, price = \"1\" },\n{ up-to = 5, price = \"1\" },\n{ price = \"2\" }]\n", `line 10, rate 1, tier 2, up-to"`},
		{minimal + "tiers = [\n{ up-to = 5, price = \"1\", hue = 1 },\n{ price = \"2\" }]\n", `line 9, rate 1, tier 1, hue"`},
		{price + "[[rate]]\nusage-type = \"Requests-Tier1\"\nunit = \"requests\"\nprice = \"2\"\n", `line 10, rate 2, usage-type"`},
		{"not-billed = [\"a*b*\"]\n" + price, `line 1, not-billed"`},
		{"not-billed = []\n" + price, `line 1, not-billed"`},
		{"name = \"p\"\ncurrency = \"EUR\"\nvalid-from = 2026-01-01\nsource = \"x\"\nrate = 3\n", `line 5, rate"`},
		{strings.Repeat("#", MaxPlanSize+1), "size"},
	} {
		_, err := Parse([]byte(test.text))
		if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n: %v, want InvalidArgument with %q", test.text[:min(len(test.text), 500)], err, test.want)
		}
	}
}

func TestPriceText(t *testing.T) {
	for _, s := range []string{"0", "1", "0.0004", "0.023", "1000000", "0.000000000001", "12.5"} {
		p, err := ParsePrice(s)
		if err != nil || p.String() != s {
			t.Errorf("%s is read as %s, %v", s, p, err)
		}
	}
	for m, want := range map[Money]string{0: "0.000000", 1: "0.000001", 61_050_000: "61.050000", -1_500_000: "-1.500000"} {
		if m.String() != want {
			t.Errorf("%d micro-units are %s, want %s", int64(m), m, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range ShippedPlans() {
		text, err := ShippedPlan(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(minimal + "tiers = [{ up-to = 5, price = \"0\" }, { price = \"1\" }]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text)
		if err != nil {
			if !fault.Is(err, fault.InvalidArgument) || len(err.Error()) > 4096 {
				t.Fatalf("%.200s", err)
			}
			return
		}
		if len(p.Rates) == 0 || len(p.Rates) > maxRates || p.Name == "" || len(p.Currency) != 3 {
			t.Fatalf("plan %+v", p)
		}
		for _, r := range p.Rates { // whatever a plan says, the arithmetic holds
			for _, quantity := range []int64{0, 1, 1 << 40, 1<<63 - 2} {
				if cost, err := r.cost(MonthOf(p.ValidFrom), quantity); err == nil && cost < 0 {
					t.Fatalf("%d of %+v cost %s", quantity, r, cost)
				}
			}
		}
	})
}
