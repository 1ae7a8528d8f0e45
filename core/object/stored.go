package object

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// StoredQuery says of which buckets, and of which time, EachStored tells what was stored.
type StoredQuery struct {
	From, To time.Time // whole hours, To exclusive; what lies ahead of now is left out
	Owner    string    // "" = all
	Bucket   string    // name; "" = all
}

// Stored is what one bucket held in a time: the versions of one storage class, or the parts of incomplete uploads of it. The
// time is within one hour, or nothing changed in it.
type Stored struct {
	Owner, Bucket string
	Class         string // as x-amz-storage-class names it
	Parts         bool
	From, To      time.Time // whole seconds, To exclusive
	// Bytes and Objects are the average over that time, rounded down; ByteSeconds and ObjectSeconds are what the rounding
	// leaves: in all, Bytes times the seconds of the time, and ByteSeconds.
	Bytes, Objects             int64
	ByteSeconds, ObjectSeconds int64
}

// EachStored calls f with all that was stored, in no order; what was nothing is left out. Buckets that are deleted by now are
// told of as they were, and those that had one name one after the other each. Time in which no server ran counts as any other.
// It stops at f's first error and returns it.
func (s *Store) EachStored(ctx context.Context, q StoredQuery, f func(*Stored) error) error {
	to := min(q.To.Unix(), s.now().Unix())
	told := make(map[BucketID]bool) // a bucket that is deleted meanwhile has both rows
	tell := func(id BucketID, owner, name string, to int64) error {
		if told[id] || q.Owner != "" && q.Owner != owner || q.Bucket != "" && q.Bucket != name {
			return nil
		}
		told[id] = true
		held, err := s.heldDuring(ctx, id, max(q.From.Unix(), s.since), to)
		if err != nil {
			return fault.New("read stored bytes", name, fault.Internal, err)
		}
		for i := range held {
			held[i].Owner, held[i].Bucket = owner, name
			if err := f(&held[i]); err != nil {
				return err
			}
		}
		return nil
	}
	// First those that are there: the row of a bucket becomes that of a deleted one.
	if err := s.eachBucketOf(ctx, q, func(b *Bucket) error { return tell(b.ID, b.Owner, b.Name, to) }); err != nil {
		return err
	}
	return s.eachDeleted(ctx, q.From, func(d deletedBucket) error { return tell(d.id, d.owner, d.name, min(to, d.deleted)) })
}

// eachBucketOf calls f with the buckets that q asks for.
func (s *Store) eachBucketOf(ctx context.Context, q StoredQuery, f func(*Bucket) error) error {
	if q.Bucket == "" {
		return s.eachBucket(ctx, q.Owner, f)
	}
	rows, err := s.kv.Get(ctx, bucketKey(q.Bucket))
	if err != nil || !rows[0].Exists() {
		return fail("read bucket", q.Bucket, err)
	}
	b, err := decodeBucket(q.Bucket, rows[0].Value)
	if err != nil {
		return fail("read bucket", q.Bucket, err)
	}
	return f(b)
}

// eachDeleted calls f with the buckets that were deleted at from or later.
func (s *Store) eachDeleted(ctx context.Context, from time.Time, f func(deletedBucket) error) error {
	first := deletedKey(max(from.Unix(), 0), BucketID{})
	return s.eachRow(ctx, first, []byte{kindDeleted + 1}, false, func(row kv.Row) error {
		d, err := decodeDeleted(row)
		if err != nil {
			return fault.New("read deleted bucket", rowName(row.Key), fault.Internal, err)
		}
		return f(d)
	})
}

// heldDuring returns what a bucket held from the second from until to, exclusive.
func (s *Store) heldDuring(ctx context.Context, id BucketID, from, to int64) ([]Stored, error) {
	if from >= to {
		return nil, nil
	}
	var now usage
	var hours map[int64]*history
	err := s.unfolded(ctx, id, func(sum usage) error {
		now, hours = sum, make(map[int64]*history)
		if err := s.readHistory(ctx, id, from/secondsPerHour, hours); err != nil {
			return err
		}
		return s.eachDelta(ctx, id, func(d usageRow) {
			now = now.plus(d.usage)
			if hour := d.at / secondsPerHour; hour >= from/secondsPerHour {
				if hours[hour] == nil {
					hours[hour] = new(history)
				}
				hours[hour].add(d.usage, d.at%secondsPerHour)
			}
		})
	})
	if err != nil {
		return nil, err
	}
	return integrate(now, hours, from, to), nil
}

// readHistory reads the history of a bucket from an hour on.
func (s *Store) readHistory(ctx context.Context, id BucketID, from int64, hours map[int64]*history) error {
	return s.eachRow(ctx, historyKey(id, from), tuple.PrefixEnd(historyPrefix(id)), false, func(row kv.Row) error {
		_, hour, err := parseHistoryKey(row.Key)
		if err != nil {
			return fmt.Errorf("history row %x: %w", row.Key, err)
		}
		hours[hour], err = decodeHistory(row.Value)
		return err
	})
}

// integrate goes back from what is held now through the hours in which it changed.
func integrate(now usage, hours map[int64]*history, from, to int64) (out []Stored) {
	end, held := to, now // held is what there was at end
	for _, hour := range slices.Backward(slices.Sorted(maps.Keys(hours))) {
		h, start := hours[hour], hour*secondsPerHour
		if start < end {
			out = appendUnchanged(out, held, start+secondsPerHour, end)
			end = min(end, start+secondsPerHour)
			out = appendHour(out, h, held, start, max(start, from), end)
			end = start
		}
		held = held.minus(h.usage())
	}
	return appendUnchanged(out, held, from, end)
}

// appendUnchanged appends what was held from one second until another without a change.
func appendUnchanged(out []Stored, u usage, from, to int64) []Stored {
	if from >= to {
		return out
	}
	for c, h := range u {
		// Below 0 by a clock that was set back only: what was deleted "before" it was made.
		if h = (held{max(h.objects, 0), max(h.bytes, 0)}); h != (held{}) {
			out = append(out, Stored{
				Class: cell(c).class(), Parts: cell(c).parts(), From: unix(from), To: unix(to), Bytes: h.bytes, Objects: h.objects,
			})
		}
	}
	return out
}

// appendHour appends what was held in an hour with changes, which starts at start, from one second until another.
func appendHour(out []Stored, h *history, end usage, start, from, to int64) []Stored {
	for c := range h {
		objects, bytes := h[c].between(end[c], from-start, to-start)
		s := Stored{Class: cell(c).class(), Parts: cell(c).parts(), From: unix(from), To: unix(to)}
		s.Bytes, s.ByteSeconds = bytes.over(to - from)
		s.Objects, s.ObjectSeconds = objects.over(to - from)
		if s.Bytes|s.ByteSeconds|s.Objects|s.ObjectSeconds != 0 {
			out = append(out, s)
		}
	}
	return out
}

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
