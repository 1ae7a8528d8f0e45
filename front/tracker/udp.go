package tracker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"shoal/wire/tracker"
)

// maxReadFaults: a socket that gives so many errors one after the other is broken. Single ones are
// those of other peers, which the network reports to whoever reads next.
const maxReadFaults = 100

// ServeUDP answers the packets of conn until ctx is done, and resolves the public host meanwhile. It does
// not close conn.
func (t *Tracker) ServeUDP(ctx context.Context, conn *net.UDPConn) error {
	if err := wantDestination(conn); err != nil { // it serves without, on a host with one address
		t.o.Logger.LogAttrs(ctx, slog.LevelWarn, "udp socket does not tell where packets were sent to", slog.Any("error", err))
	}
	g, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) }) // wakes the workers
	defer stop()
	g.Go(func() error { t.keepPublicHost(ctx); return nil })
	for range t.udpWorkers() {
		g.Go(func() error { return t.work(ctx, conn) })
	}
	return g.Wait()
}

func (t *Tracker) udpWorkers() int {
	if t.o.UDPWorkers > 0 {
		return t.o.UDPWorkers
	}
	return max(2, runtime.GOMAXPROCS(0)) // one may wait for the disk at a torrent that is not live
}

// work answers packets one after the other.
func (t *Tracker) work(ctx context.Context, conn *net.UDPConn) error {
	var packet [tracker.MaxUDPPacket]byte
	var control [controlSize]byte
	var x exchange
	for faults := 0; ; {
		n, nControl, flags, from, err := conn.ReadMsgUDPAddrPort(packet[:], control[:])
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if faults++; errors.Is(err, net.ErrClosed) || faults == maxReadFaults {
				return fmt.Errorf("read udp: %w", err)
			}
			continue
		}
		faults = 0
		if flags&syscall.MSG_TRUNC != 0 {
			continue
		}
		local := destination(control[:nControl])
		if answer := t.answerUDP(ctx, &x, packet[:n], unmap(from), local); len(answer) > 0 {
			// An answer that cannot be sent is one that got lost: the peer asks again.
			_, _, _ = conn.WriteMsgUDPAddrPort(answer, replyControl(control[:nControl]), from)
		}
	}
}

// answerUDP returns the answer to a packet, in memory of x, or nothing when it deserves none. Until the
// connection id is proven to be one that was sent to this address, it is no longer than the packet.
func (t *Tracker) answerUDP(ctx context.Context, x *exchange, packet []byte, from netip.AddrPort, local netip.Addr) []byte {
	h, err := tracker.ParseHeader(packet)
	if err != nil || from.Port() == 0 {
		return nil
	}
	x.out = x.out[:0]
	now := t.o.Now()
	if h.Action == tracker.ActionConnect {
		x.out = tracker.AppendConnect(x.out, h.TransactionID, t.ids.Make(from.Addr(), now))
		return x.out
	}
	if !t.ids.Verify(h.ConnectionID, from.Addr(), now) {
		return nil // whoever lost its id connects again when it hears nothing
	}
	c := caller{addr: from, local: local, udp: true}
	if h.Action == tracker.ActionAnnounce {
		err = t.udpAnnounce(ctx, x, c, h.TransactionID, packet)
	} else {
		err = t.udpScrape(ctx, x, c, h.TransactionID, packet)
	}
	if err != nil {
		x.out = tracker.AppendUDPError(x.out[:0], h.TransactionID, t.udpReason(ctx, err), len(packet))
	}
	return x.out
}

func (t *Tracker) udpAnnounce(ctx context.Context, x *exchange, c caller, transaction uint32, packet []byte) error {
	a, err := tracker.ParseUDPAnnounce(packet)
	if err != nil {
		return err
	}
	var answer tracker.Answer
	if err := t.announce(ctx, x, c, &a, &answer); err != nil {
		return err
	}
	family := tracker.IPv6
	if c.addr.Addr().Is4() {
		family = tracker.IPv4
	}
	x.out = tracker.AppendUDPAnswer(x.out, transaction, &answer, family)
	return nil
}

func (t *Tracker) udpScrape(ctx context.Context, x *exchange, c caller, transaction uint32, packet []byte) error {
	x.hashes = tracker.UDPScrapeHashes(x.hashes[:0], packet)
	if err := t.scrape(ctx, x, c, true); err != nil {
		return err
	}
	x.out = tracker.AppendUDPScrape(x.out, transaction, x.files)
	return nil
}

// udpReason is what a peer may see of err; the faults of its own packet it may see whole.
func (t *Tracker) udpReason(ctx context.Context, err error) string {
	if errors.Is(err, tracker.ErrPort) || errors.Is(err, tracker.ErrPacket) {
		return err.Error()
	}
	return t.refuse(ctx, err).reason
}
