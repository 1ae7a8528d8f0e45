package s3api

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"shoal/core/access"
	"shoal/core/meter"
)

var update = flag.Bool("update", false, "rewrite what is generated from the code")

const supportPath = "../../docs/protocol/s3.md"

// TestSupportPage holds docs/protocol/s3.md against the table of operations.
func TestSupportPage(t *testing.T) {
	want := supportPage(operations())
	if *update {
		if err := os.MkdirAll("../../docs/protocol", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(supportPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(supportPath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the operations table says: run go test ./front/s3api -run TestSupportPage -update", supportPath)
	}
}

// supportPage is the page of S3 operations.
func supportPage(rows []operation) string {
	var b strings.Builder
	b.WriteString("# S3 operations\n\n" +
		"Generated from the table of operations in `front/s3api`; a test compares the two.\n" +
		"Yes: as in the S3 API reference. Partial: with what the note says. No: answers 501 `NotImplemented`\n" +
		"unless the note says otherwise. The SOAP API is in [soap.md](soap.md).\n\n")
	count := map[support]int{}
	for _, o := range rows {
		count[o.state]++
	}
	fmt.Fprintf(&b, "%d operations: %d yes, %d partial, %d no.\n\n", len(rows), count[yes], count[partial], count[no])
	b.WriteString("| operation | request | IAM action | state | note |\n|---|---|---|---|---|\n")
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(x, y operation) int { return strings.Compare(x.name, y.name) })
	for _, o := range rows {
		fmt.Fprintf(&b, "| %s | `%s` | `%s` | %s | %s |\n", o.name, requestForm(&o), o.action, o.state, o.note)
	}
	return b.String()
}

// requestForm is how a request of o looks: "PUT /bucket/key?uploadId&partNumber".
func requestForm(o *operation) string {
	form := o.method + " " + map[scope]string{serviceScope: "/", bucketScope: "/bucket", objectScope: "/bucket/key"}[o.scope]
	if len(o.query) > 0 {
		form += "?" + strings.Join(o.query, "&")
	}
	if o.header != "" {
		form += " with " + o.header
	}
	return form
}

// TestOperations holds the rows of the table against each other and against what they name.
func TestOperations(t *testing.T) {
	names, forms := map[string]bool{}, map[string]string{}
	for _, o := range operations() {
		if names[o.name] {
			t.Errorf("%s stands twice", o.name)
		}
		names[o.name] = true
		form := requestForm(&o)
		if was := forms[form]; was != "" {
			t.Errorf("%s and %s are the same request: %s", o.name, was, form)
		}
		forms[form] = o.name
		if o.action.Scope() == access.ScopeUnknown {
			t.Errorf("%s: S3 has no action %q", o.name, o.action)
		}
		if (o.state == yes || o.state == partial) && o.serve == nil {
			t.Errorf("%s is %q and has no handler", o.name, o.state)
		}
		if o.state != yes && o.state != partial && o.state != no {
			t.Errorf("%s: state %q", o.name, o.state)
		}
		if o.state == partial && o.note == "" {
			t.Errorf("%s is partial and does not say how", o.name)
		}
		if o.logAs == "" {
			t.Errorf("%s has no name in the access log", o.name)
		}
	}
}

// TestTiers: PUT, COPY, POST and LIST are tier 1, DELETE is free, and all others are tier 2 (S3 pricing).
func TestTiers(t *testing.T) {
	for _, o := range append(operations(), websiteOperation()) {
		want := meter.Tier2
		switch o.method {
		case http.MethodPut, http.MethodPost:
			want = meter.Tier1
		case http.MethodDelete:
			want = meter.TierNone
		case http.MethodGet:
			if strings.HasPrefix(o.name, "List") || o.name == "GetBucketFeed" {
				want = meter.Tier1
			}
		}
		if o.name == "SelectObjectContent" {
			want = meter.Tier2 // "GET, SELECT, and all other requests"
		}
		if o.tier != want {
			t.Errorf("%s is of tier %d, want %d", o.name, o.tier, want)
		}
	}
}

const usageReportPath = "../../docs/protocol/usage-report.md"

// TestUsageReportPage holds the table of operations in docs/protocol/usage-report.md against that of the code.
func TestUsageReportPage(t *testing.T) {
	const head = "| operation | tier | requests |\n|---|---|---|\n"
	data, err := os.ReadFile(usageReportPath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), head)
	if !ok {
		t.Fatalf("%s has no table of operations", usageReportPath)
	}
	got, after, _ := strings.Cut(rest, "\n\n")
	want := strings.TrimSpace(usageOperations(append(operations(), websiteOperation())))
	if *update {
		if err := os.WriteFile(usageReportPath, []byte(before+head+want+"\n\n"+strings.TrimLeft(after, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s is not what the operations table says: run go test ./front/s3api -run TestUsageReportPage -update", usageReportPath)
	}
}

// usageOperations is a row for each operation of the usage report, with the S3 operations that are metered as it.
func usageOperations(rows []operation) string {
	type key struct {
		usage meter.Operation
		tier  meter.Tier
	}
	names := make(map[key][]string)
	for _, o := range rows {
		k := key{o.usage, o.tier}
		names[k] = append(names[k], o.name)
	}
	keys := slices.SortedFunc(maps.Keys(names), func(a, b key) int {
		return cmp.Or(strings.Compare(a.usage.String(), b.usage.String()), cmp.Compare(a.tier, b.tier))
	})
	tiers := map[meter.Tier]string{meter.TierNone: "free", meter.Tier1: "1", meter.Tier2: "2"}
	var b strings.Builder
	for _, k := range keys {
		slices.Sort(names[k])
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.usage, tiers[k.tier], strings.Join(names[k], ", "))
	}
	return b.String()
}
