package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"shoal/front/notification"
)

// openEvents makes the targets of events that the configuration has.
func (s *Server) openEvents() error {
	targets, err := s.cfg.EventTargets()
	if err != nil {
		return err
	}
	for _, t := range targets {
		s.targets = append(s.targets, notification.Spec{Name: t.Name, URL: t.URL, Secret: t.Secret.Reveal()})
	}
	s.events, err = notification.New(s.objects, s.targets, notification.Options{Region: s.cfg.Region, Logger: s.log})
	return err
}

// eventTarget returns the name of the target that an ARN stands for, "" when there is none.
func (s *Server) eventTarget(arn string) string {
	return notification.Find(s.targets, s.cfg.Region, arn)
}

// eventMetrics are the queues and deliveries of events, by target: as many as the operator has configured.
type eventMetrics struct {
	server                                *Server
	waiting, dropped, delivered, failures *prometheus.Desc
}

func newEventMetrics(s *Server) eventMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"target"}, nil)
	}
	return eventMetrics{
		server:    s,
		waiting:   desc("shoal_events_waiting", "Events that wait for their target."),
		dropped:   desc("shoal_events_dropped_total", "Events dropped because the queue of their target was full."),
		delivered: desc("shoal_events_delivered_total", "Events, and alarms of budgets, that their target has acknowledged."),
		failures:  desc("shoal_event_failures_total", "Attempts at sending an event, or an alarm of a budget, that failed."),
	}
}

// Describe implements prometheus.Collector.
func (c eventMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.waiting, c.dropped, c.delivered, c.failures} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c eventMetrics) Collect(out chan<- prometheus.Metric) {
	send := func(desc *prometheus.Desc, kind prometheus.ValueType, n int64, target string) {
		out <- prometheus.MustNewConstMetric(desc, kind, float64(n), target)
	}
	for _, q := range c.server.objects.EventStats() {
		send(c.waiting, prometheus.GaugeValue, int64(q.Pending), q.Target)
		send(c.dropped, prometheus.CounterValue, q.Dropped, q.Target)
	}
	for _, d := range c.server.events.Stats() {
		send(c.delivered, prometheus.CounterValue, d.Delivered, d.Target)
		send(c.failures, prometheus.CounterValue, d.Failed, d.Target)
	}
}
