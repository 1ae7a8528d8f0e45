package soapapi

// code is an error code of S3 (S3 API reference, "Error responses").
type code string

// codeRow is what goes with a code: the message when there is no better one, and the status that REST answers, by which
// a fault is the client's or ours and is billed or not.
type codeRow struct {
	status  int
	message string
}

const (
	codeAccessControlListNotSupported code = "AccessControlListNotSupported"
	codeAccessDenied                  code = "AccessDenied"
	codeBadDigest                     code = "BadDigest"
	codeBucketAlreadyExists           code = "BucketAlreadyExists"
	codeBucketAlreadyOwnedByYou       code = "BucketAlreadyOwnedByYou"
	codeBucketNotEmpty                code = "BucketNotEmpty"
	codeCrossLocationLogging          code = "CrossLocationLoggingProhibitted" // as S3 spells it
	codeEntityTooLarge                code = "EntityTooLarge"
	codeIncompleteBody                code = "IncompleteBody"
	codeInlineDataTooLarge            code = "InlineDataTooLarge"
	codeInternalError                 code = "InternalError"
	codeInvalidAccessKeyID            code = "InvalidAccessKeyId"
	codeInvalidArgument               code = "InvalidArgument"
	codeInvalidBucketACL              code = "InvalidBucketAclWithObjectOwnership"
	codeInvalidBucketName             code = "InvalidBucketName"
	codeInvalidBucketState            code = "InvalidBucketState"
	codeInvalidDigest                 code = "InvalidDigest"
	codeInvalidRange                  code = "InvalidRange"
	codeInvalidRequest                code = "InvalidRequest"
	codeInvalidSOAPRequest            code = "InvalidSOAPRequest"
	codeInvalidStorageClass           code = "InvalidStorageClass"
	codeInvalidToken                  code = "InvalidToken"
	codeInvalidTargetBucketForLogging code = "InvalidTargetBucketForLogging"
	codeKeyTooLong                    code = "KeyTooLongError"
	codeMalformedACL                  code = "MalformedACLError"
	codeMalformedXML                  code = "MalformedXML"
	codeMaxMessageLengthExceeded      code = "MaxMessageLengthExceeded"
	codeMetadataTooLarge              code = "MetadataTooLarge"
	codeMissingAttachment             code = "MissingAttachment"
	codeMissingSecurityElement        code = "MissingSecurityElement"
	codeMustUnderstand                code = "MustUnderstand"
	codeNoSuchBucket                  code = "NoSuchBucket"
	codeNoSuchKey                     code = "NoSuchKey"
	codeNoSuchKMSKey                  code = "KMS.NotFoundException"
	codeNotImplemented                code = "NotImplemented"
	codeNotModified                   code = "NotModified"
	codeOperationAborted              code = "OperationAborted"
	codePreconditionFailed            code = "PreconditionFailed"
	codeQuotaExceeded                 code = "QuotaExceeded" // as Ceph's gateway has it: S3 has no quotas
	codeRequestTimeout                code = "RequestTimeout"
	codeRequestTimeTooSkewed          code = "RequestTimeTooSkewed"
	codeSignatureDoesNotMatch         code = "SignatureDoesNotMatch"
	codeSlowDown                      code = "SlowDown"
	codeStorageFull                   code = "InsufficientStorage"
	codeTooManyBuckets                code = "TooManyBuckets"
	codeUnresolvableGrantByEmail      code = "UnresolvableGrantByEmailAddress"
	codeVersionMismatch               code = "VersionMismatch"
)

// row returns the row of c, that of an internal error when c has none.
func (c code) row() codeRow {
	if r, ok := codes[c]; ok {
		return r
	}
	return codes[codeInternalError]
}
