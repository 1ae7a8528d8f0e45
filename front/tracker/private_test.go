package tracker

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/torrent"
)

// onePrivate is a source with one torrent, which is private, for who has the token "s3cret".
type onePrivate struct{ oneTorrent }

func (o *onePrivate) Resolve(ctx context.Context, h torrent.InfoHash, c access.Context) (*object.Torrent, error) {
	t, err := o.oneTorrent.Resolve(ctx, h, c)
	if err == nil {
		private := *t
		private.Private, t = true, &private
	}
	return t, err
}

func (*onePrivate) MayJoin(_ context.Context, token string, _ *object.Torrent, _ access.Context) error {
	if token == "s3cret" {
		return nil
	}
	return fault.New("join", "", fault.AccessDenied, nil)
}

// TestPrivateTorrents: the token comes with the path of the announce URL, by HTTP and by UDP (BEP 41).
func TestPrivateTorrents(t *testing.T) {
	const unknown = "torrent is not served here"
	tests := []struct {
		path string
		ok   bool
	}{
		{"/announce/s3cret", true},
		{"/announce", false},
		{"/announce/", false},
		{"/announce/s3cre", false},
		{"/announce/s3cret%20", false},
	}
	for _, tt := range tests {
		newTracker := func() *Tracker {
			src := &onePrivate{}
			now := func() time.Time { return testTime }
			return New(swarm.New(src, swarm.Options{Now: now, Guests: src}), Options{Now: now})
		}
		byNetHTTP := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, tt.path+"?"+query(testHash, "1000", "&left=5"), nil)
		newTracker().ServeHTTP(byNetHTTP, r)

		l, stop := overPipe(t, newTracker(), false)
		byConn := converse(t, l.dial(), []string{
			"GET " + tt.path + "?" + query(testHash, "1000", "&left=5") + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
		})
		stop()

		udp := newTracker()
		path := tt.path + "?a=b"
		packet := append(udpAnnounce(connected(udp, stranger), testHash, 5, 1000), 2, byte(len(path)))
		byUDP := string(ask(udp, stranger, append(packet, path...)))
		for how, got := range map[string]string{"net/http": byNetHTTP.Body.String(), "http": byConn, "udp": byUDP} {
			if strings.Contains(got, unknown) == tt.ok || len(got) < 20 {
				t.Errorf("%s by %s: got %q, want welcome: %t", tt.path, how, got, tt.ok)
			}
		}
	}
	if got, want := (Place{Host: "host", HTTP: 80, UDP: 81}).PrivateURLs("t"), "[http://host:80/announce/t udp://host:81/announce/t]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
