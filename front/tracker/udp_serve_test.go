package tracker

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"shoal/wire/tracker"
)

// TestUDPBatches sends many packets at once, good ones and bad ones, by several clients to several sockets: everyone
// gets the answers to its own.
func TestUDPBatches(t *testing.T) {
	const clients, rounds, packets = 4, 5, 10 // so few at once that no socket's buffer runs over
	conns := make([]*net.UDPConn, 2)
	for i := range conns {
		conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
	}
	tr, _, _ := newTestTracker(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- tr.ServeUDP(ctx, conns...) }()
	for i := range clients {
		conn, err := net.DialUDP("udp4", nil, conns[i%len(conns)].LocalAddr().(*net.UDPAddr))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		exchangePackets(t, conn, udpConnect(0)) // it serves
		for round := range rounds {
			first := uint32(1000*(i+1) + packets*round)
			for p := range uint32(packets) {
				sendAll(t, conn, udpConnect(first+p), []byte("junk"), nil, make([]byte, tracker.MaxUDPPacket+1))
			}
			wantTransactions(t, conn, first, packets)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("ServeUDP = %v, want nil", err)
	}
}

func sendAll(t *testing.T, conn *net.UDPConn, packets ...[]byte) {
	t.Helper()
	for _, packet := range packets {
		if _, err := conn.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
}

// wantTransactions reads the answers to n connect requests from first on.
func wantTransactions(t *testing.T, conn *net.UDPConn, first uint32, n int) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	seen := map[uint32]bool{}
	for len(seen) < n {
		var answer [2000]byte
		got, err := conn.Read(answer[:])
		if err != nil {
			t.Fatalf("%d of %d answers: %v", len(seen), n, err)
		}
		id := binary.BigEndian.Uint32(answer[4:])
		if id == 0 {
			continue // of the first packet, which may have been sent more than once
		}
		if got != 16 || id < first || id >= first+uint32(n) {
			t.Fatalf("an answer of %d bytes to transaction %d, want 16 and %d to %d", got, id, first, first+uint32(n)-1)
		}
		seen[id] = true
	}
}

// TestUDPFaultsArePaused: errors in a row neither end the server nor keep a core busy; a closed socket ends it.
func TestUDPFaultsArePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, _, _ := newTestTracker(t, Options{})
		begin, faults := time.Now(), 0
		for range 2000 {
			var err error
			if faults, err = tr.afterFault(t.Context(), faults, errors.New("no buffer space")); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(begin); got < 1000*faultPauseMax {
			t.Errorf("2000 faults in %v, want at least %v", got, 1000*faultPauseMax)
		}
		if _, err := tr.afterFault(t.Context(), 0, net.ErrClosed); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: got %v, want %v", err, net.ErrClosed)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := tr.afterFault(ctx, 5000, net.ErrClosed); err != nil {
			t.Errorf("stopped: got %v, want nil", err)
		}
	})
}
