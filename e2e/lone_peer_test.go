package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A lone peer on a fast link, and what part of a plain GET's speed it is to have: from the first eighth to the last
// block on the link. The start of a client does not count: Transmission says that it is interested every 10 s only, and
// then doubles its requests each second. Nor does what it does when it has everything: rTorrent hashes all of it again.
const (
	loneMbit    = 100
	loneSize    = 192 << 20 // bytes
	loneShare   = 0.90
	loneWithin  = 3 * time.Minute
	lonePoll    = 100 * time.Millisecond
	loneStarted = 8         // the speed counts when one part in so many has left
	loneFirst   = 128 << 10 // bytes that are no longer handshakes and answers of the tracker
	loneLast    = 16 << 10  // bytes: a block. With no more to come the last one has left, or begun to
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
			dir := t.TempDir()
			peer := swarmPeers()[kind](t, n.host(loneMbit), o.torrent(t, ""), dir, leech)
			d := fetchAlone(t, peer, origin)
			share, told := d.share*plain/(d.last-d.eighth), d.share*plain/(d.complete-d.eighth)
			t.Logf("%-12s first block after %5.2f s, last after %5.2f s, says so after %5.2f s", kind, d.first, d.last, d.complete)
			t.Logf("%-12s %4.2f of the speed of a plain GET to the last block, %4.2f until it says so", kind, share, told)
			if share < loneShare {
				t.Errorf("%.2f of the speed of a plain GET, want at least %.2f", share, loneShare)
			}
			if got := hashFile(t, filepath.Join(dir, o.p.name())); got != o.p.sha256 {
				t.Errorf("SHA-256 of the copy = %s, want %s", got, o.p.sha256)
			}
		})
	}
}

// loneDownload is when what has left the origin, in seconds, and when the peer said that it has everything.
type loneDownload struct {
	first, eighth, last, complete float64
	share                         float64 // of all that was sent, what left between eighth and last
}

// sample is how many bytes had left after some seconds.
type sample struct {
	after float64
	bytes int64
}

// fetchAlone has a peer download everything, and watches the link of the origin.
func fetchAlone(t *testing.T, p *swarmPeer, origin *host) loneDownload {
	t.Helper()
	before, began := origin.sent(t), time.Now()
	p.begin()
	var samples []sample
	for done := false; !done; {
		done = p.complete()
		n := origin.sent(t) - before
		samples = append(samples, sample{time.Since(began).Seconds(), n})
		if time.Since(began) > loneWithin {
			t.Fatalf("not complete after %v, %d bytes were sent", loneWithin, n)
		}
		time.Sleep(lonePoll)
	}
	return loneDownloadOf(samples)
}

// loneDownloadOf reads a download off the samples, of which the last one was taken when it was complete.
func loneDownloadOf(samples []sample) loneDownload {
	end := samples[len(samples)-1]
	reached := func(bytes int64) sample {
		return samples[slices.IndexFunc(samples, func(s sample) bool { return s.bytes >= bytes })]
	}
	first, eighth, last := reached(min(loneFirst, end.bytes)), reached(end.bytes/loneStarted), reached(end.bytes-loneLast)
	return loneDownload{
		first: first.after, eighth: eighth.after, last: last.after, complete: end.after,
		share: float64(last.bytes-eighth.bytes) / float64(end.bytes),
	}
}

// TestLoneDownloadOf: an idle end does not count, and a pause before the last block does.
func TestLoneDownloadOf(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		samples []sample
		want    loneDownload
	}{
		"steady":       {[]sample{{0, 0}, {1, mib}, {2, 4 * mib}, {3, 8 * mib}}, loneDownload{1, 1, 3, 3, 7. / 8}},
		"idle end":     {[]sample{{0, 0}, {1, mib}, {2, 8*mib - loneLast}, {5, 8 * mib}}, loneDownload{1, 1, 2, 5, 7./8 - 1./512}},
		"late start":   {[]sample{{0, 0}, {10, loneFirst}, {11, 2 * mib}, {12, 8 * mib}}, loneDownload{10, 11, 12, 12, 6. / 8}},
		"a block late": {[]sample{{0, 0}, {1, mib}, {2, 8*mib - loneLast - 1}, {5, 8 * mib}}, loneDownload{1, 1, 5, 5, 7. / 8}},
	} {
		if got := loneDownloadOf(c.samples); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
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
