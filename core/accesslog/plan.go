package accesslog

import (
	"crypto/rand"
	"fmt"
	"math"
	"time"

	"shoal/storage/kv/tuple"
)

// planID names a plan. It is random; its first half is the UniqueString of the log object.
type planID [16]byte

// plan is a log object to be, or one whose rows are not all removed yet.
type plan struct {
	id        planID
	rows      rowRange
	owner     string // of the bucket that is logged
	target    *Target
	key       string // of the log object
	bytes     int64  // its size
	records   int64
	delivered bool // the log object is there, or is given up: the rows go
}

// Fields of the value of a plan.
const (
	planFieldBucket = iota + 1
	planFieldHour
	planFieldEpoch
	planFieldFirst
	planFieldLast
	planFieldOwner
	planFieldTarget
	planFieldKey
	planFieldBytes
	planFieldRecords
	planFieldDelivered
)

// planOf returns a plan of one row, without a key.
func planOf(r *Row) *plan {
	p := &plan{rows: r.rows(), owner: r.Owner, target: r.Target, bytes: int64(len(r.Lines)), records: records(r.Lines)}
	rand.Read(p.id[:]) // never fails (crypto/rand)
	return p
}

// extend takes the next row into p, unless it belongs elsewhere or makes the log object larger than limit.
func (p *plan) extend(r *Row, limit int64) bool {
	if !p.rows.sameWriter(r.rows()) || p.owner != r.Owner || !p.target.Equal(r.Target) || p.bytes+int64(len(r.Lines)) > limit {
		return false
	}
	p.rows.last = r.Sequence
	p.bytes += int64(len(r.Lines))
	p.records += records(r.Lines)
	return true
}

// object returns the log object without its body.
func (p *plan) object() Object {
	return Object{
		Bucket: p.target.Bucket, Key: p.key, Source: p.rows.bucket, Owner: p.owner, Grants: p.target.Grants, Size: p.bytes,
	}
}

// group names what is delivered alike: the log of one bucket into one target.
func (p *plan) group() string {
	return p.rows.bucket + "\x00" + p.owner + "\x00" + string(EncodeTarget(p.target))
}

// written returns when the first row was begun.
func (p *plan) written() time.Time { return time.Unix(0, int64(p.rows.first)) }

// unique returns the UniqueString of the log object: 16 upper-case hex digits.
func (id planID) unique() string { return fmt.Sprintf("%X", id[:8]) }

func planKey(id planID) []byte { return tuple.AppendID16([]byte{Table, kindPlan}, id) }

func (p *plan) value() []byte {
	b := append(make([]byte, 0, 256), rowFormat)
	b = appendText(b, planFieldBucket, p.rows.bucket)
	b = appendUint(b, planFieldHour, uint64(p.rows.hour))
	b = appendMessage(b, planFieldEpoch, p.rows.epoch[:])
	b = appendUint(b, planFieldFirst, p.rows.first)
	b = appendUint(b, planFieldLast, p.rows.last)
	b = appendText(b, planFieldOwner, p.owner)
	b = appendMessage(b, planFieldTarget, EncodeTarget(p.target))
	b = appendText(b, planFieldKey, p.key)
	b = appendUint(b, planFieldBytes, uint64(p.bytes))
	b = appendUint(b, planFieldRecords, uint64(p.records))
	if p.delivered {
		b = appendUint(b, planFieldDelivered, 1)
	}
	return b
}

func decodePlan(key, value []byte) (plan, error) {
	d := tuple.NewDecoder(key)
	table, kind := d.Byte(), d.Byte()
	p := plan{id: planID(d.ID16())}
	if err := d.Done(); err != nil {
		return plan{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if table != Table || kind != kindPlan {
		return plan{}, fmt.Errorf("%w: key %x", errMalformed, key)
	}
	if err := readRow(value, p.read); err != nil {
		return plan{}, err
	}
	if p.target == nil || p.key == "" || p.bytes <= 0 || p.records <= 0 || p.rows.first > p.rows.last {
		return plan{}, fmt.Errorf("%w: plan of %d bytes, sequences %d to %d, for key %q", errMalformed, p.bytes, p.rows.first, p.rows.last, p.key)
	}
	return p, nil
}

func (p *plan) read(f field) (err error) {
	switch f.num {
	case planFieldBucket:
		p.rows.bucket = string(f.data)
	case planFieldHour:
		if f.uint > math.MaxUint32 {
			return fmt.Errorf("%w: hour %d", errMalformed, f.uint)
		}
		p.rows.hour = uint32(f.uint)
	case planFieldEpoch:
		if len(f.data) != len(p.rows.epoch) {
			return fmt.Errorf("%w: epoch of %d bytes", errMalformed, len(f.data))
		}
		p.rows.epoch = Epoch(f.data)
	case planFieldFirst:
		p.rows.first = f.uint
	case planFieldLast:
		p.rows.last = f.uint
	case planFieldOwner:
		p.owner = string(f.data)
	case planFieldTarget:
		p.target, err = DecodeTarget(f.data)
	case planFieldKey:
		p.key = string(f.data)
	case planFieldBytes:
		p.bytes = int64(f.uint)
	case planFieldRecords:
		p.records = int64(f.uint)
	case planFieldDelivered:
		p.delivered = f.uint != 0
	}
	return err
}
