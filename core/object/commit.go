package object

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

// The order of every write, from which safety follows without a clock:
//
//  1. an intent row for the blob is durable (takeIntent);
//  2. the blob is durable under that id (blob.Store.Put);
//  3. ONE commit checks and consumes the intent, checks a guard row of the bucket and the old head, and
//     writes head, body, reference rows and the usage delta; what the version replaced loses its reference
//     rows and is queued, or becomes an older version, in the same commit (place);
//  4. only then the caller is answered.
//
// The collector deletes an expired intent row by a commit before it deletes the blob, so a slow writer
// fails at 3 instead of publishing a blob that is gone. It deletes a queued blob or manifest only when no
// reference row is there. None can come back: a commit that adds a reference to content that is already
// published checks the row of a live referrer, and the commit that takes the last reference writes or
// deletes that row.

// errIntentGone says that an upload took longer than its intent.
var errIntentGone = errors.New("the upload took too long")

// publication is a version about to become visible.
type publication struct {
	op        string
	bucket    *Bucket
	version   *Version // without ID, Modified and Null, which the commit gives
	body      []byte   // inline content
	fresh     []blob.ID
	condition WriteCondition
	event     EventType
	by        Requester
	// extra reads and checks more in the same commit. It runs before the first write and returns one that
	// runs after the others; either may be nil.
	extra func(tx *kv.Tx) (func(v *Version) error, error)
}

// publish is step 3 of the commit order.
func (s *Store) publish(ctx context.Context, p publication) (*Version, error) {
	var out *Version
	var event *Event
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		v := *p.version
		out = &v
		if err := s.publishOnce(tx, p, &v); err != nil {
			return err
		}
		event = s.addEvent(tx, p.bucket, p.event, &v, p.by)
		return nil
	})
	s.pressure.note(err, s.now())
	if err != nil {
		return nil, fail(p.op, resource(p.bucket, p.version.Key), err)
	}
	s.noteEvent(event)
	return out, nil
}

func (s *Store) publishOnce(tx *kv.Tx, p publication, v *Version) error {
	g, old, err := s.openHead(tx, p)
	if err != nil {
		return err
	}
	now := s.now().UTC()
	if g.locked && v.Lock.Retention.Mode == NoRetention {
		if v.Lock.Retention, err = s.defaultRetention(tx, p, now); err != nil {
			return err
		}
	}
	var finish func(*Version) error
	if p.extra != nil {
		if finish, err = p.extra(tx); err != nil {
			return err
		}
	}
	v.Replaced = torrent.InfoHash{}
	if old != nil {
		if v.Replaced, err = s.lastInfoHash(tx, p.bucket, old); err != nil {
			return err
		}
	}
	if err := s.place(tx, g.versioning, old, v, now); err != nil {
		return err
	}
	for _, id := range p.fresh {
		tx.Delete(intentKey(id))
	}
	if len(p.body) > 0 {
		tx.Put(bodyKey(v.BucketID, v.Key, v.ID), p.body)
	}
	for _, ref := range versionRefs(v) {
		tx.Put(ref, encodeRef(v.BucketID, v.Key))
	}
	if finish != nil {
		return finish(v)
	}
	return nil
}

// openHead reads, in one round trip, what the commit of p depends on, and returns the guard that it checks and
// the newest version so far.
func (s *Store) openHead(tx *kv.Tx, p publication) (guard, *Version, error) {
	id, objectKey, name := p.bucket.ID, p.version.Key, resource(p.bucket, p.version.Key)
	keys := [][]byte{guardOf(id, objectKey), headKey(id, objectKey)}
	for _, b := range p.fresh {
		keys = append(keys, intentKey(b))
	}
	rows, err := tx.Get(keys...)
	if err != nil {
		return guard{}, nil, err
	}
	g, err := checkGuard(tx, p.op, name, rows[0])
	if err != nil {
		return guard{}, nil, err
	}
	if slices.ContainsFunc(rows[2:], func(r kv.Row) bool { return !r.Exists() }) {
		return guard{}, nil, fault.New(p.op, name, fault.SlowDown, errIntentGone)
	}
	old, err := currentOf(id, objectKey, rows[1])
	if err != nil {
		return guard{}, nil, err
	}
	return g, old, p.condition.check(p.op, name, old)
}

// defaultRetention returns the retention that p's bucket gives to a version that is made at now.
func (s *Store) defaultRetention(tx *kv.Tx, p publication, now time.Time) (Retention, error) {
	rows, err := tx.Get(bucketKey(p.bucket.Name))
	if err != nil {
		return Retention{}, err
	}
	b, err := s.bucketOf(p.bucket.Name, rows[0])
	if err != nil {
		return Retention{}, err
	}
	return b.Config.ObjectLock.Default.from(now), nil
}

// currentOf returns the version of a head row, nil when there is none.
func currentOf(id BucketID, objectKey string, head kv.Row) (*Version, error) {
	if !head.Exists() {
		return nil, nil
	}
	return decodeVersion(id, objectKey, head.Value)
}

// retire takes from a version that is going away for good all that hangs on its row, and queues the
// content that nothing else may refer to any more. v was read by tx. At most 4 + dropTorrent operations.
// ObjectLocked when its lock does not let it go; bypass overrules governance mode. No version goes another way.
func (s *Store) retire(tx *kv.Tx, v *Version, bypass bool) error {
	if !v.Lock.removable(s.now(), bypass) {
		return fault.New("remove version", v.Key, fault.ObjectLocked, errLocked)
	}
	if v.Content.Inline && v.Size > 0 {
		tx.Delete(bodyKey(v.BucketID, v.Key, v.ID))
	}
	for _, ref := range versionRefs(v) {
		tx.Delete(ref)
	}
	if v.Content.Chunks > 0 {
		s.enqueue(tx, taskManifest, v.Content.Manifest, s.due(), taskRecord{})
	}
	for _, id := range blobsOf(v.Content.Extents) {
		s.enqueue(tx, taskBlob, id, s.due(), taskRecord{})
	}
	return s.dropTorrent(tx, v)
}

// versionRefs returns the keys of the reference rows of v.
func versionRefs(v *Version) [][]byte {
	if v.Content.Chunks > 0 {
		return [][]byte{versionRefKey(refManifest, v.Content.Manifest, v.ID)}
	}
	var refs [][]byte
	for _, id := range blobsOf(v.Content.Extents) {
		refs = append(refs, versionRefKey(refBlob, id, v.ID))
	}
	return refs
}

// blobsOf returns each blob of a list of extents once.
func blobsOf(extents []Extent) []blob.ID {
	var ids []blob.ID
	for _, e := range extents {
		if !slices.Contains(ids, e.Blob) {
			ids = append(ids, e.Blob)
		}
	}
	return ids
}

// nextVersionID returns a fresh id that sorts before that of old, which may be nil.
func nextVersionID(now time.Time, old *Version) (id VersionID) {
	sequence := uint64(now.UnixNano())
	if old != nil {
		sequence = max(sequence, ^binary.BigEndian.Uint64(old.ID[:8])+1)
	}
	binary.BigEndian.PutUint64(id[:8], ^sequence)
	rand.Read(id[8:]) // never fails (crypto/rand)
	return id
}

// liveSource makes the commit of tx depend on v being still there, so that content of v can get another
// reference; NoSuchKey when it went.
func liveSource(tx *kv.Tx, op string, v *Version) error {
	_, err := versionRow(tx, op, v)
	if fault.Is(err, fault.NoSuchVersion) {
		err = fault.New(op, v.Key, fault.NoSuchKey, errors.New("the source of the copy was replaced or deleted"))
	}
	return err
}
