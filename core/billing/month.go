package billing

import (
	"fmt"
	"time"
)

// Month is a calendar month in UTC: the period of a statement, in which tiers begin anew.
type Month struct{ start time.Time }

// MonthOf returns the month that t is in.
func MonthOf(t time.Time) Month {
	y, m, _ := t.UTC().Date()
	return Month{time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)}
}

// ParseMonth reads YYYY-MM, from 1970 on.
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || t.Year() < 1970 {
		return Month{}, fmt.Errorf("%q is not a month such as 2026-11", s)
	}
	return Month{t}, nil
}

// Start returns the first moment of the month.
func (m Month) Start() time.Time { return m.start }

// End returns the moment after its last.
func (m Month) End() time.Time { return m.start.AddDate(0, 1, 0) }

// String returns YYYY-MM.
func (m Month) String() string { return m.start.Format("2006-01") }

func (m Month) hours() int64 { return int64(m.End().Sub(m.start) / time.Hour) }
