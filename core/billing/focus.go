package billing

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
)

// FOCUSVersion is the version of the FinOps Open Cost and Usage Specification that WriteFOCUS follows.
const FOCUSVersion = "1.2"

const (
	focusTime   = "2006-01-02T15:04:05Z" // FOCUS, Date/Time Format
	focusPlaces = 15                     // of a quantity

	// provider is who makes the service available; who bills for it may be another, see Plan.Issuer.
	provider = "Shoal"
	service  = "Shoal Object Storage"
)

// focusRow is a charge as FOCUS has it.
type focusRow struct {
	*Statement
	*Charge
	region string
}

type focusColumn struct {
	name  string
	value func(focusRow) string // "" is null
}

// focusColumns are the columns in their order: those of FOCUS by name, then our own.
func focusColumns() []focusColumn {
	return append(append(focusAccountColumns(), focusPriceColumns()...), focusOwnColumns()...)
}

func text(s string) func(focusRow) string { return func(focusRow) string { return s } }

// focusAccountColumns are BilledCost to InvoiceIssuerName.
func focusAccountColumns() []focusColumn {
	return []focusColumn{
		{"BilledCost", focusRow.billed},
		{"BillingAccountId", func(r focusRow) string { return r.Statement.Account.Number }},
		{"BillingAccountName", func(r focusRow) string { return r.Statement.Account.Name }},
		{"BillingAccountType", text("Account")},
		{"BillingCurrency", func(r focusRow) string { return r.Plan.Currency }},
		{"BillingPeriodEnd", func(r focusRow) string { return r.Month.End().Format(focusTime) }},
		{"BillingPeriodStart", func(r focusRow) string { return r.Month.Start().Format(focusTime) }},
		{"ChargeCategory", text("Usage")},
		{"ChargeClass", text("")},
		{"ChargeDescription", func(r focusRow) string { return r.Rate.describe(r.UsageType.String(), r.Tier) }},
		{"ChargeFrequency", text("Usage-Based")},
		{"ChargePeriodEnd", func(r focusRow) string { return r.EndTime.UTC().Format(focusTime) }},
		{"ChargePeriodStart", func(r focusRow) string { return r.StartTime.UTC().Format(focusTime) }},
		{"ConsumedQuantity", func(r focusRow) string { return strconv.FormatInt(r.UsageValue, 10) }},
		{"ConsumedUnit", focusRow.consumedUnit},
		{"ContractedCost", focusRow.listCost},
		{"ContractedUnitPrice", focusRow.unitPrice},
		{"EffectiveCost", focusRow.billed},
		{"InvoiceId", focusRow.invoice},
		{"InvoiceIssuerName", func(r focusRow) string { return r.Plan.Issuer }},
	}
}

// focusPriceColumns are ListCost to Tags.
func focusPriceColumns() []focusColumn {
	return []focusColumn{
		{"ListCost", focusRow.listCost},
		{"ListUnitPrice", focusRow.unitPrice},
		{"PricingCategory", text("Standard")},
		{"PricingCurrency", func(r focusRow) string { return r.Plan.Currency }},
		{"PricingQuantity", focusRow.priced},
		{"PricingUnit", focusRow.pricingUnit},
		{"ProviderName", text(provider)},
		{"PublisherName", text(provider)},
		{"RegionId", func(r focusRow) string { return r.region }},
		{"RegionName", func(r focusRow) string { return r.region }},
		{"ResourceId", focusRow.resource},
		{"ResourceName", func(r focusRow) string { return r.Resource }},
		{"ResourceType", focusRow.resourceType},
		{"ServiceCategory", text("Storage")},
		{"ServiceName", text(service)},
		{"ServiceSubcategory", text("Object Storage")},
		{"SkuId", focusRow.sku},
		{"SkuMeter", focusRow.skuMeter},
		{"SkuPriceDetails", focusRow.skuPriceDetails},
		{"SkuPriceId", func(r focusRow) string { return r.sku() + "/" + strconv.Itoa(r.Tier+1) }},
		{"SubAccountId", text("")},
		{"SubAccountName", text("")},
		{"SubAccountType", text("")},
		{"Tags", text("")},
	}
}

// focusOwnColumns are those that FOCUS does not know.
func focusOwnColumns() []focusColumn {
	return []focusColumn{
		{"x_CanonicalId", func(r focusRow) string { return r.Statement.Account.ID }},
		{"x_Estimated", func(r focusRow) string { return strconv.FormatBool(r.Estimated) }},
		{"x_Operation", func(r focusRow) string { return r.Operation.String() }},
		{"x_PricePlan", func(r focusRow) string { return r.Plan.Name }},
		{"x_Protocol", func(r focusRow) string { return r.Source.Protocol() }},
		{"x_UsageType", func(r focusRow) string { return r.UsageType.String() }},
	}
}

// WriteFOCUS writes the charges of statements as a FOCUS dataset in CSV, in which null is an empty field. The sum of
// BilledCost is that of the totals. region is where the buckets are.
//
// The charge periods are those of the usage that the statements were made of: a day, or an hour.
func WriteFOCUS(w io.Writer, region string, statements []*Statement) error {
	columns := focusColumns()
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = c.name
	}
	out := csv.NewWriter(w) // its first error sticks until Flush
	_ = out.Write(record)
	for _, s := range statements {
		for i := range s.Charges {
			row := focusRow{s, &s.Charges[i], region}
			for k, c := range columns {
				record[k] = c.value(row)
			}
			_ = out.Write(record)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write statement: %w", err)
	}
	return nil
}

func (r focusRow) billed() string { return r.Cost.String() }

func (r focusRow) unitPrice() string { return r.Rate.Tiers[r.Tier].Price.String() }

// priced is how many pricing units were used, rounded to 15 places.
func (r focusRow) priced() string {
	q := quotient(r.UsageValue, r.Rate.Per*r.Rate.Unit.size(r.Month), focusPlaces)
	return strings.TrimSuffix(strings.TrimRight(q, "0"), ".")
}

// listCost is PricingQuantity x ListUnitPrice, which FOCUS demands to be exact: it has more places than BilledCost, which
// is rounded so that the rows add up to the statement.
func (r focusRow) listCost() string {
	q, _ := new(big.Rat).SetString(r.priced()) // our own text
	cost := q.Mul(q, big.NewRat(int64(r.Rate.Tiers[r.Tier].Price), picoPerUnit))
	s := cost.FloatString(focusPlaces + picoDigits) // all there are
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// invoice is the id of the statement. While the month lasts there is none.
func (r focusRow) invoice() string {
	if r.Estimated {
		return ""
	}
	return r.Statement.Account.Number + "-" + r.Month.String()
}

// FOCUS, Unit Format: GB is 10^9 bytes, GiB is 2^30.
func (r focusRow) pricingUnit() string {
	switch r.Rate.Unit {
	case GB:
		return "GiB"
	case GBMonth:
		return "GiB-Months"
	default:
		if r.Rate.Per > 1 {
			return strconv.FormatInt(r.Rate.Per, 10) + " Requests"
		}
		return "Requests"
	}
}

func (r focusRow) consumedUnit() string {
	switch r.Rate.Unit {
	case GB:
		return "B"
	case GBMonth:
		return "B-Hours"
	default:
		return "Requests"
	}
}

// resource is the ARN of the bucket.
func (r focusRow) resource() string {
	if r.Resource == "" {
		return ""
	}
	return "arn:aws:s3:::" + r.Resource
}

func (r focusRow) resourceType() string {
	if r.Resource == "" {
		return ""
	}
	return "Bucket"
}

// sku names what is priced, whatever the price: the usage type, and the operations where they have a rate of their own.
func (r focusRow) sku() string {
	if r.Rate.Operations == nil {
		return r.UsageType.String()
	}
	return r.UsageType.String() + "/" + strings.Join(r.Rate.Operations, "+")
}

func (r focusRow) skuMeter() string {
	switch r.Rate.Unit {
	case GB:
		return "Data Transfer"
	case GBMonth:
		return "Object Storage"
	default:
		return "API Requests"
	}
}

// skuPriceDetails says where the tier is. FOCUS, SKU Price Details: the key of a property that is not of FOCUS begins with x_.
func (r focusRow) skuPriceDetails() string {
	if len(r.Rate.Tiers) == 1 {
		return ""
	}
	details, _ := json.Marshal(map[string]string{"x_Tier": r.Rate.span(r.Tier)}) // a string
	return string(details)
}
