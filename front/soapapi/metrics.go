package soapapi

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the front counts. Labels are from closed sets: the operations table, and the codes.
type metrics struct {
	requests *prometheus.CounterVec
	received *prometheus.CounterVec
	sent     *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "shoal", Subsystem: "soap", Name: name, Help: help}, labels)
	}
	return &metrics{
		requests: counter("requests_total", "SOAP requests answered.", "operation", "fault"),
		received: counter("received_bytes_total", "Bytes of SOAP requests read.", "operation"),
		sent:     counter("sent_bytes_total", "Bytes of SOAP answers written.", "operation"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "shoal", Subsystem: "soap", Name: "request_duration_seconds",
			Help: "Time from the first byte of a SOAP request to the last of its answer.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}, []string{"operation"}),
	}
}

func (m *metrics) observe(c *call, out outcome, now time.Time) {
	name := c.operationName()
	m.requests.WithLabelValues(name, string(out.code)).Inc()
	m.received.WithLabelValues(name).Add(float64(c.body.read))
	m.sent.WithLabelValues(name).Add(float64(out.sent))
	m.seconds.WithLabelValues(name).Observe(max(now.Sub(c.started), 0).Seconds())
}

// Collectors returns the metrics of the front, for a registry.
func (h *Handler) Collectors() []prometheus.Collector {
	return []prometheus.Collector{h.metrics.requests, h.metrics.received, h.metrics.sent, h.metrics.seconds}
}
