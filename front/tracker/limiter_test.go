package tracker

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	const rate = 100
	burst := int(limitBurst/time.Second) * rate
	l := newLimiter(rate, testTime)
	// allowed counts the requests of an address that pass, of n at one time.
	allowed := func(addr string, n int, at time.Time) (passed int) {
		for range n {
			if l.allow(netip.MustParseAddr(addr), at) {
				passed++
			}
		}
		return passed
	}
	for _, step := range []struct {
		addr  string
		after time.Duration
		want  int
	}{
		{"203.0.113.1", 0, burst},
		{"203.0.113.200", 0, 0}, // the same /24
		{"203.0.114.1", 0, burst},
		{"2001:db8:1:100::1", 0, burst},
		{"2001:db8:1:1ff:2::1", 0, 0}, // the same /56
		{"2001:db8:1:200::1", 0, burst},
		{"203.0.113.1", time.Second, rate},
		{"203.0.113.1", time.Hour, burst},
		{"203.0.113.1", time.Second, 0}, // a clock that goes back
	} {
		if got := allowed(step.addr, 2*burst, testTime.Add(step.after)); got != step.want {
			t.Errorf("%s after %v: %d requests pass, want %d", step.addr, step.after, got, step.want)
		}
	}
	l = newLimiter(0, testTime)
	if got := allowed("203.0.113.1", 10*burst, testTime); got != 10*burst {
		t.Errorf("no limit: %d requests pass, want all", got)
	}
}

// TestUDPRate: over its rate a prefix hears nothing, and what it is not known to have sent takes nothing from that.
func TestUDPRate(t *testing.T) {
	const rate = 5
	burst := int(limitBurst/time.Second) * rate
	tr, _, _ := newTestTracker(t, Options{Rate: rate})
	id := connected(tr, stranger)
	answers := func(packet []byte) (n int) {
		for range 3 * burst {
			if ask(tr, stranger, packet) != nil {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		name   string
		packet []byte
		want   int
	}{
		{"connects", udpConnect(1), burst},
		{"announces with a wrong id", udpAnnounce(id+1, testHash, 5, 1000), 0},
		{"announces", udpAnnounce(id, testHash, 5, 1000), burst},
		{"scrapes", udpScrape(id, testHash), 0},
	} {
		if got := answers(step.packet); got != step.want {
			t.Errorf("%s: %d answers, want %d", step.name, got, step.want)
		}
	}
	if got, want := tr.Stats().Limited, int64(7*burst); got != want {
		t.Errorf("%d counted as limited, want %d", got, want)
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := newLimiter(500, testTime)
	addrs := make([]netip.Addr, 1000)
	for i := range addrs {
		addrs[i] = netip.MustParseAddr(fmt.Sprintf("203.%d.%d.1", i>>8, i&255))
	}
	i := 0
	for b.Loop() {
		l.allow(addrs[i%len(addrs)], testTime)
		i++
	}
}
