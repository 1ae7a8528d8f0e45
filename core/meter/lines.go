package meter

import (
	"bytes"

	"shoal/core/accesslog"
)

// counts is what was recorded, by UsageType.
type counts [numRecorded]int64

func (c *counts) add(e *Event) {
	switch e.Tier {
	case Tier1:
		c[RequestsTier1] += e.Requests
	case Tier2:
		c[RequestsTier2] += e.Requests
	case TierNone:
	}
	c[DataTransferIn] += e.BytesIn
	c[DataTransferOut] += e.BytesOut
}

// segment is records of an access log with what was recorded by the events that wrote them: one row to be.
type segment struct {
	counts counts
	owner  string
	target *accesslog.Target
	lines  []byte // at most accesslog.MaxLines
}

// takes reports whether n more bytes of records of l go into s.
func (s *segment) takes(l *Log, n int) bool {
	return (s.target == l.Target || s.target.Equal(l.Target)) && s.owner == l.Owner && len(s.lines)+n <= accesslog.MaxLines
}

// valid reports whether rows can hold l, which has lines.
func (l *Log) valid() bool {
	if l.Target == nil || !l.Target.Fits() || len(l.Owner) > maxName || l.Lines[len(l.Lines)-1] != '\n' {
		return false
	}
	for rest := l.Lines; len(rest) > 0; {
		n := wholeLines(rest)
		if n == 0 {
			return false
		}
		rest = rest[n:]
	}
	return true
}

// wholeLines returns how many bytes of lines one row takes: whole lines, as many as fit; 0 when not even the first does.
func wholeLines(lines []byte) int {
	if len(lines) <= accesslog.MaxLines {
		return len(lines)
	}
	return bytes.LastIndexByte(lines[:accesslog.MaxLines], '\n') + 1
}
