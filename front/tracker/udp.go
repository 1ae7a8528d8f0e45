package tracker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"shoal/wire/tracker"
)

const (
	// udpWorkers read each socket in turn: one may wait for the disk at a torrent that is not live.
	udpWorkers = 2

	// udpBuffer is asked for in bytes, to hold what comes while all workers of a socket wait for the disk; the system
	// may give less (net.core.rmem_max).
	udpBuffer = 4 << 20

	// faultPause times the faults of a socket in a row, up to faultPauseMax, is how long it is left alone: a fault of
	// the network goes by, and one that does not costs nothing.
	faultPause    = time.Millisecond
	faultPauseMax = time.Second
)

// ServeUDP answers the packets of conns, of which there may be several on one port, until ctx is done, and resolves
// the public host meanwhile. It does not close them.
func (t *Tracker) ServeUDP(ctx context.Context, conns ...*net.UDPConn) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { t.keepPublicHost(ctx); return nil })
	for _, conn := range conns {
		if err := wantDestination(conn); err != nil { // it serves without, on a host with one address
			t.o.Logger.LogAttrs(ctx, slog.LevelWarn, "udp socket does not tell where packets were sent to", slog.Any("error", err))
		}
		_ = conn.SetReadBuffer(udpBuffer)                                                // it serves with what it gets
		stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // wakes the workers
		defer stop()
		for range udpWorkers {
			g.Go(func() error { return t.serveSocket(ctx, conn) })
		}
	}
	return g.Wait()
}

// afterFault waits after an error of reading a socket, the faults-th in a row, and returns how many there are with
// it. An error is one that no waiting helps against.
func (t *Tracker) afterFault(ctx context.Context, faults int, err error) (int, error) {
	switch {
	case ctx.Err() != nil:
		return faults, nil
	case errors.Is(err, net.ErrClosed):
		return faults, fmt.Errorf("read udp: %w", err)
	}
	if faults++; faults == 1 {
		t.o.Logger.LogAttrs(ctx, slog.LevelWarn, "read udp", slog.Any("error", err))
	}
	pause := time.NewTimer(min(time.Duration(faults)*faultPause, faultPauseMax))
	defer pause.Stop()
	select {
	case <-ctx.Done():
	case <-pause.C:
	}
	return faults, nil
}

// answerUDP returns the answer to a packet, in the memory of x.out, or nothing when it deserves none: it is no request,
// its connection id is not one that was sent to this address (whoever lost its id connects again when it hears
// nothing), or its prefix asks too often. Until the id is proven the answer is no longer than the packet.
func (t *Tracker) answerUDP(ctx context.Context, x *exchange, packet []byte, from netip.AddrPort, local netip.Addr, now time.Time) []byte {
	h, err := tracker.ParseHeader(packet)
	if err != nil || from.Port() == 0 {
		return nil
	}
	x.out = x.out[:0]
	if h.Action == tracker.ActionConnect {
		if !t.allowConnect(from.Addr(), now) {
			return nil
		}
		return tracker.AppendConnect(x.out, h.TransactionID, t.ids.Make(from.Addr(), now))
	}
	if !t.ids.Verify(h.ConnectionID, from.Addr(), now) || !t.allow(from.Addr(), now) {
		return nil
	}
	c := caller{addr: from, local: local, now: now, by: UDP}
	if h.Action == tracker.ActionAnnounce {
		err = t.udpAnnounce(ctx, x, c, h.TransactionID, packet)
	} else {
		err = t.udpScrape(ctx, x, c, h.TransactionID, packet)
	}
	if err != nil {
		return tracker.AppendUDPError(x.out[:0], h.TransactionID, t.udpReason(ctx, err), len(packet))
	}
	return x.out
}

func (t *Tracker) udpAnnounce(ctx context.Context, x *exchange, c caller, transaction uint32, packet []byte) error {
	a, err := tracker.ParseUDPAnnounce(packet)
	if err != nil {
		return err
	}
	c.token = tokenIn(text(a.URLData)) // BEP 41
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
		return t.failed(malformed, err.Error()).reason
	}
	return t.refuse(ctx, err).reason
}
