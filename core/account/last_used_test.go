package account

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/access"
	"shoal/storage/kv"
)

const anyoneTrusted = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`

func sampleUse() Use {
	return Use{At: time.UnixMilli(1_700_000_000_123).UTC(), Service: "s3", Region: "eu-west-1"}
}

// keyOf makes an access key of an IAM user, and returns who signs with it.
func keyOf(t *testing.T, s *Store, a access.CanonicalID, user string) Caller {
	t.Helper()
	k, err := s.CreateAccessKey(t.Context(), a, user)
	must(t, err)
	c, err := s.Caller(t.Context(), k.ID, "")
	must(t, err)
	return c
}

// inRole makes a role, and returns who signs in a session of it.
func inRole(t *testing.T, s *Store, a access.CanonicalID, name string) Caller {
	t.Helper()
	r := makeIdentity(t, s, Identity{Kind: IAMRole, Account: a, Name: name, Trust: anyoneTrusted, MaxSession: time.Hour})
	made, err := s.issue(t.Context(), Session{Kind: RoleSession, Account: a, Identity: name, ID: r.ID, Name: "job"}, time.Hour)
	must(t, err)
	c, err := s.Caller(t.Context(), made.AccessKey, made.Token)
	must(t, err)
	return c
}

func wantUse(t *testing.T, what string, s *Store, id string, want Use) {
	t.Helper()
	if got, err := s.LastUsed(t.Context(), id); err != nil || got != want {
		t.Errorf("%s: got %+v, %v, want %+v", what, got, err, want)
	}
}

// wantUses holds what waits, and how many rows there are, against what is wanted.
func wantUses(t *testing.T, what string, s *Store, waiting, rows int) {
	t.Helper()
	found := 0
	s.uses.notes.Range(func(any, any) bool { found++; return true })
	stored, err := s.count(t.Context(), []byte{prefix, kindUse})
	if err != nil || found != waiting || s.uses.count.Load() != int64(waiting) || stored != rows {
		t.Errorf("%s: %d uses wait, counted as %d, and %d rows, %v; want %d and %d", what, found, s.uses.count.Load(), stored, err, waiting, rows)
	}
}

// TestLastUsed takes a key and a role through some minutes. What is not written yet is told as what is.
func TestLastUsed(t *testing.T) {
	now := time.Unix(1_700_000_000, 0).UTC()
	s, alice := iamStore(t, func() time.Time { return now })
	a := alice.CanonicalID
	makeIdentity(t, s, Identity{Kind: IAMUser, Account: a, Name: "bob"})
	key, role := keyOf(t, s, a, "bob"), inRole(t, s, a, "r")
	first, another := now, now.Add(useAge-2)
	steps := []struct {
		after           time.Duration
		service, region string
		write           bool
		want            Use
	}{
		{},
		{0, "s3", "eu", false, Use{first, "s3", "eu"}},
		{useAge - 2, "s3", "eu", false, Use{first, "s3", "eu"}},
		{0, "iam", "us", false, Use{another.Truncate(time.Millisecond), "iam", "us"}},
		{2, "iam", "us", true, Use{another.Truncate(time.Millisecond), "iam", "us"}},
		{0, "", "", true, Use{another.Truncate(time.Millisecond), "iam", "us"}}, // nothing to write
		{time.Second, "iam", "us", false, Use{first.Add(useAge + time.Second), "iam", "us"}},
		{useAge, "iam", "us", true, Use{first.Add(2*useAge + time.Second), "iam", "us"}},
	}
	for n, step := range steps {
		now = now.Add(step.after)
		for _, c := range []Caller{key, role} {
			if step.service != "" {
				s.NoteUse(c, step.service, step.region)
			}
		}
		if step.write {
			must(t, s.writeUses(t.Context()))
			wantUses(t, fmt.Sprint("step ", n), s, 0, 2)
		}
		wantUse(t, fmt.Sprintf("step %d, key", n), s, key.Key.ID, step.want)
		wantUse(t, fmt.Sprintf("step %d, role", n), s, role.Identity.ID, step.want)
	}
	wantUse(t, "another process", New(s.engine, Options{}), key.Key.ID, steps[len(steps)-1].want)
	wantUse(t, "key of the session", s, role.Key.ID, Use{})
}

// TestUserSessionsAreNotNoted: neither the key that made a session is used by it, nor its user.
func TestUserSessionsAreNotNoted(t *testing.T) {
	s, alice := iamStore(t, nil)
	makeIdentity(t, s, Identity{Kind: IAMUser, Account: alice.CanonicalID, Name: "bob"})
	by := keyOf(t, s, alice.CanonicalID, "bob")
	made, err := s.SessionFor(t.Context(), by, time.Hour)
	must(t, err)
	c, err := s.Caller(t.Context(), made.AccessKey, made.Token)
	must(t, err)
	s.NoteUse(c, "s3", "eu")
	s.NoteUse(Caller{}, "s3", "eu")
	wantUses(t, "a session of a user", s, 0, 0)
}

// TestUseGoesWithItsHolder: whatever removes a key or a role removes its use, written or not.
func TestUseGoesWithItsHolder(t *testing.T) {
	removals := map[string]func(s *Store, a access.CanonicalID, key string) error{
		"keys and role": func(s *Store, a access.CanonicalID, key string) error {
			return errors.Join(
				s.DeleteAccessKey(t.Context(), a, "bob", key), s.DeleteIdentity(t.Context(), IAMRole, a, "r"),
				s.DeleteUser(t.Context(), "dave"))
		},
		"account": func(s *Store, _ access.CanonicalID, _ string) error {
			return errors.Join(s.DeleteUser(t.Context(), "alice"), s.DeleteUser(t.Context(), "dave"))
		},
	}
	for name, remove := range removals {
		for _, written := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/written=%t", name, written), func(t *testing.T) {
				s, alice := iamStore(t, nil)
				a := alice.CanonicalID
				makeIdentity(t, s, Identity{Kind: IAMUser, Account: a, Name: "bob"})
				_, own := create(t, s, NewUser{Name: "dave"})
				dave, err := s.Caller(t.Context(), own.ID, "")
				must(t, err)
				key := keyOf(t, s, a, "bob")
				for _, c := range []Caller{key, inRole(t, s, a, "r"), dave} {
					s.NoteUse(c, "s3", "eu")
				}
				wantUses(t, "used", s, 3, 0)
				if written {
					must(t, s.writeUses(t.Context()))
					wantUses(t, "written", s, 0, 3)
				}
				must(t, remove(s, a, key.Key.ID))
				must(t, s.writeUses(t.Context()))
				wantUses(t, "removed", s, 0, 0)
			})
		}
	}
}

// TestUseIsNotInherited: a role of the same name, a key of the same id and a new secret for the root key begin anew.
func TestUseIsNotInherited(t *testing.T) {
	s, alice := iamStore(t, nil)
	a := alice.CanonicalID
	role := inRole(t, s, a, "r")
	s.NoteUse(role, "s3", "eu")
	must(t, s.DeleteIdentity(t.Context(), IAMRole, a, "r"))
	again := inRole(t, s, a, "r")
	s.NoteUse(role, "iam", "eu") // its credentials stay valid
	must(t, s.writeUses(t.Context()))
	wantUse(t, "the role", s, role.Identity.ID, Use{})
	wantUse(t, "the role made anew", s, again.Identity.ID, Use{})

	given := NewUser{Name: "dave", AccessKey: "givenkey", Secret: "givensecret"}
	create(t, s, given)
	dave, err := s.Caller(t.Context(), given.AccessKey, "")
	must(t, err)
	s.NoteUse(dave, "s3", "eu")
	must(t, s.DeleteUser(t.Context(), "dave"))
	create(t, s, given)
	must(t, s.writeUses(t.Context()))
	wantUse(t, "the key given anew", s, given.AccessKey, Use{})

	for _, secret := range []Secret{"firstsecret", "secondsecret"} {
		_, _, err := s.EnsureRoot(t.Context(), "rootkey", secret)
		must(t, err)
		wantUse(t, "root key", s, "rootkey", Use{})
		root, err := s.Caller(t.Context(), "rootkey", "")
		must(t, err)
		s.NoteUse(root, "s3", "eu")
		must(t, s.writeUses(t.Context()))
	}
	wantUses(t, "at the end", s, 0, 1)
}

// TestManyUses: they take several commits, and those beyond the bound are not kept.
func TestManyUses(t *testing.T) {
	s, alice := iamStore(t, nil)
	const users = usesPerCommit + 3
	for n := range users {
		name := fmt.Sprint("u", n)
		makeIdentity(t, s, Identity{Kind: IAMUser, Account: alice.CanonicalID, Name: name})
		s.NoteUse(keyOf(t, s, alice.CanonicalID, name), "s3", "eu")
	}
	must(t, s.writeUses(t.Context()))
	wantUses(t, "written", s, 0, users)
	for n := range maxUses + 1 {
		s.NoteUse(Caller{Key: AccessKey{ID: fmt.Sprint("k", n)}}, "s3", "eu")
	}
	s.NoteUse(Caller{Key: AccessKey{ID: "k0"}}, "iam", "eu")
	wantUses(t, "one too many", s, maxUses, users)
	if got, err := s.LastUsed(t.Context(), "k0"); err != nil || got.Service != "iam" {
		t.Errorf("a later use of what is noted: got %+v, %v", got, err)
	}
}

// TestNoteUseCosts: what is noted already costs a signed request no allocation.
func TestNoteUseCosts(t *testing.T) {
	s := New(newEngine(t), Options{})
	c := Caller{Key: AccessKey{ID: "k1"}}
	s.NoteUse(c, "s3", "eu")
	if n := testing.AllocsPerRun(1000, func() { s.NoteUse(c, "s3", "eu") }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkNoteUse(b *testing.B) {
	s := New(newEngine(b), Options{})
	c := Caller{Key: AccessKey{ID: "k1"}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.NoteUse(c, "s3", "eu")
		}
	})
}

// TestUsesWhileWritten: uses that are noted while others are written are lost neither in memory nor in the count.
func TestUsesWhileWritten(t *testing.T) {
	s, alice := iamStore(t, nil)
	makeIdentity(t, s, Identity{Kind: IAMUser, Account: alice.CanonicalID, Name: "bob"})
	callers := []Caller{keyOf(t, s, alice.CanonicalID, "bob"), inRole(t, s, alice.CanonicalID, "r")}
	var users sync.WaitGroup
	for n := range 4 {
		users.Go(func() {
			for i := range 200 {
				s.NoteUse(callers[(n+i)%2], "s3", fmt.Sprint("r", i))
			}
		})
	}
	for range 20 {
		must(t, s.writeUses(t.Context()))
	}
	users.Wait()
	must(t, s.writeUses(t.Context()))
	wantUses(t, "at the end", s, 0, 2)
	for _, c := range callers {
		if got, err := s.LastUsed(t.Context(), c.used()); err != nil || !strings.HasPrefix(got.Region, "r") {
			t.Errorf("%s: got %+v, %v", c.used(), got, err)
		}
	}
}

// fullEngine is an engine of one key, whose commits fail while it is full.
type fullEngine struct {
	kv.Engine
	mu      sync.Mutex
	full    bool // guarded by mu, as commits
	commits int
}

func (e *fullEngine) Get(_ context.Context, keys ...[]byte) ([]kv.Row, error) {
	rows := make([]kv.Row, len(keys))
	for n, key := range keys {
		rows[n] = kv.Row{Key: key, Value: []byte{recordVersion}, Version: kv.Version("1")}
	}
	return rows, nil
}

func (e *fullEngine) Commit(context.Context, kv.Commit) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.full {
		return kv.ErrNoSpace
	}
	e.commits++
	return nil
}

func (e *fullEngine) set(full bool) (commits int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.full = full
	return e.commits
}

// TestRunWrites: Run writes each minute and at the end, and what could not be written is tried again.
func TestRunWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		e := &fullEngine{full: true}
		s := New(e, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		minute := func(full bool, want int) {
			t.Helper()
			e.set(full)
			time.Sleep(useAge)
			synctest.Wait()
			if got := e.set(full); got != want {
				t.Errorf("%d commits, want %d", got, want)
			}
		}
		c := Caller{Key: AccessKey{ID: "k1"}}
		s.NoteUse(c, "s3", "eu")
		minute(true, 0)
		if !strings.Contains(log.String(), "not written") {
			t.Errorf("the log says %q", &log)
		}
		minute(false, 1)
		minute(false, 1) // nothing to write
		s.NoteUse(c, "s3", "eu")
		cancel()
		if err := <-done; err != nil || e.set(false) != 2 {
			t.Errorf("Run: %v, %d commits, want 2", err, e.set(false))
		}
	})
}

// TestUseRecord reads the bytes that earlier programs wrote.
func TestUseRecord(t *testing.T) {
	const golden = "0108fbd095ffbc31120273331a0965752d776573742d31"
	row, err := hex.DecodeString(golden)
	must(t, err)
	if got := hex.EncodeToString(encodeUse(sampleUse())); got != golden {
		t.Errorf("encode: got %s, want %s", got, golden)
	}
	if got, err := decodeUse(row); err != nil || got != sampleUse() {
		t.Errorf("decode: got %+v, %v, want %+v", got, err, sampleUse())
	}
	for _, bad := range []string{"", "02", "01", "0108", golden[:len(golden)-2]} {
		row, err := hex.DecodeString(bad)
		must(t, err)
		if got, err := decodeUse(row); err == nil {
			t.Errorf("%q: got %+v, want an error", bad, got)
		}
	}
}
