package fault

var kindNames = [numKinds]string{
	Internal:                      "internal",
	AccessDenied:                  "access denied",
	InvalidArgument:               "invalid argument",
	InvalidRequest:                "invalid request",
	MalformedPolicy:               "malformed policy",
	MalformedACL:                  "malformed acl",
	InvalidBucketName:             "invalid bucket name",
	KeyTooLong:                    "key too long",
	MetadataTooLarge:              "metadata too large",
	InvalidTag:                    "invalid tag",
	TooManyTags:                   "too many tags",
	EntityTooLarge:                "entity too large",
	EntityTooSmall:                "entity too small",
	NoSuchBucket:                  "no such bucket",
	NoSuchKey:                     "no such key",
	NoSuchVersion:                 "no such version",
	NoSuchUpload:                  "no such upload",
	NoSuchBucketPolicy:            "no such bucket policy",
	NoSuchPublicAccessBlock:       "no such public access block",
	NoSuchOwnershipControls:       "no such ownership controls",
	NoSuchUser:                    "no such user",
	NoSuchAccessKey:               "no such access key",
	NoSuchEntity:                  "no such entity",
	NoSuchEncryptionKey:           "no such encryption key",
	BucketAlreadyExists:           "bucket already exists",
	BucketAlreadyOwnedByYou:       "bucket already owned by you",
	BucketNotEmpty:                "bucket not empty",
	TooManyBuckets:                "too many buckets",
	AlreadyExists:                 "already exists",
	DeleteConflict:                "delete conflict",
	LimitExceeded:                 "limit exceeded",
	InvalidPart:                   "invalid part",
	InvalidPartOrder:              "invalid part order",
	InvalidRange:                  "invalid range",
	BadDigest:                     "bad digest",
	InvalidDigest:                 "invalid digest",
	ContentSHA256Mismatch:         "content sha256 mismatch",
	ChecksumMismatch:              "checksum mismatch",
	IncompleteBody:                "incomplete body",
	PreconditionFailed:            "precondition failed",
	ConditionalConflict:           "conditional conflict",
	AccessControlListNotSupported: "access control list not supported",
	BadBucketState:                "bad bucket state",
	ObjectLocked:                  "object locked",
	InvalidToken:                  "invalid token",
	ExpiredToken:                  "expired token",
	NoTorrent:                     "no torrent",
	TorrentRefused:                "torrent refused",
	QuotaExceeded:                 "quota exceeded",
	SlowDown:                      "slow down",
	NoSpace:                       "no space",
	Canceled:                      "canceled",
}

// String returns the kind in words.
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return "unknown kind"
}
