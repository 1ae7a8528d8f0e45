package account

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// A session token is kept nowhere: it is the session itself, sealed with a key that is kept in the store
// (docs/format/account.md). It ends with its time, and with whom it was made for.
const (
	// MaxSessionToken bounds a token, which holds session policies of maxSessionPolicy characters, in bytes.
	MaxSessionToken = 16 << 10

	sealVersion  = 1
	sealKeyBytes = 32 // AES-256
)

// SessionKind says by which operation of STS a session was made.
type SessionKind uint8

// The kinds.
const (
	UserSession      SessionKind = iota + 1 // GetSessionToken
	FederatedSession                        // GetFederationToken
	RoleSession                             // AssumeRole, AssumeRoleWithWebIdentity
)

// Session is what temporary credentials stand for.
type Session struct {
	Kind     SessionKind
	Account  access.CanonicalID
	Identity string // name of the IAM user or role; empty for the account itself
	ID       string // unique id of that user or role
	Name     string // of the role session or the federated user
	Issued   time.Time
	Expires  time.Time

	Policies   []string // documents of session policies
	PolicyARNs []string // managed session policies
	Limited    bool     // session policies bind, also when there are none
	Source     string   // source identity
	Provider   string   // ARN of the identity provider

	secret Secret
}

// Fields of a session.
const (
	sessionKind     protowire.Number = 1
	sessionAccount  protowire.Number = 2
	sessionIdentity protowire.Number = 3
	sessionID       protowire.Number = 4
	sessionName     protowire.Number = 5
	sessionIssued   protowire.Number = 6 // seconds since 1970
	sessionExpires  protowire.Number = 7 // seconds since 1970
	sessionPolicy   protowire.Number = 8 // repeated
	sessionARN      protowire.Number = 9 // repeated
	sessionLimited  protowire.Number = 10
	sessionSource   protowire.Number = 11
	sessionProvider protowire.Number = 12
	sessionSecret   protowire.Number = 13
)

func encodeSession(s Session) []byte {
	b := appendUint([]byte{recordVersion}, sessionKind, uint64(s.Kind))
	b = appendString(b, sessionAccount, string(s.Account))
	b = appendString(b, sessionIdentity, s.Identity)
	b = appendString(b, sessionID, s.ID)
	b = appendString(b, sessionName, s.Name)
	b = appendUint(b, sessionIssued, uint64(s.Issued.Unix()))
	b = appendUint(b, sessionExpires, uint64(s.Expires.Unix()))
	b = appendStrings(b, sessionPolicy, s.Policies)
	b = appendStrings(b, sessionARN, s.PolicyARNs)
	b = appendUint(b, sessionLimited, protowire.EncodeBool(s.Limited))
	b = appendString(b, sessionSource, s.Source)
	b = appendString(b, sessionProvider, s.Provider)
	return appendString(b, sessionSecret, s.secret.Reveal())
}

func decodeSession(b []byte) (Session, error) {
	var s Session
	err := decodeFields(b, func(n protowire.Number, text string, num uint64) {
		switch n {
		case sessionKind:
			s.Kind = SessionKind(min(num, 255))
		case sessionAccount:
			s.Account = access.CanonicalID(text)
		case sessionIdentity:
			s.Identity = text
		case sessionID:
			s.ID = text
		case sessionName:
			s.Name = text
		case sessionIssued:
			s.Issued = time.Unix(int64(num), 0).UTC()
		case sessionExpires:
			s.Expires = time.Unix(int64(num), 0).UTC()
		case sessionPolicy:
			s.Policies = appendNonEmpty(s.Policies, text)
		case sessionARN:
			s.PolicyARNs = appendNonEmpty(s.PolicyARNs, text)
		case sessionLimited:
			s.Limited = protowire.DecodeBool(num)
		case sessionSource:
			s.Source = text
		case sessionProvider:
			s.Provider = text
		case sessionSecret:
			s.secret = Secret(text)
		}
	})
	if err == nil && (s.Kind < UserSession || s.Kind > RoleSession || s.Account == "" || s.secret == "" || s.Expires.IsZero()) {
		err = fmt.Errorf("%w: a session without kind, account, secret or end", errRecord)
	}
	return s, err
}

// expired reports whether c is of a session that is over.
func (c Caller) expired(now time.Time) bool {
	return c.Session != nil && !now.Before(c.Session.Expires)
}

// seal returns the token of a session whose access key is id.
func (s *Store) seal(ctx context.Context, id string, session Session) (string, error) {
	aead, err := s.sealing(ctx)
	if err != nil {
		return "", err
	}
	nonce := random(aead.NonceSize())
	head := append([]byte{sealVersion}, nonce...)
	return base64.StdEncoding.EncodeToString(aead.Seal(head, nonce, encodeSession(session), []byte(id))), nil
}

// open returns the session of a token that was sealed for the access key id. InvalidToken.
func (s *Store) open(ctx context.Context, id, token string) (Session, error) {
	const op = "open session token"
	refused := fault.New(op, id, fault.InvalidToken, nil)
	aead, err := s.sealing(ctx)
	if err != nil {
		return Session{}, err
	}
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(b) < 1+aead.NonceSize() || b[0] != sealVersion {
		return Session{}, refused
	}
	nonce, sealed := b[1:1+aead.NonceSize()], b[1+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, sealed, []byte(id))
	if err != nil {
		return Session{}, refused
	}
	session, err := decodeSession(plain)
	if err != nil {
		return Session{}, fault.New(op, id, fault.Internal, err)
	}
	return session, nil
}

// sealing returns the cipher of session tokens; the first use of a store makes its key.
func (s *Store) sealing(ctx context.Context) (cipher.AEAD, error) {
	const op = "read the key of session tokens"
	if aead := s.aead.Load(); aead != nil {
		return *aead, nil
	}
	var key []byte
	err := kv.Update(ctx, s.engine, func(tx *kv.Tx) error {
		rows, err := tx.Get(sealingKey())
		if err != nil {
			return err
		}
		if rows[0].Exists() {
			key = rows[0].Value[1:]
			return nil
		}
		key = random(sealKeyBytes)
		tx.Put(sealingKey(), append([]byte{recordVersion}, key...))
		return nil
	})
	if err != nil {
		return nil, wrap(op, "", err)
	}
	if len(key) != sealKeyBytes {
		return nil, fault.New(op, "", fault.Internal, errors.New("the row is damaged"))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fault.New(op, "", fault.Internal, err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fault.New(op, "", fault.Internal, err)
	}
	s.aead.Store(&aead)
	return aead, nil
}
