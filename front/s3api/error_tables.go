package s3api

import (
	"shoal/core/fault"
	"shoal/wire/sigv4"
)

// kindCodes is the S3 code of every kind of error of the core. Never written.
var kindCodes = map[fault.Kind]code{
	fault.Internal:                      codeInternalError,
	fault.AccessDenied:                  codeAccessDenied,
	fault.InvalidArgument:               codeInvalidArgument,
	fault.InvalidRequest:                codeInvalidRequest,
	fault.MalformedPolicy:               codeMalformedPolicy,
	fault.MalformedACL:                  codeMalformedACL,
	fault.InvalidBucketName:             codeInvalidBucketName,
	fault.KeyTooLong:                    codeKeyTooLong,
	fault.MetadataTooLarge:              codeMetadataTooLarge,
	fault.InvalidTag:                    codeInvalidTag,
	fault.TooManyTags:                   codeBadRequest,
	fault.EntityTooLarge:                codeEntityTooLarge,
	fault.EntityTooSmall:                codeEntityTooSmall,
	fault.NoSuchBucket:                  codeNoSuchBucket,
	fault.NoSuchKey:                     codeNoSuchKey,
	fault.NoSuchVersion:                 codeNoSuchVersion,
	fault.NoSuchUpload:                  codeNoSuchUpload,
	fault.NoSuchBucketPolicy:            codeNoSuchBucketPolicy,
	fault.NoSuchPublicAccessBlock:       codeNoSuchPublicAccessBlock,
	fault.NoSuchOwnershipControls:       codeNoSuchOwnershipControls,
	fault.NoSuchUser:                    codeInvalidArgument,
	fault.NoSuchAccessKey:               codeInvalidAccessKeyID,
	fault.NoSuchEntity:                  codeInvalidArgument,
	fault.NoSuchEncryptionKey:           codeNoSuchKMSKey,
	fault.DeleteConflict:                codeInvalidRequest,
	fault.LimitExceeded:                 codeInvalidRequest,
	fault.InvalidToken:                  codeInvalidToken,
	fault.ExpiredToken:                  codeExpiredToken,
	fault.BucketAlreadyExists:           codeBucketAlreadyExists,
	fault.BucketAlreadyOwnedByYou:       codeBucketAlreadyOwnedByYou,
	fault.BucketNotEmpty:                codeBucketNotEmpty,
	fault.TooManyBuckets:                codeTooManyBuckets,
	fault.AlreadyExists:                 codeInvalidRequest,
	fault.InvalidPart:                   codeInvalidPart,
	fault.InvalidPartOrder:              codeInvalidPartOrder,
	fault.InvalidRange:                  codeInvalidRange,
	fault.BadDigest:                     codeBadDigest,
	fault.InvalidDigest:                 codeInvalidDigest,
	fault.ContentSHA256Mismatch:         codeContentSHA256Mismatch,
	fault.ChecksumMismatch:              codeBadDigest,
	fault.IncompleteBody:                codeIncompleteBody,
	fault.PreconditionFailed:            codePreconditionFailed,
	fault.ConditionalConflict:           codeConditionalRequestConflict,
	fault.AccessControlListNotSupported: codeAccessControlListNotSupported,
	fault.BadBucketState:                codeInvalidBucketState,
	fault.InvalidLogTarget:              codeInvalidTargetBucketForLogging,
	fault.CrossRegionLogTarget:          codeCrossLocationLogging,
	fault.ObjectLocked:                  codeAccessDenied,
	fault.NoTorrent:                     codeNoSuchKey,
	fault.TorrentRefused:                codeInvalidRequest,
	fault.QuotaExceeded:                 codeQuotaExceeded,
	fault.SlowDown:                      codeSlowDown,
	fault.NoSpace:                       codeStorageFull,
	fault.Canceled:                      codeRequestTimeout,
}

// kindMessages is what goes with a kind that says more than its code. Never written.
var kindMessages = map[fault.Kind]string{
	fault.ObjectLocked: "Access Denied because object protected by object lock.",
}

// reasonRow is the S3 code of a reason to refuse a signature. An empty message is the code's own; detail
// says that the refusal's own sentence is better. One that ends in "; " goes before it.
type reasonRow struct {
	code    code
	message string
	detail  bool
}

// reasonCodes is the row of every sigv4.Reason. Never written.
var reasonCodes = map[sigv4.Reason]reasonRow{
	sigv4.AuthHeaderMalformed:      {codeAuthHeaderMalformed, "The authorization header is malformed; ", true},
	sigv4.AuthQueryMalformed:       {codeAuthQueryMalformed, "", true},
	sigv4.AuthFormMalformed:        {codeInvalidArgument, "", true},
	sigv4.MultipleMechanisms:       {codeInvalidArgument, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified", false},
	sigv4.SignatureV2:              {codeInvalidRequest, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", false},
	sigv4.UnsupportedAuthorization: {codeInvalidArgument, "Unsupported Authorization Type", true},
	sigv4.UnsupportedAlgorithm:     {codeNotImplemented, "This signing algorithm is not implemented. Please use AWS4-HMAC-SHA256.", false},
	sigv4.MissingDate:              {codeAccessDenied, "AWS authentication requires a valid Date or x-amz-date header.", false},
	sigv4.MissingSecurityHeader:    {codeMissingSecurityHeader, "", true},
	sigv4.MissingContentSHA256:     {codeInvalidRequest, "Missing required header for this request: x-amz-content-sha256", false},
	sigv4.InvalidContentSHA256:     {codeInvalidArgument, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.", false},
	sigv4.AnonymousStreaming:       {codeInvalidRequest, "Anonymous requests don't support this x-amz-content-sha256 value. Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER.", false},
	sigv4.UnsignedHeaders:          {codeAccessDenied, "There were headers present in the request which were not signed", false},
	sigv4.DuplicateHeader:          {codeInvalidArgument, "A header that has one value was sent twice.", false},
	sigv4.InvalidToken:             {codeInvalidToken, "", false},
	sigv4.MalformedURI:             {codeInvalidURI, "", false},
	sigv4.RequestTimeTooSkewed:     {codeRequestTimeTooSkewed, "", false},
	sigv4.ExpiredPresign:           {codeAccessDenied, "Request has expired.", false},
	sigv4.PresignNotYetValid:       {codeAccessDenied, "Request is not valid yet.", false},
	sigv4.SignatureMismatch:        {codeSignatureDoesNotMatch, "", false},
	sigv4.ContentSHA256Mismatch:    {codeContentSHA256Mismatch, "", false},
	sigv4.MissingDecodedLength:     {codeMissingContentLength, "", false},
	sigv4.InvalidDecodedLength:     {codeMissingContentLength, "", false},
	sigv4.IncompleteBody:           {codeIncompleteBody, "", true},
	sigv4.MalformedChunk:           {codeIncompleteBody, "The request body terminated unexpectedly", false},
	sigv4.InvalidChunkSize:         {codeInvalidChunkSize, "", false},
	sigv4.MalformedTrailer:         {codeMalformedTrailer, "", false},
}
