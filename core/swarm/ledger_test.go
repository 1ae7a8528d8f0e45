package swarm

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestLedger(t *testing.T) {
	const size = 100 << 20
	now := time.Unix(1e9, 0)
	for _, c := range []struct {
		name      string
		addr      string
		sent, got int64
		members   int // at once
		banned    bool
	}{
		{"one copy", "203.0.113.1", size, 0, 1, false},
		{"much more", "203.0.113.1", 2 * size, 0, 1, true},
		{"an office that has it all", "203.0.113.1", 20 * size, 20 * size, 1, false},
		{"a classroom whose progress is not seen", "203.0.113.1", 20 * size, 0, 20, false},
		{"one that takes much more than a classroom", "203.0.113.1", 40 * size, 0, 20, true},
		{"our own network", "10.0.0.1", 20 * size, 0, 1, false},
		{"IPv6", "2a00::1", 2 * size, size, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := ledger{size: size, pieceLength: 1 << 20}
			a := l.of(netip.MustParseAddr(c.addr))
			for range c.members {
				a.join(now)
			}
			a.got = c.got
			if got := l.charge(a, c.sent, now); got != c.banned || a.barred(now) != c.banned {
				t.Errorf("banned: got %v, want %v", got, c.banned)
			}
			if a.barred(now.Add(ledgerBan)) {
				t.Error("banned for longer than it is to be")
			}
		})
	}
}

// TestLedgerOfOneAfterAnother: clients of one network that report nothing and come after each other get a copy each, if not
// too often. Nobody gets more than that by coming again.
func TestLedgerOfOneAfterAnother(t *testing.T) {
	const size = 100 << 20
	for _, c := range []struct {
		name  string
		every time.Duration // from one client to the next
		least float64       // copies in an hour
		most  float64
	}{
		{"seldom", newcomerEvery, 6, 6},
		{"often", newcomerEvery / 2, 6, 6 * ledgerShare},
		{"all the time", time.Second, 6, 6 * ledgerShare},
	} {
		l := ledger{size: size, pieceLength: 1 << 20}
		now := time.Unix(1e9, 0)
		var sent int64
		for end := now.Add(time.Hour); now.Before(end); now = now.Add(c.every) {
			a := l.of(netip.MustParseAddr("203.0.113.1"))
			a.join(now)
			for range 100 {
				if a.barred(now) {
					break
				}
				l.charge(a, size/100, now)
				sent += size / 100
			}
			a.leave()
		}
		if got := float64(sent-ledgerFree) / size; got < c.least-0.1 || got > c.most+0.1 {
			t.Errorf("%s: got %.2f copies in an hour, want %v to %v", c.name, got, c.least, c.most)
		}
	}
}

func TestLedgerIsBounded(t *testing.T) {
	var l ledger
	heavy := l.of(netip.MustParseAddr("198.51.100.1"))
	heavy.sent = 1
	for i := range 2 * maxAccounts {
		l.of(netip.MustParseAddr(fmt.Sprintf("100.%d.%d.1", 128+i/256, i%256)))
	}
	if len(l.accounts) > maxAccounts {
		t.Errorf("%d accounts, want at most %d", len(l.accounts), maxAccounts)
	}
	if l.of(netip.MustParseAddr("198.51.100.77")) != heavy {
		t.Error("the network that was sent the most was forgotten")
	}
}

func TestBannedMemberIsChoked(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	m, _ := join(t, r, "203.0.113.1:1")
	other, _ := join(t, r, "203.0.113.2:1")
	m.Sent(0, 2*ledgerFree, time.Now())
	var o Orders
	if !other.Orders(time.Now(), &o) || !o.Choke {
		t.Errorf("one of the same network: got %+v, want it choked", o)
	}
	third, _ := join(t, r, "203.0.113.3:1")
	if third.Greeting().Unchoke {
		t.Error("a newcomer of the same network is unchoked")
	}
	if other.Orders(time.Now().Add(ledgerBan+time.Second), &o); !o.Unchoke {
		t.Errorf("after the ban: got %+v, want it unchoked", o)
	}
}
