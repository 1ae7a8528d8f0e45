package account

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/pebblekv"
)

const someID access.CanonicalID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func newEngine(t testing.TB) kv.Engine {
	t.Helper()
	e, err := pebblekv.Open("kv", pebblekv.Options{FS: vfs.NewMem(), ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func create(t *testing.T, s *Store, n NewUser) (User, AccessKey) {
	t.Helper()
	u, k, err := s.CreateUser(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return u, k
}

// byAccessKey returns the account and the key that sign with an access key.
func byAccessKey(ctx context.Context, s *Store, id string) (User, AccessKey, error) {
	c, err := s.Caller(ctx, id, "")
	return c.Account, c.Key, err
}

func TestCreateAndFind(t *testing.T) {
	s := New(newEngine(t), Options{})
	u, k := create(t, s, NewUser{Name: "Alice", Email: "Alice@example.com", Role: access.RoleUserPlus})
	if len(u.CanonicalID) != 64 || len(k.ID) != 20 || len(k.Secret.Reveal()) != 40 || !strings.HasPrefix(k.ID, "AKIA") {
		t.Errorf("generated %+v, %q, secret of %d", u, k.ID, len(k.Secret.Reveal()))
	}
	finds := map[string]func(context.Context) (User, error){
		"name":         func(ctx context.Context) (User, error) { return s.User(ctx, "aLICE") },
		"canonical id": func(ctx context.Context) (User, error) { return s.ByCanonicalID(ctx, u.CanonicalID) },
		"email":        func(ctx context.Context) (User, error) { return s.ByEmail(ctx, "alice@EXAMPLE.com") },
		"access key": func(ctx context.Context) (User, error) {
			got, key, err := byAccessKey(ctx, s, k.ID)
			if key != k {
				t.Errorf("key: got %q, want %q", key.ID, k.ID)
			}
			return got, err
		},
	}
	for by, find := range finds {
		if got, err := find(t.Context()); err != nil || !reflect.DeepEqual(got, u) {
			t.Errorf("by %s: got %+v, %v, want %+v", by, got, err, u)
		}
	}
	if p := u.Principal(); p.Kind != access.User || p.CanonicalID != u.CanonicalID || p.ARN != "arn:aws:iam:::user/Alice" {
		t.Errorf("principal %+v", p)
	}
	if err := s.DeleteUser(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	for by, find := range finds {
		if by == "access key" {
			continue
		}
		if _, err := find(t.Context()); !fault.Is(err, fault.NoSuchUser) {
			t.Errorf("by %s after the delete: got %v, want NoSuchUser", by, err)
		}
	}
	if _, _, err := byAccessKey(t.Context(), s, k.ID); !fault.Is(err, fault.NoSuchAccessKey) {
		t.Errorf("key after the delete: got %v, want NoSuchAccessKey", err)
	}
	if err := s.DeleteUser(t.Context(), "alice"); !fault.Is(err, fault.NoSuchUser) {
		t.Errorf("second delete: got %v, want NoSuchUser", err)
	}
	create(t, s, NewUser{Name: "alice", CanonicalID: u.CanonicalID, Email: u.Email, AccessKey: k.ID, Secret: k.Secret}) // every row is gone
}

func TestUnique(t *testing.T) {
	s := New(newEngine(t), Options{})
	create(t, s, NewUser{Name: "alice", CanonicalID: someID, Email: "a@example.com", AccessKey: "alicekey", Secret: "alicesecret"})
	for what, n := range map[string]NewUser{
		"name":         {Name: "ALICE"},
		"canonical id": {Name: "bob", CanonicalID: someID},
		"email":        {Name: "bob", Email: "A@example.com"},
		"access key":   {Name: "bob", AccessKey: "alicekey", Secret: "othersecret"},
	} {
		if _, _, err := s.CreateUser(t.Context(), n); !fault.Is(err, fault.AlreadyExists) {
			t.Errorf("same %s: got %v, want AlreadyExists", what, err)
		}
	}
	users, err := s.ListUsers(t.Context())
	if err != nil || len(users) != 1 {
		t.Errorf("users: got %v, %v, want alice alone", users, err)
	}
	if _, _, err := s.EnsureRoot(t.Context(), "alicekey", "rootsecret"); !fault.Is(err, fault.AlreadyExists) {
		t.Errorf("root with the key of alice: got %v, want AlreadyExists", err)
	}
}

// TestConcurrentCreate: of many makers of one name exactly one succeeds.
func TestConcurrentCreate(t *testing.T) {
	s := New(newEngine(t), Options{})
	const makers = 8
	errs := make([]error, makers)
	var wg sync.WaitGroup
	for i := range makers {
		wg.Go(func() {
			_, _, errs[i] = s.CreateUser(t.Context(), NewUser{Name: "same", Email: fmt.Sprintf("u%d@example.com", i)})
		})
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !fault.Is(err, fault.AlreadyExists) {
			t.Errorf("got %v, want AlreadyExists", err)
		}
	}
	if made != 1 {
		t.Errorf("%d makers succeeded, want 1", made)
	}
}

func TestCreateRefuses(t *testing.T) {
	s := New(newEngine(t), Options{})
	long := strings.Repeat("x", 300)
	for _, n := range []NewUser{
		{},
		{Name: long},
		{Name: "a b"},
		{Name: "a/b"},
		{Name: "*"},
		{Name: "ä"},
		{Name: "Root"},
		{Name: "anonymous"},
		{Name: "u", CanonicalID: "abc"},
		{Name: "u", CanonicalID: access.CanonicalID(strings.ToUpper(string(someID)))},
		{Name: "u", CanonicalID: access.ExecReader},
		{Name: "u", DisplayName: long},
		{Name: "u", DisplayName: "a\nb"},
		{Name: "u", DisplayName: "\xff"},
		{Name: "u", Email: "nobody"},
		{Name: "u", Email: "a@b@c"},
		{Name: "u", Email: long + "@example.com"},
		{Name: "u", Role: 9},
		{Name: "u", AccessKey: "onlykey"},
		{Name: "u", Secret: "onlysecret"},
		{Name: "u", AccessKey: "a/b/c", Secret: "longsecret"},
		{Name: "u", AccessKey: "key", Secret: "short"},
		{Name: "u", AccessKey: "key", Secret: "with a space"},
	} {
		if _, _, err := s.CreateUser(t.Context(), n); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%+v: got %v, want InvalidArgument", n, err)
		}
	}
	if users, err := s.ListUsers(t.Context()); err != nil || len(users) != 0 {
		t.Errorf("users: got %v, %v, want none", users, err)
	}
	if _, err := s.User(t.Context(), strings.Repeat(long, 30)); !fault.Is(err, fault.NoSuchUser) {
		t.Errorf("endless name: got %v, want NoSuchUser", err)
	}
	if _, err := s.ByEmail(t.Context(), strings.Repeat(long, 30)); !fault.Is(err, fault.NoSuchUser) {
		t.Errorf("endless address: got %v, want NoSuchUser", err)
	}
	if _, _, err := byAccessKey(t.Context(), s, strings.Repeat(long, 30)); !fault.Is(err, fault.NoSuchAccessKey) {
		t.Errorf("endless key: got %v, want NoSuchAccessKey", err)
	}
}

func TestEnsureRoot(t *testing.T) {
	engine := newEngine(t)
	now := time.Unix(1_700_000_000, 0)
	tick := func() time.Time { now = now.Add(time.Second); return now } // no two keys are of one time
	s := New(engine, Options{Now: tick})
	ensure := func(id string, secret Secret, wantMade bool) AccessKey {
		t.Helper()
		k, made, err := s.EnsureRoot(t.Context(), id, secret)
		if err != nil || made != wantMade {
			t.Fatalf("got made=%v, %v, want %v", made, err, wantMade)
		}
		u, got, err := byAccessKey(t.Context(), s, k.ID)
		if err != nil || got != k || u.Name != RootName || u.Principal().Kind != access.Root {
			t.Fatalf("root key %q: got %+v, %v", k.ID, u, err)
		}
		return k
	}
	first := ensure("", "", true)
	if again := ensure("", "", false); again != first {
		t.Errorf("second start: got key %q, want %q", again.ID, first.ID)
	}
	set := ensure("rootkey", "rootsecret", false)
	if _, _, err := byAccessKey(t.Context(), s, first.ID); !fault.Is(err, fault.NoSuchAccessKey) {
		t.Errorf("replaced root key: got %v, want NoSuchAccessKey", err)
	}
	if same := ensure("rootkey", "rootsecret", false); same != set {
		t.Error("the same key was written anew")
	}
	if ensure("rootkey", "othersecret", false).Secret == set.Secret {
		t.Error("a new secret for the same key was not taken")
	}
	s = New(engine, Options{Now: tick}) // a restart without the environment
	if kept := ensure("", "", false); kept.ID != "rootkey" {
		t.Errorf("after a restart: got key %q, want rootkey", kept.ID)
	}
	if _, _, err := s.EnsureRoot(t.Context(), "rootkey", ""); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("key without secret: got %v, want InvalidArgument", err)
	}
	if err := s.DeleteUser(t.Context(), "ROOT"); !fault.Is(err, fault.InvalidRequest) {
		t.Errorf("delete of root: got %v, want InvalidRequest", err)
	}
}

// TestOtherProcess: a change by another Store over the same engine is seen after maxAge, not before the
// cache can know; a change through the Store itself at once.
func TestOtherProcess(t *testing.T) {
	engine := newEngine(t)
	now := time.Unix(1_700_000_000, 0)
	here := New(engine, Options{Now: func() time.Time { return now }})
	there := New(engine, Options{})
	_, k := create(t, here, NewUser{Name: "alice"})
	for range 2 {
		if _, _, err := byAccessKey(t.Context(), here, k.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := there.DeleteUser(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := byAccessKey(t.Context(), here, k.ID); err != nil {
		t.Errorf("within maxAge: got %v, want the cached key", err)
	}
	now = now.Add(maxAge)
	if _, _, err := byAccessKey(t.Context(), here, k.ID); !fault.Is(err, fault.NoSuchAccessKey) {
		t.Errorf("after maxAge: got %v, want NoSuchAccessKey", err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	var c cache
	for i := range 3 * maxCached {
		id := fmt.Sprint(i)
		_, generation, _ := c.get(id, time.Time{})
		c.put(id, cached{}, generation)
		if len(c.entries) > maxCached {
			t.Fatalf("%d entries", len(c.entries))
		}
	}
	_, generation, _ := c.get("late", time.Time{})
	c.invalidate()
	c.put("late", cached{}, generation)
	if len(c.entries) != 0 {
		t.Error("what was read before a change was kept after it")
	}
}

func TestListUsers(t *testing.T) {
	s := New(newEngine(t), Options{})
	var want []string
	for i := range 25 {
		want = append(want, fmt.Sprintf("user%02d", i))
		create(t, s, NewUser{Name: want[i]})
	}
	users, err := s.ListUsers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range users {
		got = append(got, u.Name)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSecretRedacts(t *testing.T) {
	k := AccessKey{ID: "id", Secret: "hunter2hunter2"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", k, "secret", k.Secret)
	js, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(js) + k.Secret.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all += fmt.Sprintf(verb, k) + fmt.Sprintf(verb, k.Secret)
	}
	if strings.Contains(all, "hunter") || strings.Contains(all, fmt.Sprintf("%x", "hunter")) {
		t.Errorf("a secret was printed: %s", all)
	}
	if k.Secret.Reveal() != "hunter2hunter2" {
		t.Error("Reveal does not")
	}
}

// TestAccount: an account is found by its canonical id, its number or its name, in this order, so that no name hides another's
// number.
func TestAccount(t *testing.T) {
	s := New(newEngine(t), Options{})
	ann, _ := create(t, s, NewUser{Name: "ann", CanonicalID: someID})
	thief, _ := create(t, s, NewUser{Name: someID.AccountID()})
	create(t, s, NewUser{Name: string(someID)})
	for _, name := range []string{"ann", "ANN", someID.AccountID(), string(someID)} {
		if got, err := s.Account(t.Context(), name); err != nil || got.CanonicalID != ann.CanonicalID {
			t.Errorf("Account(%s) = %+v, %v, want ann", name, got, err)
		}
	}
	if got, err := s.Account(t.Context(), thief.CanonicalID.AccountID()); err != nil || got.Name != thief.Name {
		t.Errorf("Account of the thief's number = %+v, %v", got, err)
	}
	for _, name := range []string{"", "bob", "000000000000", strings.Repeat("0", 64), strings.Repeat("x", 5000), "ann\x00"} {
		if _, err := s.Account(t.Context(), name); !fault.Is(err, fault.NoSuchUser) {
			t.Errorf("Account(%.20q) = %v, want %v", name, err, fault.NoSuchUser)
		}
	}
}
