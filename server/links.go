package server

import (
	"net"
	"net/netip"

	"shoal/front/tracker"
)

// Addresses returns where the fronts accept.
func (s *Server) Addresses() Addresses { return s.listeners.addresses() }

// URL returns the S3 endpoint as a client on this machine (or at PublicHost) reaches it.
func (s *Server) URL() string {
	host, port, _ := net.SplitHostPort(s.Addresses().S3)
	return "http://" + net.JoinHostPort(s.reachableHost(host), port)
}

// reachableHost replaces an address that means "any" by one that can be dialled.
func (s *Server) reachableHost(bound string) string {
	if s.cfg.PublicHost != "" {
		return s.cfg.PublicHost
	}
	if ip := net.ParseIP(bound); bound == "" || (ip != nil && ip.IsUnspecified()) {
		return "127.0.0.1"
	}
	return bound
}

// announceURLs are the tracker URLs for a client that reached the S3 front under host (no port).
func (s *Server) announceURLs(host string) []string {
	if s.cfg.PublicHost != "" {
		host = s.cfg.PublicHost
	}
	port := s.Addresses().trackerPort()
	urls := tracker.URLs(host, port, port)
	if s.cfg.AnnounceWS {
		urls = append(urls, tracker.WebSocketURL(host, port))
	}
	return urls
}

// privateURLs are announceURLs with the token of a private torrent. Who has a WebSocket is not in its swarm.
func (s *Server) privateURLs(host, token string) []string {
	if s.cfg.PublicHost != "" {
		host = s.cfg.PublicHost
	}
	port := s.Addresses().trackerPort()
	return tracker.PrivateURLs(host, port, port, token)
}

// seederAddrs are where a client that reached the S3 front under host (no port) reaches the seeder; none for a
// name, since clients take only addresses as x.pe.
func (s *Server) seederAddrs(host string) []netip.AddrPort {
	if s.cfg.PublicHost != "" {
		host = s.cfg.PublicHost
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	return []netip.AddrPort{netip.AddrPortFrom(addr, s.Addresses().peerPort())}
}
