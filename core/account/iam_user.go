package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// MoveIdentity gives an IAM user or a group another name or path; empty ones stay. NoSuchEntity, AlreadyExists,
// InvalidArgument; DeleteConflict for another name of a group that has members.
func (s *Store) MoveIdentity(ctx context.Context, kind IdentityKind, account access.CanonicalID, name, newName, newPath string) error {
	op := "update " + kind.String()
	if len(name) > maxPolicyName {
		return noSuchIdentity(op, kind, name)
	}
	err := s.update(ctx, func(tx *kv.Tx) error {
		i, err := readIdentity(tx, op, kind, account, name)
		if err != nil {
			return err
		}
		if newPath != "" {
			i.Path = newPath
		}
		if newName != "" && newName != i.Name {
			if err := rename(tx, op, &i, newName); err != nil {
				return err
			}
		}
		if err := i.validate(); err != nil {
			return invalid(op, name, err)
		}
		tx.Put(identityKey(kind, account, i.Name), encodeIdentity(i))
		return nil
	})
	return wrap(op, name, err)
}

// rename takes i out of its row and its keys to the new name.
func rename(tx *kv.Tx, op string, i *Identity, name string) error {
	if err := checkIAMName(i.Kind.String()+" name", name, i.Kind.nameLimit()); err != nil {
		return invalid(op, name, err)
	}
	if i.Members > 0 {
		return fault.New(op, i.Name, fault.DeleteConflict, errors.New("cannot rename a group that has users"))
	}
	if fold(name) != fold(i.Name) {
		rows, err := tx.Get(identityKey(i.Kind, i.Account, name))
		if err != nil {
			return err
		}
		if rows[0].Exists() {
			return fault.New(op, name, fault.AlreadyExists, tell("%s with name %s already exists.", title(i.Kind), name))
		}
		tx.Delete(identityKey(i.Kind, i.Account, i.Name))
	}
	i.Name = name
	for _, id := range i.AccessKeyIDs {
		k, err := readAccessKey(tx, op, id)
		if err != nil {
			return err
		}
		k.UserName = name
		tx.Put(keyKey(id), encodeKey(k))
	}
	return nil
}

// CreateAccessKey makes an access key of an IAM user. NoSuchEntity, LimitExceeded.
func (s *Store) CreateAccessKey(ctx context.Context, account access.CanonicalID, userName string) (AccessKey, error) {
	const op = "create access key"
	id, secret := newKeyPair()
	k := AccessKey{ID: id, Secret: secret, Account: account, Created: s.created(), Active: true}
	err := s.change(ctx, op, IAMUser, account, userName, func(tx *kv.Tx, i *Identity) error {
		if len(i.AccessKeyIDs) >= MaxAccessKeys {
			return overQuota(op, userName, "AccessKeysPerUser", MaxAccessKeys)
		}
		rows, err := tx.Get(keyKey(id))
		if err != nil {
			return err
		}
		if rows[0].Exists() {
			return fault.New(op, id, fault.AlreadyExists, errors.New("the access key belongs to another user"))
		}
		k.UserName = i.Name
		i.AccessKeyIDs = append(i.AccessKeyIDs, id)
		tx.Put(keyKey(id), encodeKey(k))
		return nil
	})
	return k, err
}

// AccessKeys returns the access keys of an IAM user, in the order they were made. NoSuchEntity.
func (s *Store) AccessKeys(ctx context.Context, account access.CanonicalID, userName string) ([]AccessKey, error) {
	const op = "list access keys"
	i, err := s.Identity(ctx, IAMUser, account, userName)
	if err != nil || len(i.AccessKeyIDs) == 0 {
		return nil, err
	}
	return s.readKeys(ctx, op, i.AccessKeyIDs)
}

// AccountKeys returns the access keys of an account itself.
func (s *Store) AccountKeys(ctx context.Context, owner User) ([]AccessKey, error) {
	return s.readKeys(ctx, "list access keys", owner.AccessKeyIDs)
}

// AccessKey returns an access key of an account or of an IAM user in it. NoSuchEntity.
func (s *Store) AccessKey(ctx context.Context, owner User, id string) (AccessKey, error) {
	const op = "find access key"
	if len(id) > MaxAccessKey {
		return AccessKey{}, noSuchKey(op, id)
	}
	keys, err := s.readKeys(ctx, op, []string{id})
	if err != nil {
		return AccessKey{}, err
	}
	if len(keys) == 0 || keys[0].Account != owner.CanonicalID && !slices.Contains(owner.AccessKeyIDs, id) {
		return AccessKey{}, noSuchKey(op, id)
	}
	return keys[0], nil
}

// readKeys returns the keys of those ids; one that was deleted meanwhile is left out.
func (s *Store) readKeys(ctx context.Context, op string, ids []string) ([]AccessKey, error) {
	wanted := make([][]byte, len(ids))
	for n, id := range ids {
		wanted[n] = keyKey(id)
	}
	rows, err := s.engine.Get(ctx, wanted...)
	if err != nil {
		return nil, wrap(op, "", err)
	}
	var keys []AccessKey
	for _, row := range rows {
		if !row.Exists() {
			continue
		}
		k, err := decodeKey(row.Value)
		if err != nil {
			return nil, fault.New(op, "", fault.Internal, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// SetAccessKeyActive turns an access key of an IAM user on or off. NoSuchEntity.
func (s *Store) SetAccessKeyActive(ctx context.Context, account access.CanonicalID, userName, id string, active bool) error {
	const op = "update access key"
	return s.change(ctx, op, IAMUser, account, userName, func(tx *kv.Tx, i *Identity) error {
		if !slices.Contains(i.AccessKeyIDs, id) {
			return noSuchKey(op, id)
		}
		k, err := readAccessKey(tx, op, id)
		if err != nil {
			return err
		}
		k.Active = active
		tx.Put(keyKey(id), encodeKey(k))
		return nil
	})
}

// DeleteAccessKey removes an access key of an IAM user. NoSuchEntity.
func (s *Store) DeleteAccessKey(ctx context.Context, account access.CanonicalID, userName, id string) error {
	const op = "delete access key"
	return s.change(ctx, op, IAMUser, account, userName, func(tx *kv.Tx, i *Identity) error {
		at := slices.Index(i.AccessKeyIDs, id)
		if at < 0 {
			return noSuchKey(op, id)
		}
		i.AccessKeyIDs = slices.Delete(i.AccessKeyIDs, at, at+1)
		tx.UseReserve()
		deleteKey(tx, id)
		return nil
	})
}

func readAccessKey(tx *kv.Tx, op, id string) (AccessKey, error) {
	rows, err := tx.Get(keyKey(id))
	if err != nil {
		return AccessKey{}, err
	}
	if !rows[0].Exists() {
		return AccessKey{}, noSuchKey(op, id)
	}
	k, err := decodeKey(rows[0].Value)
	if err != nil {
		return AccessKey{}, fault.New(op, id, fault.Internal, fmt.Errorf("key row: %w", err))
	}
	return k, nil
}

// deleteKey removes an access key with its last use.
func deleteKey(tx *kv.Tx, id string) {
	tx.Delete(keyKey(id))
	tx.Delete(useKey(id))
}

func noSuchKey(op, id string) error {
	return fault.New(op, id, fault.NoSuchEntity, tell("The Access Key with id %s cannot be found", id))
}

// AddToGroup puts an IAM user into a group; who is in it already stays. NoSuchEntity, LimitExceeded.
func (s *Store) AddToGroup(ctx context.Context, account access.CanonicalID, group, userName string) error {
	const op = "add user to group"
	return s.change(ctx, op, IAMUser, account, userName, func(tx *kv.Tx, i *Identity) error {
		g, err := readIdentity(tx, op, IAMGroup, account, group)
		if err != nil || slices.Contains(i.Groups, g.Name) {
			return err
		}
		if len(i.Groups) >= MaxGroupsOfUser {
			return overQuota(op, userName, "GroupsPerUser", MaxGroupsOfUser)
		}
		i.Groups = append(i.Groups, g.Name)
		g.Members++
		tx.Put(identityKey(IAMGroup, account, g.Name), encodeIdentity(g))
		return nil
	})
}

// RemoveFromGroup takes an IAM user out of a group. NoSuchEntity.
func (s *Store) RemoveFromGroup(ctx context.Context, account access.CanonicalID, group, userName string) error {
	const op = "remove user from group"
	return s.change(ctx, op, IAMUser, account, userName, func(tx *kv.Tx, i *Identity) error {
		g, err := readIdentity(tx, op, IAMGroup, account, group)
		if err != nil {
			return err
		}
		at := slices.Index(i.Groups, g.Name)
		if at < 0 {
			return fault.New(op, userName, fault.NoSuchEntity, fmt.Errorf("the user %s is not in group %s", i.Name, g.Name))
		}
		i.Groups = slices.Delete(i.Groups, at, at+1)
		g.Members--
		tx.Put(identityKey(IAMGroup, account, g.Name), encodeIdentity(g))
		return nil
	})
}
