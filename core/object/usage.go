package object

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// held is objects and their bytes.
type held struct {
	objects int64 // versions that are not delete markers
	bytes   int64 // see storedBytes and partBytes
}

func (h held) plus(g held) held { return held{h.objects + g.objects, h.bytes + g.bytes} }

func (h held) minus(g held) held { return held{h.objects - g.objects, h.bytes - g.bytes} }

// usage is what a bucket holds, by cell: state, summed from deltas.
type usage [numCells]held

func (u usage) plus(v usage) usage {
	for c := range u {
		u[c] = u[c].plus(v[c])
	}
	return u
}

func (u usage) minus(v usage) usage {
	for c := range u {
		u[c] = u[c].minus(v[c])
	}
	return u
}

func (u usage) total() (sum held) {
	for _, h := range u {
		sum = sum.plus(h)
	}
	return sum
}

// String is for findings of the check.
func (u usage) String() string {
	var parts []string
	for c, h := range u {
		if h == (held{}) {
			continue
		}
		what := fmt.Sprintf("%d objects of %d bytes", h.objects, h.bytes)
		if cell(c).parts() {
			what = fmt.Sprintf("parts of %d bytes", h.bytes)
		}
		parts = append(parts, what+" in "+cell(c).class())
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing")
}

// usage is what v counts for its bucket.
func (v *Version) usage() (u usage) {
	u[v.cell] = held{objects: 1, bytes: storedBytes(v)}
	if v.DeleteMarker {
		u[v.cell].objects = 0
	}
	return u
}

// usage is what p counts for the bucket of its upload, as long as that is incomplete.
func (p *partRecord) usage() (u usage) {
	u[p.cell] = held{bytes: partBytes(p.Size)}
	return u
}

func storedBytes(v *Version) int64 { return StoredBytes(v.Size, v.Key, &v.Header) }

// StoredBytes is what a version counts on the storage meter, in bytes: its content, key and user metadata.
func StoredBytes(size int64, key string, h *Header) int64 {
	n := size + int64(len(key))
	for name, value := range h.Meta {
		n += int64(len(name) + len(value))
	}
	return n
}

// partBytes is what a part of an incomplete upload counts, in bytes.
func partBytes(size int64) int64 { return size }

// addUsage makes the commit of tx change the usage of a bucket at a moment: one new row, which no other commit
// writes, so that writers of one bucket do not meet.
func (s *Store) addUsage(tx *kv.Tx, id BucketID, at time.Time, delta usage) {
	if delta == (usage{}) {
		return
	}
	tx.Put(newDeltaKey(id), encodeUsage(usageRow{at: at.Unix(), usage: delta}))
}

// Usage returns the stored bytes and the number of objects of a bucket, at one moment.
func (s *Store) Usage(ctx context.Context, id BucketID) (bytes, objects int64, err error) {
	u, err := s.usage(ctx, id)
	if err != nil {
		return 0, 0, fault.New("read usage", fmt.Sprintf("bucket id %x", id), fault.Internal, err)
	}
	sum := u.total()
	return sum.bytes, sum.objects, nil
}

// OwnerUsage adds up Usage of all buckets of an owner, each at a moment of its own.
func (s *Store) OwnerUsage(ctx context.Context, owner string) (bytes, objects int64, err error) {
	err = s.eachBucket(ctx, owner, func(b *Bucket) error {
		ofBytes, ofObjects, err := s.Usage(ctx, b.ID)
		bytes, objects = bytes+ofBytes, objects+ofObjects
		return err
	})
	return bytes, objects, err
}

// eachBucket calls f with the buckets of owner, "" for all, in order of name, until its first error, and returns that.
func (s *Store) eachBucket(ctx context.Context, owner string, f func(*Bucket) error) error {
	list := ListBucketsRequest{Owner: owner}
	for {
		page, err := s.ListBuckets(ctx, list)
		if err != nil {
			return err
		}
		for _, b := range page.Buckets {
			if err := f(b); err != nil {
				return err
			}
		}
		if list.After = page.Next; list.After == "" {
			return nil
		}
	}
}

// usage is the sum row plus the deltas.
func (s *Store) usage(ctx context.Context, id BucketID) (total usage, err error) {
	err = s.unfolded(ctx, id, func(sum usage) error {
		total = sum
		return s.eachDelta(ctx, id, func(d usageRow) { total = total.plus(d.usage) })
	})
	return total, err
}

// unfolded calls read, which reads rows of usage page by page, with the sum row, again until no fold has moved deltas
// between the pages: every fold writes the sum row, which is read again.
func (s *Store) unfolded(ctx context.Context, id BucketID, read func(sum usage) error) error {
	for range usageReads {
		sum, before, err := s.readSum(ctx, id)
		if err != nil {
			return err
		}
		if err := read(sum); err != nil {
			return err
		}
		_, after, err := s.readSum(ctx, id)
		if err != nil {
			return err
		}
		if bytes.Equal(before, after) {
			return nil
		}
	}
	return fmt.Errorf("usage kept changing during %d reads", usageReads)
}

func (s *Store) readSum(ctx context.Context, id BucketID) (usage, kv.Version, error) {
	rows, err := s.kv.Get(ctx, sumKey(id))
	if err != nil || !rows[0].Exists() {
		return usage{}, nil, err
	}
	sum, err := decodeUsage(rows[0].Value)
	return sum.usage, rows[0].Version, err
}

func (s *Store) eachDelta(ctx context.Context, id BucketID, f func(usageRow)) error {
	prefix := deltaPrefix(id)
	return s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
		d, err := decodeUsage(row.Value)
		if err == nil {
			f(d)
		}
		return err
	})
}

// usageRow is the value of a delta or a sum row.
type usageRow struct {
	at    int64 // Unix seconds of a delta; 0 in a sum, and in a delta of format 1
	usage usage
}

// Formats of a usage row. The first knew neither times nor cells.
const (
	usageFormat1 = 1
	usageFormat  = 2
)

var errUsageRow = fmt.Errorf("%w: usage", errRecord)

func encodeUsage(r usageRow) []byte {
	b := binary.AppendUvarint(append(make([]byte, 0, 24), usageFormat), uint64(r.at))
	for c, h := range r.usage {
		if h != (held{}) {
			b = appendHeld(append(b, byte(c)), h)
		}
	}
	return b
}

func decodeUsage(b []byte) (r usageRow, err error) {
	if len(b) == 0 {
		return r, errUsageRow
	}
	format, b := b[0], b[1:]
	switch format {
	case usageFormat1:
		if r.usage[0], b, err = readHeld(b); err == nil && len(b) > 0 {
			err = errUsageRow
		}
		return r, err
	case usageFormat:
		at, n := binary.Uvarint(b)
		if n <= 0 || int64(at) < 0 {
			return r, errUsageRow
		}
		r.at = int64(at)
		err := eachCell(b[n:], func(c cell, b []byte) (rest []byte, err error) {
			r.usage[c], rest, err = readHeld(b)
			return rest, err
		})
		return r, err
	default:
		return r, fmt.Errorf("%w: format %d", errUsageRow, format)
	}
}

func appendHeld(b []byte, h held) []byte {
	return binary.AppendVarint(binary.AppendVarint(b, h.objects), h.bytes)
}

func readHeld(b []byte) (h held, rest []byte, err error) {
	objects, n := binary.Varint(b)
	if n <= 0 {
		return h, nil, errUsageRow
	}
	stored, m := binary.Varint(b[n:])
	if m <= 0 {
		return h, nil, errUsageRow
	}
	return held{objects, stored}, b[n+m:], nil
}

// eachCell reads a list of cells, each a byte and what read takes of the bytes behind it, in rising order.
func eachCell(b []byte, read func(c cell, b []byte) (rest []byte, err error)) (err error) {
	for next := 0; len(b) > 0; {
		c := int(b[0])
		if c < next || c >= numCells {
			return fmt.Errorf("%w: cell %d", errUsageRow, c)
		}
		if b, err = read(cell(c), b[1:]); err != nil {
			return err
		}
		next = c + 1
	}
	return nil
}
