package s3api

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"shoal/core/accesslog"
	"shoal/core/meter"
)

const (
	accessLogPath = "../../docs/protocol/access-log.md"
	accessLogMark = "<!-- generated from the table of operations: go test ./front/s3api -run TestAccessLogPage -update -->\n"
)

// counted is what a record of an operation column is on the usage report.
type counted struct {
	usage meter.Operation
	tier  meter.Tier
}

// loggedOperations returns what each operation column counts as; those that count as nothing are not in it.
func loggedOperations(t *testing.T) map[string]counted {
	t.Helper()
	all := map[string]counted{}
	add := func(column string, o *operation) {
		now := counted{o.usage, o.tier}
		if before, ok := all[column]; ok && before != now {
			t.Errorf("%s is %v of tier %d and %v of tier %d: the log could not be recounted", column, before.usage, before.tier, now.usage, now.tier)
		}
		all[column] = now
	}
	for _, o := range operations() {
		if o.scope == serviceScope {
			continue // of no bucket
		}
		add(o.logAs, &o)
	}
	website := websiteOperation()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		c := call{operation: &website, website: true, http: &http.Request{Method: method}}
		add(c.loggedOperation(), &website)
	}
	add("-", &operation{usage: meter.UnknownAction})
	return all
}

// TestAccessLogPage holds the page of the access log against the code: its fields, and the table by which the usage
// report is recomputed from the log.
func TestAccessLogPage(t *testing.T) {
	data, err := os.ReadFile(accessLogPath)
	if err != nil {
		t.Fatal(err)
	}
	text, _, marked := strings.Cut(string(data), accessLogMark)
	if !marked {
		t.Fatalf("%s has no mark of the generated part", accessLogPath)
	}
	want := text + accessLogMark + accessLogTable(loggedOperations(t))
	if *update {
		if err := os.WriteFile(accessLogPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(data) != want {
		t.Errorf("%s is not what the operations table says: run go test ./front/s3api -run TestAccessLogPage -update", accessLogPath)
	}
	for i, name := range accesslog.Fields() {
		if row := fmt.Sprintf("| %d | %s |", i+1, name); !strings.Contains(text, row) {
			t.Errorf("the page has no row %q", row)
		}
	}
}

func accessLogTable(all map[string]counted) string {
	var b strings.Builder
	b.WriteString("\n| operation in the log | Operation | tier |\n|---|---|---|\n")
	for _, column := range slices.Sorted(maps.Keys(all)) {
		tier := "-"
		if all[column].tier != meter.TierNone {
			tier = fmt.Sprint(all[column].tier)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", column, all[column].usage, tier)
	}
	return b.String()
}
