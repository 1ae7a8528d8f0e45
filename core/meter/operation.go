package meter

// Operation is the Operation column of the usage report: what was asked for, whatever the protocol.
// The numbers are in stored rows: a new operation goes at the end, a number is never used again.
type Operation uint8

// The closed set of operations. An S3 operation without a name here is UnknownAction.
const (
	UnknownAction Operation = iota
	StandardStorage

	ListAllMyBuckets
	CreateBucket
	HeadBucket
	DeleteBucket
	ListBucket
	ListBucketVersions

	GetObject
	HeadObject
	PutObject
	PostObject
	CopyObject
	DeleteObject
	DeleteObjects
	GetObjectTorrent
	GetObjectAttributes
	RestoreObject
	SelectObjectContent

	InitiateMultipartUpload
	UploadPart
	UploadPartCopy
	CompleteMultipartUpload
	AbortMultipartUpload
	ListParts
	ListMultipartUploads

	ReadACL
	WriteACL
	ReadLocation
	ReadBucketPolicy
	WriteBucketPolicy
	DeleteBucketPolicy
	ReadBucketPolicyStatus
	ReadBucketVersioning
	WriteBucketVersioning
	ReadBucketLogging
	WriteBucketLogging
	ReadBucketRequestPayment
	WriteBucketRequestPayment
	ReadBucketPublicAccessBlock
	WriteBucketPublicAccessBlock
	DeleteBucketPublicAccessBlock
	ReadBucketOwnershipControls
	WriteBucketOwnershipControls
	DeleteBucketOwnershipControls
	ReadBucketConfiguration
	WriteBucketConfiguration
	DeleteBucketConfiguration
	ReadTagging
	WriteTagging
	DeleteTagging
	ReadObjectLock
	WriteObjectLock

	OptionsRequest
	WebsiteGetObject

	numOperations
)

var operationNames = [numOperations]string{
	UnknownAction:   "UnknownAction",
	StandardStorage: "StandardStorage",

	ListAllMyBuckets:   "ListAllMyBuckets",
	CreateBucket:       "CreateBucket",
	HeadBucket:         "HeadBucket",
	DeleteBucket:       "DeleteBucket",
	ListBucket:         "ListBucket",
	ListBucketVersions: "ListBucketVersions",

	GetObject:           "GetObject",
	HeadObject:          "HeadObject",
	PutObject:           "PutObject",
	PostObject:          "PostObject",
	CopyObject:          "CopyObject",
	DeleteObject:        "DeleteObject",
	DeleteObjects:       "DeleteObjects",
	GetObjectTorrent:    "GetObjectTorrent",
	GetObjectAttributes: "GetObjectAttributes",
	RestoreObject:       "RestoreObject",
	SelectObjectContent: "SelectObjectContent",

	InitiateMultipartUpload: "InitiateMultipartUpload",
	UploadPart:              "UploadPart",
	UploadPartCopy:          "UploadPartCopy",
	CompleteMultipartUpload: "CompleteMultipartUpload",
	AbortMultipartUpload:    "AbortMultipartUpload",
	ListParts:               "ListParts",
	ListMultipartUploads:    "ListMultipartUploads",

	ReadACL:                       "ReadACL",
	WriteACL:                      "WriteACL",
	ReadLocation:                  "ReadLocation",
	ReadBucketPolicy:              "ReadBucketPolicy",
	WriteBucketPolicy:             "WriteBucketPolicy",
	DeleteBucketPolicy:            "DeleteBucketPolicy",
	ReadBucketPolicyStatus:        "ReadBucketPolicyStatus",
	ReadBucketVersioning:          "ReadBucketVersioning",
	WriteBucketVersioning:         "WriteBucketVersioning",
	ReadBucketLogging:             "ReadBucketLogging",
	WriteBucketLogging:            "WriteBucketLogging",
	ReadBucketRequestPayment:      "ReadBucketRequestPayment",
	WriteBucketRequestPayment:     "WriteBucketRequestPayment",
	ReadBucketPublicAccessBlock:   "ReadBucketPublicAccessBlock",
	WriteBucketPublicAccessBlock:  "WriteBucketPublicAccessBlock",
	DeleteBucketPublicAccessBlock: "DeleteBucketPublicAccessBlock",
	ReadBucketOwnershipControls:   "ReadBucketOwnershipControls",
	WriteBucketOwnershipControls:  "WriteBucketOwnershipControls",
	DeleteBucketOwnershipControls: "DeleteBucketOwnershipControls",
	ReadBucketConfiguration:       "ReadBucketConfiguration",
	WriteBucketConfiguration:      "WriteBucketConfiguration",
	DeleteBucketConfiguration:     "DeleteBucketConfiguration",
	ReadTagging:                   "ReadTagging",
	WriteTagging:                  "WriteTagging",
	DeleteTagging:                 "DeleteTagging",
	ReadObjectLock:                "ReadObjectLock",
	WriteObjectLock:               "WriteObjectLock",

	OptionsRequest:   "OptionsRequest",
	WebsiteGetObject: "WebsiteGetObject",
}

// String returns the name as the usage report writes it; "UnknownAction" outside the set.
func (o Operation) String() string {
	if o >= numOperations {
		o = UnknownAction
	}
	return operationNames[o]
}

// Operations returns the closed set in order of number.
func Operations() []Operation {
	all := make([]Operation, numOperations)
	for i := range all {
		all[i] = Operation(i)
	}
	return all
}
