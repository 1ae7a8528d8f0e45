package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"shoal/core/access"
	"shoal/core/fault"
)

// Bounds of STS ("API Reference" of AWS STS).
const (
	MinSession         = 15 * time.Minute
	MaxUserSession     = 36 * time.Hour
	MaxAccountSession  = time.Hour // of an account itself
	MaxChainedSession  = time.Hour // of a role that is assumed by a role's session
	DefaultUserSession = 12 * time.Hour
	DefaultRoleSession = time.Hour
	maxSessionPolicy   = 2048 // characters of session policies and of their ARNs
	maxSessionARNs     = 10
	minSessionName     = 2
	maxSessionName     = 64
	maxFederatedName   = 32
)

// Credentials are temporary ones.
type Credentials struct {
	AccessKey string
	Secret    Secret
	Token     string
	Expires   time.Time
	Session   Session
	ARN       string // of the principal that they make
	UserID    string
}

// SessionRequest asks for temporary credentials.
type SessionRequest struct {
	Name       string // of the role session or the federated user
	Policy     string // a session policy; may be empty
	PolicyARNs []string
	Duration   time.Duration // 0 is the default of the operation
	Source     string        // source identity
	Provider   string        // ARN of the identity provider
}

// SessionFor makes temporary credentials of a user or an account. The caller must have signed with an access key
// that stays: AccessDenied. InvalidArgument for a duration out of bounds.
func (s *Store) SessionFor(ctx context.Context, by Caller, duration time.Duration) (Credentials, error) {
	const op = "get session token"
	session, duration, err := by.session(op, UserSession, SessionRequest{Duration: duration})
	if err != nil {
		return Credentials{}, err
	}
	return s.issue(ctx, session, duration)
}

// Federate makes temporary credentials of a federated user: what its maker and the session policies both allow.
// Errors as SessionFor; MalformedPolicy, LimitExceeded and NoSuchEntity for the policies.
func (s *Store) Federate(ctx context.Context, by Caller, r SessionRequest) (Credentials, error) {
	const op = "get federation token"
	if err := checkSessionName(r.Name, maxFederatedName); err != nil {
		return Credentials{}, invalid(op, r.Name, err)
	}
	session, duration, err := by.session(op, FederatedSession, r)
	if err != nil {
		return Credentials{}, err
	}
	session.Limited = true
	if err := s.checkSessionPolicies(ctx, session); err != nil {
		return Credentials{}, err
	}
	return s.issue(ctx, session, duration)
}

// session is one that c makes of itself, and how long it is to be.
func (c Caller) session(op string, kind SessionKind, r SessionRequest) (Session, time.Duration, error) {
	if c.Session != nil {
		return Session{}, 0, fault.New(op, c.Key.ID, fault.AccessDenied, errors.New("cannot call "+op+" with session credentials"))
	}
	longest := MaxUserSession
	if c.Identity == nil {
		longest = MaxAccountSession
	}
	if r.Duration == 0 {
		r.Duration = min(DefaultUserSession, longest)
	}
	if c.Identity == nil && r.Duration > longest && r.Duration <= MaxUserSession {
		r.Duration = longest // AWS: more is cut to an hour for an account
	}
	if err := checkDuration(op, r.Duration, longest); err != nil {
		return Session{}, 0, err
	}
	session := Session{Kind: kind, Account: c.Account.CanonicalID, Name: r.Name, Policies: nonEmpty(r.Policy), PolicyARNs: r.PolicyARNs}
	if c.Identity != nil {
		session.Identity, session.ID = c.Identity.Name, c.Identity.ID
	}
	return session, r.Duration, nil
}

// AssumeRole makes temporary credentials of a role for who asks; asking is the action and the context of the request
// as the trust policy of the role and the policies of the asker see them. chained is whether he is a role's session
// himself. AccessDenied also when there is no such role; InvalidArgument, MalformedPolicy.
func (s *Store) AssumeRole(ctx context.Context, roleARN string, asking access.Request, chained bool, r SessionRequest) (Credentials, error) {
	const op = "assume role"
	if err := checkSessionName(r.Name, maxSessionName); err != nil {
		return Credentials{}, invalid(op, r.Name, err)
	}
	role, err := s.trustedRole(ctx, op, roleARN, asking, r.Source)
	if err != nil {
		return Credentials{}, err
	}
	if r.Duration == 0 {
		r.Duration = DefaultRoleSession
	}
	longest := role.MaxSession
	if r.Duration > longest {
		return Credentials{}, tooLong(op, roleARN)
	}
	if chained {
		longest = MaxChainedSession
	}
	if err := checkDuration(op, r.Duration, longest); err != nil {
		return Credentials{}, err
	}
	session := Session{
		Kind: RoleSession, Account: role.Account, Identity: role.Name, ID: role.ID, Name: r.Name,
		Policies: nonEmpty(r.Policy), PolicyARNs: r.PolicyARNs, Limited: r.Policy != "" || len(r.PolicyARNs) > 0,
		Source: r.Source, Provider: r.Provider,
	}
	if err := s.checkSessionPolicies(ctx, session); err != nil {
		return Credentials{}, err
	}
	return s.issue(ctx, session, r.Duration)
}

// TrustPolicy returns the role of an ARN, in whatever account, with its trust policy. NoSuchEntity; InvalidArgument when
// its sessions cannot be that long.
func (s *Store) TrustPolicy(ctx context.Context, arn string, duration time.Duration) (Identity, *access.Policy, error) {
	const op = "get trust policy"
	role, err := s.roleByARN(ctx, arn)
	if err != nil {
		return Identity{}, nil, err
	}
	if duration > role.MaxSession {
		return Identity{}, nil, tooLong(op, arn)
	}
	trust, err := access.ParseTrustPolicy([]byte(role.Trust))
	if err != nil {
		return Identity{}, nil, fault.New(op, arn, fault.Internal, err)
	}
	return role, trust, nil
}

func tooLong(op, arn string) error {
	return fault.New(op, arn, fault.InvalidArgument, tell("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."))
}

// trustedRole returns the role of an ARN that who asks may assume, and give a source identity if there is one.
func (s *Store) trustedRole(ctx context.Context, op, arn string, asking access.Request, source string) (Identity, error) {
	refused := fault.New(op, arn, fault.AccessDenied, nil)
	role, trust, err := s.TrustPolicy(ctx, arn, 0)
	if fault.Is(err, fault.NoSuchEntity) {
		return Identity{}, refused
	}
	if err != nil {
		return Identity{}, err
	}
	asking.Resource, asking.ResourceOwner = arn, role.Account
	if !access.MayAssume(asking, trust) {
		return Identity{}, refused
	}
	if source == "" {
		return role, nil
	}
	if err := checkSessionName(source, maxSessionName); err != nil {
		return Identity{}, invalid(op, source, err)
	}
	asking.Action = "sts:SetSourceIdentity"
	if !access.MayAssume(asking, trust) {
		return Identity{}, refused
	}
	return role, nil
}

// roleByARN finds a role of any account. NoSuchEntity.
func (s *Store) roleByARN(ctx context.Context, arn string) (Identity, error) {
	return s.identityByARN(ctx, IAMRole, arn)
}

// identityByARN finds a user or a role of any account. NoSuchEntity.
func (s *Store) identityByARN(ctx context.Context, kind IdentityKind, arn string) (Identity, error) {
	parts := strings.SplitN(arn, ":", 6)
	unknown := noSuchIdentity("find "+kind.String(), kind, arn)
	if len(parts) != 6 || len(arn) > maxPath+maxPolicyName || !strings.HasPrefix(parts[5], kind.String()+"/") {
		return Identity{}, unknown
	}
	i, err := s.identityIn(ctx, kind, parts[4], parts[5][strings.LastIndexByte(parts[5], '/')+1:])
	if err == nil && i.ARN() != arn {
		return Identity{}, unknown
	}
	return i, err
}

// identityIn finds an identity by the number of its account and its name. NoSuchEntity.
func (s *Store) identityIn(ctx context.Context, kind IdentityKind, accountID, name string) (Identity, error) {
	op := "find " + kind.String()
	if len(accountID) > MaxName || len(name) > maxPolicyName {
		return Identity{}, noSuchIdentity(op, kind, name) // also keeps row keys within the engine's limit
	}
	rows, err := s.engine.Get(ctx, identityRow(kind, accountID, name))
	if err != nil {
		return Identity{}, wrap(op, name, err)
	}
	return identityOf(op, kind, name, rows[0])
}

// issue makes the credentials of a session that begins now.
func (s *Store) issue(ctx context.Context, session Session, duration time.Duration) (Credentials, error) {
	now := s.now().UTC().Truncate(time.Second)
	session.Issued, session.Expires = now, now.Add(duration)
	_, session.secret = newKeyPair()
	id := newID(temporaryPrefix, keyLen)
	token, err := s.seal(ctx, id, session)
	if err != nil {
		return Credentials{}, err
	}
	if len(token) > MaxSessionToken {
		return Credentials{}, overQuota("make session token", session.Name, "PackedPolicySize", MaxSessionToken)
	}
	c, err := s.sessionCaller(ctx, id, token)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{
		AccessKey: id, Secret: session.secret, Token: token, Expires: session.Expires, Session: session,
		ARN: c.Principal.ARN, UserID: c.Principal.UserID,
	}, nil
}

// checkSessionPolicies holds the session policies against their bounds.
func (s *Store) checkSessionPolicies(ctx context.Context, session Session) error {
	const op = "check session policy"
	size := 0
	for _, p := range session.Policies {
		size += utf8.RuneCountInString(p)
		if _, err := access.ParseIdentityPolicy([]byte(p)); err != nil {
			return err
		}
	}
	for _, arn := range session.PolicyARNs {
		size += utf8.RuneCountInString(arn)
	}
	if size > maxSessionPolicy || len(session.PolicyARNs) > maxSessionARNs {
		return fault.New(op, session.Name, fault.InvalidArgument, fmt.Errorf("session policies have at most %d characters and %d ARNs", maxSessionPolicy, maxSessionARNs))
	}
	_, err := s.managedPolicies(ctx, session.Account, session.PolicyARNs)
	return err
}

func checkDuration(op string, d, longest time.Duration) error {
	if d < MinSession || d > longest {
		return fault.New(op, "", fault.InvalidArgument, fmt.Errorf("the requested DurationSeconds must be from %d to %d", MinSession/time.Second, longest/time.Second))
	}
	return nil
}

func checkSessionName(name string, limit int) error {
	if len(name) < minSessionName {
		return fmt.Errorf("the session name must have at least %d characters", minSessionName)
	}
	return checkIAMName("session name", name, limit)
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
