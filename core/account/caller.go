package account

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"shoal/core/access"
	"shoal/core/fault"
)

// Caller is who signs with an access key.
type Caller struct {
	Account   User             // the account it belongs to, who pays
	Key       AccessKey        // its Secret verifies signatures
	Principal access.Principal // with all policies that bind it
	Identity  *Identity        // the IAM user or role; nil for an account
	Session   *Session         // nil for an access key that stays
}

// Caller returns who signs with an access key and, for a temporary one, the session token that goes with it.
// NoSuchAccessKey when there is no such key, it is not active, or whom it belongs to is gone; InvalidToken when the
// token is not that key's; ExpiredToken. It is on the way of every signed request: what it found is kept for at most
// maxAge, and dropped by every change through this Store. Several nodes over one engine see each other's changes, a
// revoked key or policy among them, within that time.
func (s *Store) Caller(ctx context.Context, accessKey, token string) (Caller, error) {
	now := s.now()
	switch { // which also keeps row keys within the engine's limit
	case len(accessKey) > MaxAccessKey, strings.ContainsRune(accessKey, 0):
		return Caller{}, fault.New("find caller", "", fault.NoSuchAccessKey, nil)
	case len(token) > MaxSessionToken:
		return Caller{}, fault.New("find caller", accessKey, fault.InvalidToken, nil)
	}
	id := cacheKey(accessKey, token)
	found, generation, ok := s.cache.get(id, now)
	if ok && !found.caller.expired(now) {
		return found.caller, nil
	}
	read := s.keyCaller
	if token != "" {
		read = func(ctx context.Context, id string) (Caller, error) { return s.sessionCaller(ctx, id, token) }
	}
	c, err := read(ctx, accessKey)
	if err != nil {
		return Caller{}, err
	}
	s.cache.put(id, cached{caller: c, expires: now.Add(maxAge)}, generation)
	return c, nil
}

// cacheKey names a key with its token, in bounded space. No access key has a zero byte.
func cacheKey(accessKey, token string) string {
	if token == "" {
		return accessKey
	}
	sum := sha256.Sum256([]byte(token))
	return accessKey + "\x00" + string(sum[:])
}

// keyCaller returns who has an access key that stays.
func (s *Store) keyCaller(ctx context.Context, id string) (Caller, error) {
	const op = "get access key"
	refused := fault.New(op, id, fault.NoSuchAccessKey, nil)
	rows, err := s.engine.Get(ctx, keyKey(id))
	if err != nil {
		return Caller{}, wrap(op, id, err)
	}
	if !rows[0].Exists() {
		return Caller{}, refused
	}
	k, err := decodeKey(rows[0].Value)
	if err != nil {
		return Caller{}, fault.New(op, id, fault.Internal, fmt.Errorf("key row: %w", err))
	}
	if !k.Active {
		return Caller{}, refused
	}
	var c Caller
	if k.Account == "" {
		c, err = s.accountCaller(ctx, k)
	} else {
		c, err = s.userCaller(ctx, k)
	}
	if fault.Is(err, fault.NoSuchUser) || fault.Is(err, fault.NoSuchEntity) {
		return Caller{}, refused
	}
	return c, err
}

func (s *Store) accountCaller(ctx context.Context, k AccessKey) (Caller, error) {
	u, err := s.User(ctx, k.UserName)
	if err != nil {
		return Caller{}, err
	}
	// The two reads are not one snapshot: the name may have passed to a new user meanwhile.
	if !slices.Contains(u.AccessKeyIDs, k.ID) {
		return Caller{}, fault.New("get access key", k.ID, fault.NoSuchUser, nil)
	}
	return Caller{Account: u, Key: k, Principal: u.Principal()}, nil
}

func (s *Store) userCaller(ctx context.Context, k AccessKey) (Caller, error) {
	i, err := s.Identity(ctx, IAMUser, k.Account, k.UserName)
	if err != nil {
		return Caller{}, err
	}
	if !slices.Contains(i.AccessKeyIDs, k.ID) {
		return Caller{}, fault.New("get access key", k.ID, fault.NoSuchEntity, nil)
	}
	c, err := s.identityCaller(ctx, i)
	c.Key = k
	return c, err
}

// identityCaller returns i, a user or a role, with its policies; without a key.
func (s *Store) identityCaller(ctx context.Context, i Identity) (Caller, error) {
	owner, err := s.ByCanonicalID(ctx, i.Account)
	if err != nil {
		return Caller{}, err
	}
	bound, err := s.identityPolicies(ctx, i)
	if err != nil {
		return Caller{}, err
	}
	p := access.Principal{
		Kind: access.User, CanonicalID: i.Account, AccountID: i.Account.AccountID(), Role: owner.Role,
		ARN: i.ARN(), UserID: i.ID, Identity: bound,
	}
	if i.Kind == IAMUser {
		p.UserName = i.Name
	}
	return Caller{Account: owner, Principal: p, Identity: &i}, nil
}

// identityPolicies reads what binds a user, with his groups, or a role. What cannot be read or parsed is an error,
// never left out: it could be a deny.
func (s *Store) identityPolicies(ctx context.Context, i Identity) (*access.Identity, error) {
	holders := []Identity{i}
	for _, name := range i.Groups {
		g, err := s.Identity(ctx, IAMGroup, i.Account, name)
		switch {
		case fault.Is(err, fault.NoSuchEntity): // deleted since i was read, which takes i out of it first
		case err != nil:
			return nil, err
		default:
			holders = append(holders, g)
		}
	}
	bound := &access.Identity{Tags: i.Tags}
	for _, h := range holders {
		for _, p := range h.Inline {
			parsed, err := parseStored(p.Document)
			if err != nil {
				return nil, err
			}
			bound.Policies = append(bound.Policies, parsed)
		}
		managed, err := s.managedPolicies(ctx, i.Account, h.Attached)
		if err != nil {
			return nil, err
		}
		bound.Policies = append(bound.Policies, managed...)
	}
	if i.Boundary != "" {
		boundary, err := s.managedPolicies(ctx, i.Account, []string{i.Boundary})
		if err != nil {
			return nil, err
		}
		bound.Limits = append(bound.Limits, access.Limit{Reason: access.ByBoundary, Policies: boundary})
	}
	return bound, nil
}

// managedPolicies returns the default versions of managed policies.
func (s *Store) managedPolicies(ctx context.Context, account access.CanonicalID, arns []string) ([]*access.Policy, error) {
	policies := []*access.Policy{}
	for _, arn := range arns {
		p, err := s.Policy(ctx, account, arn)
		if err != nil {
			return nil, err
		}
		parsed, err := parseStored(p.Document())
		if err != nil {
			return nil, err
		}
		policies = append(policies, parsed)
	}
	return policies, nil
}

func parseStored(document string) (*access.Policy, error) {
	p, err := access.LoadIdentityPolicy([]byte(document))
	if err != nil {
		return nil, fault.New("read policy", "", fault.Internal, err)
	}
	return p, nil
}
