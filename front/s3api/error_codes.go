package s3api

import "net/http"

// code is an error code of S3.
type code string

// codeRow is what goes with a code: the status, and the message when there is no better one.
type codeRow struct {
	status  int
	message string
}

// The codes that this front answers (S3 API reference, "Error responses").
const (
	codeAccessControlListNotSupported code = "AccessControlListNotSupported"
	codeAccessDenied                  code = "AccessDenied"
	codeAuthHeaderMalformed           code = "AuthorizationHeaderMalformed"
	codeAuthQueryMalformed            code = "AuthorizationQueryParametersError"
	codeBadDigest                     code = "BadDigest"
	codeBadRequest                    code = "BadRequest"
	codeBucketAlreadyExists           code = "BucketAlreadyExists"
	codeBucketAlreadyOwnedByYou       code = "BucketAlreadyOwnedByYou"
	codeBucketNotEmpty                code = "BucketNotEmpty"
	codeConditionalRequestConflict    code = "ConditionalRequestConflict"
	codeCrossLocationLogging          code = "CrossLocationLoggingProhibitted" // as S3 spells it
	codeEntityTooLarge                code = "EntityTooLarge"
	codeEntityTooSmall                code = "EntityTooSmall"
	codeAccessForbidden               code = "AccessForbidden"
	codeExpiredToken                  code = "ExpiredToken"
	codeHeadersTooLarge               code = "RequestHeaderSectionTooLarge"
	codeIllegalLocation               code = "IllegalLocationConstraintException"
	codeIllegalVersioning             code = "IllegalVersioningConfigurationException"
	codeIncompleteBody                code = "IncompleteBody"
	codeInternalError                 code = "InternalError"
	codeInvalidAccessKeyID            code = "InvalidAccessKeyId"
	codeInvalidArgument               code = "InvalidArgument"
	codeInvalidBucketName             code = "InvalidBucketName"
	codeInvalidBucketState            code = "InvalidBucketState"
	codeInvalidChunkSize              code = "InvalidChunkSizeError"
	codeInvalidDigest                 code = "InvalidDigest"
	codeInvalidLocation               code = "InvalidLocationConstraint"
	codeInvalidPart                   code = "InvalidPart"
	codeInvalidPartNumber             code = "InvalidPartNumber"
	codeInvalidPartOrder              code = "InvalidPartOrder"
	codeInvalidPolicyDocument         code = "InvalidPolicyDocument"
	codeInvalidRedirect               code = "InvalidRedirectLocation"
	codeInvalidRange                  code = "InvalidRange"
	codeInvalidRequest                code = "InvalidRequest"
	codeInvalidStorageClass           code = "InvalidStorageClass"
	codeInvalidTargetBucketForLogging code = "InvalidTargetBucketForLogging"
	codeInvalidToken                  code = "InvalidToken"
	codeInvalidURI                    code = "InvalidURI"
	codeKeyTooLong                    code = "KeyTooLongError"
	codeMalformedACL                  code = "MalformedACLError"
	codeFormTooLarge                  code = "MaxPostPreDataLengthExceededError"
	codeMalformedPOST                 code = "MalformedPOSTRequest"
	codeMalformedPolicy               code = "MalformedPolicy"
	codeMalformedTrailer              code = "MalformedTrailerError"
	codeMalformedXML                  code = "MalformedXML"
	codeMaxMessageLengthExceeded      code = "MaxMessageLengthExceeded"
	codeMetadataTooLarge              code = "MetadataTooLarge"
	codeInvalidBucketACL              code = "InvalidBucketAclWithObjectOwnership"
	codeInvalidTag                    code = "InvalidTag"
	codeMethodNotAllowed              code = "MethodNotAllowed"
	codeMissingContentLength          code = "MissingContentLength"
	codeMissingRequestBody            code = "MissingRequestBodyError"
	codeMissingSecurityHeader         code = "MissingSecurityHeader"
	codeNoSuchBucket                  code = "NoSuchBucket"
	codeNoSuchBucketPolicy            code = "NoSuchBucketPolicy"
	codeNoSuchCORS                    code = "NoSuchCORSConfiguration"
	codeNoSuchConfiguration           code = "NoSuchConfiguration"
	codeNoSuchEncryption              code = "ServerSideEncryptionConfigurationNotFoundError"
	codeNoSuchKey                     code = "NoSuchKey"
	codeNoSuchLifecycle               code = "NoSuchLifecycleConfiguration"
	codeNoSuchLock                    code = "NoSuchObjectLockConfiguration"
	codeNoSuchMetadata                code = "MetadataConfigurationNotFound"
	codeNoSuchObjectLock              code = "ObjectLockConfigurationNotFoundError"
	codeNoSuchOwnershipControls       code = "OwnershipControlsNotFoundError"
	codeNoSuchPublicAccessBlock       code = "NoSuchPublicAccessBlockConfiguration"
	codeNoSuchReplication             code = "ReplicationConfigurationNotFoundError"
	codeNoSuchTagSet                  code = "NoSuchTagSet"
	codeNoSuchUpload                  code = "NoSuchUpload"
	codeNoSuchVersion                 code = "NoSuchVersion"
	codeNoSuchWebsite                 code = "NoSuchWebsiteConfiguration"
	codeNoSuchKMSKey                  code = "KMS.NotFoundException"
	codeNotImplemented                code = "NotImplemented"
	codeNotModified                   code = "NotModified" // 304 has no body, so that nobody sees it
	codePreconditionFailed            code = "PreconditionFailed"
	codeRequestTimeTooSkewed          code = "RequestTimeTooSkewed"
	codeRequestTimeout                code = "RequestTimeout"
	codeSignatureDoesNotMatch         code = "SignatureDoesNotMatch"
	codeQuotaExceeded                 code = "QuotaExceeded" // as Ceph's gateway has it: S3 has no quotas
	codeSlowDown                      code = "SlowDown"
	codeStorageFull                   code = "InsufficientStorage"
	codeTooManyBuckets                code = "TooManyBuckets"
	codeTorrentOfBucket               code = "RequestTorrentOfBucketError"
	codeUnexpectedContent             code = "UnexpectedContent"
	codeUnresolvableGrantByEmail      code = "UnresolvableGrantByEmailAddress"
	codeContentSHA256Mismatch         code = "XAmzContentSHA256Mismatch"
)

// row returns the status and message of c, those of an internal error when c has none.
func (c code) row() codeRow {
	for _, table := range []map[code]codeRow{requestCodes, absenceCodes, stateCodes} {
		if r, ok := table[c]; ok {
			return r
		}
	}
	return codeRow{http.StatusInternalServerError, "We encountered an internal error. Please try again."}
}

// requestCodes are those of a request that is wrong in itself. Never written.
var requestCodes = map[code]codeRow{
	codeCrossLocationLogging:          {http.StatusForbidden, "Cross S3 location logging not allowed."},
	codeAuthHeaderMalformed:           {http.StatusBadRequest, "The authorization header that you provided is not valid."},
	codeAuthQueryMalformed:            {http.StatusBadRequest, "The authorization query parameters that you provided are not valid."},
	codeBadDigest:                     {http.StatusBadRequest, "The Content-MD5 you specified did not match what we received."},
	codeBadRequest:                    {http.StatusBadRequest, "Bad Request"},
	codeContentSHA256Mismatch:         {http.StatusBadRequest, "The provided 'x-amz-content-sha256' header does not match what was computed."},
	codeEntityTooLarge:                {http.StatusBadRequest, "Your proposed upload exceeds the maximum allowed object size."},
	codeEntityTooSmall:                {http.StatusBadRequest, "Your proposed upload is smaller than the minimum allowed size"},
	codeExpiredToken:                  {http.StatusBadRequest, "The provided token has expired."},
	codeHeadersTooLarge:               {http.StatusBadRequest, "Your request header section exceeds the maximum allowed size."},
	codeIllegalLocation:               {http.StatusBadRequest, "The specified location constraint is incompatible with the region specific endpoint that this request was sent to."},
	codeIllegalVersioning:             {http.StatusBadRequest, "The Versioning element must be specified."},
	codeIncompleteBody:                {http.StatusBadRequest, "You did not provide the number of bytes specified by the Content-Length HTTP header"},
	codeInvalidArgument:               {http.StatusBadRequest, "Invalid argument."},
	codeInvalidBucketACL:              {http.StatusBadRequest, "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"},
	codeInvalidTag:                    {http.StatusBadRequest, "The tag provided was not a valid tag."},
	codeInvalidBucketName:             {http.StatusBadRequest, "The specified bucket is not valid."},
	codeInvalidChunkSize:              {http.StatusBadRequest, "Only the last chunk is allowed to have a size less than 8192 bytes"},
	codeInvalidDigest:                 {http.StatusBadRequest, "The Content-Md5 you specified is not valid."},
	codeInvalidLocation:               {http.StatusBadRequest, "The specified location-constraint is not valid"},
	codeInvalidPart:                   {http.StatusBadRequest, "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."},
	codeInvalidPartNumber:             {http.StatusRequestedRangeNotSatisfiable, "The requested partnumber is not satisfiable."},
	codeInvalidPartOrder:              {http.StatusBadRequest, "The list of parts was not in ascending order. Parts must be ordered by part number."},
	codeInvalidRedirect:               {http.StatusBadRequest, "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."},
	codeInvalidRange:                  {http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable"},
	codeInvalidRequest:                {http.StatusBadRequest, "The request is not valid."},
	codeInvalidStorageClass:           {http.StatusBadRequest, "The storage class you specified is not valid."},
	codeInvalidTargetBucketForLogging: {http.StatusBadRequest, "The target bucket for logging does not exist."},
	codeInvalidToken:                  {http.StatusBadRequest, "The provided token is malformed or otherwise invalid."},
	codeInvalidURI:                    {http.StatusBadRequest, "Couldn't parse the specified URI."},
	codeKeyTooLong:                    {http.StatusBadRequest, "Your key is too long."},
	codeMalformedACL:                  {http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema."},
	codeFormTooLarge:                  {http.StatusBadRequest, "Your POST request fields preceding the upload file were too large."},
	codeInvalidPolicyDocument:         {http.StatusBadRequest, "The content of the form does not meet the conditions specified in the policy document."},
	codeMalformedPOST:                 {http.StatusBadRequest, "The body of your POST request is not well-formed multipart/form-data."},
	codeMalformedPolicy:               {http.StatusBadRequest, "Policy has invalid contents."},
	codeMalformedTrailer:              {http.StatusBadRequest, "The request contained trailing data that was not well-formed or did not conform to our published schema."},
	codeMalformedXML:                  {http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema."},
	codeMaxMessageLengthExceeded:      {http.StatusBadRequest, "Your request was too big."},
	codeMetadataTooLarge:              {http.StatusBadRequest, "Your metadata headers exceed the maximum allowed metadata size"},
	codeMissingContentLength:          {http.StatusLengthRequired, "You must provide the Content-Length HTTP header."},
	codeMissingRequestBody:            {http.StatusBadRequest, "Request Body is empty"},
	codeMissingSecurityHeader:         {http.StatusBadRequest, "Your request was missing a required header."},
	codeRequestTimeout:                {http.StatusBadRequest, "Your socket connection to the server was not read from or written to within the timeout period."},
	codeTorrentOfBucket:               {http.StatusBadRequest, "Requesting the torrent file of a bucket is not permitted."},
	codeUnexpectedContent:             {http.StatusBadRequest, "This request does not support content."},
	codeUnresolvableGrantByEmail:      {http.StatusBadRequest, "The email address you provided does not match any account on record."},
}

// absenceCodes are those of what is not there. Never written.
var absenceCodes = map[code]codeRow{
	codeNoSuchBucket:            {http.StatusNotFound, "The specified bucket does not exist."},
	codeNoSuchBucketPolicy:      {http.StatusNotFound, "The bucket policy does not exist."},
	codeNoSuchCORS:              {http.StatusNotFound, "The CORS configuration does not exist"},
	codeNoSuchConfiguration:     {http.StatusNotFound, "The specified configuration does not exist."},
	codeNoSuchEncryption:        {http.StatusNotFound, "The server side encryption configuration was not found."},
	codeNoSuchKey:               {http.StatusNotFound, "The specified key does not exist."},
	codeNoSuchLifecycle:         {http.StatusNotFound, "The lifecycle configuration does not exist."},
	codeNoSuchLock:              {http.StatusNotFound, "The specified object does not have a ObjectLock configuration."},
	codeNoSuchMetadata:          {http.StatusNotFound, "The metadata configuration was not found."},
	codeNoSuchObjectLock:        {http.StatusNotFound, "Object Lock configuration does not exist for this bucket."},
	codeNoSuchOwnershipControls: {http.StatusNotFound, "The bucket ownership controls were not found."},
	codeNoSuchPublicAccessBlock: {http.StatusNotFound, "The public access block configuration was not found."},
	codeNoSuchReplication:       {http.StatusNotFound, "The replication configuration was not found."},
	codeNoSuchTagSet:            {http.StatusNotFound, "The TagSet does not exist."},
	codeNoSuchUpload:            {http.StatusNotFound, "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
	codeNoSuchVersion:           {http.StatusNotFound, "The specified version does not exist."},
	codeNoSuchWebsite:           {http.StatusNotFound, "The specified bucket does not have a website configuration"},
}

// stateCodes are those of who asks, of what is in the way, and of the server. Never written.
var stateCodes = map[code]codeRow{
	codeAccessControlListNotSupported: {http.StatusBadRequest, "The bucket does not allow ACLs."},
	codeAccessForbidden:               {http.StatusForbidden, "CORSResponse: CORS is not enabled for this bucket."},
	codeAccessDenied:                  {http.StatusForbidden, "Access Denied."},
	codeBucketAlreadyExists:           {http.StatusConflict, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."},
	codeBucketAlreadyOwnedByYou:       {http.StatusConflict, "Your previous request to create the named bucket succeeded and you already own it."},
	codeBucketNotEmpty:                {http.StatusConflict, "The bucket you tried to delete is not empty."},
	codeConditionalRequestConflict:    {http.StatusConflict, "The conditional request cannot succeed due to a conflicting operation against this resource."},
	codeInternalError:                 {http.StatusInternalServerError, "We encountered an internal error. Please try again."},
	codeInvalidAccessKeyID:            {http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records."},
	codeInvalidBucketState:            {http.StatusConflict, "The request is not valid with the current state of the bucket."},
	codeMethodNotAllowed:              {http.StatusMethodNotAllowed, "The specified method is not allowed against this resource."},
	codeNoSuchKMSKey:                  {http.StatusBadRequest, "The KMS key that the request names does not exist."},
	codeNotImplemented:                {http.StatusNotImplemented, "A header you provided implies functionality that is not implemented."},
	codeNotModified:                   {http.StatusNotModified, "Not Modified"},
	codePreconditionFailed:            {http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold."},
	codeRequestTimeTooSkewed:          {http.StatusForbidden, "The difference between the request time and the server's time is too large."},
	codeSignatureDoesNotMatch:         {http.StatusForbidden, "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
	codeQuotaExceeded:                 {http.StatusForbidden, "The quota of the bucket or of its owner is used up."},
	codeSlowDown:                      {http.StatusServiceUnavailable, "Please reduce your request rate."},
	codeStorageFull:                   {http.StatusInsufficientStorage, "There is not enough space left to store what you sent. Deletes still work."},
	codeTooManyBuckets:                {http.StatusBadRequest, "You have attempted to create more buckets than allowed."},
}
