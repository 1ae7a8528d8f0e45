package lifecycle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
)

const day = 24 * time.Hour

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDue(t *testing.T) {
	for _, tt := range []struct {
		from string
		days int
		want string
	}{
		{"2014-01-15 10:30:00", 3, "2014-01-19 00:00:00"}, // the example of the S3 user guide
		{"2014-01-15 00:00:00", 3, "2014-01-18 00:00:00"},
		{"2014-01-15 23:59:59", 1, "2014-01-17 00:00:00"},
		{"2014-01-15 00:00:00", 2_000_000, "7489-11-08 00:00:00"},
	} {
		if got := due(at(tt.from), tt.days, day); !got.Equal(at(tt.want)) {
			t.Errorf("%d days after %s: got %v, want %s", tt.days, tt.from, got, tt.want)
		}
	}
	if got, want := due(at("2030-01-01 00:00:01").Add(1), 2, time.Second), at("2030-01-01 00:00:04"); !got.Equal(want) {
		t.Errorf("with days of a second: got %v, want %v", got, want)
	}
}

func TestDecide(t *testing.T) {
	made := at("2030-01-01 12:00:00")
	object := func(change func(*Version)) *Version {
		v := &Version{Key: "logs/a", Made: made, Size: 100, Tags: []access.Tag{{Key: "k", Value: "v"}}, Only: true}
		if change != nil {
			change(v)
		}
		return v
	}
	marker := func(v *Version) { v.DeleteMarker, v.Size, v.Tags = true, 0, nil }
	old := func(newer int) func(*Version) {
		return func(v *Version) { v.Only, v.Noncurrent, v.Newer = false, made.Add(day), newer }
	}
	tests := []struct {
		name string
		rule Rule
		v    *Version
		now  string
		want Removal
	}{
		{"not yet", Rule{Days: 1}, object(nil), "2030-01-02 23:59:59", Keep},
		{"due", Rule{Days: 1}, object(nil), "2030-01-03 00:00:00", ExpireObject},
		{"disabled", Rule{Days: 1, Disabled: true}, object(nil), "2040-01-01 00:00:00", Keep},
		{"before the date", Rule{Date: at("2031-01-01 00:00:00")}, object(nil), "2030-12-31 23:59:59", Keep},
		{"from the date", Rule{Date: at("2031-01-01 00:00:00")}, object(nil), "2031-01-01 00:00:00", ExpireObject},
		{"prefix", Rule{Days: 1, Filter: Filter{Prefix: "logs/"}}, object(nil), "2040-01-01 00:00:00", ExpireObject},
		{"other prefix", Rule{Days: 1, Filter: Filter{Prefix: "log/"}}, object(nil), "2040-01-01 00:00:00", Keep},
		{"tag", Rule{Days: 1, Filter: Filter{Tags: []access.Tag{{Key: "k", Value: "v"}}}}, object(nil), "2040-01-01 00:00:00", ExpireObject},
		{"other tag", Rule{Days: 1, Filter: Filter{Tags: []access.Tag{{Key: "k", Value: "v"}, {Key: "l"}}}}, object(nil), "2040-01-01 00:00:00", Keep},
		{"larger", Rule{Days: 1, Filter: Filter{HasLarger: true, Larger: 99}}, object(nil), "2040-01-01 00:00:00", ExpireObject},
		{"not larger", Rule{Days: 1, Filter: Filter{HasLarger: true, Larger: 100}}, object(nil), "2040-01-01 00:00:00", Keep},
		{"smaller", Rule{Days: 1, Filter: Filter{Smaller: 101}}, object(nil), "2040-01-01 00:00:00", ExpireObject},
		{"not smaller", Rule{Days: 1, Filter: Filter{Smaller: 100}}, object(nil), "2040-01-01 00:00:00", Keep},
		{"marker alone", Rule{ExpiredMarker: true}, object(marker), "2030-01-01 12:00:01", RemoveVersion},
		{"marker that hides", Rule{ExpiredMarker: true}, object(func(v *Version) { marker(v); v.Only = false }), "2040-01-01 00:00:00", Keep},
		{"young marker alone", Rule{Days: 1}, object(marker), "2030-01-02 23:59:59", Keep},
		{"old marker alone", Rule{Days: 1}, object(marker), "2030-01-03 00:00:00", RemoveVersion},
		{"marker and sizes", Rule{Days: 1, Filter: Filter{Smaller: 9}}, object(marker), "2040-01-01 00:00:00", Keep},
		{"current and noncurrent rule", Rule{NoncurrentDays: 1}, object(nil), "2040-01-01 00:00:00", Keep},
		{"noncurrent and current rule", Rule{Days: 1, ExpiredMarker: true}, object(old(0)), "2040-01-01 00:00:00", Keep},
		{"noncurrent not yet", Rule{NoncurrentDays: 2}, object(old(0)), "2030-01-04 23:59:59", Keep},
		{"noncurrent due", Rule{NoncurrentDays: 2}, object(old(0)), "2030-01-05 00:00:00", RemoveVersion},
		{"noncurrent marker", Rule{NoncurrentDays: 2}, object(func(v *Version) { marker(v); old(0)(v) }), "2030-01-05 00:00:00", RemoveVersion},
		{"one of the newer", Rule{NoncurrentDays: 2, NewerNoncurrent: 3}, object(old(2)), "2040-01-01 00:00:00", Keep},
		{"behind the newer", Rule{NoncurrentDays: 2, NewerNoncurrent: 3}, object(old(3)), "2040-01-01 00:00:00", RemoveVersion},
	}
	for _, tt := range tests {
		c := Configuration{Rules: []Rule{{ID: "other", Days: 1, Filter: Filter{Prefix: "nowhere/"}}, tt.rule}}
		if got := c.Decide(tt.v, at(tt.now), day); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestExpiry(t *testing.T) {
	c := Configuration{Rules: []Rule{
		{ID: "late", Days: 9},
		{ID: "first", Days: 2},
		{ID: "off", Days: 1, Disabled: true},
		{ID: "else", Days: 1, Filter: Filter{Prefix: "x"}},
		{ID: "old", NoncurrentDays: 1},
	}}
	v := &Version{Key: "a", Made: at("2030-01-01 12:00:00")}
	if got, rule, ok := c.Expiry(v, day); !ok || rule != "first" || !got.Equal(at("2030-01-04 00:00:00")) {
		t.Errorf("got %v %q %t", got, rule, ok)
	}
	if _, _, ok := c.Expiry(&Version{Key: "a", Noncurrent: v.Made}, day); ok {
		t.Error("a noncurrent version expires")
	}
	if _, _, ok := (&Configuration{Rules: c.Rules[2:]}).Expiry(v, day); ok {
		t.Error("it expires by no rule")
	}
}

func TestAborts(t *testing.T) {
	c := Configuration{Rules: []Rule{{AbortDays: 1, Filter: Filter{Prefix: "up/"}}}}
	began := at("2030-01-01 12:00:00")
	for _, tt := range []struct {
		key, now string
		want     bool
	}{{"up/a", "2030-01-02 23:59:59", false}, {"up/a", "2030-01-03 00:00:00", true}, {"a", "2040-01-01 00:00:00", false}} {
		if got := c.Aborts(tt.key, began, at(tt.now), day); got != tt.want {
			t.Errorf("%s at %s: got %t", tt.key, tt.now, got)
		}
	}
}

func TestCheck(t *testing.T) {
	tags := []access.Tag{{Key: "k"}}
	tests := []struct {
		name string
		c    Configuration
		want fault.Kind // Internal: none
	}{
		{"fine", Configuration{Rules: []Rule{{ID: "a", Days: 1}, {ID: "b", AbortDays: 1}}}, fault.Internal},
		{"same id", Configuration{Rules: []Rule{{ID: "a", Days: 1}, {ID: "a", AbortDays: 1}}}, fault.InvalidArgument},
		{"long id", Configuration{Rules: []Rule{{ID: strings.Repeat("x", maxID+1), Days: 1}}}, fault.InvalidArgument},
		{"no action", Configuration{Rules: []Rule{{NewerNoncurrent: 1}}}, fault.InvalidRequest},
		{"not midnight", Configuration{Rules: []Rule{{Date: at("2030-01-01 01:00:00")}}}, fault.InvalidArgument},
		{"too many newer", Configuration{Rules: []Rule{{NoncurrentDays: 1, NewerNoncurrent: 101}}}, fault.InvalidArgument},
		{"both kinds of prefix", Configuration{Rules: []Rule{{ID: "a", Days: 1}, {ID: "b", Days: 1, Filter: Filter{Form: InRule}}}}, fault.InvalidRequest},
		{"long prefix", Configuration{Rules: []Rule{{Days: 1, Filter: Filter{Prefix: strings.Repeat("x", maxPrefix+1)}}}}, fault.InvalidRequest},
		{"sizes", Configuration{Rules: []Rule{{Days: 1, Filter: Filter{HasLarger: true, Larger: 5, Smaller: 5}}}}, fault.InvalidRequest},
		{"same tag", Configuration{Rules: []Rule{{Days: 1, Filter: Filter{Tags: append(tags, tags...)}}}}, fault.InvalidRequest},
		{"abort with tags", Configuration{Rules: []Rule{{AbortDays: 1, Filter: Filter{Tags: tags}}}}, fault.InvalidRequest},
		{"abort with sizes", Configuration{Rules: []Rule{{AbortDays: 1, Filter: Filter{HasLarger: true}}}}, fault.InvalidRequest},
		{"marker with tags", Configuration{Rules: []Rule{{ExpiredMarker: true, Filter: Filter{Tags: tags}}}}, fault.InvalidRequest},
		{"marker with sizes", Configuration{Rules: []Rule{{ExpiredMarker: true, Filter: Filter{Smaller: 1}}}}, fault.InvalidRequest},
	}
	for _, tt := range tests {
		err := tt.c.Check()
		if got := fault.KindOf(err); (err == nil) != (tt.want == fault.Internal) || err != nil && got != tt.want {
			t.Errorf("%s: got %v", tt.name, fmt.Sprint(err))
		}
	}
}
