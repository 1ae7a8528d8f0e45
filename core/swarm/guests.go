package swarm

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

// maxGuests bounds the guests of a private swarm, who are asked for twice a second: about 300 bytes each.
const maxGuests = 1000

// Guests decides who may be in the swarm of a private torrent (BEP 27).
type Guests interface {
	// MayJoin returns nil when the user on whose behalf token was given may have t now, at an address and time. Kind:
	// AccessDenied when not; any other error says nothing of it.
	MayJoin(ctx context.Context, token string, t *object.Torrent, peer access.Context) error
}

// nobodyJoins is the Guests of a registry that was given none.
type nobodyJoins struct{}

func (nobodyJoins) MayJoin(context.Context, string, *object.Torrent, access.Context) error {
	return fault.New("join private swarm", "", fault.AccessDenied, errNotGuest)
}

// guest is an address that a token was announced from.
type guest struct {
	addr  netip.Addr
	token string
}

// guestList is who may be in a private swarm: the addresses from which somebody has announced with a token that was
// good at the last recheck.
type guestList struct {
	mu     sync.RWMutex        // guards all below; taken after Swarm.mu
	seen   map[guest]time.Time // when it announced last
	tokens map[netip.Addr]int  // of seen
}

func newGuestList() *guestList {
	return &guestList{seen: make(map[guest]time.Time), tokens: make(map[netip.Addr]int)}
}

// has reports whether somebody at an address is a guest.
func (l *guestList) has(a netip.Addr) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tokens[a.Unmap().WithZone("")] > 0
}

// renew reports whether g is a guest, and notes that it has announced again.
func (l *guestList) renew(g guest, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.seen[g]
	if ok {
		l.set(g, now)
	}
	return ok
}

// add makes g a guest; false when there are too many.
func (l *guestList) add(g guest, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.seen[g]; !ok {
		if len(l.seen) >= maxGuests {
			return false
		}
		l.tokens[g.addr]++
	}
	l.set(g, now)
	return true
}

// set notes when g announced last. l.mu is held.
func (l *guestList) set(g guest, now time.Time) {
	// The token is in the memory of a request, and assigning to a key that is there replaces its string.
	g.token = strings.Clone(g.token)
	l.seen[g] = now
}

func (l *guestList) remove(g guest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.seen[g]; !ok {
		return
	}
	delete(l.seen, g)
	if l.tokens[g.addr]--; l.tokens[g.addr] == 0 {
		delete(l.tokens, g.addr)
	}
}

// all returns the guests of the moment and when they announced last.
func (l *guestList) all() map[guest]time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	list := make(map[guest]time.Time, len(l.seen))
	for g, seen := range l.seen {
		list[g] = seen
	}
	return list
}

// swarmFor returns the swarm for an announce. That of a private torrent is there for who announces with a token that
// is good, and who does is its guest from then on; for anybody else there is NoTorrent, as for an unknown infohash.
func (r *Registry) swarmFor(ctx context.Context, h torrent.InfoHash, a *Announce) (*Swarm, error) {
	s, err := r.current(ctx, h, a.Now)
	if err != nil {
		return nil, err
	}
	if s != nil && s.welcomes(a) {
		s.lastUsed.Store(int64(a.Now.Sub(r.start)))
		return s, nil
	}
	return r.openFor(ctx, h, a)
}

// welcomes reports whether an announce is one of a peer that may be in s, as far as s knows.
func (s *Swarm) welcomes(a *Announce) bool {
	if s.guests == nil {
		return s.Allows(a.Peer.Addr())
	}
	return s.guests.renew(guest{a.Peer.Addr(), a.Token}, a.Now)
}

// openFor is open for an announce.
func (r *Registry) openFor(ctx context.Context, h torrent.InfoHash, a *Announce) (*Swarm, error) {
	const op = "open swarm"
	peer := a.Peer.Addr()
	t, err := r.resolve(ctx, op, h, peer)
	if err != nil {
		return nil, err
	}
	if !t.Private {
		return r.place(t, h, peer)
	}
	switch err := r.o.Guests.MayJoin(ctx, a.Token, t, r.facts(peer)); {
	case fault.Is(err, fault.AccessDenied):
		return nil, fault.New(op, h.String(), fault.NoTorrent, err)
	case err != nil:
		return nil, wrap(op, h, err)
	}
	return r.placeFor(t, h, guest{peer, a.Token}, a.Now)
}

// placeFor returns the swarm of t, which is private, with g as a guest.
func (r *Registry) placeFor(t *object.Torrent, h torrent.InfoHash, g guest, now time.Time) (*Swarm, error) {
	const op = "join private swarm"
	r.making.Lock()
	defer r.making.Unlock()
	s := r.live(h)
	if s == nil {
		var err error
		if s, err = r.makeLocked(t); err != nil {
			return nil, err
		}
	}
	if !s.guests.add(g, now) {
		return nil, fault.New(op, h.String(), fault.SlowDown, errTooManyGuests)
	}
	s.touch()
	return s, nil
}

// recheckGuests asks again for every guest of s, which is of t now. Who may not be there any more, or has not announced
// for as long as a peer is kept, is none; members and announced peers of addresses without a guest have to go. An error
// says nothing of a guest, and the others were asked for.
func (r *Registry) recheckGuests(ctx context.Context, s *Swarm, t *object.Torrent) error {
	var faults []error
	now, gone := r.o.Now(), false
	for g, seen := range s.guests.all() {
		if now.Sub(seen) < peerTTL(r.o.Interval) {
			err := r.o.Guests.MayJoin(ctx, g.token, t, r.facts(g.addr))
			if err == nil {
				continue
			}
			if !fault.Is(err, fault.AccessDenied) {
				faults = append(faults, err)
				continue
			}
		}
		s.guests.remove(g)
		gone = true
	}
	if gone {
		s.turnOut(s.view.Load())
		s.mu.Lock()
		defer s.mu.Unlock()
		removed := s.peers4.keep(s.guests.has) + s.peers6.keep(s.guests.has)
		r.peers.Add(-int64(removed))
	}
	return errors.Join(faults...)
}
