package savings

import (
	"strings"
	"testing"
	"time"

	"shoal/core/billing"
)

// TestKeysInCSV: no key is a formula to a spreadsheet, or a second row to anybody.
func TestKeysInCSV(t *testing.T) {
	for key, want := range map[string]string{
		"a/film.bin":                 "a/film.bin",
		"":                           "",
		"ü 1+1":                      "%C3%BC%201%2B1",
		`=HYPERLINK("http://x";"y")`: "%3DHYPERLINK%28%22http%3A//x%22%3B%22y%22%29",
		"+1|cmd!A0":                  "%2B1%7Ccmd%21A0",
		"@SUM(A1)":                   "%40SUM%28A1%29",
		"-2+3":                       "-2%2B3",
		"\t=1\r\n=2":                 "%09%3D1%0D%0A%3D2",
	} {
		var out strings.Builder
		list := []Saving{{Line: Line{Subject: Subject{Account: "a", Bucket: "b", Key: key, Null: true}}}}
		if err := WriteCSV(&out, billing.MonthOf(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)), "USD", list); err != nil {
			t.Fatal(err)
		}
		rows := strings.Split(out.String(), "\n")
		if len(rows) != 3 || strings.Split(rows[1], ",")[3] != want {
			t.Errorf("%q: got %q, want %q in one row", key, rows[1:], want)
		}
	}
}
