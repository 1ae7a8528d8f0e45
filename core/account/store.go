package account

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// Options of a Store. The zero value works.
type Options struct {
	Now    func() time.Time // for creation times, last uses and the age of cached keys; default time.Now
	Logger *slog.Logger     // default slog.Default()
}

// Store holds users and access keys in an engine, which it does not close.
type Store struct {
	engine kv.Engine
	now    func() time.Time
	log    *slog.Logger
	cache  cache
	uses   uses
	aead   atomic.Pointer[cipher.AEAD] // of session tokens; nil until it was read
}

// New returns a Store over engine.
func New(engine kv.Engine, o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Store{engine: engine, now: o.Now, log: o.Logger}
}

// CreateUser makes a user with one access key. InvalidArgument when n breaks a bound or its name is
// reserved, AlreadyExists when its name, access key, canonical id or email belongs to another user.
func (s *Store) CreateUser(ctx context.Context, n NewUser) (User, AccessKey, error) {
	const op = "create user"
	if err := n.validate(); err != nil {
		return User{}, AccessKey{}, fault.New(op, n.Name, fault.InvalidArgument, err)
	}
	u, k := s.build(n)
	if _, err := s.ByCanonicalID(ctx, u.CanonicalID); fault.Is(err, fault.NoSuchUser) {
		if err := s.clearAccount(ctx, u.CanonicalID); err != nil {
			return User{}, AccessKey{}, wrap(op, n.Name, err)
		}
	}
	err := s.update(ctx, func(tx *kv.Tx) error { return insert(tx, op, u, k) })
	if err != nil {
		return User{}, AccessKey{}, wrap(op, n.Name, err)
	}
	return u, k, nil
}

// build completes n, which is valid, with what is generated.
func (s *Store) build(n NewUser) (User, AccessKey) {
	if n.AccessKey == "" {
		n.AccessKey, n.Secret = newKeyPair()
	}
	if n.CanonicalID == "" {
		n.CanonicalID = newCanonicalID()
	}
	if n.DisplayName == "" {
		n.DisplayName = n.Name
	}
	created := s.created()
	u := User{
		Name: n.Name, CanonicalID: n.CanonicalID, DisplayName: n.DisplayName, Email: n.Email,
		Role: n.Role, Account: n.CanonicalID, Created: created, AccessKeyIDs: []string{n.AccessKey},
	}
	return u, AccessKey{ID: n.AccessKey, Secret: n.Secret, UserName: n.Name, Created: created, Active: true}
}

// created is now as it is stored.
func (s *Store) created() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// insert writes the rows of a new user; that each of them is absent is checked in the same commit.
func insert(tx *kv.Tx, op string, u User, k AccessKey) error {
	keys := [][]byte{userKey(u.Name), keyKey(k.ID), canonicalKey(u.CanonicalID), accountKey(u.CanonicalID)}
	if u.Email != "" {
		keys = append(keys, emailKey(u.Email))
	}
	rows, err := tx.Get(keys...)
	if err != nil {
		return err
	}
	for i, what := range []string{"name", "access key", "canonical id", "account id", "email address"}[:len(rows)] {
		if rows[i].Exists() {
			return fault.New(op, u.Name, fault.AlreadyExists, fmt.Errorf("the %s belongs to another user", what))
		}
	}
	name := []byte(fold(u.Name))
	tx.Put(keys[0], encodeUser(u))
	tx.Put(keys[1], encodeKey(k))
	for _, index := range keys[2:] {
		tx.Put(index, name)
	}
	return nil
}

// DeleteUser removes a user with his keys and all of IAM in his account. What he owns is not looked at: the caller sees to it that
// he owns no bucket. NoSuchUser; InvalidRequest for the root user.
func (s *Store) DeleteUser(ctx context.Context, name string) error {
	const op = "delete user"
	if fold(name) == RootName {
		return fault.New(op, name, fault.InvalidRequest, errors.New("the root user cannot be deleted"))
	}
	if len(name) > MaxName {
		return fault.New(op, name, fault.NoSuchUser, nil)
	}
	var gone User
	err := s.update(ctx, func(tx *kv.Tx) error {
		// Every change of a user writes his row, so that this one check covers his keys too.
		rows, err := tx.Get(userKey(name))
		if err != nil {
			return err
		}
		u, err := userOf(op, name, rows[0])
		if err != nil {
			return err
		}
		gone = u
		tx.UseReserve()
		tx.Delete(userKey(name))
		tx.Delete(canonicalKey(u.CanonicalID))
		tx.Delete(accountKey(u.CanonicalID))
		tx.Delete(quotaKey(u.CanonicalID))
		tx.Delete(budgetsKey(string(u.CanonicalID)))
		if u.Email != "" {
			tx.Delete(emailKey(u.Email))
		}
		for _, id := range u.AccessKeyIDs {
			deleteKey(tx, id)
		}
		return nil
	})
	if err != nil {
		return wrap(op, name, err)
	}
	for _, id := range gone.AccessKeyIDs {
		s.uses.forget(id)
	}
	return wrap(op, name, s.clearAccount(ctx, gone.CanonicalID))
}

// update runs f and drops what was cached, also when the outcome is not known.
func (s *Store) update(ctx context.Context, f func(*kv.Tx) error) error {
	defer s.cache.invalidate()
	return kv.Update(ctx, s.engine, f)
}

// ListUsers returns all users in the order of their folded names, root included. Users that come or go
// meanwhile may be missed.
func (s *Store) ListUsers(ctx context.Context) ([]User, error) {
	const op = "list users"
	from := []byte{prefix, kindUser}
	to := tuple.PrefixEnd(from)
	var users []User
	for more := true; more; {
		var rows []kv.Row
		var err error
		if rows, more, err = s.engine.Scan(ctx, from, to, kv.ScanOptions{}); err != nil {
			return nil, wrap(op, "", err)
		}
		for _, row := range rows {
			u, err := userOf(op, "", row)
			if err != nil {
				return nil, err
			}
			users = append(users, u)
			from = append(slices.Clone(row.Key), 0)
		}
	}
	return users, nil
}

// User returns the user of that name, whatever its case. NoSuchUser.
func (s *Store) User(ctx context.Context, name string) (User, error) {
	const op = "get user"
	if len(name) > MaxName {
		return User{}, fault.New(op, name, fault.NoSuchUser, nil) // and no key over the engine's limit
	}
	rows, err := s.engine.Get(ctx, userKey(name))
	if err != nil {
		return User{}, wrap(op, name, err)
	}
	return userOf(op, name, rows[0])
}

// ByCanonicalID returns the user with that id. NoSuchUser.
func (s *Store) ByCanonicalID(ctx context.Context, id access.CanonicalID) (User, error) {
	u, err := s.byIndex(ctx, string(id), canonicalKey(id))
	if err == nil && u.CanonicalID != id {
		return User{}, fault.New("get user", string(id), fault.NoSuchUser, nil)
	}
	return u, err
}

// Account returns the user whose account has that canonical id, number of 12 digits or name, looked for in this order.
// NoSuchUser.
func (s *Store) Account(ctx context.Context, name string) (User, error) {
	if access.CanonicalID(name).Valid() {
		return s.ByCanonicalID(ctx, access.CanonicalID(name))
	}
	u, err := s.byIndex(ctx, name, rowKey(kindAccount, name))
	if err == nil && u.CanonicalID.AccountID() == name || err != nil && !fault.Is(err, fault.NoSuchUser) {
		return u, err
	}
	return s.User(ctx, name)
}

// ByEmail returns the user with that address, whatever its case. NoSuchUser.
func (s *Store) ByEmail(ctx context.Context, email string) (User, error) {
	u, err := s.byIndex(ctx, email, emailKey(email))
	if err == nil && fold(u.Email) != fold(email) {
		return User{}, fault.New("get user", email, fault.NoSuchUser, nil)
	}
	return u, err
}

// byIndex follows an index row to its user. The two reads are not one snapshot: the caller compares
// what it looked for with what the user has now.
func (s *Store) byIndex(ctx context.Context, what string, index []byte) (User, error) {
	const op = "get user"
	if len(what) > MaxEmail {
		return User{}, fault.New(op, what, fault.NoSuchUser, nil) // the longest of what is looked for
	}
	rows, err := s.engine.Get(ctx, index)
	if err != nil {
		return User{}, wrap(op, what, err)
	}
	if !rows[0].Exists() {
		return User{}, fault.New(op, what, fault.NoSuchUser, nil)
	}
	rows, err = s.engine.Get(ctx, userKey(string(rows[0].Value)))
	if err != nil {
		return User{}, wrap(op, what, err)
	}
	return userOf(op, what, rows[0])
}

// userOf decodes a user row that was looked for as resource. NoSuchUser when it is absent.
func userOf(op, resource string, row kv.Row) (User, error) {
	if !row.Exists() {
		return User{}, fault.New(op, resource, fault.NoSuchUser, nil)
	}
	u, err := decodeUser(row.Value)
	if err != nil {
		return User{}, fault.New(op, resource, fault.Internal, fmt.Errorf("user row %q: %w", row.Key, err))
	}
	return u, nil
}
