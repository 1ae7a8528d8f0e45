package account

import (
	"context"
	"errors"
	"slices"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// EnsureRoot makes the root user if there is none and returns its access key. Given an access key and a
// secret, the root key becomes those: older root keys stop working. Given none, the present key stays;
// the first time one is generated, and made is true: the caller prints it, once.
// InvalidArgument when only one is given or they break a bound, AlreadyExists when the access key is
// another user's.
func (s *Store) EnsureRoot(ctx context.Context, accessKey string, secret Secret) (key AccessKey, made bool, err error) {
	const op = "set root key"
	if err := checkKey(accessKey, secret); err != nil {
		return AccessKey{}, false, fault.New(op, RootName, fault.InvalidArgument, err)
	}
	err = s.update(ctx, func(tx *kv.Tx) error {
		made = false
		rows, err := tx.Get(userKey(RootName))
		if err != nil {
			return err
		}
		switch {
		case !rows[0].Exists():
			var root User
			root, key = s.build(NewUser{Name: RootName, Role: access.RoleAdmin, AccessKey: accessKey, Secret: secret})
			made = accessKey == ""
			return insert(tx, op, root, key)
		case accessKey == "":
			key, err = currentRootKey(tx, op, rows[0])
			return err
		}
		_, wanted := s.build(NewUser{Name: RootName, AccessKey: accessKey, Secret: secret})
		key, err = replaceRootKey(tx, op, rows[0], wanted)
		return err
	})
	if err != nil {
		return AccessKey{}, false, wrap(op, RootName, err)
	}
	return key, made, nil
}

// currentRootKey reads the key of the root user in row.
func currentRootKey(tx *kv.Tx, op string, row kv.Row) (AccessKey, error) {
	root, err := userOf(op, RootName, row)
	if err != nil {
		return AccessKey{}, err
	}
	if len(root.AccessKeyIDs) == 0 {
		return AccessKey{}, fault.New(op, RootName, fault.Internal, errors.New("the root user has no key"))
	}
	rows, err := tx.Get(keyKey(root.AccessKeyIDs[0]))
	if err != nil {
		return AccessKey{}, err
	}
	if !rows[0].Exists() {
		return AccessKey{}, fault.New(op, RootName, fault.Internal, errors.New("the row of the root key is missing"))
	}
	return decodeKey(rows[0].Value)
}

// replaceRootKey makes wanted the only key of the root user in row and returns the key that now stands:
// the old one, with nothing written, when it has the same id and secret.
func replaceRootKey(tx *kv.Tx, op string, row kv.Row, wanted AccessKey) (AccessKey, error) {
	root, err := userOf(op, RootName, row)
	if err != nil {
		return AccessKey{}, err
	}
	rows, err := tx.Get(keyKey(wanted.ID))
	if err != nil {
		return AccessKey{}, err
	}
	if rows[0].Exists() {
		if !slices.Contains(root.AccessKeyIDs, wanted.ID) {
			return AccessKey{}, fault.New(op, RootName, fault.AlreadyExists, errors.New("the access key belongs to another user"))
		}
		old, err := decodeKey(rows[0].Value)
		if err != nil {
			return AccessKey{}, err
		}
		if old.Secret == wanted.Secret && old.Active && len(root.AccessKeyIDs) == 1 {
			return old, nil
		}
	}
	for _, id := range root.AccessKeyIDs {
		deleteKey(tx, id)
	}
	root.AccessKeyIDs = []string{wanted.ID}
	tx.Put(userKey(RootName), encodeUser(root))
	tx.Put(keyKey(wanted.ID), encodeKey(wanted))
	return wanted, nil
}
