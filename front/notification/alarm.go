package notification

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	"shoal/core/budget"
)

// Alarms are those of budgets that wait for a target; budget.Keeper has them in the binary.
type Alarms interface {
	// Alarmed returns the channel that gets a token while alarms wait for a target.
	Alarmed(target string) <-chan struct{}
	// WaitingFor returns the budgets with alarms for a target, which are State.Waiting.
	WaitingFor(ctx context.Context, target string) ([]budget.Kept, error)
	// Acknowledge removes an alarm that its target has taken.
	Acknowledge(ctx context.Context, b *budget.Budget, id string) error
}

// RunAlarms sends the alarms of budgets to their targets until ctx is done, and returns nil: at least once, those of a
// budget in order. It may run beside Run.
func (d *Deliverer) RunAlarms(ctx context.Context, alarms Alarms) error {
	var senders sync.WaitGroup
	for _, t := range d.targets {
		senders.Go(func() { d.sendAlarms(ctx, t, alarms) })
	}
	senders.Wait()
	<-ctx.Done()
	return nil
}

// sendAlarms sends what waits for one target, whenever something does.
func (d *Deliverer) sendAlarms(ctx context.Context, t *delivery, alarms Alarms) {
	waiting := alarms.Alarmed(t.name)
	for failures := 0; ctx.Err() == nil; {
		select {
		case <-waiting:
		case <-ctx.Done():
			return
		}
		err := d.sendWaiting(ctx, t, alarms)
		if err == nil {
			failures = 0
			continue
		}
		if ctx.Err() == nil {
			d.logFailure(ctx, t, err)
		}
		wait(ctx, waitAfter(failures, rand.Float64()))
		failures++
	}
}

func (d *Deliverer) sendWaiting(ctx context.Context, t *delivery, alarms Alarms) error {
	budgets, err := alarms.WaitingFor(ctx, t.name)
	if err != nil {
		return err
	}
	for i := range budgets {
		b := &budgets[i].Budget
		for _, a := range budgets[i].State.Waiting {
			text, err := renderAlarm(b, &a)
			if err != nil {
				return err
			}
			if err := d.deliver(ctx, t, Message{Key: b.Scope.Account + "/" + b.Name, ID: a.ID, JSON: text}); err != nil {
				return err
			}
			// Also when we are stopped: what is acknowledged is not to be sent again.
			if err := alarms.Acknowledge(context.WithoutCancel(ctx), b, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// alarmMessage is what a target gets of an alarm (docs/protocol/budgets.md).
type alarmMessage struct {
	Event     string `json:"event"` // alarmEvent
	Version   string `json:"version"`
	ID        string `json:"id"`
	Time      string `json:"time"` // when the alarm was raised
	Budget    string `json:"budget"`
	Account   string `json:"account"` // canonical id
	Bucket    string `json:"bucket,omitempty"`
	Month     string `json:"month"`
	Threshold int    `json:"threshold_percent"`
	Used      int64  `json:"used"`
	Limit     int64  `json:"limit"`
	Unit      string `json:"unit"` // bytes, or millionths of currency
	Currency  string `json:"currency,omitempty"`
	Action    string `json:"action"` // in force from then on
}

const (
	alarmEvent   = "shoal:BudgetAlarm"
	alarmVersion = "1.0"
)

func renderAlarm(b *budget.Budget, a *budget.Alarm) ([]byte, error) {
	unit := "bytes"
	if b.Unit == budget.Cost {
		unit = "millionths"
	}
	return json.Marshal(alarmMessage{
		Event: alarmEvent, Version: alarmVersion, ID: a.ID, Time: a.At.UTC().Format(time.RFC3339),
		Budget: b.Name, Account: b.Scope.Account, Bucket: b.Scope.Bucket, Month: a.Month.String(), Threshold: a.Threshold,
		Used: a.Used, Limit: a.Limit, Unit: unit, Currency: a.Currency, Action: a.Action.String(),
	})
}
