package object

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/lifecycle"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// Pace of the lifecycle worker.
const (
	// expireEvery is how often it looks whether a day has begun, at most; short days of tests are looked at four times.
	expireEvery = time.Minute
	// expireRate is what it removes a second, so that a mass of objects that end at the same midnight leaves the disk
	// to the readers.
	expireRate = 200
	// expirePage is the rows read at once.
	expirePage = 256
	// expireSaveEvery is how much of a pass is done again after a restart.
	expireSaveEvery = time.Minute

	// ruleRequester is who asks for what a rule does, in events (S3 user guide, event message structure).
	ruleRequester = "s3.amazonaws.com"
)

// LifecycleStats says what lifecycle rules have removed since the store was opened.
type LifecycleStats struct {
	Expired int64 // current versions: removed, or hidden by a delete marker
	Removed int64 // noncurrent versions, and delete markers that hid nothing
	Aborted int64 // multipart uploads
}

// lifecycleCounters are LifecycleStats as they grow.
type lifecycleCounters struct{ expired, removed, aborted atomic.Int64 }

// LifecycleStats returns what lifecycle rules have removed.
func (s *Store) LifecycleStats() LifecycleStats {
	return LifecycleStats{s.expiry.expired.Load(), s.expiry.removed.Load(), s.expiry.aborted.Load()}
}

// Expiry returns when v, a current version of b, expires, and the ID of the rule that says so; ok is false when none does.
func (s *Store) Expiry(b *Bucket, v *Version) (at time.Time, rule string, ok bool) {
	if b.Config.Lifecycle == nil {
		return at, "", false
	}
	return b.Config.Lifecycle.Expiry(&lifecycle.Version{
		Key: v.Key, Made: v.Modified, Size: v.Size, Tags: v.Tags, DeleteMarker: v.DeleteMarker,
	}, s.o.LifecycleDay)
}

// runExpiry does what lifecycle rules say, once a day after its midnight, until ctx ends.
func (s *Store) runExpiry(ctx context.Context) error {
	limit := rate.NewLimiter(expireRate, expireRate)
	return s.every(ctx, min(expireEvery, s.o.LifecycleDay/4), "lifecycle", func(ctx context.Context) error {
		return (&expirer{store: s, now: s.now(), limit: limit}).pass(ctx)
	})
}

// ExpireOnce does what lifecycle rules say at now, unless that day's pass is done already.
func (s *Store) ExpireOnce(ctx context.Context, now time.Time) error {
	return (&expirer{store: s, now: now, limit: rate.NewLimiter(rate.Inf, 0)}).pass(ctx)
}

// expirer is one pass over all buckets. Everything that is due is due at a midnight, so one pass a day finds all. It
// goes on where a pass of the same day stopped. What goes wrong with one object is left for the next pass.
type expirer struct {
	store  *Store
	now    time.Time
	limit  *rate.Limiter
	at     expiryPosition
	saved  time.Time
	b      *Bucket // being walked, read again for each page: rules that are taken away end at once
	failed error   // the first failure
}

func (e *expirer) pass(ctx context.Context) error {
	at, err := e.store.loadExpiry(ctx)
	if err != nil {
		return err
	}
	today := e.now.UTC().Truncate(e.store.o.LifecycleDay)
	switch {
	case at.day.Equal(today) && at.done:
		return nil
	case !at.day.Equal(today):
		at = expiryPosition{day: today}
	}
	e.at, e.saved = at, e.store.now()
	from := bucketKey(at.bucket)
	err = e.store.eachRow(ctx, from, []byte{kindBucket + 1}, false, func(row kv.Row) error {
		name := string(row.Key[1:])
		b, err := e.store.bucketOf(name, row)
		if err != nil {
			e.fail(err)
			return nil
		}
		if b.Config.Lifecycle == nil {
			return nil
		}
		if name != e.at.bucket {
			e.at = expiryPosition{day: today, bucket: name}
		}
		e.b = b
		return e.bucket(ctx)
	})
	if err != nil {
		return err
	}
	return errors.Join(e.failed, e.save(ctx, expiryPosition{day: today, done: true}))
}

func (e *expirer) fail(err error) {
	if e.failed == nil {
		e.failed = err
	}
}

// bucket walks the keys of a bucket from the position on, then its uploads. An error ends the pass.
func (e *expirer) bucket(ctx context.Context) error {
	heads := headKey(e.b.ID, "")
	err := e.eachPage(ctx, headKey(e.b.ID, e.at.key), tuple.PrefixEnd(heads), func(row kv.Row) (string, error) {
		_, objectKey, err := parseHeadKey(row.Key)
		if err != nil {
			return "", err
		}
		return objectKey, e.key(ctx, objectKey, row)
	})
	if err != nil {
		return err
	}
	uploads := append([]byte{kindUpload}, e.b.ID[:]...)
	return e.eachPage(ctx, uploads, tuple.PrefixEnd(uploads), func(row kv.Row) (string, error) {
		return e.at.key, e.upload(ctx, row)
	})
}

// eachPage calls work with the rows of a range and saves the position, which is the key that work returns, now and then.
func (e *expirer) eachPage(ctx context.Context, from, to []byte, work func(kv.Row) (string, error)) error {
	for more := true; more; {
		if there, err := e.refresh(ctx); err != nil || !there {
			return err
		}
		var rows []kv.Row
		var err error
		if rows, more, err = e.store.kv.Scan(ctx, from, to, kv.ScanOptions{Rows: expirePage}); err != nil {
			return err
		}
		for _, row := range rows {
			objectKey, err := work(row)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				e.fail(err)
			}
			if objectKey != "" {
				e.at.key = objectKey
			}
			from = append(row.Key, 0)
		}
		more = more && len(rows) > 0
		if now := e.store.now(); now.Sub(e.saved).Abs() >= expireSaveEvery {
			if err := e.save(ctx, e.at); err != nil {
				return err
			}
		}
	}
	return nil
}

// refresh reads the bucket again and reports whether it still has rules.
func (e *expirer) refresh(ctx context.Context) (bool, error) {
	b, err := e.store.Bucket(ctx, e.b.Name)
	if fault.Is(err, fault.NoSuchBucket) || err == nil && b.ID != e.b.ID {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	e.b = b
	return b.Config.Lifecycle != nil, nil
}

// key does what the rules say of the versions of one key, whose head row is given.
func (e *expirer) key(ctx context.Context, objectKey string, row kv.Row) error {
	v, err := decodeVersion(e.b.ID, objectKey, row.Value)
	if err != nil {
		return err
	}
	rules := e.b.Config.Lifecycle
	only := true
	if e.b.Config.Versioning != VersioningOff && (v.DeleteMarker || rules.Noncurrent()) {
		if only, err = e.older(ctx, v); err != nil {
			return err
		}
	}
	facts := lifecycle.Version{Key: objectKey, Made: v.Modified, Size: v.Size, Tags: v.Tags, DeleteMarker: v.DeleteMarker, Only: only}
	_, err = e.act(ctx, v, row, rules.Decide(&facts, e.now, e.store.o.LifecycleDay))
	return err
}

// older does what the rules say of the noncurrent versions of a key, and reports whether none is left.
func (e *expirer) older(ctx context.Context, head *Version) (none bool, err error) {
	prefix := versionPrefix(e.b.ID, head.Key)
	from, to := prefix, tuple.PrefixEnd(prefix)
	since, newer, left := head.Modified, 0, 0
	for more := true; more; {
		var rows []kv.Row
		if rows, more, err = e.store.kv.Scan(ctx, from, to, kv.ScanOptions{Rows: expirePage}); err != nil {
			return false, err
		}
		for _, row := range rows {
			v, err := decodeVersion(e.b.ID, head.Key, row.Value)
			if err != nil {
				return false, err
			}
			facts := lifecycle.Version{
				Key: v.Key, Made: v.Modified, Size: v.Size, Tags: v.Tags, DeleteMarker: v.DeleteMarker, Noncurrent: since, Newer: newer,
			}
			gone, err := e.act(ctx, v, row, e.b.Config.Lifecycle.Decide(&facts, e.now, e.store.o.LifecycleDay))
			if err != nil {
				return false, err
			}
			if !gone {
				left++
			}
			since, newer, from = v.Modified, newer+1, append(row.Key, 0)
		}
		more = more && len(rows) > 0
	}
	return left == 0, nil
}

// act does what was decided of the version in row, unless that changed meanwhile or is locked: then it stays.
func (e *expirer) act(ctx context.Context, v *Version, row kv.Row, what lifecycle.Removal) (done bool, err error) {
	if what == lifecycle.Keep || what == lifecycle.RemoveVersion && !v.Lock.removable(e.store.now(), false) {
		return false, nil
	}
	if err := e.wait(ctx); err != nil {
		return false, err
	}
	r := DeleteRequest{
		Bucket: e.b, Key: v.Key, Owner: access.Owner{ID: access.CanonicalID(e.b.Owner)},
		By: Requester{PrincipalID: ruleRequester, SourceIP: ruleRequester}, only: row.Version,
	}
	counter := &e.store.expiry.expired
	if what == lifecycle.RemoveVersion {
		r.Ref, counter = v.ref(), &e.store.expiry.removed
	}
	_, err = e.store.Delete(ctx, r)
	if fault.Is(err, fault.ConditionalConflict) || fault.Is(err, fault.ObjectLocked) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	counter.Add(1)
	return true, nil
}

// upload aborts the upload in row when it is due.
func (e *expirer) upload(ctx context.Context, row kv.Row) error {
	_, objectKey, id, err := parseKeyedRow(row.Key)
	if err != nil {
		return err
	}
	u, err := decodeUpload(e.b.ID, objectKey, id, row.Value)
	if err != nil || u.State == uploadDone {
		return err
	}
	if !e.b.Config.Lifecycle.Aborts(objectKey, u.Initiated, e.now, e.store.o.LifecycleDay) {
		return nil
	}
	if err := e.wait(ctx); err != nil {
		return err
	}
	err = e.store.AbortUpload(ctx, &u.Upload, time.Time{})
	if fault.Is(err, fault.NoSuchUpload) {
		return nil // it was completed or aborted
	}
	if err == nil {
		e.store.expiry.aborted.Add(1)
	}
	return err
}

func (e *expirer) wait(ctx context.Context) error {
	if e.limit.Limit() == rate.Inf {
		return ctx.Err()
	}
	return e.limit.Wait(ctx)
}
