package server

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/core/budget"
	"shoal/core/fault"
	"shoal/core/object"
)

// mayServe reports whether peers may be sent more of a torrent; what cannot be found out says nothing against it. The guests of
// a private torrent are not anonymous.
func (s *Server) mayServe(ctx context.Context, t *object.Torrent) error {
	err := s.quotas.MaySend(ctx, t.Bucket.Limited())
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case err != nil:
		return err
	case !t.Private && s.budgets.InForce(t.Bucket.Owner, t.Bucket.Name) == budget.StopAnonymousEgress:
		return fault.New("send", t.Bucket.Name, fault.QuotaExceeded, errors.New("a budget has stopped anonymous egress"))
	}
	return nil
}

// runAlarms tells targets of the alarms of budgets.
func (s *Server) runAlarms(ctx context.Context) error { return s.events.RunAlarms(ctx, s.budgets) }

// hasTarget reports whether the operator has configured an event target of that name.
func (s *Server) hasTarget(name string) bool {
	for i := range s.targets {
		if s.targets[i].Name == name {
			return true
		}
	}
	return false
}

// budgetMetrics are the budgets of the moment: labels are actions, a closed set.
type budgetMetrics struct {
	budgets                          *budget.Keeper
	count, exceeded, raised, waiting *prometheus.Desc
}

func newBudgetMetrics(s *Server) budgetMetrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return budgetMetrics{
		budgets:  s.budgets,
		count:    desc("shoal_budgets", "Budgets of accounts and buckets."),
		exceeded: desc("shoal_budgets_used_up", "Budgets that are used up for this month, by their action.", "action"),
		raised:   desc("shoal_budget_alarms_total", "Alarms of budgets raised."),
		waiting:  desc("shoal_budget_alarms_waiting", "Alarms of budgets that wait for their target."),
	}
}

// Describe implements prometheus.Collector.
func (c budgetMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.count, c.exceeded, c.raised, c.waiting} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c budgetMetrics) Collect(out chan<- prometheus.Metric) {
	stats := c.budgets.Stats()
	out <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(stats.Budgets))
	for _, a := range budget.Actions() {
		out <- prometheus.MustNewConstMetric(c.exceeded, prometheus.GaugeValue, float64(stats.Exceeded[a]), a.String())
	}
	out <- prometheus.MustNewConstMetric(c.raised, prometheus.CounterValue, float64(stats.Raised))
	out <- prometheus.MustNewConstMetric(c.waiting, prometheus.GaugeValue, float64(stats.Waiting))
}
