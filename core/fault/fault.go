package fault

import (
	"errors"
	"fmt"
)

// Kind says what went wrong, in terms that each front can translate.
type Kind uint8

// The closed list of kinds. Names follow the S3 error codes where there is one.
const (
	Internal Kind = iota // our own fault; the cause is for the log only

	AccessDenied
	InvalidArgument
	InvalidRequest
	MalformedPolicy
	MalformedACL
	InvalidBucketName
	KeyTooLong
	MetadataTooLarge
	InvalidTag
	TooManyTags
	EntityTooLarge
	EntityTooSmall

	NoSuchBucket
	NoSuchKey
	NoSuchVersion
	NoSuchUpload
	NoSuchBucketPolicy
	NoSuchPublicAccessBlock
	NoSuchOwnershipControls
	NoSuchUser
	NoSuchAccessKey
	NoSuchEntity // an IAM user, group, role or policy, or a part of one
	NoSuchEncryptionKey

	BucketAlreadyExists
	BucketAlreadyOwnedByYou
	BucketNotEmpty
	TooManyBuckets
	AlreadyExists  // a user or an access key
	DeleteConflict // an IAM entity that still has something
	LimitExceeded  // a quota of IAM

	InvalidPart
	InvalidPartOrder
	InvalidRange
	BadDigest
	InvalidDigest
	ContentSHA256Mismatch // the body does not hash to x-amz-content-sha256
	ChecksumMismatch      // a declared x-amz-checksum does not match the content
	IncompleteBody
	PreconditionFailed
	ConditionalConflict // a concurrent write won (409)
	AccessControlListNotSupported
	BadBucketState   // an operation that the bucket's state refuses; the text of the cause is shown to the client
	InvalidLogTarget // where an access log cannot go; the text of the cause is shown to the client
	CrossRegionLogTarget
	ObjectLocked // the version is under a retention or a legal hold

	InvalidToken // a session token that is not ours, or not of this access key
	ExpiredToken

	NoTorrent      // no torrent is served for this infohash: unknown, private or gone
	TorrentRefused // the object cannot be a torrent (SSE-C and the like)

	QuotaExceeded // the bucket or its account may not hold, or send, more

	SlowDown // out of a bounded resource; try again
	NoSpace  // the disk is full
	Canceled // the caller went away

	numKinds
)

// Kinds returns every Kind, for tests that walk a translation table.
func Kinds() []Kind {
	all := make([]Kind, numKinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Error is an error of the core.
type Error struct {
	Op       string // what was being done: "put object"
	Resource string // to what: "bucket/key"
	Kind     Kind
	Err      error // the cause; may be nil. For InvalidArgument and the like its text is shown to the client
}

// New returns an *Error. err may be nil.
func New(op, resource string, kind Kind, err error) *Error {
	return &Error{Op: op, Resource: resource, Kind: kind, Err: err}
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s %q: %s", e.Op, e.Resource, e.Kind)
	}
	return fmt.Sprintf("%s %q: %s: %v", e.Op, e.Resource, e.Kind, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the Kind of the outermost *Error in err's chain, Internal when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
