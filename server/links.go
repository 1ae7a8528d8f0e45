package server

import (
	"cmp"
	"net"
	"net/netip"

	"shoal/front/tracker"
	"shoal/server/certificate"
)

// Addresses returns where the fronts accept.
func (s *Server) Addresses() Addresses { return s.listeners.addresses() }

// URL returns the S3 endpoint as a client on this machine (or at the public name) reaches it.
func (s *Server) URL() string {
	host, _, _ := net.SplitHostPort(s.Addresses().S3)
	return s.urlAt(s.reachableHost(host))
}

// urlAt returns the S3 endpoint under host (no port).
func (s *Server) urlAt(host string) string {
	scheme := "http"
	if s.cfg.TLS() {
		scheme = "https"
	}
	_, port, _ := net.SplitHostPort(s.Addresses().S3)
	return scheme + "://" + net.JoinHostPort(host, port)
}

// publicName is the host by which everybody reaches this server: what is set, or the name that the certificate is got
// for; "" is unknown.
func (s *Server) publicName() string {
	return cmp.Or(s.cfg.PublicHost, certificate.DefaultName(s.cfg.ACMEDomain))
}

// reachableHost replaces an address that means "any" by one that can be dialled.
func (s *Server) reachableHost(bound string) string {
	if name := s.publicName(); name != "" {
		return name
	}
	if ip := net.ParseIP(bound); bound == "" || (ip != nil && ip.IsUnspecified()) {
		return "127.0.0.1"
	}
	return bound
}

// trackerAt is where a client that reached the S3 front under host (no port) reaches the tracker.
func (s *Server) trackerAt(host string) tracker.Place {
	port := s.Addresses().trackerPort()
	return tracker.Place{Host: cmp.Or(s.cfg.PublicHost, host), HTTP: port, UDP: port, TLS: s.cfg.TrackerTLS}
}

// announceURLs are the tracker URLs for a client that reached the S3 front under host (no port).
func (s *Server) announceURLs(host string) []string {
	at := s.trackerAt(host)
	urls := at.URLs()
	if s.cfg.AnnounceWS {
		urls = append(urls, at.WebSocketURL())
	}
	return urls
}

// privateURLs are announceURLs with the token of a private torrent. Who has a WebSocket is not in its swarm.
func (s *Server) privateURLs(host, token string) []string {
	return s.trackerAt(host).PrivateURLs(token)
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
