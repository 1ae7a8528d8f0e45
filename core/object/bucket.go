package object

import (
	"time"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/encryption"
	"shoal/core/lifecycle"
	"shoal/core/quota"
)

// BucketID is the random identity of a bucket, never reused: a bucket deleted and made again has another.
type BucketID [8]byte

// Versioning is the versioning state of a bucket.
type Versioning uint8

// The states of PutBucketVersioning. VersioningOff means that it was never enabled.
const (
	VersioningOff Versioning = iota
	VersioningEnabled
	VersioningSuspended
)

// Bucket is one bucket with its configuration. It is shared and read-only.
type Bucket struct {
	ID      BucketID
	Name    string
	Owner   string // canonical ID of the account that pays
	Region  string // LocationConstraint as given; empty for us-east-1
	Created time.Time
	Config  BucketConfig
}

// BucketConfig is what the bucket's sub-resources set.
type BucketConfig struct {
	ACL               access.ACL
	Ownership         access.Ownership
	PolicyJSON        []byte                    // as put; nil without a policy
	Policy            *access.Policy            // parsed PolicyJSON; nil without a policy
	PublicAccessBlock *access.PublicAccessBlock // nil when never put
	Versioning        Versioning
	ObjectLock        ObjectLock
	RequesterPays     bool // RequestPaymentConfiguration: Payer is Requester
	Seeding           Seeding
	Notification      []NotificationRule // no two of which overlap
	Quota             quota.Limits
	Encryption        *BucketEncryption        // nil when never put
	Lifecycle         *lifecycle.Configuration // nil without one
	Logging           *accesslog.Target        // nil without an access log
}

// BucketEncryption is the default encryption of a bucket (PutBucketEncryption).
type BucketEncryption struct {
	Mode         encryption.Mode // S3, KMS, or None when only customers' keys are blocked
	KMSKeyID     string          // of KMS; "" is encryption.DefaultKMSKey
	BucketKey    bool
	BlockedTypes []string // BlockedEncryptionTypes as put: "SSE-C", "NONE"
}

// Choice is how objects are encrypted that do not say how. A nil e encrypts none.
func (e *BucketEncryption) Choice() (c encryption.Choice) {
	if e == nil {
		return c
	}
	c.Mode = e.Mode
	if e.Mode == encryption.KMS {
		c.KMSKeyID, c.BucketKey = e.KMSKey(), e.BucketKey
	}
	return c
}

// KMSKey is the KMS key of requests that name none.
func (e *BucketEncryption) KMSKey() string {
	if e != nil && e.KMSKeyID != "" {
		return e.KMSKeyID
	}
	return encryption.DefaultKMSKey
}

// Seeding is how the torrents of a bucket are seeded, where the bucket differs from the server.
type Seeding struct {
	Policy string // swarm.Policy by name; "", and one that this program does not know, is the server's
	Rate   int64  // most bytes of payload a second, of all its torrents together; 0 is the server's
}

// Limited returns b as a quota.Keeper sees it.
func (b *Bucket) Limited() quota.Bucket {
	return quota.Bucket{ID: quota.BucketID(b.ID), Name: b.Name, Account: b.Owner, Limits: b.Config.Quota}
}
