package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/torrent"
)

// An announce token stands in the announce URL of a private torrent and says on whose behalf a client asks
// for peers. Its bytes are a version, the expiry in Unix seconds (32 bits, big endian), the first tokenMAC
// bytes of the HMAC-SHA256 of version, expiry and infohash under the secret of an access key, and the id of
// that key; base64url without padding. It is kept nowhere, and ends with its key.
const (
	tokenVersion = 1
	tokenMAC     = 16
	tokenHead    = 1 + 4 + tokenMAC
)

// MaxAnnounceToken is the most characters of a token, so that it fits one option of BEP 41.
var MaxAnnounceToken = base64.RawURLEncoding.EncodedLen(tokenHead + MaxAccessKey)

var (
	errToken     = errors.New("not a valid announce token")
	errTemporary = errors.New("a private torrent needs an access key that is not temporary")
)

// AnnounceToken returns a token for the torrent of an infohash on behalf of an access key's user.
// NoSuchAccessKey; InvalidRequest for a temporary access key, which is gone before the token.
func (s *Store) AnnounceToken(ctx context.Context, accessKey string, h torrent.InfoHash, expires time.Time) (string, error) {
	if strings.HasPrefix(accessKey, temporaryPrefix) {
		return "", fault.New("make announce token", accessKey, fault.InvalidRequest, errTemporary)
	}
	c, err := s.Caller(ctx, accessKey, "")
	if err != nil {
		return "", err
	}
	k := c.Key
	token := binary.BigEndian.AppendUint32([]byte{tokenVersion}, uint32(expires.Unix()))
	token = append(token, announceMAC(k.Secret, token, h)...)
	return base64.RawURLEncoding.EncodeToString(append(token, k.ID...)), nil
}

// Announcer returns the principal on whose behalf a token asks for the torrent of an infohash, and until when.
// AccessDenied when it is forged, over, for another torrent, or its key is gone.
func (s *Store) Announcer(ctx context.Context, token string, h torrent.InfoHash) (access.Principal, time.Time, error) {
	const op = "check announce token"
	refused := fault.New(op, h.String(), fault.AccessDenied, errToken)
	if len(token) > MaxAnnounceToken {
		return access.Principal{}, time.Time{}, refused
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) <= tokenHead || b[0] != tokenVersion {
		return access.Principal{}, time.Time{}, refused
	}
	expires := time.Unix(int64(binary.BigEndian.Uint32(b[1:])), 0)
	if !s.now().Before(expires) {
		return access.Principal{}, time.Time{}, refused
	}
	c, err := s.Caller(ctx, string(b[tokenHead:]), "")
	if fault.Is(err, fault.NoSuchAccessKey) {
		return access.Principal{}, time.Time{}, refused
	}
	if err != nil {
		return access.Principal{}, time.Time{}, err
	}
	if !hmac.Equal(announceMAC(c.Key.Secret, b[:tokenHead-tokenMAC], h), b[tokenHead-tokenMAC:tokenHead]) {
		return access.Principal{}, time.Time{}, refused
	}
	return c.Principal, expires, nil
}

func announceMAC(secret Secret, head []byte, h torrent.InfoHash) []byte {
	mac := hmac.New(sha256.New, []byte("shoal announce\x00"+secret.Reveal()))
	mac.Write(head)
	mac.Write(h[:])
	return mac.Sum(nil)[:tokenMAC]
}
