package object

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// lockFields are the numbers of the fields of a lock in the record that holds it.
type lockFields struct{ mode, until, hold protowire.Number }

// append writes l. Its date is in Unix milliseconds, rounded up: nanoseconds end in the year 2262.
func (n lockFields) append(b []byte, l Lock) []byte {
	b = appendUint(b, n.mode, uint64(l.Retention.Mode))
	if l.Retention.Mode != NoRetention {
		b = appendUint(b, n.until, uint64(lockTime(l.Retention.Until).UnixMilli()))
	}
	return appendUint(b, n.hold, uint64(l.LegalHold))
}

// read reads f into l when it is a field of a lock. What this program does not know is an error: nobody may remove
// what it does not understand.
func (n lockFields) read(f field, l *Lock) error {
	switch {
	case f.num == n.mode && f.uint <= uint64(Compliance):
		l.Retention.Mode = RetentionMode(f.uint)
	case f.num == n.until && f.uint > 0 && f.int64() <= maxLockTime:
		l.Retention.Until = time.UnixMilli(f.int64()).UTC()
	case f.num == n.hold && f.uint <= uint64(LegalHoldOn):
		l.LegalHold = LegalHold(f.uint)
	case f.num == n.mode, f.num == n.until, f.num == n.hold:
		return fmt.Errorf("%w: lock field %d is %d", errRecord, f.num, f.uint)
	}
	return nil
}

// maxLockTime is the end of the year 9999, the last that ISO 8601 can write, in Unix milliseconds.
const maxLockTime = 253_402_300_799_999

// whole refuses a lock of which a part is missing.
func (l Lock) whole() error {
	if (l.Retention.Mode == NoRetention) != l.Retention.Until.IsZero() {
		return fmt.Errorf("%w: retention of mode %d until %v", errRecord, l.Retention.Mode, l.Retention.Until)
	}
	return nil
}

// Fields of a default retention message.
const (
	retentionFieldMode = iota + 1
	retentionFieldDays
	retentionFieldYears
)

func encodeDefaultRetention(d DefaultRetention) []byte {
	b := appendUint(nil, retentionFieldMode, uint64(d.Mode))
	b = appendUint(b, retentionFieldDays, uint64(d.Days))
	return appendUint(b, retentionFieldYears, uint64(d.Years))
}

func decodeDefaultRetention(b []byte) (d DefaultRetention, err error) {
	err = readFields(b, func(f field) error {
		switch f.num {
		case retentionFieldMode:
			d.Mode = RetentionMode(min(f.uint, 0xff))
		case retentionFieldDays:
			d.Days = int(min(f.uint, MaxRetentionDays+1))
		case retentionFieldYears:
			d.Years = int(min(f.uint, MaxRetentionYears+1))
		}
		return nil
	})
	if err == nil && d.check("read bucket", "") != nil {
		err = fmt.Errorf("%w: default retention %+v", errRecord, d)
	}
	return d, err
}
