package account

import (
	"context"
	"slices"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
)

// sessionCaller returns who has temporary credentials. Whether their user or role is still there is looked up, so
// that they end with it; that one of the same name was made since shows in its id.
func (s *Store) sessionCaller(ctx context.Context, id, token string) (Caller, error) {
	const op = "check session"
	session, err := s.open(ctx, id, token)
	if err != nil {
		return Caller{}, err
	}
	if !s.now().Before(session.Expires) {
		return Caller{}, fault.New(op, id, fault.ExpiredToken, nil)
	}
	c, err := s.sessionHolder(ctx, session)
	if fault.Is(err, fault.NoSuchUser) || fault.Is(err, fault.NoSuchEntity) {
		return Caller{}, fault.New(op, id, fault.NoSuchAccessKey, err)
	}
	if err != nil {
		return Caller{}, err
	}
	if c.Principal, err = s.withSession(ctx, c.Principal, session); err != nil {
		return Caller{}, err
	}
	c.Key = AccessKey{ID: id, Secret: session.secret, UserName: session.Identity, Account: session.Account, Created: session.Issued, Active: true}
	c.Session = &session
	return c, nil
}

// sessionHolder returns the account, user or role that a session was made for. NoSuchUser, NoSuchEntity for a user.
func (s *Store) sessionHolder(ctx context.Context, session Session) (Caller, error) {
	if session.Identity == "" {
		u, err := s.ByCanonicalID(ctx, session.Account)
		if err != nil {
			return Caller{}, err
		}
		return Caller{Account: u, Principal: u.Principal()}, nil
	}
	kind := IAMUser
	if session.Kind == RoleSession {
		kind = IAMRole
	}
	i, err := s.Identity(ctx, kind, session.Account, session.Identity)
	if err == nil && i.ID != session.ID {
		err = noSuchIdentity("check session", kind, session.Identity)
	}
	if kind == IAMRole && fault.Is(err, fault.NoSuchEntity) {
		return s.formerRole(ctx, session)
	}
	if err != nil {
		return Caller{}, err
	}
	return s.identityCaller(ctx, i)
}

// formerRole returns the role of a session that was deleted since: its credentials are valid until they expire, and
// allow nothing, whatever a bucket's policy says (IAM user guide, disabling permissions for temporary credentials).
func (s *Store) formerRole(ctx context.Context, session Session) (Caller, error) {
	owner, err := s.ByCanonicalID(ctx, session.Account)
	if err != nil {
		return Caller{}, err
	}
	was := Identity{Kind: IAMRole, Account: session.Account, Name: session.Identity, ID: session.ID}
	nothing := access.Identity{Limits: []access.Limit{{Reason: access.ByDefault}}}
	return Caller{Account: owner, Identity: &was, Principal: access.Principal{
		Kind: access.User, CanonicalID: session.Account, AccountID: session.Account.AccountID(), Role: owner.Role,
		UserID: session.ID, Identity: &nothing,
	}}, nil
}

// withSession returns p as it is in a session.
func (s *Store) withSession(ctx context.Context, p access.Principal, session Session) (access.Principal, error) {
	sts := "arn:aws:sts::" + session.Account.AccountID() + ":"
	switch session.Kind {
	case RoleSession:
		p.RoleARN = p.ARN
		p.ARN = sts + "assumed-role/" + session.Identity + "/" + session.Name
		p.UserID += ":" + session.Name
	case FederatedSession:
		p.ARN = sts + "federated-user/" + session.Name
		p.UserID = session.Account.AccountID() + ":" + session.Name
		p.UserName = ""
	}
	id := access.Identity{}
	switch {
	case p.Identity != nil:
		id = *p.Identity
		id.Limits = slices.Clone(id.Limits)
	case session.Limited:
		// An account that limits itself: what is its own is left of it.
		everything, err := parseStored(access.RolePolicy(access.RoleUserPlus))
		if err != nil {
			return p, err
		}
		id.Policies = []*access.Policy{everything}
		p.Kind = access.User
	default:
		return p, nil // the account itself, for some time
	}
	id.Keys = map[access.Key]string{
		"aws:tokenissuetime":    session.Issued.Format(time.RFC3339),
		"aws:sourceidentity":    session.Source,
		"aws:federatedprovider": session.Provider,
	}
	if session.Limited {
		limit, err := s.sessionPolicies(ctx, session)
		if err != nil {
			return p, err
		}
		id.Limits = append(id.Limits, access.Limit{Reason: access.BySession, Policies: limit})
	}
	p.Identity = &id
	return p, nil
}

// sessionPolicies returns the session policies of a session, which may be none.
func (s *Store) sessionPolicies(ctx context.Context, session Session) ([]*access.Policy, error) {
	limit, err := s.managedPolicies(ctx, session.Account, session.PolicyARNs)
	if err != nil {
		return nil, err
	}
	for _, document := range session.Policies {
		parsed, err := parseStored(document)
		if err != nil {
			return nil, err
		}
		limit = append(limit, parsed)
	}
	return limit, nil
}
