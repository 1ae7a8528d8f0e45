package account

import (
	"context"
	"errors"
	"strings"

	"shoal/core/access"
	"shoal/core/fault"
)

// CheckPrincipals checks that there is whom the principals of a bucket policy name, as access.Policy lists them.
// MalformedPolicy. Of a session only the role can be looked for; own is an account that is known.
func (s *Store) CheckPrincipals(ctx context.Context, own access.CanonicalID, principals []string) error {
	const op = "check principal"
	for _, p := range principals {
		if p == own.AccountID() || p == "arn:aws:iam::"+own.AccountID()+":root" {
			continue // its row may be older than numbers
		}
		err := s.checkPrincipal(ctx, p)
		if fault.Is(err, fault.NoSuchUser) || fault.Is(err, fault.NoSuchEntity) {
			return fault.New(op, p, fault.MalformedPolicy, errors.New("invalid principal in policy"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkPrincipal returns NoSuchUser or NoSuchEntity when there is none.
func (s *Store) checkPrincipal(ctx context.Context, principal string) error {
	const op = "check principal"
	parts := strings.SplitN(principal, ":", 6)
	if len(parts) < 6 {
		return s.checkAccount(ctx, principal)
	}
	account, resource := parts[4], parts[5]
	if resource == "root" {
		return s.checkAccount(ctx, account)
	}
	kind, name, _ := strings.Cut(resource, "/")
	switch {
	case account == "" && kind == "user":
		_, err := s.User(ctx, name)
		return err
	case kind == "user":
		_, err := s.identityByARN(ctx, IAMUser, principal)
		return err
	case kind == "role":
		_, err := s.roleByARN(ctx, principal)
		return err
	}
	unknown := noSuchIdentity(op, IAMRole, principal)
	role, session, _ := strings.Cut(name, "/")
	if kind == "federated-user" {
		session = name
	} else {
		found, err := s.identityIn(ctx, IAMRole, account, role)
		if err != nil {
			return err
		}
		if found.Name != role {
			return unknown
		}
	}
	if checkSessionName(session, maxSessionName) != nil {
		return unknown
	}
	return nil
}

// checkAccount looks for an account by its number or its canonical id. NoSuchUser.
func (s *Store) checkAccount(ctx context.Context, account string) error {
	if len(account) == access.CanonicalIDLen {
		_, err := s.ByCanonicalID(ctx, access.CanonicalID(account))
		return err
	}
	_, err := s.byIndex(ctx, account, rowKey(kindAccount, account))
	return err
}
