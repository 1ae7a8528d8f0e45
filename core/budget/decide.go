package budget

import (
	"math/bits"
	"slices"
	"time"

	"shoal/core/meter"
)

// State is what is kept of the alarms of a budget.
type State struct {
	Month   meter.MonthNumber // of Raised
	Limit   int64             // under which they were raised
	Raised  []int             // thresholds whose alarm was raised, ascending
	Waiting []Alarm           // not acknowledged yet, oldest first, those of other months among them
}

// Alarm tells that a threshold of a budget was passed.
type Alarm struct {
	ID        string // the same each time that it is sent, and of no other
	Month     meter.MonthNumber
	Threshold int // percent
	Used      int64
	Limit     int64
	Currency  string // of Used and Limit, which are millionths of it; "" when they are bytes
	Action    Action // in force from then on
	At        time.Time
}

// MaxWaiting is the most alarms of a budget that wait for their target. The oldest make room.
const MaxWaiting = 50

// Decide says, of a budget that has used so much in a month, for which thresholds an alarm is to be raised, what is kept
// from then on (Waiting as it was), and which action is in force. Each threshold raises one alarm a month. Under another
// limit than before, those that are not passed any more may raise theirs again.
func Decide(b *Budget, s State, month meter.MonthNumber, used int64) (next State, raise []int, inForce Action) {
	next = State{Month: month, Limit: b.Limit, Waiting: s.Waiting}
	if s.Month == month {
		next.Raised = slices.Clone(s.Raised)
	}
	if s.Limit != b.Limit {
		next.Raised = slices.DeleteFunc(next.Raised, func(percent int) bool { return !passed(used, b.Limit, percent) })
	}
	for _, percent := range b.Thresholds {
		if passed(used, b.Limit, percent) && !slices.Contains(next.Raised, percent) {
			raise = append(raise, percent)
		}
	}
	next.Raised = append(next.Raised, raise...)
	slices.Sort(next.Raised)
	if passed(used, b.Limit, 100) {
		inForce = b.Action
	}
	return next, raise, inForce
}

// same reports whether s and o say the same of what was raised.
func (s *State) same(o *State) bool {
	return s.Month == o.Month && s.Limit == o.Limit && slices.Equal(s.Raised, o.Raised)
}

// passed reports whether used is a percentage of limit, or more; no product overflows.
func passed(used, limit int64, percent int) bool {
	usedHi, usedLo := bits.Mul64(uint64(max(used, 0)), 100)
	hi, lo := bits.Mul64(uint64(limit), uint64(percent))
	return usedHi > hi || usedHi == hi && usedLo >= lo
}
