package encryption

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
)

// Mode is who keeps the key that wraps an object's.
type Mode uint8

// The modes of S3. None is an object that rests as it came.
const (
	None Mode = iota
	S3
	KMS
	Customer
	numModes
)

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool { return m < numModes }

// Choice is how an object to be is encrypted: what a request asks for, or its bucket by default.
type Choice struct {
	Mode      Mode
	KMSKeyID  string // of KMS; never empty
	Context   string // of KMS: the encryption context, a JSON object; may be empty
	BucketKey bool   // of KMS: x-amz-server-side-encryption-bucket-key-enabled; told again, of no other effect
	Customer  *Key   // of Customer
}

// Envelope is how an object is encrypted, and its key, wrapped. The zero value is an object that is not.
type Envelope struct {
	Mode      Mode
	KMSKeyID  string
	Context   string
	BucketKey bool
	Wrapped   []byte
}

// Place is what an object's key is bound to.
type Place struct {
	Bucket [8]byte // id of the bucket
	Key    string  // of the object
}

// masterName is the name among the operator's keys of the one of SSE-S3.
const masterName = "s3"

// Enclose wraps an object's key for place as c says. keys may be nil for Customer. ErrNoSuchKey.
func Enclose(ctx context.Context, keys Keys, c Choice, place Place, key *Key) (e Envelope, err error) {
	e = Envelope{Mode: c.Mode, KMSKeyID: c.KMSKeyID, Context: c.Context, BucketKey: c.BucketKey}
	switch {
	case c.Mode == Customer && c.Customer != nil:
		e.Wrapped = wrap(c.Customer, e.bind(place), key)
	case (c.Mode == S3 || c.Mode == KMS) && keys != nil:
		e.Wrapped, err = keys.Wrap(ctx, e.keyName(), e.bind(place), key)
	default:
		err = ErrNoSuchKey
	}
	return e, err
}

// Open returns the key of the object at place. customer is the key that the client sent, which only Customer looks at;
// keys may be nil for it. ErrWrongKey, ErrNoSuchKey, ErrDamaged.
func (e Envelope) Open(ctx context.Context, keys Keys, place Place, customer *Key) (*Key, error) {
	switch {
	case e.Mode == Customer && customer != nil:
		return unwrap(customer, e.bind(place), e.Wrapped)
	case (e.Mode == S3 || e.Mode == KMS) && keys != nil:
		return keys.Unwrap(ctx, e.keyName(), e.bind(place), e.Wrapped)
	}
	return nil, ErrNoSuchKey
}

// keyName is the name among the operator's keys of the one that wraps.
func (e Envelope) keyName() string {
	if e.Mode == S3 {
		return masterName
	}
	return KMSKeyName(e.KMSKeyID)
}

// bind is what is authenticated beside the key: each text behind its length, so that no two read alike.
func (e Envelope) bind(place Place) []byte {
	b := append([]byte("shoal envelope 1"), byte(e.Mode))
	for _, text := range []string{string(place.Bucket[:]), place.Key, e.KMSKeyID, e.Context} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	return b
}

// A wrapped key is a salt, then what the wrapping key and the salt derive for checking it, then the key, sealed.
const (
	saltSize    = 16
	checkSize   = 16
	wrappedSize = saltSize + checkSize + KeySize + tagSize
)

// wrap seals key under a key that is derived from by and a fresh salt, so that by has no limit of uses.
func wrap(by *Key, bound []byte, key *Key) []byte {
	out := make([]byte, saltSize, wrappedSize)
	rand.Read(out) // never fails (crypto/rand)
	secret := by.derive(out, "shoal wrap", KeySize+checkSize)
	out = append(out, secret[KeySize:]...)
	return newGCM(secret[:KeySize]).Seal(out, nonce(0, true), key[:], bound)
}

// unwrap is the inverse of wrap; ErrWrongKey when another key than by wrapped, ErrDamaged.
func unwrap(by *Key, bound, wrapped []byte) (*Key, error) {
	if len(wrapped) != wrappedSize {
		return nil, fmt.Errorf("%w: wrapped key of %d bytes", ErrDamaged, len(wrapped))
	}
	salt, check, sealed := wrapped[:saltSize], wrapped[saltSize:saltSize+checkSize], wrapped[saltSize+checkSize:]
	secret := by.derive(salt, "shoal wrap", KeySize+checkSize)
	if subtle.ConstantTimeCompare(secret[KeySize:], check) != 1 {
		return nil, ErrWrongKey
	}
	key, err := newGCM(secret[:KeySize]).Open(nil, nonce(0, true), sealed, bound)
	if err != nil {
		return nil, fmt.Errorf("%w: wrapped key", ErrDamaged)
	}
	return (*Key)(key), nil
}

// MD5 is the digest by which S3 tells a customer's key.
func (k *Key) MD5() [md5.Size]byte { return md5.Sum(k[:]) }
