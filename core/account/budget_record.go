package account

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/budget"
	"shoal/core/meter"
)

// Fields of a budgets record: the budgets of an account and its buckets.
const budgetsBudget protowire.Number = 1 // repeated, each a record of its own

// Fields of a budget.
const (
	budgetID        protowire.Number = 1
	budgetName      protowire.Number = 2
	budgetBucket    protowire.Number = 3
	budgetUnit      protowire.Number = 4
	budgetLimit     protowire.Number = 5
	budgetThreshold protowire.Number = 6 // repeated
	budgetAction    protowire.Number = 7
	budgetTarget    protowire.Number = 8
	budgetCreated   protowire.Number = 9 // milliseconds since 1970
)

// Fields of an alarms record.
const (
	alarmsBudget  protowire.Number = 1 // id
	alarmsMonth   protowire.Number = 2 // 12 * year + month
	alarmsLimit   protowire.Number = 3
	alarmsRaised  protowire.Number = 4 // repeated
	alarmsWaiting protowire.Number = 5 // repeated, each a record of its own
)

// Fields of an alarm.
const (
	alarmID        protowire.Number = 1
	alarmMonth     protowire.Number = 2
	alarmThreshold protowire.Number = 3
	alarmUsed      protowire.Number = 4
	alarmLimit     protowire.Number = 5
	alarmCurrency  protowire.Number = 6
	alarmAction    protowire.Number = 7
	alarmTime      protowire.Number = 8 // milliseconds since 1970
)

func encodeBudgets(budgets []budget.Budget) []byte {
	b := []byte{recordVersion}
	for i := range budgets {
		b = appendString(b, budgetsBudget, string(encodeBudget(&budgets[i])))
	}
	return b
}

func encodeBudget(x *budget.Budget) []byte {
	b := []byte{recordVersion}
	b = appendString(b, budgetID, x.ID)
	b = appendString(b, budgetName, x.Name)
	b = appendString(b, budgetBucket, x.Scope.Bucket)
	b = appendUint(b, budgetUnit, uint64(x.Unit))
	b = appendUint(b, budgetLimit, uint64(x.Limit))
	for _, percent := range x.Thresholds {
		b = appendUint(b, budgetThreshold, uint64(percent))
	}
	b = appendUint(b, budgetAction, uint64(x.Action))
	b = appendString(b, budgetTarget, x.Target)
	return appendUint(b, budgetCreated, uint64(x.Created.UnixMilli()))
}

// decodeBudgets reads the row of an account.
func decodeBudgets(account string, row []byte) (budgets []budget.Budget, err error) {
	outer := decodeFields(row, func(n protowire.Number, text string, _ uint64) {
		if n != budgetsBudget || err != nil {
			return
		}
		var x budget.Budget
		x, err = decodeBudget(account, text)
		budgets = append(budgets, x)
	})
	if outer != nil {
		err = outer
	}
	return budgets, err
}

func decodeBudget(account, record string) (x budget.Budget, err error) {
	x.Scope.Account = account
	err = decodeFields([]byte(record), func(n protowire.Number, text string, num uint64) {
		switch n {
		case budgetID:
			x.ID = text
		case budgetName:
			x.Name = text
		case budgetBucket:
			x.Scope.Bucket = text
		case budgetUnit:
			x.Unit = budget.Unit(min(num, 255))
		case budgetLimit:
			x.Limit = int64(num)
		case budgetThreshold:
			x.Thresholds = append(x.Thresholds, int(min(num, budget.MaxThreshold+1)))
		case budgetAction:
			x.Action = budget.Action(min(num, 255))
		case budgetTarget:
			x.Target = text
		case budgetCreated:
			x.Created = time.UnixMilli(int64(num)).UTC()
		}
	})
	if err == nil {
		err = x.Check()
	}
	if err == nil && x.ID == "" {
		err = fmt.Errorf("%w: a budget without id", errRecord)
	}
	return x, err
}

// encodeAlarms is the record of s, which is of the budget of that id.
func encodeAlarms(id string, s *budget.State) []byte {
	b := appendString([]byte{recordVersion}, alarmsBudget, id)
	b = appendUint(b, alarmsMonth, uint64(s.Month))
	b = appendUint(b, alarmsLimit, uint64(s.Limit))
	for _, percent := range s.Raised {
		b = appendUint(b, alarmsRaised, uint64(percent))
	}
	for i := range s.Waiting {
		b = appendString(b, alarmsWaiting, string(encodeAlarm(&s.Waiting[i])))
	}
	return b
}

func encodeAlarm(a *budget.Alarm) []byte {
	b := appendString([]byte{recordVersion}, alarmID, a.ID)
	b = appendUint(b, alarmMonth, uint64(a.Month))
	b = appendUint(b, alarmThreshold, uint64(a.Threshold))
	b = appendUint(b, alarmUsed, uint64(a.Used))
	b = appendUint(b, alarmLimit, uint64(a.Limit))
	b = appendString(b, alarmCurrency, a.Currency)
	b = appendUint(b, alarmAction, uint64(a.Action))
	return appendUint(b, alarmTime, uint64(a.At.UnixMilli()))
}

// decodeAlarms reads a row, and returns the id of the budget that it is of.
func decodeAlarms(row []byte) (id string, s budget.State, err error) {
	outer := decodeFields(row, func(n protowire.Number, text string, num uint64) {
		switch n {
		case alarmsBudget:
			id = text
		case alarmsMonth:
			s.Month = monthOf(num)
		case alarmsLimit:
			s.Limit = int64(num)
		case alarmsRaised:
			s.Raised = append(s.Raised, int(min(num, budget.MaxThreshold)))
		case alarmsWaiting:
			if err == nil {
				var a budget.Alarm
				a, err = decodeAlarm(text)
				s.Waiting = append(s.Waiting, a)
			}
		}
	})
	if outer != nil {
		err = outer
	}
	return id, s, err
}

func decodeAlarm(record string) (a budget.Alarm, err error) {
	err = decodeFields([]byte(record), func(n protowire.Number, text string, num uint64) {
		switch n {
		case alarmID:
			a.ID = text
		case alarmMonth:
			a.Month = monthOf(num)
		case alarmThreshold:
			a.Threshold = int(min(num, budget.MaxThreshold))
		case alarmUsed:
			a.Used = int64(num)
		case alarmLimit:
			a.Limit = int64(num)
		case alarmCurrency:
			a.Currency = text
		case alarmAction:
			a.Action = budget.Action(min(num, 255))
		case alarmTime:
			a.At = time.UnixMilli(int64(num)).UTC()
		}
	})
	return a, err
}

// maxMonth is December 9999: what a record says beyond it is damage, and no month.
const maxMonth = 12*9999 + 12

func monthOf(num uint64) meter.MonthNumber { return meter.MonthNumber(min(num, maxMonth)) }
