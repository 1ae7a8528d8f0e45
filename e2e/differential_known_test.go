package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// knownDifference is a line of known.txt: operation | field | ours | theirs | who is right | why. A * stands for any
// text, "-" for none. Before the operation, "~" says that the rest of the answer follows from this field, and "!" that
// the two hold different objects from there on.
type knownDifference struct {
	line                    int
	op, field, ours, theirs *regexp.Regexp
	text                    string
	covers                  bool // the fields after it
	ends                    bool // the sequence
	seen                    bool
}

func (k *knownDifference) String() string { return k.text }

type knownDifferences []*knownDifference

func (ks knownDifferences) find(d difference) *knownDifference {
	for _, k := range ks {
		if k.op.MatchString(d.op) && k.field.MatchString(d.field) && k.ours.MatchString(d.ours) && k.theirs.MatchString(d.theirs) {
			return k
		}
	}
	return nil
}

func (ks knownDifferences) unseen() knownDifferences {
	var never knownDifferences
	for _, k := range ks {
		if !k.seen {
			never = append(never, k)
		}
	}
	return never
}

func readKnown(t *testing.T) knownDifferences {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "differential", "known.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var ks knownDifferences
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, " | ")
		if len(columns) != 6 || (columns[4] != "ours" && columns[4] != "theirs" && columns[4] != "both") {
			t.Fatalf("known.txt:%d: %q: want operation | field | ours | theirs | ours, theirs or both | why", number, line)
		}
		op, ends := strings.CutPrefix(columns[0], "!")
		op, covers := strings.CutPrefix(op, "~")
		ks = append(ks, &knownDifference{
			line: number, text: line, covers: covers, ends: ends,
			op: wildcard(op), field: wildcard(columns[1]), ours: wildcard(columns[2]), theirs: wildcard(columns[3]),
		})
	}
	return ks
}

func wildcard(pattern string) *regexp.Regexp {
	if pattern == "-" {
		pattern = ""
	}
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`)
}
