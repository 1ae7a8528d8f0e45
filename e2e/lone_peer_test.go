package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A lone peer on a fast link, and what part of a plain GET's speed it is to have. The start of a client does not
// count: Transmission says that it is interested every 10 s only, and then doubles its requests each second.
const (
	loneMbit    = 100
	loneSize    = 192 << 20    // bytes
	loneStarted = loneSize / 8 // bytes from which on the speed counts
	loneShare   = 0.90
	loneWithin  = 3 * time.Minute
	lonePoll    = 200 * time.Millisecond
)

// TestLonePeerIsAsFastAsGET compares each client, alone in its swarm, with a plain GET on the same link.
func TestLonePeerIsAsFastAsGET(t *testing.T) {
	needFullRun(t)
	o := publishForSwarms(t, loneSize)
	plain := o.get(t)
	t.Logf("plain GET %5.2f s", plain)
	for _, kind := range []string{"libtorrent", "transmission", "aria2", "rtorrent"} {
		t.Run(kind, func(t *testing.T) {
			n := newNetwork(t)
			origin := n.host(loneMbit)
			o.serveIn(t, origin)
			peer := swarmPeers()[kind](t, n.host(loneMbit), o.torrent(t, ""), t.TempDir(), leech)
			took, steady := fetchAlone(t, peer, origin)
			share := steady * plain / loneSize
			t.Logf("%-12s %5.2f s in all, %4.2f of the speed of a plain GET once started", kind, took, share)
			if share < loneShare {
				t.Errorf("%.2f of the speed of a plain GET, want at least %.2f", share, loneShare)
			}
		})
	}
}

// fetchAlone returns the seconds that a peer takes, and the speed in bytes a second of all after loneStarted.
func fetchAlone(t *testing.T, p *swarmPeer, origin *host) (took, steady float64) {
	t.Helper()
	began := time.Now()
	p.begin()
	eventually(t, loneWithin, "the download has started", func() bool { return origin.sent(t) >= loneStarted })
	first, at := origin.sent(t), time.Now()
	for !p.complete() {
		if time.Since(began) > loneWithin {
			t.Fatalf("not complete after %v", loneWithin)
		}
		time.Sleep(lonePoll)
	}
	return time.Since(began).Seconds(), float64(loneSize-first) / time.Since(at).Seconds()
}

// get returns the seconds that a plain GET takes.
func (o *swarmObject) get(t *testing.T) (seconds float64) {
	t.Helper()
	n := newNetwork(t)
	origin, client := n.host(loneMbit), n.host(loneMbit)
	s := o.s.in(t)
	s.host = origin
	s.run()
	defer s.stop()
	dial := func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		err = within(client.netns, func() (err error) {
			conn, err = new(net.Dialer).DialContext(ctx, network, addr)
			return err
		})
		return conn, err
	}
	transport := &http.Transport{DialContext: dial}
	defer transport.CloseIdleConnections()
	began := time.Now()
	resp, err := (&http.Client{Transport: transport, Timeout: loneWithin}).Get(s.objectURL(origin.address, o.p.bucket, o.p.key))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.Copy(io.Discard, resp.Body); err != nil || got != o.p.size {
		t.Fatalf("GET: %d bytes, %v; want %d", got, err, o.p.size)
	}
	return time.Since(began).Seconds()
}
