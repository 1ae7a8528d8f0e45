package meter

import (
	"fmt"
	"time"
)

// secondsPerHour divides byte-seconds into byte-hours.
const secondsPerHour = 3600

// Granularity is the length of the periods of a report. All periods are in UTC.
type Granularity uint8

// The granularities of a report.
const (
	Hour Granularity = iota
	Day
	Month
)

// String returns the name as ParseGranularity takes it.
func (g Granularity) String() string {
	switch g {
	case Hour:
		return "hour"
	case Day:
		return "day"
	case Month:
		return "month"
	default:
		return fmt.Sprintf("granularity(%d)", uint8(g))
	}
}

// ParseGranularity reads "hour", "day" or "month", or with an s, as AWS's form has them.
func ParseGranularity(s string) (Granularity, error) {
	for _, g := range []Granularity{Hour, Day, Month} {
		if s == g.String() || s == g.String()+"s" {
			return g, nil
		}
	}
	return 0, fmt.Errorf("granularity %q is not hour, day or month", s)
}

// period returns the period of granularity g that t is in, end exclusive.
func (g Granularity) period(t time.Time) (start, end time.Time) {
	t = t.UTC()
	y, m, d := t.Date()
	switch g {
	case Day:
		start = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		return start, start.AddDate(0, 0, 1)
	case Month:
		start = time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
		return start, start.AddDate(0, 1, 0)
	default:
		start = time.Date(y, m, d, t.Hour(), 0, 0, 0, time.UTC)
		return start, start.Add(time.Hour)
	}
}

// hour is a number of hours since 1970 in UTC.
type hour uint32

// hourOf returns the hour that t is in; t is not before 1970.
func hourOf(t time.Time) hour { return hour(t.Unix() / secondsPerHour) }

func (h hour) start() time.Time { return time.Unix(int64(h)*secondsPerHour, 0).UTC() }
