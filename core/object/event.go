package object

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// EventLanes is in how many lanes the events of a target wait. All events of a key are in one, in order; lanes are
// delivered side by side.
const EventLanes = 8

// Requester is who asked for a change, and in which request: what an event says of it. The zero value is the service
// itself.
type Requester struct {
	PrincipalID string
	SourceIP    string
	RequestID   string
	HostID      string
}

// PrincipalID is a principal in an event (S3 user guide, Event message structure): the unique id in IAM, that of the
// account for the account itself.
func PrincipalID(p access.Principal) string {
	switch {
	case p.Kind == access.Anonymous:
		return "Anonymous"
	case p.UserID != "":
		return "AWS:" + p.UserID
	}
	return string(p.CanonicalID)
}

// Event tells a target of a change. Its row is written in the commit that makes the change, and removed when the
// target has acknowledged it.
type Event struct {
	Target   string
	Type     EventType
	Rule     string // the id of the rule that sends it
	Time     time.Time
	Sequence uint64 // of two events of a key the later one has the greater

	Bucket      string
	BucketOwner string // canonical id
	Key         string
	Size        int64  // bytes; of what is created
	ETag        ETag   // of what is created
	VersionID   string // as clients read it; "" where there is no versioning
	By          Requester

	row []byte // key of the row
}

// addEvent writes, in the commit of tx, the event that b's configuration wants of a change to v, if it wants one and
// there is room for it. The caller gives what it returns to noteEvent once the commit is made. tx depends on the row of v
// being as it was before the change, so that events of a row are numbered in the order of their commits.
func (s *Store) addEvent(tx *kv.Tx, b *Bucket, t EventType, v *Version, by Requester) *Event {
	if len(b.Config.Notification) == 0 {
		return nil
	}
	r := ruleFor(b.Config.Notification, t, v.Key)
	if r == nil {
		return nil
	}
	e := s.newEvent(b, r, t, by)
	e.Key = v.Key
	if t&(ObjectRemovedDelete|LifecycleExpirationDelete) == 0 && !v.DeleteMarker {
		e.Size, e.ETag = v.Size, v.ETag
	}
	if !v.Null || b.Config.Versioning != VersioningOff {
		e.VersionID = v.ClientID()
	}
	s.putEvent(tx, e)
	return e
}

// addTests writes an event for each target that the rules name, as S3 does when they are put.
func (s *Store) addTests(tx *kv.Tx, b *Bucket, by Requester) (events []*Event) {
	seen := map[string]bool{}
	for i := range b.Config.Notification {
		r := &b.Config.Notification[i]
		if seen[r.Target] {
			continue
		}
		seen[r.Target] = true
		e := s.newEvent(b, r, TestEvent, by)
		s.putEvent(tx, e)
		events = append(events, e)
	}
	return events
}

func (s *Store) newEvent(b *Bucket, r *NotificationRule, t EventType, by Requester) *Event {
	now := s.now().UTC()
	return &Event{
		Target: r.Target, Type: t, Rule: r.ID, Time: now, Sequence: s.events.next(now),
		Bucket: b.Name, BucketOwner: b.Owner, By: by,
	}
}

// putEvent writes the row of e, unless its target's queue is full; then e.row stays nil.
func (s *Store) putEvent(tx *kv.Tx, e *Event) {
	if s.events.full(e.Target) {
		return
	}
	var unique [8]byte
	rand.Read(unique[:]) // never fails (crypto/rand)
	e.row = append(tuple.AppendUint64(eventLaneKey(e.Target, laneOf(e.Bucket, e.Key)), e.Sequence), unique[:]...)
	tx.Put(e.row, encodeEvent(e))
}

// noteEvent tells the queue of an event whose commit is made; nil is none.
func (s *Store) noteEvent(e *Event) {
	if e == nil {
		return
	}
	if stats, log := s.events.note(e); log {
		s.log.Error("events are dropped: the queue of their target is full", "target", e.Target,
			"waiting", stats.Pending, "dropped", stats.Dropped, "bucket", e.Bucket, "key", e.Key)
	}
}

// laneOf returns the lane of the events of a key.
func laneOf(bucket, key string) int {
	h := fnv.New32a()
	h.Write([]byte(bucket))
	h.Write([]byte{0}) // no bucket's name has one
	h.Write([]byte(key))
	return int(h.Sum32() % EventLanes)
}

func eventTargetKey(target string) []byte {
	return tuple.AppendString(key(kindEvent, len(target)+2+1+16), target)
}

// eventLaneKey starts the rows of one lane.
func eventLaneKey(target string, lane int) []byte { return append(eventTargetKey(target), byte(lane)) }

// parseEventKey is the inverse of what putEvent writes.
func parseEventKey(row []byte) (target string, lane int, sequence uint64, err error) {
	d := tuple.NewDecoder(row)
	d.Byte()
	target, lane, sequence = d.Str(), int(d.Byte()), d.Uint64()
	d.Uint64()
	return target, lane, sequence, d.Done()
}

func decodeEventRow(row kv.Row) (*Event, error) {
	target, lane, sequence, err := parseEventKey(row.Key)
	if err != nil {
		return nil, err
	}
	e, err := decodeEvent(row.Value)
	if err != nil {
		return nil, err
	}
	if lane != laneOf(e.Bucket, e.Key) {
		return nil, fmt.Errorf("%w: event of %q in lane %d", errRecord, e.Key, lane)
	}
	e.Target, e.Sequence, e.row = target, sequence, row.Key
	return e, nil
}

// Events returns the first events, up to limit, that wait in a lane of a target.
func (s *Store) Events(ctx context.Context, target string, lane, limit int) ([]*Event, error) {
	const op = "read events"
	prefix := eventLaneKey(target, lane)
	rows, _, err := s.kv.Scan(ctx, prefix, tuple.PrefixEnd(prefix), kv.ScanOptions{Rows: limit})
	if err != nil {
		return nil, fail(op, target, err)
	}
	events := make([]*Event, len(rows))
	for i, row := range rows {
		if events[i], err = decodeEventRow(row); err != nil {
			return nil, fail(op, rowName(row.Key), err)
		}
	}
	return events, nil
}

// RemoveEvents removes events that were delivered, at most MaxRemoveEvents of one target.
func (s *Store) RemoveEvents(ctx context.Context, events []*Event) error {
	const op = "remove events"
	if len(events) == 0 {
		return nil
	}
	if len(events) > MaxRemoveEvents {
		return fault.New(op, events[0].Target, fault.Internal, kv.ErrTooLarge)
	}
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		for _, e := range events {
			tx.Delete(e.row)
		}
		return nil
	})
	if err == nil {
		s.events.removed(events[0].Target, len(events))
	}
	return fail(op, events[0].Target, err)
}

// MaxRemoveEvents is how many events fit one commit.
const MaxRemoveEvents = kv.MaxUpdateOps

// countEvents reads how many events wait and where their numbers ended, which is kept in memory from then on. It comes
// before the first change: New calls it.
func (s *Store) countEvents(ctx context.Context) error {
	return s.eachRow(ctx, []byte{kindEvent}, []byte{kindEvent + 1}, true, func(row kv.Row) error {
		target, _, sequence, err := parseEventKey(row.Key)
		if err != nil {
			return fmt.Errorf("event %s: %w", rowName(row.Key), err)
		}
		s.events.found(target, min(sequence, math.MaxUint64-1))
		return nil
	})
}
