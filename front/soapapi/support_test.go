package soapapi

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"shoal/core/access"
	"shoal/core/meter"
)

var update = flag.Bool("update", false, "rewrite what is generated from the code")

const supportPath = "../../docs/protocol/soap.md"

// The table of the page stands between these lines.
const (
	tableStart = "| operation | IAM action | usage | tier | state | note |\n|---|---|---|---|---|---|\n"
	tableEnd   = "\n"
)

// TestSupportPage holds the table of docs/protocol/soap.md against the table of operations.
func TestSupportPage(t *testing.T) {
	data, err := os.ReadFile(supportPath)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	before, rest, ok := strings.Cut(page, tableStart)
	if !ok {
		t.Fatalf("%s has no table of operations", supportPath)
	}
	var table strings.Builder
	for _, o := range operations() {
		fmt.Fprintf(&table, "| %s | `%s` | `%s` | %s | %s | %s |\n", o.name, o.action, o.usage, tierName(o.tier), o.state, o.note)
	}
	_, after, _ := strings.Cut("\n"+rest, "\n\n")
	want := before + tableStart + table.String() + tableEnd + after
	if *update {
		if err := os.WriteFile(supportPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if page != want {
		t.Errorf("%s is not what the operations table says: run go test ./front/soapapi -run TestSupportPage -update", supportPath)
	}
}

// tierName is a tier as the page of the access log writes it, too.
func tierName(t meter.Tier) string {
	if t == meter.TierNone {
		return "-"
	}
	return strconv.Itoa(int(t))
}

// TestOperations holds the rows of the table against each other and against what they name.
func TestOperations(t *testing.T) {
	names := map[string]bool{}
	for _, o := range operations() {
		if names[o.name] {
			t.Errorf("%s stands twice", o.name)
		}
		names[o.name] = true
		if o.action.Scope() == access.ScopeUnknown {
			t.Errorf("%s: S3 has no action %q", o.name, o.action)
		}
		if (o.state == no) != (o.serve == nil) || o.state == partial && o.note == "" {
			t.Errorf("%s is %q, with note %q", o.name, o.state, o.note)
		}
	}
	if len(names) != 16 {
		t.Errorf("%d operations, the API has 16", len(names))
	}
}
