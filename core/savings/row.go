package savings

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"shoal/core/object"
	"shoal/storage/kv/tuple"
)

const (
	rowPrefix = 'S' // the table of savings
	rowFormat = 1   // first byte of every value

	// isNull marks the null version of a key.
	isNull = 1 << 0
)

// errMalformedRow says that a row is not what docs/format/savings.md draws. It is wrapped.
var errMalformedRow = errors.New("malformed savings row")

// epoch names the writer of a row: random bytes of a Book, and a number that it gives to one sum.
type epoch [16]byte

// Subject is what is counted: one version of an object, or one prefix torrent. Of the rest of a bucket, whose objects did not
// fit in memory, the key is "".
type Subject struct {
	Account     string // canonical id of who pays
	Bucket      string
	Key         string
	Version     object.VersionID
	Null        bool  // Version is the null version
	Size        int64 // bytes
	PieceLength int64 // bytes
}

// VersionID is the id of the version as clients read it, "" of the rest of a bucket.
func (s *Subject) VersionID() string {
	switch {
	case s.Key == "":
		return ""
	case s.Null:
		return object.NullVersion
	}
	return s.Version.String()
}

// month is a calendar month in UTC, counted from January 1970.
type month uint16

// monthOf returns the month of t; a time that no month can stand for is of the nearest one.
func monthOf(t time.Time) month {
	t = t.UTC()
	return month(min(max(12*(t.Year()-1970)+int(t.Month())-1, 0), math.MaxUint16))
}

// record is one row: what one epoch counted of one subject in one month.
type record struct {
	month month
	Subject
	epoch  epoch
	counts Counts
}

// fields are the counts in the order of the row.
func (r *record) fields() []*int64 {
	c := &r.counts
	return []*int64{&r.Size, &r.PieceLength, &c.OriginBytes, &c.OriginPieces, &c.ClaimedBytes, &c.Completions, &c.ObservedBytes}
}

// appendRange appends the start of the keys of a month, of one account unless that is "".
func appendRange(b []byte, m month, account string) []byte {
	b = tuple.AppendUint16(append(b, rowPrefix), uint16(m))
	if account == "" {
		return b
	}
	return tuple.AppendString(b, account)
}

func (r *record) key() []byte {
	b := appendRange(make([]byte, 0, 128+len(r.Key)), r.month, "")
	b = tuple.AppendString(b, r.Account)
	b = tuple.AppendString(b, r.Bucket)
	b = tuple.AppendString(b, r.Key)
	b = tuple.AppendID16(b, r.Version)
	return tuple.AppendID16(b, r.epoch)
}

func (r *record) value() []byte {
	var flags byte
	if r.Null {
		flags |= isNull
	}
	b := append(make([]byte, 0, 64), rowFormat, flags)
	for _, n := range r.fields() {
		b = binary.AppendUvarint(b, uint64(*n))
	}
	return b
}

// decodeRow reads one row. What it does not know is an error: a newer version wrote it, and a report that left it
// out would be wrong without a word.
func decodeRow(key, value []byte) (record, error) {
	d := tuple.NewDecoder(key)
	prefix := d.Byte()
	r := record{month: month(d.Uint16())}
	r.Subject = Subject{Account: d.Str(), Bucket: d.Str(), Key: d.Str(), Version: object.VersionID(d.ID16())}
	r.epoch = epoch(d.ID16())
	switch err := d.Done(); {
	case err != nil:
		return record{}, fmt.Errorf("%w: %w", errMalformedRow, err)
	case prefix != rowPrefix:
		return record{}, fmt.Errorf("%w: prefix %#x", errMalformedRow, prefix)
	case len(value) < 2 || value[0] != rowFormat || value[1]&^isNull != 0:
		return record{}, fmt.Errorf("%w: value of %d bytes is not format %d", errMalformedRow, len(value), rowFormat)
	}
	r.Null = value[1]&isNull != 0
	rest := value[2:]
	for _, n := range r.fields() {
		v, size := binary.Uvarint(rest)
		if size <= 0 || v > math.MaxInt64 || size > 1 && rest[size-1] == 0 {
			return record{}, fmt.Errorf("%w: no number at byte %d", errMalformedRow, len(value)-len(rest))
		}
		*n, rest = int64(v), rest[size:]
	}
	if len(rest) > 0 {
		return record{}, fmt.Errorf("%w: %d bytes too many", errMalformedRow, len(rest))
	}
	return r, nil
}
