package soapapi

import (
	"net/http"

	"shoal/core/fault"
	"shoal/wire/soap"
)

// codes is the row of every code. Never written.
var codes = map[code]codeRow{
	codeAccessControlListNotSupported: {http.StatusBadRequest, "The bucket does not allow ACLs."},
	codeAccessDenied:                  {http.StatusForbidden, "Access Denied"},
	codeBadDigest:                     {http.StatusBadRequest, "The Content-MD5 you specified did not match what we received."},
	codeBucketAlreadyExists:           {http.StatusConflict, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."},
	codeBucketAlreadyOwnedByYou:       {http.StatusConflict, "Your previous request to create the named bucket succeeded and you already own it."},
	codeBucketNotEmpty:                {http.StatusConflict, "The bucket you tried to delete is not empty."},
	codeCrossLocationLogging:          {http.StatusForbidden, "Cross S3 location logging not allowed."},
	codeEntityTooLarge:                {http.StatusBadRequest, "Your proposed upload exceeds the maximum allowed object size."},
	codeIncompleteBody:                {http.StatusBadRequest, "You did not provide the number of bytes specified by the ContentLength element."},
	codeInlineDataTooLarge:            {http.StatusBadRequest, "Inline data exceeds the maximum allowed size."},
	codeInternalError:                 {http.StatusInternalServerError, "We encountered an internal error. Please try again."},
	codeInvalidAccessKeyID:            {http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records."},
	codeInvalidArgument:               {http.StatusBadRequest, "Invalid argument."},
	codeInvalidBucketACL:              {http.StatusBadRequest, "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"},
	codeInvalidBucketName:             {http.StatusBadRequest, "The specified bucket is not valid."},
	codeInvalidBucketState:            {http.StatusConflict, "The request is not valid with the current state of the bucket."},
	codeInvalidDigest:                 {http.StatusBadRequest, "The Content-MD5 you specified is not valid."},
	codeInvalidRange:                  {http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable"},
	codeInvalidRequest:                {http.StatusBadRequest, "The request is not valid."},
	codeInvalidSOAPRequest:            {http.StatusBadRequest, "The SOAP request body is invalid."},
	codeInvalidStorageClass:           {http.StatusBadRequest, "The storage class you specified is not valid."},
	codeInvalidTargetBucketForLogging: {http.StatusBadRequest, "The target bucket for logging does not exist."},
	codeInvalidToken:                  {http.StatusBadRequest, "The provided token is malformed or otherwise invalid."},
	codeKeyTooLong:                    {http.StatusBadRequest, "Your key is too long."},
	codeMalformedACL:                  {http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema."},
	codeMalformedXML:                  {http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema."},
	codeMaxMessageLengthExceeded:      {http.StatusBadRequest, "Your request was too big."},
	codeMetadataTooLarge:              {http.StatusBadRequest, "Your metadata headers exceed the maximum allowed metadata size."},
	codeMissingAttachment:             {http.StatusBadRequest, "A SOAP attachment was expected, but none were found."},
	codeMissingSecurityElement:        {http.StatusBadRequest, "The SOAP 1.1 request is missing a security element."},
	codeMustUnderstand:                {http.StatusBadRequest, "A header of the message that must be understood is not."},
	codeNoSuchBucket:                  {http.StatusNotFound, "The specified bucket does not exist."},
	codeNoSuchKey:                     {http.StatusNotFound, "The specified key does not exist."},
	codeNoSuchKMSKey:                  {http.StatusBadRequest, "The KMS key that the request names does not exist."},
	codeNotImplemented:                {http.StatusNotImplemented, "This operation is not implemented."},
	codeNotModified:                   {http.StatusNotModified, "Not Modified"},
	codeOperationAborted:              {http.StatusConflict, "A conflicting conditional operation is currently in progress against this resource. Try again."},
	codePreconditionFailed:            {http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold."},
	codeQuotaExceeded:                 {http.StatusForbidden, "The quota of the bucket or of its owner is used up."},
	codeRequestTimeout:                {http.StatusBadRequest, "Your socket connection to the server was not read from or written to within the timeout period."},
	codeRequestTimeTooSkewed:          {http.StatusForbidden, "The difference between the request time and the server's time is too large."},
	codeSignatureDoesNotMatch:         {http.StatusForbidden, "The request signature we calculated does not match the signature you provided. Check your AWS secret access key and signing method."},
	codeSlowDown:                      {http.StatusServiceUnavailable, "Please reduce your request rate."},
	codeStorageFull:                   {http.StatusInsufficientStorage, "There is not enough space left to store what you sent. Deletes still work."},
	codeTooManyBuckets:                {http.StatusBadRequest, "You have attempted to create more buckets than allowed."},
	codeUnresolvableGrantByEmail:      {http.StatusBadRequest, "The email address you provided does not match any account on record."},
	codeVersionMismatch:               {http.StatusBadRequest, "The envelope is not one of SOAP 1.1."},
}

// kindCodes is the code of every kind of error of the core that a request here can meet; the others are internal. Never
// written.
var kindCodes = map[fault.Kind]code{
	fault.AccessDenied:                  codeAccessDenied,
	fault.InvalidArgument:               codeInvalidArgument,
	fault.InvalidRequest:                codeInvalidRequest,
	fault.MalformedACL:                  codeMalformedACL,
	fault.InvalidBucketName:             codeInvalidBucketName,
	fault.KeyTooLong:                    codeKeyTooLong,
	fault.MetadataTooLarge:              codeMetadataTooLarge,
	fault.EntityTooLarge:                codeEntityTooLarge,
	fault.NoSuchBucket:                  codeNoSuchBucket,
	fault.NoSuchKey:                     codeNoSuchKey,
	fault.NoSuchVersion:                 codeNoSuchKey,
	fault.NoSuchAccessKey:               codeInvalidAccessKeyID,
	fault.NoSuchEncryptionKey:           codeNoSuchKMSKey,
	fault.BucketAlreadyExists:           codeBucketAlreadyExists,
	fault.BucketAlreadyOwnedByYou:       codeBucketAlreadyOwnedByYou,
	fault.BucketNotEmpty:                codeBucketNotEmpty,
	fault.TooManyBuckets:                codeTooManyBuckets,
	fault.InvalidRange:                  codeInvalidRange,
	fault.BadDigest:                     codeBadDigest,
	fault.IncompleteBody:                codeIncompleteBody,
	fault.PreconditionFailed:            codePreconditionFailed,
	fault.ConditionalConflict:           codeOperationAborted,
	fault.AccessControlListNotSupported: codeAccessControlListNotSupported,
	fault.BadBucketState:                codeInvalidBucketState,
	fault.InvalidLogTarget:              codeInvalidTargetBucketForLogging,
	fault.CrossRegionLogTarget:          codeCrossLocationLogging,
	fault.ObjectLocked:                  codeAccessDenied,
	fault.InvalidToken:                  codeInvalidToken,
	fault.QuotaExceeded:                 codeQuotaExceeded,
	fault.SlowDown:                      codeSlowDown,
	fault.NoSpace:                       codeStorageFull,
	fault.Canceled:                      codeRequestTimeout,
}

// messageCodes is the code of every reason that a message cannot be taken for. Never written.
var messageCodes = map[soap.Reason]code{
	soap.Malformed:       codeInvalidSOAPRequest,
	soap.TooLarge:        codeMaxMessageLengthExceeded,
	soap.VersionMismatch: codeVersionMismatch,
	soap.MustUnderstand:  codeMustUnderstand,
}
