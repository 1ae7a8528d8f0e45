package account

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
)

// recordVersion is the first byte of a row value; protobuf fields follow. New fields need no new
// version: readers skip those that they do not know.
const recordVersion = 1

// Fields of a user record.
const (
	userName        protowire.Number = 1
	userCanonicalID protowire.Number = 2
	userDisplayName protowire.Number = 3
	userEmail       protowire.Number = 4
	userRole        protowire.Number = 5
	userAccount     protowire.Number = 6
	userCreated     protowire.Number = 7 // milliseconds since 1970
	userKeyID       protowire.Number = 8 // repeated
)

// Fields of a key record.
const (
	keyID       protowire.Number = 1
	keySecret   protowire.Number = 2
	keyUserName protowire.Number = 3
	keyCreated  protowire.Number = 4 // milliseconds since 1970
	keyActive   protowire.Number = 5
	keyAccount  protowire.Number = 6 // canonical id; only of the key of an IAM user
)

var errRecord = errors.New("malformed record")

func encodeUser(u User) []byte {
	b := []byte{recordVersion}
	b = appendString(b, userName, u.Name)
	b = appendString(b, userCanonicalID, string(u.CanonicalID))
	b = appendString(b, userDisplayName, u.DisplayName)
	b = appendString(b, userEmail, u.Email)
	b = appendUint(b, userRole, uint64(u.Role))
	b = appendString(b, userAccount, string(u.Account))
	b = appendUint(b, userCreated, uint64(u.Created.UnixMilli()))
	for _, id := range u.AccessKeyIDs {
		b = appendString(b, userKeyID, id)
	}
	return b
}

func decodeUser(b []byte) (User, error) {
	var u User
	err := decodeFields(b, func(n protowire.Number, text string, num uint64) {
		switch n {
		case userName:
			u.Name = text
		case userCanonicalID:
			u.CanonicalID = access.CanonicalID(text)
		case userDisplayName:
			u.DisplayName = text
		case userEmail:
			u.Email = text
		case userRole:
			u.Role = access.Role(min(num, 255))
		case userAccount:
			u.Account = access.CanonicalID(text)
		case userCreated:
			u.Created = time.UnixMilli(int64(num)).UTC()
		case userKeyID:
			u.AccessKeyIDs = appendNonEmpty(u.AccessKeyIDs, text)
		}
	})
	if err == nil && (u.Name == "" || u.CanonicalID == "" || u.Role > access.RoleAdmin) {
		err = fmt.Errorf("%w: a user without name or canonical id, or of an unknown role", errRecord)
	}
	return u, err
}

func encodeKey(k AccessKey) []byte {
	b := []byte{recordVersion}
	b = appendString(b, keyID, k.ID)
	b = appendString(b, keySecret, k.Secret.Reveal())
	b = appendString(b, keyUserName, k.UserName)
	b = appendUint(b, keyCreated, uint64(k.Created.UnixMilli()))
	b = appendUint(b, keyActive, protowire.EncodeBool(k.Active))
	return appendString(b, keyAccount, string(k.Account))
}

func decodeKey(b []byte) (AccessKey, error) {
	var k AccessKey
	err := decodeFields(b, func(n protowire.Number, text string, num uint64) {
		switch n {
		case keyID:
			k.ID = text
		case keySecret:
			k.Secret = Secret(text)
		case keyUserName:
			k.UserName = text
		case keyCreated:
			k.Created = time.UnixMilli(int64(num)).UTC()
		case keyActive:
			k.Active = protowire.DecodeBool(num)
		case keyAccount:
			k.Account = access.CanonicalID(text)
		}
	})
	if err == nil && (k.ID == "" || k.Secret == "" || k.UserName == "") {
		err = fmt.Errorf("%w: a key without id, secret or user", errRecord)
	}
	return k, err
}

func appendString(b []byte, n protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
}

func appendUint(b []byte, n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
}

// decodeFields calls field for each string and number field of a record, in order, and skips fields
// of other types.
func decodeFields(b []byte, field func(n protowire.Number, text string, num uint64)) error {
	if len(b) == 0 || b[0] != recordVersion {
		return fmt.Errorf("%w: unknown version", errRecord)
	}
	for b = b[1:]; len(b) > 0; {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", errRecord, protowire.ParseError(n))
		}
		b = b[n:]
		switch typ {
		case protowire.BytesType:
			var text []byte
			if text, n = protowire.ConsumeBytes(b); n >= 0 {
				field(num, string(text), 0)
			}
		case protowire.VarintType:
			var v uint64
			if v, n = protowire.ConsumeVarint(b); n >= 0 {
				field(num, "", v)
			}
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return fmt.Errorf("%w: field %d: %w", errRecord, num, protowire.ParseError(n))
		}
		b = b[n:]
	}
	return nil
}
