package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"shoal/front/tracker"
)

// trackerRequests counts what the tracker was asked, by protocol, and why it refused: closed sets of labels.
type trackerRequests struct {
	tracker                      *tracker.Tracker
	announces, scrapes, refusals *prometheus.Desc
}

func newTrackerRequests(t *tracker.Tracker) trackerRequests {
	desc := func(name, help, label string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{label}, nil)
	}
	return trackerRequests{
		tracker:   t,
		announces: desc("shoal_tracker_announces_total", "Well-formed announces within the rate of their network.", "protocol"),
		scrapes:   desc("shoal_tracker_scrapes_total", "Well-formed scrapes within the rate of their network.", "protocol"),
		refusals:  desc("shoal_tracker_failures_total", "Tracker requests answered by a failure, by why.", "reason"),
	}
}

// Describe implements prometheus.Collector.
func (c trackerRequests) Describe(out chan<- *prometheus.Desc) {
	out <- c.announces
	out <- c.scrapes
	out <- c.refusals
}

// Collect implements prometheus.Collector.
func (c trackerRequests) Collect(out chan<- prometheus.Metric) {
	stats := c.tracker.Stats()
	send := func(desc *prometheus.Desc, n int64, label string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), label)
	}
	for _, p := range tracker.Protocols() {
		send(c.announces, stats.Announces[p], p.String())
		send(c.scrapes, stats.Scrapes[p], p.String())
	}
	for _, r := range tracker.Refusals() {
		send(c.refusals, stats.Refused[r], r.String())
	}
}
