package iamapi

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what is generated from the code")

const supportPath = "../../docs/protocol/iam.md"

const (
	tableBegin = "<!-- begin of the table of actions -->\n"
	tableEnd   = "<!-- end of the table of actions -->\n"
)

// TestSupportPage holds the table of docs/protocol/iam.md against the table of actions.
func TestSupportPage(t *testing.T) {
	page, err := os.ReadFile(supportPath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), tableBegin)
	got, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no marks around the table", supportPath)
	}
	want := supportTable(actions())
	if *update {
		if err := os.WriteFile(supportPath, []byte(before+tableBegin+want+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s is not what the table of actions says: run go test ./front/iamapi -run TestSupportPage -update", supportPath)
	}
}

func supportTable(rows []action) string {
	var b strings.Builder
	count := map[support]int{}
	for _, a := range rows {
		count[a.state]++
	}
	fmt.Fprintf(&b, "%d actions: %d yes, %d partial, %d no.\n\n", len(rows), count[yes], count[partial], count[no])
	b.WriteString("| action | state | note |\n|---|---|---|\n")
	slices.SortStableFunc(rows, func(x, y action) int {
		return strings.Compare(string(x.permission()), string(y.permission()))
	})
	for _, a := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", a.permission(), a.state, a.note)
	}
	return b.String()
}

func TestActions(t *testing.T) {
	names := map[string]bool{}
	for _, a := range actions() {
		if names[a.name] {
			t.Errorf("%s stands twice", a.name)
		}
		names[a.name] = true
		if versions[a.service] == "" {
			t.Errorf("%s is of service %q", a.name, a.service)
		}
		if (a.state == no) != (a.serve == nil) || a.state != yes && a.state != partial && a.state != no {
			t.Errorf("%s is %q, with a handler: %v", a.name, a.state, a.serve != nil)
		}
		if a.state == partial && a.note == "" {
			t.Errorf("%s is partial and does not say how", a.name)
		}
		if (a.free || a.anonymous) && a.service != serviceSTS {
			t.Errorf("%s is authorised by nothing", a.name)
		}
	}
}
