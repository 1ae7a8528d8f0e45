package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"shoal/config"
	"shoal/wire/utp"
)

// listeners are the sockets of the fronts.
type listeners struct {
	s3, tracker, peer net.Listener
	http              net.Listener   // leads to s3; nil is none
	trackerUDP        []*net.UDPConn // on one port
	utp               *utp.Listener  // on the peer port; nil is none
	dht               []*net.UDPConn // one of each address family; none is off
	admin             net.Listener   // socketPath, open to the owner of the data directory only
}

// Addresses are the bound addresses of the fronts, HOST:PORT.
type Addresses struct{ S3, Tracker, Peer string }

// maxSocketPath is what sockaddr_un holds, in bytes.
const maxSocketPath = 107

// udpRetries is how often a pair of equal TCP and UDP ports is looked for when the port is 0.
const udpRetries = 16

func listen(cfg config.Config) (l *listeners, err error) {
	l = &listeners{}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if l.s3, err = net.Listen("tcp", cfg.S3Addr); err != nil {
		return l, fmt.Errorf("s3 address: %w", err)
	}
	l.s3 = newGate(l.s3, s3Share)
	if cfg.HTTPAddr != "" {
		if l.http, err = net.Listen("tcp", cfg.HTTPAddr); err != nil {
			return l, fmt.Errorf("http address: %w", err)
		}
		l.http = newGate(l.http, redirectShare)
	}
	if err = l.listenPeer(cfg.PeerAddr, cfg.UTP); err != nil {
		return l, fmt.Errorf("peer address: %w", err)
	}
	if err = l.listenDHT(cfg); err != nil {
		return l, fmt.Errorf("dht address: %w", err)
	}
	if err = l.listenAdmin(socketPath(cfg.Data)); err != nil {
		return l, fmt.Errorf("admin socket: %w", err)
	}
	for try := 0; ; try++ {
		if err = l.listenTracker(cfg.TrackerAddr, cfg.TrackerConnsPerIP); err == nil {
			return l, nil
		}
		if _, port, _ := net.SplitHostPort(cfg.TrackerAddr); port != "0" || try == udpRetries {
			return l, fmt.Errorf("tracker address: %w", err)
		}
	}
}

// listenTracker binds HTTP and UDP on the same port number.
func (l *listeners) listenTracker(addr string, perIP int) error {
	// The tracker's own times end dead connections: four system calls less for each.
	tcp, err := (&net.ListenConfig{KeepAlive: -1}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	udpAddr := net.UDPAddrFromAddrPort(tcp.Addr().(*net.TCPAddr).AddrPort())
	if udpAddr.IP.IsUnspecified() {
		udpAddr.IP = nil // both families, as the TCP listener
	}
	udp, err := listenUDP(udpAddr)
	if err != nil {
		return errors.Join(err, tcp.Close())
	}
	l.tracker, l.trackerUDP = newClosing(newGate(tcp, trackerShare), perIP), udp
	return nil
}

// listenAdmin binds the control API's socket. One that is there already belongs to a server that was killed:
// the metadata store's lock is ours by now.
func (l *listeners) listenAdmin(path string) (err error) {
	if len(path) > maxSocketPath {
		return fmt.Errorf("%s is longer than the %d bytes a socket's path may have: choose a shorter data directory", path, maxSocketPath)
	}
	if err = os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if l.admin, err = net.Listen("unix", path); err != nil {
		return err
	}
	return os.Chmod(path, 0o600)
}

func (l *listeners) addresses() Addresses {
	return Addresses{S3: l.s3.Addr().String(), Tracker: l.tracker.Addr().String(), Peer: l.peer.Addr().String()}
}

func portOf(addr string) uint16 {
	_, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.ParseUint(port, 10, 16)
	return uint16(n)
}

func (a Addresses) peerPort() uint16    { return portOf(a.Peer) }
func (a Addresses) trackerPort() uint16 { return portOf(a.Tracker) }

// close closes what is open; closing twice is fine.
func (l *listeners) close() error {
	var errs []error
	for _, c := range []net.Listener{l.s3, l.http, l.tracker, l.peer, l.admin} {
		if c != nil {
			errs = append(errs, ignoreClosed(c.Close()))
		}
	}
	errs = append(errs, closeUDP(l.trackerUDP), closeUDP(l.dht))
	if l.utp != nil {
		errs = append(errs, ignoreClosed(l.utp.Close()))
	}
	return errors.Join(errs...)
}

func closeUDP(conns []*net.UDPConn) error {
	var errs []error
	for _, c := range conns {
		errs = append(errs, ignoreClosed(c.Close()))
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
