package billing

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// table is a table of a plan that is being read. The first fault stays in err; what is read after it means nothing.
type table struct {
	name   string // "" of the whole plan; "rate 3"
	lines  lines
	values map[string]any
	taken  []string
	err    error
}

// fail notes a fault of a key and returns it.
func (t *table) fail(key string, err error) error {
	if t.err == nil {
		where := fmt.Sprintf("line %d, ", t.lines.line(key))
		if t.name != "" {
			where += t.name + ", "
		}
		t.err = malformed(where+key, err)
	}
	return t.err
}

func (t *table) has(key string) bool {
	_, ok := t.values[key]
	return ok
}

func (t *table) take(key string) any {
	t.taken = append(t.taken, key)
	return t.values[key]
}

// text takes a string of 1 to limit bytes, which matches pattern unless that is nil.
func (t *table) text(key string, limit int, pattern *regexp.Regexp) string {
	s, ok := t.take(key).(string)
	switch {
	case !t.has(key):
		t.fail(key, errors.New("is missing"))
	case !ok:
		t.fail(key, errors.New("must be a string, in quotes"))
	case !printable(s, limit):
		t.fail(key, fmt.Errorf("must have 1 to %d bytes of text without control characters", limit))
	case pattern != nil && !pattern.MatchString(s):
		t.fail(key, fmt.Errorf("%q does not match %s", s, pattern))
	}
	return s
}

func printable(s string, limit int) bool {
	return s != "" && len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// number takes a whole number from 1 to limit.
func (t *table) number(key string, limit int64) int64 {
	n, ok := t.take(key).(int64)
	if !ok || n < 1 || n > limit {
		t.fail(key, fmt.Errorf("must be a whole number from 1 to %d", limit))
		return 1
	}
	return n
}

// names takes a list of strings, not empty.
func (t *table) names(key string) (names []string) {
	list, _ := t.take(key).([]any)
	if len(list) == 0 || len(list) > maxNames {
		t.fail(key, fmt.Errorf("must be a list of 1 to %d strings", maxNames))
		return nil
	}
	for _, v := range list {
		s, ok := v.(string)
		if !ok || !printable(s, maxName) {
			t.fail(key, fmt.Errorf("must hold strings of 1 to %d bytes", maxName))
		}
		names = append(names, s)
	}
	return names
}

// tables takes a list of tables, not empty.
func (t *table) tables(key string, limit int) (tables []*table) {
	var list []map[string]any
	switch v := t.take(key).(type) {
	case []map[string]any:
		list = v
	case []any:
		for _, e := range v {
			m, ok := e.(map[string]any)
			if !ok {
				t.fail(key, errors.New("must be a list of tables"))
				return nil
			}
			list = append(list, m)
		}
	}
	if len(list) == 0 || len(list) > limit {
		t.fail(key, fmt.Errorf("must be a list of 1 to %d tables", limit))
		return nil
	}
	for i, values := range list {
		name := strings.TrimSuffix(key, "s") + fmt.Sprintf(" %d", i+1)
		if t.name != "" {
			name = t.name + ", " + name
		}
		tables = append(tables, &table{name: name, lines: t.lines.table(key, i), values: values})
	}
	return tables
}

// done fails when a key was not taken.
func (t *table) done() {
	unknown := make([]string, 0, len(t.values))
	for key := range t.values {
		if !slices.Contains(t.taken, key) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		key := slices.Min(unknown)
		t.fail(key[:min(len(key), maxName)], errors.New("is no key of a price plan here"))
	}
}

// lines are those of a plan that a table is on. The library does not say where a value stood.
type lines struct {
	text  []string
	first int // number of text[0]
}

func linesOf(text []byte) lines { return lines{strings.Split(string(text), "\n"), 1} }

// line returns the number of the first line that sets key, that of the table when there is none.
func (l lines) line(key string) int {
	for i, text := range l.text {
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '{' || r == ',' }) {
			if name, _, ok := strings.Cut(part, "="); ok && strings.Trim(name, " \t\"'") == key {
				return l.first + i
			}
		}
	}
	return l.first
}

// table returns the lines of the i-th table [[key]], or of the i-th {...} behind key.
func (l lines) table(key string, i int) lines {
	starts := l.matching(func(text string) bool { return strings.ReplaceAll(strings.TrimSpace(text), " ", "") == "[["+key+"]]" })
	if i >= len(starts) {
		from := l.line(key) - l.first
		l = lines{l.text[from:], l.first + from}
		starts = l.matching(func(text string) bool { return strings.Contains(text, "{") })
	}
	if i >= len(starts) { // several on a line
		return l
	}
	end := len(l.text)
	if i+1 < len(starts) {
		end = starts[i+1]
	}
	return lines{l.text[starts[i]:end], l.first + starts[i]}
}

func (l lines) matching(match func(string) bool) (at []int) {
	for i, text := range l.text {
		if match(text) {
			at = append(at, i)
		}
	}
	return at
}
