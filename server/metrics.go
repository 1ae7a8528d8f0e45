package server

import (
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"shoal/front/seeder"
)

// metricsHandler serves Prometheus metrics, to loopback only unless the configuration opens it.
func (s *Server) metricsHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(s.s3.Collectors()...)
	registry.MustRegister(s.iam.Collectors()...)
	registry.MustRegister(s.soap.Collectors()...)
	registry.MustRegister(s.liveMetrics()...)
	registry.MustRegister(s.dhtMetrics()...)
	registry.MustRegister(s.logMetrics()...)
	serve := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.cfg.MetricsFromAnyone && !fromLoopback(r) {
			http.Error(w, "metrics are served to loopback only; see --metrics-from-anyone", http.StatusForbidden)
			return
		}
		serve.ServeHTTP(w, r)
	})
}

// fromLoopback reports whether r comes from this machine itself. What a proxy on it passes on does not: the
// headers that proxies add can take a right away here, never give one.
func fromLoopback(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback()
}

// liveMetrics are read from the parts when somebody asks. None has a label that grows with the content.
func (s *Server) liveMetrics() []prometheus.Collector {
	kv := s.stores.metadata.Metrics
	return []prometheus.Collector{
		newClosedConnections(s.seeder),
		newBucketSwarms(s),
		newTrackerRequests(s.tracker),
		newEventMetrics(s),
		newBudgetMetrics(s),
		gauge("shoal_tls_certificate_expiry_timestamp_seconds", "When the first TLS certificate in use expires, in seconds since 1970; 0 without one.", s.certificateExpires),
		counter("shoal_kv_commits_total", "Commits of metadata.", func() float64 { return float64(kv().Commits) }),
		counter("shoal_kv_syncs_total", "Syncs of the metadata log; commits of the same moment share one.", func() float64 { return float64(kv().LogSyncs) }),
		counter("shoal_kv_write_stalls_total", "Times that writes of metadata waited for compaction.", func() float64 { return float64(kv().WriteStalls) }),
		gauge("shoal_swarms", "Swarms with peers now.", func() float64 { return float64(s.swarms.Stats().Swarms) }),
		gauge("shoal_swarm_peers", "Peers that have announced themselves.", func() float64 { return float64(s.swarms.Stats().Peers) }),
		gauge("shoal_seeder_connections", "Peers connected to the seeder.", func() float64 { return float64(s.swarms.Stats().Members) }),
		counter("shoal_seeder_payload_bytes_total", "Torrent payload sent.", func() float64 { return float64(s.swarms.Stats().SentBytes) }),
		counter("shoal_seeder_encrypted_connections_total", "Peer connections whose payload was encrypted.", func() float64 { return float64(s.seeder.Stats().Encrypted) }),
		counter("shoal_tracker_limited_total", "Tracker requests over the rate of their network.", func() float64 { return float64(s.tracker.Stats().Limited) }),
		gauge("shoal_tracker_websockets", "WebSockets of WebTorrent clients that are open.", func() float64 { return float64(s.tracker.Stats().Sockets) }),
		gauge("shoal_tracker_web_peers", "WebTorrent peers that have announced themselves.", func() float64 { return float64(s.tracker.Stats().WebPeers) }),
		counter("shoal_meter_dropped_events_total", "Usage events refused as malformed or over a bound.", func() float64 { return float64(s.meter.Dropped()) }),
		counter("shoal_lifecycle_expired_objects_total", "Objects that lifecycle rules removed, or hid behind a delete marker.", func() float64 { return float64(s.objects.LifecycleStats().Expired) }),
		counter("shoal_lifecycle_removed_versions_total", "Noncurrent versions, and delete markers that hid nothing, that lifecycle rules removed.", func() float64 { return float64(s.objects.LifecycleStats().Removed) }),
		counter("shoal_lifecycle_aborted_uploads_total", "Multipart uploads that lifecycle rules aborted.", func() float64 { return float64(s.objects.LifecycleStats().Aborted) }),
		gauge("shoal_damaged_blobs", "Blobs that the scrubber found damaged since the start.", func() float64 { return float64(len(s.objects.ScrubStatus().Damaged)) }),
	}
}

func gauge(name, help string, read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
}

func counter(name, help string, read func() float64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read)
}

// closedConnections counts ended peer connections by why they ended: a closed set of reasons.
type closedConnections struct {
	seeder *seeder.Seeder
	desc   *prometheus.Desc
}

func newClosedConnections(s *seeder.Seeder) closedConnections {
	return closedConnections{s, prometheus.NewDesc("shoal_seeder_closed_connections_total", "Peer connections ended, by why.", []string{"reason"}, nil)}
}

// Describe implements prometheus.Collector.
func (c closedConnections) Describe(out chan<- *prometheus.Desc) { out <- c.desc }

// Collect implements prometheus.Collector.
func (c closedConnections) Collect(out chan<- prometheus.Metric) {
	closed := c.seeder.Stats().Closed
	for _, r := range seeder.Reasons() {
		out <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(closed[r]), r.String())
	}
}
