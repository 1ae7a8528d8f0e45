package billing

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// focusKind is the data type of a column.
type focusKind int

const (
	focusString focusKind = iota
	focusDecimal
	focusMoment
	focusObject // flat JSON
)

// focusRule is what FOCUS 1.2 says of a column (github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec,
// specification/columns).
type focusRule struct {
	kind      focusKind
	mandatory bool
	notNull   bool // of a usage charge that is no correction
	allowed   []string
}

// focusRules are those of the mandatory columns and of what is conditional or recommended and here.
func focusRules() map[string]focusRule {
	return map[string]focusRule{
		"BilledCost":          {focusDecimal, true, true, nil},
		"BillingAccountId":    {focusString, true, true, nil},
		"BillingAccountName":  {focusString, true, false, nil},
		"BillingAccountType":  {focusString, false, true, nil},
		"BillingCurrency":     {focusString, true, true, []string{"USD", "EUR", "GBP", "JPY", "CHF"}},
		"BillingPeriodEnd":    {focusMoment, true, true, nil},
		"BillingPeriodStart":  {focusMoment, true, true, nil},
		"ChargeCategory":      {focusString, true, true, []string{"Usage", "Purchase", "Tax", "Credit", "Adjustment"}},
		"ChargeClass":         {focusString, true, false, []string{"Correction"}},
		"ChargeDescription":   {focusString, true, true, nil},
		"ChargeFrequency":     {focusString, false, true, []string{"One-Time", "Recurring", "Usage-Based"}},
		"ChargePeriodEnd":     {focusMoment, true, true, nil},
		"ChargePeriodStart":   {focusMoment, true, true, nil},
		"ConsumedQuantity":    {focusDecimal, false, true, nil},
		"ConsumedUnit":        {focusString, false, true, nil},
		"ContractedCost":      {focusDecimal, true, true, nil},
		"ContractedUnitPrice": {focusDecimal, false, true, nil},
		"EffectiveCost":       {focusDecimal, true, true, nil},
		"InvoiceId":           {focusString, false, false, nil},
		"InvoiceIssuerName":   {focusString, true, true, nil},
		"ListCost":            {focusDecimal, true, true, nil},
		"ListUnitPrice":       {focusDecimal, false, true, nil},
		"PricingCategory":     {focusString, false, true, []string{"Standard", "Dynamic", "Committed", "Other"}},
		"PricingCurrency":     {focusString, false, true, []string{"USD", "EUR", "GBP", "JPY", "CHF"}},
		"PricingQuantity":     {focusDecimal, true, true, nil},
		"PricingUnit":         {focusString, true, true, nil},
		"ProviderName":        {focusString, true, true, nil},
		"PublisherName":       {focusString, true, true, nil},
		"RegionId":            {focusString, false, true, nil},
		"RegionName":          {focusString, false, true, nil},
		"ResourceId":          {focusString, false, false, nil},
		"ResourceName":        {focusString, false, false, nil},
		"ResourceType":        {focusString, false, false, nil},
		"ServiceCategory":     {focusString, true, true, []string{"Storage"}},
		"ServiceName":         {focusString, true, true, nil},
		"ServiceSubcategory":  {focusString, false, true, []string{"Object Storage"}},
		"SkuId":               {focusString, false, true, nil},
		"SkuMeter":            {focusString, false, true, nil},
		"SkuPriceDetails":     {focusObject, false, false, nil},
		"SkuPriceId":          {focusString, false, true, nil},
		"SubAccountId":        {focusString, false, false, nil},
		"SubAccountName":      {focusString, false, false, nil},
		"SubAccountType":      {focusString, false, false, nil},
		"Tags":                {focusObject, false, false, nil},
	}
}

var (
	focusColumnName = regexp.MustCompile(`^(x_)?([A-Z][a-z]+)+$`)                                          // Column Handling: Pascal case
	focusNumber     = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)                                 // Numeric Format
	focusUnit       = regexp.MustCompile(`^([1-9][0-9]* )?(B|GiB|Requests|B-Hours|GiB-Hours|GiB-Months)$`) // Unit Format
)

// checkFOCUS holds a dataset against the rules and returns its rows, and the faults.
func checkFOCUS(dataset []byte) (rows []map[string]string, faults []string) {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	records, err := csv.NewReader(bytes.NewReader(dataset)).ReadAll()
	if err != nil || len(records) == 0 {
		return nil, []string{fmt.Sprintf("no CSV: %v", err)}
	}
	header, rules := records[0], focusRules()
	for name, rule := range rules {
		if rule.mandatory && !slices.Contains(header, name) {
			bad("mandatory column %s is missing", name)
		}
	}
	own := false
	for i, name := range header {
		_, known := rules[name]
		if !focusColumnName.MatchString(name) || len(name) > 50 || slices.Index(header, name) != i || known == strings.HasPrefix(name, "x_") {
			bad("column %q", name)
		}
		if own && known {
			bad("%s stands behind our own columns", name)
		}
		own = own || !known
	}
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range header {
			row[name] = record[i]
		}
		rows = append(rows, row)
		for _, fault := range checkFOCUSRow(row, rules) {
			bad("row %d: %s", len(rows), fault)
		}
	}
	return rows, faults
}

func checkFOCUSRow(row map[string]string, rules map[string]focusRule) (faults []string) {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for name, value := range row {
		rule := rules[name]
		switch {
		case value == "" && rule.notNull:
			bad("%s is null", name)
		case value == "":
		case strings.TrimSpace(value) == "" || value == "NULL" || value == "N/A":
			bad("%s has the placeholder %q", name, value)
		case rule.allowed != nil && !slices.Contains(rule.allowed, value):
			bad("%s is %q", name, value)
		case rule.kind == focusDecimal && !focusNumber.MatchString(value):
			bad("%s is %q, not a number", name, value)
		case rule.kind == focusMoment && !isFOCUSMoment(value):
			bad("%s is %q, not a time", name, value)
		case rule.kind == focusObject && !isFlatObject(value):
			bad("%s is %q, not a flat object", name, value)
		}
	}
	for _, unit := range []string{"PricingUnit", "ConsumedUnit"} {
		if !focusUnit.MatchString(row[unit]) {
			bad("%s is %q", unit, row[unit])
		}
	}
	if !(row["BillingPeriodStart"] <= row["ChargePeriodStart"] && row["ChargePeriodStart"] < row["ChargePeriodEnd"] &&
		row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]) {
		bad("charge period from %s to %s", row["ChargePeriodStart"], row["ChargePeriodEnd"])
	}
	for _, pair := range [][2]string{{"ListUnitPrice", "ListCost"}, {"ContractedUnitPrice", "ContractedCost"}} {
		product := new(big.Rat).Mul(rational(row[pair[0]]), rational(row["PricingQuantity"]))
		if product.Cmp(rational(row[pair[1]])) != 0 {
			bad("%s is %s, and %s x PricingQuantity %s", pair[1], row[pair[1]], pair[0], product.FloatString(30))
		}
	}
	if (row["ResourceId"] == "") != (row["ResourceType"] == "") || row["ResourceId"] != "" && row["ResourceName"] == row["ResourceId"] {
		bad("resource %q is a %q", row["ResourceId"], row["ResourceType"])
	}
	if !strings.HasPrefix(row["SkuPriceId"], row["SkuId"]+"/") {
		bad("SkuPriceId %q is not of SkuId %q", row["SkuPriceId"], row["SkuId"])
	}
	// Not of FOCUS: what is billed differs from the list by rounding alone, and is rounded to the micro-unit.
	difference := new(big.Rat).Sub(rational(row["ListCost"]), rational(row["BilledCost"]))
	if difference.Abs(difference).Cmp(big.NewRat(1, 1e6)) > 0 || row["BilledCost"] != row["EffectiveCost"] {
		bad("BilledCost %s, EffectiveCost %s, ListCost %s", row["BilledCost"], row["EffectiveCost"], row["ListCost"])
	}
	return faults
}

func rational(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}

func isFOCUSMoment(s string) bool {
	t, err := time.Parse("2006-01-02T15:04:05Z", s)
	return err == nil && t.Format("2006-01-02T15:04:05Z") == s
}

// isFlatObject reports whether s is a JSON object of no objects whose keys are our own (Key-Value Format, SKU Price Details).
func isFlatObject(s string) bool {
	var object map[string]any
	if json.Unmarshal([]byte(s), &object) != nil {
		return false
	}
	for key, v := range object {
		if !strings.HasPrefix(key, "x_") {
			return false
		}
		switch v.(type) {
		case map[string]any, []any:
			return false
		}
	}
	return true
}

// TestFOCUS: every row keeps the rules, and BilledCost adds up to the statements.
func TestFOCUS(t *testing.T) {
	statements := exampleStatements(t)
	var out bytes.Buffer
	if err := WriteFOCUS(&out, "us-east-1", statements); err != nil {
		t.Fatal(err)
	}
	rows, faults := checkFOCUS(out.Bytes())
	if len(faults) > 0 {
		t.Errorf("faults:\n%s", strings.Join(faults, "\n"))
	}
	billed, want := new(big.Rat), new(big.Rat)
	for _, row := range rows {
		billed.Add(billed, rational(row["BilledCost"]))
	}
	charges := 0
	for _, s := range statements {
		want.Add(want, rational(s.Total.String()))
		charges += len(s.Charges)
	}
	if billed.Cmp(want) != 0 || len(rows) != charges || charges == 0 {
		t.Errorf("%d rows of %s in all, want %d of %s", len(rows), billed.FloatString(6), charges, want.FloatString(6))
	}
}

// TestFOCUSCheckFinds: the check above finds what is wrong.
func TestFOCUSCheckFinds(t *testing.T) {
	var out bytes.Buffer
	if err := WriteFOCUS(&out, "us-east-1", exampleStatements(t)); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"BilledCost,", "Billed,"},
		{",ChargeClass", ",x_ChargeClass"},
		{",Usage,", ",Use,"},
		{",Usage,,", ",Usage,NULL,"},
		{"2026-11-30T", "2026-11-30 "},
		{"USD", "$"},
		{"GiB-Months", "GB"},
		{"arn:aws:s3:::photos", ""},
		{"TimedStorage-ByteHrs/1", "Storage/1"},
		{"Shoal Object Storage", ""},
		{"{\"\"x_Tier\"\":", "{\"\"x_Tier\"\":[],"},
		{"{\"\"x_Tier\"\":", "{\"\"Tier\"\":"},
		{",0.09,", ",9e-2,"},
	} {
		changed := strings.Replace(out.String(), change[0], change[1], 1)
		if changed == out.String() {
			t.Fatalf("%q is not in the dataset", change[0])
		}
		if _, faults := checkFOCUS([]byte(changed)); len(faults) == 0 {
			t.Errorf("%q instead of %q is no fault", change[1], change[0])
		}
	}
}

// TestFOCUSPageHasEveryColumn: the table of the page is what is written.
func TestFOCUSPageHasEveryColumn(t *testing.T) {
	page, err := os.ReadFile("../../docs/billing.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed, written []string
	for _, m := range regexp.MustCompile(`(?m)^\| (\w+) \| Yes \|`).FindAllSubmatch(page, -1) {
		listed = append(listed, string(m[1]))
	}
	for _, c := range focusColumns() {
		written = append(written, c.name)
	}
	if !slices.Equal(listed, written) {
		t.Errorf("the page has %v, written are %v", listed, written)
	}
}
