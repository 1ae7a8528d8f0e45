package account

import (
	"context"
	"fmt"
	"slices"

	"shoal/core/fault"
)

// ByAccessKey returns an active access key and its user. NoSuchAccessKey when there is none, it is not
// active, or its user is gone. It is on the way of every signed request: what it found is kept for at
// most maxAge, and dropped by every change through this Store. Several nodes over one engine see each
// other's changes, a revoked key among them, within that time.
func (s *Store) ByAccessKey(ctx context.Context, id string) (User, AccessKey, error) {
	now := s.now()
	found, generation, ok := s.cache.get(id, now)
	if ok {
		return found.user, found.key, nil
	}
	u, k, err := s.readKey(ctx, id)
	if err != nil {
		return User{}, AccessKey{}, err
	}
	s.cache.put(id, cached{user: u, key: k, expires: now.Add(maxAge)}, generation)
	return u, k, nil
}

func (s *Store) readKey(ctx context.Context, id string) (User, AccessKey, error) {
	const op = "get access key"
	refused := fault.New(op, id, fault.NoSuchAccessKey, nil)
	if len(id) > MaxAccessKey {
		return User{}, AccessKey{}, refused // also keeps the row key within the engine's limit
	}
	rows, err := s.engine.Get(ctx, keyKey(id))
	if err != nil {
		return User{}, AccessKey{}, wrap(op, id, err)
	}
	if !rows[0].Exists() {
		return User{}, AccessKey{}, refused
	}
	k, err := decodeKey(rows[0].Value)
	if err != nil {
		return User{}, AccessKey{}, fault.New(op, id, fault.Internal, fmt.Errorf("key row: %w", err))
	}
	u, err := s.User(ctx, k.UserName)
	switch {
	case fault.Is(err, fault.NoSuchUser):
		return User{}, AccessKey{}, refused
	case err != nil:
		return User{}, AccessKey{}, err
	// The two reads are not one snapshot: the name may have passed to a new user meanwhile.
	case !k.Active || !slices.Contains(u.AccessKeyIDs, id):
		return User{}, AccessKey{}, refused
	}
	return u, k, nil
}
