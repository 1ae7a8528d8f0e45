package object

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shoal/core/fault"
)

// RetentionMode says who may take a retention away before it ends (S3 user guide, "Locking objects with Object Lock").
type RetentionMode uint8

// The modes of S3. NoRetention is that of a version, or of a bucket's default, without one.
const (
	NoRetention RetentionMode = iota
	Governance                // who has s3:BypassGovernanceRetention, and says so
	Compliance                // nobody
)

// Retention protects a version until a date.
type Retention struct {
	Mode  RetentionMode
	Until time.Time // to the millisecond; zero without a mode
}

// LegalHold is the legal hold of a version, which has no end.
type LegalHold uint8

// The states of a legal hold. NoLegalHold means that none was ever put.
const (
	NoLegalHold LegalHold = iota
	LegalHoldOff
	LegalHoldOn
)

// Lock is what protects one version of an object. The zero Lock protects from nothing.
type Lock struct {
	Retention Retention
	LegalHold LegalHold
}

// ObjectLock is the object lock configuration of a bucket.
type ObjectLock struct {
	Enabled bool // never false again
	Default DefaultRetention
}

// DefaultRetention is the retention of each version that is put without one. The zero one is none. Either Days or
// Years is 0.
type DefaultRetention struct {
	Mode        RetentionMode
	Days, Years int
}

// Bounds of a default retention (AWS).
const (
	MaxRetentionDays  = 36_500
	MaxRetentionYears = 100
)

var errLocked = errors.New("the version is protected by object lock")

// yields reports whether r lets to take its place at now; the zero to is that r, or the whole version, goes. What is
// over protects no more, and each may be made longer. bypass counts in governance mode only. A clock that is behind
// only prolongs.
func (r Retention) yields(to Retention, now time.Time, bypass bool) bool {
	longer := to.Mode == r.Mode && !to.Until.Before(r.Until)
	switch r.Mode {
	case NoRetention:
		return true
	case Governance:
		return bypass || longer || !now.Before(r.Until)
	case Compliance:
		return longer || !now.Before(r.Until)
	}
	return false // of a mode that this program does not know
}

// removable reports whether a version that l protects may be removed for good at now.
func (l Lock) removable(now time.Time, bypass bool) bool {
	return (l.LegalHold == NoLegalHold || l.LegalHold == LegalHoldOff) && l.Retention.yields(Retention{}, now, bypass)
}

// from returns the retention of a version that is made at now.
func (d DefaultRetention) from(now time.Time) Retention {
	if d.Mode == NoRetention {
		return Retention{}
	}
	return Retention{Mode: d.Mode, Until: lockTime(now.AddDate(d.Years, 0, d.Days))}
}

// lockTime is t, rounded up to what a record holds.
func lockTime(t time.Time) time.Time {
	return t.Add(time.Millisecond - 1).Truncate(time.Millisecond).UTC()
}

// Check holds a retention that is to be put against the clock: InvalidArgument when it is over, or ends later than a
// record can say. That of a zero Retention is fine.
func (r Retention) Check(now time.Time) error {
	var why string
	switch {
	case r.Mode == NoRetention:
		return nil
	case !r.Until.After(now):
		why = "the retain until date must be in the future!"
	case lockTime(r.Until).UnixMilli() > maxLockTime:
		why = "the retain until date is after the year 9999"
	default:
		return nil
	}
	return fault.New("check retention", r.Until.String(), fault.InvalidArgument, errors.New(why))
}

// check refuses a configuration that S3 has not: InvalidArgument.
func (d DefaultRetention) check(op, bucket string) error {
	var why string
	switch {
	case d == DefaultRetention{}:
	case d.Mode != Governance && d.Mode != Compliance, d.Days != 0 && d.Years != 0:
		why = "a default retention has a mode, and either days or years"
	case d.Days < 0, d.Years < 0, d.Days+d.Years == 0:
		why = "default retention period must be a positive integer value."
	case d.Days > MaxRetentionDays, d.Years > MaxRetentionYears:
		why = "default retention period too large."
	}
	if why == "" {
		return nil
	}
	return fault.New(op, bucket, fault.InvalidArgument, errors.New(why))
}

// checkLock refuses a lock that a version of b cannot get: InvalidRequest, InvalidArgument. That b has object lock
// it has for good.
func (s *Store) checkLock(op, name string, b *Bucket, l Lock) error {
	if l == (Lock{}) {
		return nil
	}
	if err := l.Retention.Check(s.now()); err != nil {
		return err
	}
	if !b.Config.ObjectLock.Enabled {
		return fault.New(op, name, fault.InvalidRequest, errors.New("bucket is missing ObjectLockConfiguration"))
	}
	return nil
}

// SetRetention replaces the retention of a version in its place; the zero one takes it away. bypass is whether the
// requester may, and wants to, overrule governance mode. ObjectLocked when the retention it has does not yield;
// NoSuchKey, NoSuchVersion, and InvalidRequest when the bucket has no object lock.
func (s *Store) SetRetention(ctx context.Context, b *Bucket, key string, ref VersionRef, r Retention, bypass bool) error {
	const op = "set retention"
	r.Until = lockTime(r.Until)
	if r.Mode == NoRetention {
		r = Retention{}
	}
	if err := s.checkLock(op, resource(b, key), b, Lock{Retention: r}); err != nil {
		return err
	}
	return s.editVersion(ctx, edit{op: op, bucket: b, key: key, ref: ref}, func(v *Version) error {
		if !v.Lock.Retention.yields(r, s.now(), bypass) {
			return fault.New(op, resource(b, key), fault.ObjectLocked, errLocked)
		}
		v.Lock.Retention = r
		return nil
	})
}

// SetLegalHold puts a legal hold on a version or takes it off, in its place. NoSuchKey, NoSuchVersion, and
// InvalidRequest when the bucket has no object lock.
func (s *Store) SetLegalHold(ctx context.Context, b *Bucket, key string, ref VersionRef, hold LegalHold) error {
	const op = "set legal hold"
	if hold != LegalHoldOn && hold != LegalHoldOff {
		return fault.New(op, resource(b, key), fault.InvalidArgument, fmt.Errorf("legal hold %d", hold))
	}
	if err := s.checkLock(op, resource(b, key), b, Lock{LegalHold: hold}); err != nil {
		return err
	}
	return s.editVersion(ctx, edit{op: op, bucket: b, key: key, ref: ref}, func(v *Version) error {
		v.Lock.LegalHold = hold
		return nil
	})
}
