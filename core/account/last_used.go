package account

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/fault"
	"shoal/storage/kv"
)

const (
	// useAge is how old a noted use gets before the next one takes its place, and how often noted uses are written: what
	// a crash loses of them.
	useAge = time.Minute
	// maxUses bounds the uses that wait to be written. Beyond it a use is not noted; one of a later minute is.
	maxUses = 1 << 16
	// usesPerCommit: each is a check and a write.
	usesPerCommit = kv.MaxUpdateOps / 2
	// lastWriteWithin bounds the write at the stop.
	lastWriteWithin = 10 * time.Second
)

// Use is when, for which service and in which region an access key or a role was used last. The zero value is never.
type Use struct {
	At              time.Time // UTC, to the millisecond
	Service, Region string    // as signatures name them
}

// noted is a use that waits to be written.
type noted struct {
	Use
	holder []byte // the row that must be there for the use to be written
	role   bool   // holder is of a role, which must have the id that was used
}

// uses holds what is not written yet: by the id of an access key or the unique id of a role, so that it is bounded by
// those that were used within useAge.
type uses struct {
	notes sync.Map     // string -> *noted
	count atomic.Int64 // of notes, about
}

// NoteUse notes that c has signed for a service and a region: its access key is used, or the role of a session. Sessions
// of users and accounts are not kept track of. It is on the way of every signed request: it waits for nothing, and Run
// writes what it noted.
func (s *Store) NoteUse(c Caller, service, region string) {
	id := c.used()
	if id == "" {
		return
	}
	now := s.now()
	if found, ok := s.uses.notes.Load(id); ok && found.(*noted).covers(now, service, region) {
		return
	}
	n := &noted{Use: Use{now.UTC().Truncate(time.Millisecond), strings.Clone(service), strings.Clone(region)}, holder: keyKey(id)}
	if c.Session != nil {
		n.role, n.holder = true, identityKey(IAMRole, c.Identity.Account, c.Identity.Name)
	}
	s.uses.put(id, n)
}

// used is the id of what c signs with: an access key or, in a session of a role, the role; "" in another session.
func (c Caller) used() string {
	switch {
	case c.Session == nil:
		return c.Key.ID
	case c.Session.Kind == RoleSession && c.Identity != nil:
		return c.Identity.ID
	}
	return ""
}

// covers reports whether a use at now would say nothing new.
func (n *noted) covers(now time.Time, service, region string) bool {
	return now.Sub(n.At) < useAge && n.Service == service && n.Region == region
}

func (u *uses) put(id string, n *noted) {
	if u.count.Load() >= maxUses {
		if _, ok := u.notes.Load(id); !ok {
			return
		}
	}
	if _, replaced := u.notes.Swap(id, n); !replaced {
		u.count.Add(1)
	}
}

// remove forgets n, unless another use took its place.
func (u *uses) remove(id string, n *noted) {
	if u.notes.CompareAndDelete(id, n) {
		u.count.Add(-1)
	}
}

// forget forgets the use of an access key that is gone: another one may be given its id.
func (u *uses) forget(id string) {
	if _, ok := u.notes.LoadAndDelete(id); ok {
		u.count.Add(-1)
	}
}

// LastUsed returns the last use of an access key, by its id, or of a role, by its unique id; the zero Use when there was
// none. It is behind by useAge at most.
func (s *Store) LastUsed(ctx context.Context, id string) (Use, error) {
	const op = "read last use"
	if found, ok := s.uses.notes.Load(id); ok {
		return found.(*noted).Use, nil
	}
	rows, err := s.engine.Get(ctx, useKey(id))
	if err != nil {
		return Use{}, wrap(op, id, err)
	}
	if !rows[0].Exists() {
		return Use{}, nil
	}
	u, err := decodeUse(rows[0].Value)
	if err != nil {
		return Use{}, fault.New(op, id, fault.Internal, err)
	}
	return u, nil
}

// Run writes the uses that were noted, every useAge and once more when ctx is done. It returns the error of that last
// time; before, what cannot be written is logged, kept and tried again.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(useAge)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			if err := s.writeUses(ctx); err != nil && ctx.Err() == nil {
				s.log.LogAttrs(ctx, slog.LevelWarn, "last uses of access keys and roles are not written; they are kept in memory and tried again",
					slog.Any("error", err))
			}
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWriteWithin)
	defer cancel()
	return s.writeUses(last)
}

// writeUses writes what is noted, in as many commits as it takes.
func (s *Store) writeUses(ctx context.Context) (err error) {
	batch := make(map[string]*noted)
	s.uses.notes.Range(func(id, n any) bool {
		batch[id.(string)] = n.(*noted)
		if len(batch) == usesPerCommit {
			err = s.writeBatch(ctx, batch)
			clear(batch)
		}
		return err == nil
	})
	if err == nil && len(batch) > 0 {
		err = s.writeBatch(ctx, batch)
	}
	return wrap("write last uses", "", err)
}

// writeBatch writes at most usesPerCommit uses, and forgets them.
func (s *Store) writeBatch(ctx context.Context, batch map[string]*noted) error {
	// Not s.update: Caller has cached nothing of it.
	err := kv.Update(ctx, s.engine, func(tx *kv.Tx) error {
		for id, n := range batch {
			rows, err := tx.Peek(n.holder)
			if err != nil {
				return err
			}
			if n.heldBy(id, rows[0]) {
				tx.Require(rows[0]) // who removes the holder removes the use
				tx.Put(useKey(id), encodeUse(n.Use))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id, n := range batch {
		s.uses.remove(id, n)
	}
	return nil
}

// heldBy reports whether row is the access key or the role that was used under id. A role of the same name that was made
// since has another id.
func (n *noted) heldBy(id string, row kv.Row) bool {
	if !n.role || !row.Exists() {
		return row.Exists()
	}
	i, err := decodeIdentity(IAMRole, row.Value)
	return err == nil && i.ID == id
}

// Fields of a use record.
const (
	useAt      protowire.Number = 1 // milliseconds since 1970
	useService protowire.Number = 2
	useRegion  protowire.Number = 3
)

func encodeUse(u Use) []byte {
	b := appendUint([]byte{recordVersion}, useAt, uint64(u.At.UnixMilli()))
	b = appendString(b, useService, u.Service)
	return appendString(b, useRegion, u.Region)
}

func decodeUse(b []byte) (Use, error) {
	var u Use
	err := decodeFields(b, func(n protowire.Number, text string, num uint64) {
		switch n {
		case useAt:
			u.At = time.UnixMilli(int64(num)).UTC()
		case useService:
			u.Service = text
		case useRegion:
			u.Region = text
		}
	})
	if err == nil && u.At.IsZero() {
		err = fmt.Errorf("%w: a use without time", errRecord)
	}
	return u, err
}
