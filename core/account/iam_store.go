package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// Identity returns an IAM user, group or role of an account, whatever the case of the name. NoSuchEntity.
func (s *Store) Identity(ctx context.Context, kind IdentityKind, account access.CanonicalID, name string) (Identity, error) {
	op := "get " + kind.String()
	if len(name) > maxPolicyName {
		return Identity{}, noSuchIdentity(op, kind, name)
	}
	rows, err := s.engine.Get(ctx, identityKey(kind, account, name))
	if err != nil {
		return Identity{}, wrap(op, name, err)
	}
	return identityOf(op, kind, name, rows[0])
}

// Identities returns all identities of a kind of an account in the order of their folded names. Those that come or
// go meanwhile may be missed.
func (s *Store) Identities(ctx context.Context, kind IdentityKind, account access.CanonicalID) ([]Identity, error) {
	op := "list " + kind.String() + "s"
	var all []Identity
	err := s.eachRow(ctx, rowKey(kind.row(), account.AccountID()), kv.ScanOptions{}, func(row kv.Row) error {
		i, err := identityOf(op, kind, "", row)
		all = append(all, i)
		return err
	})
	return all, wrap(op, account.AccountID(), err)
}

// eachRow calls f for every row below a prefix, in pages.
func (s *Store) eachRow(ctx context.Context, from []byte, o kv.ScanOptions, f func(kv.Row) error) error {
	to := tuple.PrefixEnd(from)
	for more := true; more; {
		var rows []kv.Row
		var err error
		if rows, more, err = s.engine.Scan(ctx, from, to, o); err != nil {
			return err
		}
		for _, row := range rows {
			if err := f(row); err != nil {
				return err
			}
			from = append(slices.Clone(row.Key), 0)
		}
	}
	return nil
}

// count returns how many rows are below a prefix.
func (s *Store) count(ctx context.Context, from []byte) (n int, err error) {
	err = s.eachRow(ctx, from, kv.ScanOptions{KeysOnly: true}, func(kv.Row) error { n++; return nil })
	return n, err
}

// Counts is how many identities an account has.
type Counts struct{ Users, Groups, Roles int }

// CountIdentities returns how many users, groups and roles are in an account.
func (s *Store) CountIdentities(ctx context.Context, account access.CanonicalID) (n Counts, err error) {
	for kind, to := range map[IdentityKind]*int{IAMUser: &n.Users, IAMGroup: &n.Groups, IAMRole: &n.Roles} {
		if *to, err = s.count(ctx, rowKey(kind.row(), account.AccountID())); err != nil {
			return Counts{}, wrap("count identities", account.AccountID(), err)
		}
	}
	return n, nil
}

// CreateIdentity makes an identity of i's kind, name, path, tags and, for a role, trust policy, description and
// longest session; an empty path is "/". InvalidArgument, MalformedPolicy, AlreadyExists, LimitExceeded; NoSuchEntity
// when the boundary is no policy of the account.
func (s *Store) CreateIdentity(ctx context.Context, i Identity) (Identity, error) {
	op := "create " + i.Kind.String()
	if i.Path == "" {
		i.Path = "/"
	}
	if err := i.validate(); err != nil {
		return Identity{}, invalid(op, i.Name, err)
	}
	n, err := s.count(ctx, rowKey(i.Kind.row(), i.Account.AccountID()))
	if err != nil {
		return Identity{}, wrap(op, i.Name, err)
	}
	if n >= i.Kind.quota() {
		return Identity{}, overQuota(op, i.Name, i.Kind.String()+"s of an account", i.Kind.quota())
	}
	i.ID, i.Created = newUniqueID(i.Kind.idPrefix()), s.created()
	key := identityKey(i.Kind, i.Account, i.Name)
	err = s.update(ctx, func(tx *kv.Tx) error {
		rows, err := tx.Get(key)
		if err != nil {
			return err
		}
		if rows[0].Exists() {
			return fault.New(op, i.Name, fault.AlreadyExists, tell("%s with name %s already exists.", title(i.Kind), i.Name))
		}
		if i.Boundary != "" {
			if err := adjustPolicy(tx, op, i.Account, i.Boundary, func(p *ManagedPolicy) { p.Boundaries++ }); err != nil {
				return err
			}
		}
		tx.Put(key, encodeIdentity(i))
		return nil
	})
	if err != nil {
		return Identity{}, wrap(op, i.Name, err)
	}
	return i, nil
}

func (i Identity) validate() error {
	if err := checkIAMName(i.Kind.String()+" name", i.Name, i.Kind.nameLimit()); err != nil {
		return err
	}
	if err := errors.Join(checkPath(i.Path), checkTags(i.Tags), checkDescription(i.Description)); err != nil {
		return err
	}
	if len(i.Tags) > MaxTags {
		return tooManyTags("tag", i.Name)
	}
	if i.Kind != IAMRole {
		return nil
	}
	if i.MaxSession < MinRoleSession || i.MaxSession > MaxRoleSession {
		return fmt.Errorf("the longest session of a role is from %v to %v", MinRoleSession, MaxRoleSession)
	}
	return checkTrust(i.Trust)
}

func checkTrust(document string) error {
	if policySize(document) > maxTrust {
		return overQuota("check trust policy", "", "ACLSizePerRole", maxTrust)
	}
	_, err := access.ParseTrustPolicy([]byte(document))
	return err
}

// ChangeIdentity gives the identity of that name what f makes of it; name, id, account and kind stay. What f returns
// ends it. NoSuchEntity, and the errors of a creation.
func (s *Store) ChangeIdentity(ctx context.Context, kind IdentityKind, account access.CanonicalID, name string, f func(*Identity) error) error {
	op := "update " + kind.String()
	return s.change(ctx, op, kind, account, name, func(_ *kv.Tx, i *Identity) error {
		if err := f(i); err != nil {
			return err
		}
		return invalid(op, name, i.validate())
	})
}

// change reads an identity, lets f change it and what goes with it, and writes it.
func (s *Store) change(ctx context.Context, op string, kind IdentityKind, account access.CanonicalID, name string, f func(*kv.Tx, *Identity) error) error {
	if len(name) > maxPolicyName {
		return noSuchIdentity(op, kind, name)
	}
	err := s.update(ctx, func(tx *kv.Tx) error {
		i, err := readIdentity(tx, op, kind, account, name)
		if err != nil {
			return err
		}
		if err := f(tx, &i); err != nil {
			return err
		}
		tx.Put(identityKey(kind, account, name), encodeIdentity(i))
		return nil
	})
	return wrap(op, name, err)
}

// DeleteIdentity removes an identity that has nothing left: no access keys, policies, groups or members. NoSuchEntity,
// DeleteConflict.
func (s *Store) DeleteIdentity(ctx context.Context, kind IdentityKind, account access.CanonicalID, name string) error {
	op := "delete " + kind.String()
	if len(name) > maxPolicyName {
		return noSuchIdentity(op, kind, name)
	}
	err := s.update(ctx, func(tx *kv.Tx) error {
		i, err := readIdentity(tx, op, kind, account, name)
		if err != nil {
			return err
		}
		if left := i.left(); left != "" {
			return fault.New(op, name, fault.DeleteConflict, tell("Cannot delete entity, must %s first.", left))
		}
		if i.Boundary != "" {
			if err := adjustPolicy(tx, op, account, i.Boundary, func(p *ManagedPolicy) { p.Boundaries-- }); err != nil {
				return err
			}
			tx.UseReserve()
		}
		tx.Delete(identityKey(kind, account, name))
		if kind == IAMRole {
			tx.Delete(useKey(i.ID))
		}
		return nil
	})
	return wrap(op, name, err)
}

// left says what has to be done before i can be deleted; "" is nothing.
func (i Identity) left() string {
	switch {
	case len(i.AccessKeyIDs) > 0:
		return "delete access keys"
	case len(i.Inline) > 0:
		return "delete policies"
	case len(i.Attached) > 0:
		return "detach all policies"
	case len(i.Groups) > 0:
		return "remove users from group"
	case i.Members > 0:
		return "remove users in group"
	}
	return ""
}

func readIdentity(tx *kv.Tx, op string, kind IdentityKind, account access.CanonicalID, name string) (Identity, error) {
	rows, err := tx.Get(identityKey(kind, account, name))
	if err != nil {
		return Identity{}, err
	}
	return identityOf(op, kind, name, rows[0])
}

// identityOf decodes a row that was looked for by name. NoSuchEntity when it is absent.
func identityOf(op string, kind IdentityKind, name string, row kv.Row) (Identity, error) {
	if !row.Exists() {
		return Identity{}, noSuchIdentity(op, kind, name)
	}
	i, err := decodeIdentity(kind, row.Value)
	if err != nil {
		return Identity{}, fault.New(op, name, fault.Internal, fmt.Errorf("%s row %q: %w", kind, row.Key, err))
	}
	return i, nil
}

func noSuchIdentity(op string, kind IdentityKind, name string) error {
	return fault.New(op, name, fault.NoSuchEntity, tell("The %s with name %s cannot be found.", kind, name))
}

func tooManyTags(op, resource string) error {
	return fault.New(op, resource, fault.LimitExceeded, tell("The number of tags has reached the maximum limit."))
}

func overQuota(op, resource, what string, quota int) error {
	return fault.New(op, resource, fault.LimitExceeded, fmt.Errorf("cannot exceed quota for %s: %d", what, quota))
}

func title(k IdentityKind) string {
	return map[IdentityKind]string{IAMUser: "User", IAMGroup: "Group", IAMRole: "Role"}[k]
}

func (k IdentityKind) idPrefix() string {
	return map[IdentityKind]string{IAMUser: userIDPrefix, IAMGroup: groupIDPrefix, IAMRole: roleIDPrefix}[k]
}
