package iamapi

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the front counts. Labels are from closed sets: the table of actions and HTTP statuses.
type metrics struct{ requests *prometheus.CounterVec }

func newMetrics() *metrics {
	return &metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "shoal", Subsystem: "iam", Name: "requests_total", Help: "IAM and STS requests answered.",
	}, []string{"action", "status"})}
}

func (m *metrics) observe(c *call, status int) {
	m.requests.WithLabelValues(c.actionName(), strconv.Itoa(status)).Inc()
}

// Collectors returns the metrics of the front, for a registry.
func (h *Handler) Collectors() []prometheus.Collector {
	return []prometheus.Collector{h.metrics.requests}
}
