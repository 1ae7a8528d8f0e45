package swarm

import (
	"net/netip"
	"time"
)

const (
	// ledgerShare: a network is fed no more once it was sent more than that many times the size of a torrent for each
	// copy that it may have, and as much more than its members say they got: clients that only consume traffic report no
	// progress. Many behind one address may have a copy each though they report none.
	ledgerShare = 1.3
	// newcomerEvery is how often one who comes after others left, as clients behind one address may, is one copy more. Who
	// comes again and again to consume traffic gets no more than that.
	newcomerEvery = 10 * time.Minute
	// ledgerFree is what is not looked at: clients ask twice for what was slow, and small objects are soon sent twice.
	ledgerFree = 4 << 20
	// ledgerBan is for how long.
	ledgerBan = time.Hour
	// maxAccounts bounds the networks that a ledger keeps; the one that has been sent the least is forgotten first.
	maxAccounts = 1024
	// ledgerPrefix4 and ledgerPrefix6 are what one subscriber or one pool of addresses has.
	ledgerPrefix4, ledgerPrefix6 = 24, 56
)

// ledger counts for each network what it was sent of one torrent and what its members say they have got.
type ledger struct {
	size        int64 // bytes of the torrent
	pieceLength int64 // bytes
	accounts    map[netip.Prefix]*account
}

type account struct {
	free   bool
	sent   int64 // bytes
	got    int64 // bytes of the pieces announced by its members while they were here
	moved  int64 // bytes of them from other members that were counted as observed
	banned time.Time

	members int       // now
	copies  int       // that it may have: one for each member at once, and one for a newcomer now and then
	grown   time.Time // when copies last grew
}

// join counts one more member of the network. A newcomer's copy ends a ban.
func (a *account) join(now time.Time) {
	a.members++
	switch {
	case a.members > a.copies:
		a.copies, a.grown = a.members, now
	case now.Sub(a.grown) >= newcomerEvery:
		a.copies++
		a.grown, a.banned = now, time.Time{}
	}
}

// leave undoes the count of join.
func (a *account) leave() { a.members-- }

// networkOf returns the network that answers for an address.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	n := ledgerPrefix6
	if a.Is4() {
		n = ledgerPrefix4
	}
	p, _ := a.Prefix(n) // the lengths are right for the families
	return p
}

// of returns the account of the network of an address. Who comes from our own networks has one to himself that is
// never closed: the traffic costs nothing, and one address may be many clients one after the other.
func (l *ledger) of(addr netip.Addr) *account {
	if realmOf(addr) != global {
		return &account{free: true}
	}
	n := networkOf(addr)
	a := l.accounts[n]
	if a != nil {
		return a
	}
	if l.accounts == nil {
		l.accounts = make(map[netip.Prefix]*account)
	}
	if len(l.accounts) >= maxAccounts {
		l.forgetLeast()
	}
	a = &account{}
	l.accounts[n] = a
	return a
}

// forgetLeast removes the account that was sent the least, of those that no member has: a swarm has fewer members
// than accounts.
func (l *ledger) forgetLeast() {
	var least netip.Prefix
	for n, a := range l.accounts {
		if a.members > 0 {
			continue
		}
		if b := l.accounts[least]; b == nil || a.sent < b.sent || a.sent == b.sent && n.Addr().Less(least.Addr()) {
			least = n
		}
	}
	delete(l.accounts, least)
}

// charge counts bytes sent, and reports whether the network is to be choked from now on.
func (l *ledger) charge(a *account, bytes int64, now time.Time) bool {
	a.sent += bytes
	due := max(l.size*int64(max(a.copies, 1)), a.got)
	if !a.free && a.banned.IsZero() && float64(a.sent) > ledgerFree+ledgerShare*float64(due) {
		a.banned = now
		return true
	}
	return false
}

// barred reports whether the network is choked; after ledgerBan its account begins anew.
func (a *account) barred(now time.Time) bool {
	if !a.banned.IsZero() && now.Sub(a.banned) >= ledgerBan {
		*a = account{members: a.members, copies: a.members, grown: now}
	}
	return !a.banned.IsZero()
}
