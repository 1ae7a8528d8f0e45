package accesslog

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"shoal/storage/kv/tuple"
)

// Table is the first byte of every key of this package.
const Table = 'L'

// Kinds of rows: the second byte of a key.
const (
	kindRow  = 'r' // records that are not delivered yet
	kindPlan = 'p' // a log object and the rows that are its content
)

// MaxLines bounds the records of one row, in bytes: with the longest target, a row fits a value.
const MaxLines = 39 << 10

// Epoch names a writer of rows. It is random, and its writer's for ever.
type Epoch [16]byte

// Row is some records of the log of one bucket. It is written once, in the commit that counts what they tell of, and
// removed when they are in a log object.
type Row struct {
	Bucket   string // that is logged
	Hour     uint32 // of the events, since 1970-01-01T00:00Z
	Epoch    Epoch
	Sequence uint64 // Unix nanoseconds when the row was begun, made to rise within its epoch
	Owner    string // canonical id of the owner of Bucket
	Target   *Target
	Lines    []byte // whole records, each with its line feed; at most MaxLines
}

// Fields of the value of a Row.
const (
	rowFieldOwner = iota + 1
	rowFieldTarget
	rowFieldLines
)

// Key returns the key of r.
func (r *Row) Key() []byte { return r.rows().key(r.Sequence) }

// Value returns the value of r.
func (r *Row) Value() []byte {
	target := EncodeTarget(r.Target)
	b := append(make([]byte, 0, 16+len(r.Owner)+len(target)+len(r.Lines)), rowFormat)
	b = appendText(b, rowFieldOwner, r.Owner)
	b = appendMessage(b, rowFieldTarget, target)
	return appendText(b, rowFieldLines, r.Lines)
}

func (r *Row) rows() rowRange { return rowRange{r.Bucket, r.Hour, r.Epoch, r.Sequence, r.Sequence} }

// ParseRow reads one row; Lines is a part of value.
func ParseRow(key, value []byte) (*Row, error) {
	d := tuple.NewDecoder(key)
	table, kind := d.Byte(), d.Byte()
	r := &Row{Bucket: d.Str()}
	hour := d.Uint64()
	r.Hour, r.Epoch, r.Sequence = uint32(hour), d.ID16(), d.Uint64()
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if table != Table || kind != kindRow || hour > math.MaxUint32 {
		return nil, fmt.Errorf("%w: key %x", errMalformed, key)
	}
	err := readRow(value, func(f field) (err error) {
		switch f.num {
		case rowFieldOwner:
			r.Owner = string(f.data)
		case rowFieldTarget:
			r.Target, err = DecodeTarget(f.data)
		case rowFieldLines:
			r.Lines = f.data
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case r.Target == nil || len(r.Lines) == 0 || r.Lines[len(r.Lines)-1] != '\n':
		return nil, fmt.Errorf("%w: no target, or no whole records", errMalformed)
	}
	return r, nil
}

// day returns the start of the day of the events of an hour.
func day(hour uint32) time.Time {
	return time.Unix(int64(hour)*int64(time.Hour/time.Second), 0).UTC().Truncate(24 * time.Hour)
}

// rowRange is the rows of one writer in one hour of a bucket whose sequences are first to last. No row comes into such
// a range later, when last was settled.
type rowRange struct {
	bucket      string
	hour        uint32
	epoch       Epoch
	first, last uint64
}

func (r rowRange) key(sequence uint64) []byte {
	b := tuple.AppendString(append(make([]byte, 0, 64+len(r.bucket)), Table, kindRow), r.bucket)
	b = tuple.AppendID16(tuple.AppendUint64(b, uint64(r.hour)), r.epoch)
	return tuple.AppendUint64(b, sequence)
}

// bounds returns the first key of r, and the first after it.
func (r rowRange) bounds() (from, to []byte) { return r.key(r.first), append(r.key(r.last), 0) }

// sameWriter reports whether o is of the same bucket, hour and epoch.
func (r rowRange) sameWriter(o rowRange) bool {
	return r.bucket == o.bucket && r.hour == o.hour && r.epoch == o.epoch
}

// contains reports whether o lies within r.
func (r rowRange) contains(o rowRange) bool {
	return r.sameWriter(o) && r.first <= o.first && o.last <= r.last
}

// records returns how many records are in lines.
func records(lines []byte) int64 { return int64(bytes.Count(lines, []byte{'\n'})) }
