package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// CreatePolicy makes a managed policy of p's account, name, path, description and tags, with the document as its
// version v1. InvalidArgument, MalformedPolicy, AlreadyExists, LimitExceeded.
func (s *Store) CreatePolicy(ctx context.Context, p ManagedPolicy, document string) (ManagedPolicy, error) {
	const op = "create policy"
	if p.Path == "" {
		p.Path = "/"
	}
	err := errors.Join(checkIAMName("policy name", p.Name, maxPolicyName), checkPath(p.Path), checkTags(p.Tags), checkDescription(p.Description))
	if err == nil {
		err = checkManaged(document)
	}
	if err == nil && len(p.Tags) > MaxTags {
		err = tooManyTags(op, p.Name)
	}
	if err != nil {
		return ManagedPolicy{}, invalid(op, p.Name, err)
	}
	n, err := s.count(ctx, rowKey(kindPolicy, p.Account.AccountID()))
	if err != nil {
		return ManagedPolicy{}, wrap(op, p.Name, err)
	}
	if n >= MaxManagedPolicies {
		return ManagedPolicy{}, overQuota(op, p.Name, "policies of an account", MaxManagedPolicies)
	}
	p.ID, p.Created, p.LastVersion, p.Default = newUniqueID(policyIDPrefix), s.created(), 1, 1
	p.Updated, p.Versions = p.Created, []PolicyVersion{{Number: 1, Document: document, Created: p.Created}}
	key := policyKey(p.Account.AccountID(), p.Name)
	err = s.update(ctx, func(tx *kv.Tx) error {
		rows, err := tx.Get(key)
		if err != nil {
			return err
		}
		if rows[0].Exists() {
			return fault.New(op, p.Name, fault.AlreadyExists, tell("A policy called %s already exists. Duplicate names are not allowed.", p.Name))
		}
		tx.Put(key, encodePolicy(p))
		return nil
	})
	return p, wrap(op, p.Name, err)
}

func checkManaged(document string) error {
	if policySize(document) > maxManagedSize {
		return overQuota("check policy", "", "PolicySize", maxManagedSize)
	}
	_, err := access.ParseIdentityPolicy([]byte(document))
	return err
}

// Policy returns the managed policy of an ARN, which is of the account or built in. NoSuchEntity.
func (s *Store) Policy(ctx context.Context, account access.CanonicalID, arn string) (ManagedPolicy, error) {
	const op = "get policy"
	if p, ok := builtinPolicy(arn); ok {
		return p, nil
	}
	name, ok := policyNameOf(account, arn)
	if !ok {
		return ManagedPolicy{}, noSuchPolicy(op, arn)
	}
	rows, err := s.engine.Get(ctx, policyKey(account.AccountID(), name))
	if err != nil {
		return ManagedPolicy{}, wrap(op, arn, err)
	}
	return policyOf(op, arn, rows[0])
}

// Policies returns the managed policies of an account in the order of their folded names.
func (s *Store) Policies(ctx context.Context, account access.CanonicalID) ([]ManagedPolicy, error) {
	const op = "list policies"
	var all []ManagedPolicy
	err := s.eachRow(ctx, rowKey(kindPolicy, account.AccountID()), kv.ScanOptions{}, func(row kv.Row) error {
		p, err := decodePolicy(row.Value)
		all = append(all, p)
		return err
	})
	return all, wrap(op, account.AccountID(), err)
}

// ChangePolicy gives the managed policy of an ARN what f makes of it; its name, path and account stay. NoSuchEntity,
// AccessDenied for a built-in one, and what f returns.
func (s *Store) ChangePolicy(ctx context.Context, account access.CanonicalID, arn string, f func(*ManagedPolicy) error) error {
	const op = "update policy"
	if _, ok := builtinPolicy(arn); ok {
		return fault.New(op, arn, fault.AccessDenied, errors.New("cannot update a policy of AWS"))
	}
	err := s.update(ctx, func(tx *kv.Tx) error {
		p, err := readPolicy(tx, op, account, arn)
		if err != nil {
			return err
		}
		if err := f(&p); err != nil {
			return err
		}
		if len(p.Tags) > MaxTags {
			return tooManyTags(op, arn)
		}
		if err := checkTags(p.Tags); err != nil {
			return invalid(op, arn, err)
		}
		tx.Put(policyKey(account.AccountID(), p.Name), encodePolicy(p))
		return nil
	})
	return wrap(op, arn, err)
}

// AddPolicyVersion adds a version to a managed policy. NoSuchEntity, MalformedPolicy, LimitExceeded.
func (s *Store) AddPolicyVersion(ctx context.Context, account access.CanonicalID, arn, document string, makeDefault bool) (PolicyVersion, error) {
	if err := checkManaged(document); err != nil {
		return PolicyVersion{}, err
	}
	var v PolicyVersion
	err := s.ChangePolicy(ctx, account, arn, func(p *ManagedPolicy) error {
		if len(p.Versions) >= MaxPolicyVersions {
			return overQuota("create policy version", arn, "versions of a policy; delete one first", MaxPolicyVersions)
		}
		p.LastVersion++
		v = PolicyVersion{Number: p.LastVersion, Document: document, Created: s.created()}
		p.Versions = append(p.Versions, v)
		p.Updated = v.Created
		if makeDefault {
			p.Default = v.Number
		}
		return nil
	})
	return v, err
}

// SetDefaultVersion makes a version the one that counts. NoSuchEntity.
func (s *Store) SetDefaultVersion(ctx context.Context, account access.CanonicalID, arn string, number int) error {
	return s.ChangePolicy(ctx, account, arn, func(p *ManagedPolicy) error {
		if _, ok := p.Version(number); !ok {
			return noSuchVersion(arn, number)
		}
		p.Default, p.Updated = number, s.created()
		return nil
	})
}

// DeletePolicyVersion removes a version that does not count. NoSuchEntity, DeleteConflict.
func (s *Store) DeletePolicyVersion(ctx context.Context, account access.CanonicalID, arn string, number int) error {
	return s.ChangePolicy(ctx, account, arn, func(p *ManagedPolicy) error {
		if _, ok := p.Version(number); !ok {
			return noSuchVersion(arn, number)
		}
		if number == p.Default {
			return fault.New("delete policy version", arn, fault.DeleteConflict, tell("Cannot delete the default version of a policy."))
		}
		p.Versions = slices.DeleteFunc(p.Versions, func(v PolicyVersion) bool { return v.Number == number })
		return nil
	})
}

// DeletePolicy removes a managed policy that has one version and that nobody has attached. NoSuchEntity,
// DeleteConflict.
func (s *Store) DeletePolicy(ctx context.Context, account access.CanonicalID, arn string) error {
	const op = "delete policy"
	err := s.update(ctx, func(tx *kv.Tx) error {
		p, err := readPolicy(tx, op, account, arn)
		if err != nil {
			return err
		}
		switch {
		case p.Attachments > 0 || p.Boundaries > 0:
			return fault.New(op, arn, fault.DeleteConflict, tell("Cannot delete a policy attached to entities."))
		case len(p.Versions) > 1:
			return fault.New(op, arn, fault.DeleteConflict, errors.New("this policy has more than one version; before you delete it, delete all others than the default"))
		}
		tx.Delete(policyKey(account.AccountID(), p.Name))
		return nil
	})
	return wrap(op, arn, err)
}

// policyNameOf returns the name of the policy of an account that an ARN is of.
func policyNameOf(account access.CanonicalID, arn string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::"+account.AccountID()+":policy/")
	if !ok || len(rest) > maxPath+maxPolicyName {
		return "", false
	}
	return rest[strings.LastIndexByte(rest, '/')+1:], true
}

// policyOf decodes a row that was looked for by its ARN, whose path must be right. NoSuchEntity.
func policyOf(op, arn string, row kv.Row) (ManagedPolicy, error) {
	if !row.Exists() {
		return ManagedPolicy{}, noSuchPolicy(op, arn)
	}
	p, err := decodePolicy(row.Value)
	if err != nil {
		return ManagedPolicy{}, fault.New(op, arn, fault.Internal, fmt.Errorf("policy row: %w", err))
	}
	if p.ARN() != arn {
		return ManagedPolicy{}, noSuchPolicy(op, arn)
	}
	return p, nil
}

func readPolicy(tx *kv.Tx, op string, account access.CanonicalID, arn string) (ManagedPolicy, error) {
	name, ok := policyNameOf(account, arn)
	if !ok {
		return ManagedPolicy{}, noSuchPolicy(op, arn)
	}
	rows, err := tx.Get(policyKey(account.AccountID(), name))
	if err != nil {
		return ManagedPolicy{}, err
	}
	return policyOf(op, arn, rows[0])
}

// adjustPolicy changes the counts of a managed policy of the account within a commit; a built-in one has none.
func adjustPolicy(tx *kv.Tx, op string, account access.CanonicalID, arn string, f func(*ManagedPolicy)) error {
	if _, ok := builtinPolicy(arn); ok {
		return nil
	}
	p, err := readPolicy(tx, op, account, arn)
	if err != nil {
		return err
	}
	f(&p)
	tx.Put(policyKey(account.AccountID(), p.Name), encodePolicy(p))
	return nil
}

func noSuchPolicy(op, arn string) error {
	return fault.New(op, arn, fault.NoSuchEntity, tell("Policy %s does not exist or is not attachable.", arn))
}

func noSuchVersion(arn string, number int) error {
	return fault.New("find policy version", arn, fault.NoSuchEntity, fmt.Errorf("policy %s version v%d does not exist", arn, number))
}
