package budget

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"shoal/core/billing"
	"shoal/core/fault"
	"shoal/core/meter"
)

const (
	// MaxOfScope is the most budgets of an account, or of one of its buckets.
	MaxOfScope = 20
	// MaxOfAccount is the most budgets of an account and of all its buckets together: they are one row.
	MaxOfAccount = 100
	// MaxThresholds is the most thresholds of a budget.
	MaxThresholds = 10
	// MaxThreshold is the greatest threshold, in percent.
	MaxThreshold = 1000
)

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// targetForm is that of the names of --event-target.
var targetForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// DefaultThresholds returns those of a budget for which none are given, in percent.
func DefaultThresholds() []int { return []int{50, 80, 100} }

// Unit is what a limit counts.
type Unit uint8

const (
	// Egress counts bytes as the usage report's DataTransfer-Out-Bytes do: of S3 and BitTorrent together.
	Egress Unit = iota
	// Cost counts billing.Money: millionths of the currency of the price plan.
	Cost

	numUnits
)

var unitNames = [numUnits]string{"egress", "cost"}

func (u Unit) String() string {
	if u >= numUnits {
		return fmt.Sprintf("unit %d", uint8(u))
	}
	return unitNames[u]
}

// Action is what is done while a limit is used up. A greater one refuses more.
type Action uint8

const (
	// None raises alarms alone.
	None Action = iota
	// TorrentsOnly refuses anonymous GETs of what peers can have by its torrent.
	TorrentsOnly
	// StopAnonymousEgress refuses anonymous GETs of objects; the seeder leaves public swarms to their peers.
	StopAnonymousEgress

	numActions
)

var actionNames = [numActions]string{"none", "torrents-only", "stop-anonymous-egress"}

func (a Action) String() string {
	if a >= numActions {
		return fmt.Sprintf("action %d", uint8(a))
	}
	return actionNames[a]
}

// Actions returns the closed set.
func Actions() []Action { return []Action{None, TorrentsOnly, StopAnonymousEgress} }

// ParseAction reads a name. InvalidArgument.
func ParseAction(name string) (Action, error) {
	i := slices.Index(actionNames[:], name)
	if i < 0 {
		return None, fault.New("parse action", name, fault.InvalidArgument, errors.New("it is not none, torrents-only or stop-anonymous-egress"))
	}
	return Action(i), nil
}

// Budget bounds what a scope uses in a calendar month.
type Budget struct {
	ID         string // made with the budget and of no other, also of the same name
	Name       string // one in an account
	Scope      meter.Scope
	Unit       Unit
	Limit      int64 // over 0, in units
	Thresholds []int // percent of Limit, ascending
	Action     Action
	Target     string // whom alarms are sent to: an event target of the operator; "" is nobody, then they are logged alone
	Created    time.Time
}

// Check says what is wrong with b. InvalidArgument.
func (b *Budget) Check() error {
	why := ""
	switch {
	case !nameForm.MatchString(b.Name):
		why = "the name must have 1 to 64 letters, digits, -, _ or ."
	case b.Scope.Account == "":
		why = "it has no account"
	case b.Unit >= numUnits || b.Action >= numActions:
		why = "unknown unit or action"
	case b.Limit <= 0:
		why = "the limit must be over 0"
	case len(b.Thresholds) > MaxThresholds:
		why = fmt.Sprintf("over %d thresholds", MaxThresholds)
	case b.Target != "" && !targetForm.MatchString(b.Target):
		why = "the target must be the name of an event target"
	}
	for i, percent := range b.Thresholds {
		if percent < 1 || percent > MaxThreshold || i > 0 && percent <= b.Thresholds[i-1] {
			why = fmt.Sprintf("thresholds must be from 1 to %d, each over the one before", MaxThreshold)
		}
	}
	if why != "" {
		return fault.New("check budget", b.Name, fault.InvalidArgument, errors.New(why))
	}
	return nil
}

// Used returns what b has used by the usage report of its scope in a month. The cost of a bucket is what its usage would
// cost an account that has no other: it does not depend on in which order the buckets of an account use its tiers up.
// Errors are those of the plan.
func (b *Budget) Used(month meter.MonthNumber, rows []meter.Row, plan *billing.Plan) (used int64, err error) {
	if b.Unit == Cost {
		items := make([]billing.Item, len(rows))
		for i := range rows {
			items[i] = billing.Item{UsageType: rows[i].UsageType, Operation: rows[i].Operation, Quantity: rows[i].UsageValue}
		}
		cost, err := plan.Cost(billing.MonthOf(month.Start()), items)
		return int64(cost), err
	}
	for i := range rows {
		if rows[i].UsageType == meter.DataTransferOut {
			used += rows[i].UsageValue
		}
	}
	return used, nil
}

// currency returns what the limit of b is in, "" for bytes.
func (b *Budget) currency(plan *billing.Plan) string {
	if b.Unit == Cost {
		return plan.Currency
	}
	return ""
}
