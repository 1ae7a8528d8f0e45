package swarm

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

// dhtLookEvery is how often the live swarms are looked through for hot ones: there may be 100,000.
const dhtLookEvery = 5 * time.Second

// DHT says which torrents the DHT is to be told of: hot ones that are open to everybody, whatever the address. It
// knows nothing of nodes.
type DHT struct {
	r *Registry

	mu       sync.Mutex // guards all below
	schedule *dhtSchedule
	looked   time.Time // when the live swarms were last looked through
	leftOut  int       // hot swarms without a place then
}

// DHTStats are of the moment.
type DHTStats struct {
	Torrents int // that have a place
	LeftOut  int // hot swarms for which there was none when last looked
	Late     int // that are due and wait for a lookup
}

// NewDHT returns the DHT side of the registry.
func (r *Registry) NewDHT(o DHTOptions) *DHT {
	return &DHT{r: r, schedule: newDHTSchedule(o.withDefaults())}
}

// Asked notes that somebody was given t, so that peers may come who know its infohash alone.
func (d *DHT) Asked(t *object.Torrent) {
	if !newView(t).openToAll {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.schedule.ask(t.InfoHashes(), d.r.o.Now())
}

// Next returns the lookup that is to begin now; false when there is none.
func (d *DHT) Next(ctx context.Context) (DHTLookup, bool) {
	l, ok := d.pick(d.r.o.Now())
	if !ok {
		return DHTLookup{}, false
	}
	return l, d.MayAnnounce(ctx, l)
}

func (d *DHT) pick(now time.Time) (DHTLookup, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.looked) >= dhtLookEvery {
		d.looked = now
		d.leftOut = d.schedule.look(d.r.hotSwarms(), now)
	}
	return d.schedule.pick(now, rand.Float64())
}

// hotSwarms returns the live swarms that have peers and are open to everybody.
func (r *Registry) hotSwarms() (list []hotSwarm) {
	for _, s := range r.Swarms() {
		if peers := s.peersNow(); peers > 0 && s.view.Load().openToAll {
			list = append(list, hotSwarm{s.hashes, peers})
		}
	}
	return list
}

// peersNow returns how many peers are announced or connected, whichever are more.
func (s *Swarm) peersNow() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(len(s.peers4.list)+len(s.peers6.list), len(s.members))
}

// MayAnnounce reads again whether everybody may have the torrent of l. When not, it is left alone for a while.
func (d *DHT) MayAnnounce(ctx context.Context, l DHTLookup) bool {
	err := d.r.openToAll(ctx, l.InfoHash)
	switch {
	case err == nil:
		return true
	case fault.Is(err, fault.NoTorrent):
		d.mu.Lock()
		defer d.mu.Unlock()
		d.schedule.suspend(l.torrent, d.r.o.Now())
	case ctx.Err() == nil:
		d.r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "torrent not announced to the DHT", slog.Any("error", err))
	}
	return false
}

// openToAll asks the source whether a torrent with infohash h is open to everybody. Kind: NoTorrent when not.
func (r *Registry) openToAll(ctx context.Context, h torrent.InfoHash) error {
	const op = "announce to the DHT"
	t, err := r.src.Resolve(ctx, h, unknownPeer())
	if err != nil {
		return wrap(op, h, err)
	}
	if !newView(t).openToAll {
		return fault.New(op, h.String(), fault.NoTorrent, errNotPublic)
	}
	return nil
}

// Stats returns the counts of the moment.
func (d *DHT) Stats() DHTStats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return DHTStats{Torrents: len(d.schedule.byHash), LeftOut: d.leftOut, Late: d.schedule.late(d.r.o.Now())}
}
