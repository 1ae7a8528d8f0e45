package server

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/config"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/front/dht"
)

// listenDHT binds the sockets of the DHT: that of the address family that is named, or both; on a machine without IPv6
// that of IPv4 alone.
func (l *listeners) listenDHT(cfg config.Config) error {
	if !cfg.DHT {
		return nil
	}
	addr, err := net.ResolveUDPAddr("udp", cfg.DHTAddr)
	if err != nil {
		return err
	}
	networks := []string{"udp4", "udp6"}
	switch {
	case addr.IP.To4() != nil:
		networks = networks[:1]
	case addr.IP != nil:
		networks = networks[1:]
	}
	for _, network := range networks {
		conn, err := net.ListenUDP(network, addr)
		switch {
		case err == nil:
			l.dht = append(l.dht, conn)
		case len(l.dht) == 0 || errors.Is(err, syscall.EADDRINUSE):
			return err
		}
	}
	return nil
}

// buildDHT makes the parts that announce torrents to the DHT; without sockets they do nothing.
func (s *Server) buildDHT() {
	s.hot = s.swarms.NewDHT(swarm.DHTOptions{
		MaxTorrents: s.cfg.DHTTorrents, LookupsPerMinute: s.cfg.DHTLookups, Families: max(1, len(s.listeners.dht)),
	})
	s.dht = dht.New(s.hot, dht.Options{
		PeerPort: s.listeners.addresses().peerPort(), Bootstrap: s.cfg.DHTBootstrap, Logger: s.log,
	})
}

func (s *Server) runDHT(ctx context.Context) error { return s.dht.Run(ctx, s.listeners.dht...) }

// torrentGiven notes for the DHT that somebody has the infohash of t.
func (s *Server) torrentGiven(t *object.Torrent) {
	if s.cfg.DHT {
		s.hot.Asked(t)
	}
}

// dhtMetrics are those of the DHT; all zero while it is off.
func (s *Server) dhtMetrics() []prometheus.Collector {
	return []prometheus.Collector{
		counter("shoal_dht_lookups_total", "DHT lookups that ended.", func() float64 { return float64(s.dht.Stats().Lookups) }),
		counter("shoal_dht_fruitless_lookups_total", "DHT lookups after which no node took an announce.", func() float64 { return float64(s.dht.Stats().Fruitless) }),
		counter("shoal_dht_announces_total", "Announces that DHT nodes took, up to eight for a lookup.", func() float64 { return float64(s.dht.Stats().Announces) }),
		gauge("shoal_dht_nodes", "DHT nodes known.", func() float64 { return float64(s.dht.Stats().Nodes) }),
		gauge("shoal_dht_torrents", "Torrents that have a place among those announced to the DHT.", func() float64 { return float64(s.hot.Stats().Torrents) }),
		gauge("shoal_dht_left_out_swarms", "Hot swarms not announced to the DHT because of --dht-torrents.", func() float64 { return float64(s.hot.Stats().LeftOut) }),
		gauge("shoal_dht_late_torrents", "Torrents whose announce to the DHT waits because of --dht-lookups.", func() float64 { return float64(s.hot.Stats().Late) }),
	}
}
