package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const listsDir = "testdata/conformance"

// lists say of every test of the suite what to expect.
type lists struct {
	pass, todo map[string]bool
	excluded   map[string]string // why
}

func readLists(t *testing.T) *lists {
	t.Helper()
	return &lists{pass: readNames(t, "pass.txt"), todo: readNames(t, "todo.txt"), excluded: readExcluded(t)}
}

func readLines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(listsDir, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func readNames(t *testing.T, file string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, line := range readLines(t, file) {
		if line != "" && !strings.HasPrefix(line, "#") {
			names[line] = true
		}
	}
	return names
}

// readExcluded reads excluded.txt: under each "# reason" the tests that it is about.
func readExcluded(t *testing.T) map[string]string {
	t.Helper()
	reasons, reason := map[string]string{}, ""
	for _, line := range readLines(t, "excluded.txt") {
		switch text, isReason := strings.CutPrefix(line, "# "); {
		case isReason:
			reason = text
		case line == "":
			reason = ""
		case reason == "":
			t.Fatalf("excluded.txt: %s has no reason", line)
		default:
			reasons[line] = reason
		}
	}
	return reasons
}

// judge returns what is wrong with an outcome, "" when it is as listed.
func (l *lists) judge(name, wrong string) string {
	_, excluded := l.excluded[name]
	switch {
	case l.pass[name] && wrong != "":
		return "should pass: " + wrong
	case l.todo[name] && wrong == "":
		return name + " passes and is listed as to do: `make conformance` moves it"
	case excluded && wrong == "":
		return name + " passes and is excluded: take it out of excluded.txt"
	case !l.pass[name] && !l.todo[name] && !excluded:
		return name + " is in no list: `make conformance` adds it"
	}
	return ""
}

// update writes pass.txt and todo.txt as the suite found them. What is excluded stays.
func (l *lists) update(t *testing.T, got map[string]string) {
	t.Helper()
	pass, todo := map[string]bool{}, map[string]bool{}
	for name, wrong := range got {
		if _, excluded := l.excluded[name]; excluded {
			continue
		}
		if wrong == "" {
			pass[name] = true
		} else {
			todo[name] = true
			t.Log("to do: " + wrong)
		}
	}
	writeNames(t, "pass.txt", pass)
	writeNames(t, "todo.txt", todo)
	t.Logf("%d tests pass, %d are to do, %d excluded", len(pass), len(todo), len(l.excluded))
}

func writeNames(t *testing.T, file string, names map[string]bool) {
	t.Helper()
	text := strings.Join(slices.Sorted(maps.Keys(names)), "\n") + "\n"
	if err := os.WriteFile(filepath.Join(listsDir, file), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
