package meter

import "slices"

// Operation is the Operation column of the usage report: what was asked for, whatever the protocol. The names are those
// that public reports of AWS have, and for what none shows, formed after them (docs/protocol/usage-report.md).
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
	ReadVersioningProps
	WriteVersioningProps
	ReadLogProps
	WriteLogProps
	ReadRequestPaymentProps
	WriteRequestPaymentProps
	ReadBucketPublicAccessBlock
	WriteBucketPublicAccessBlock
	DeleteBucketPublicAccessBlock
	ReadBucketOwnershipControls
	WriteBucketOwnershipControls
	DeleteBucketOwnershipControls
	ReadBucketConfiguration
	WriteBucketConfiguration
	DeleteBucketConfiguration
	ReadObjectTagging
	WriteObjectTagging
	DeleteObjectTagging
	ReadObjectLock
	WriteObjectLock

	PreflightRequest
	WebsiteGetObject

	StandardIAStorage
	OneZoneIAStorage
	IntelligentTieringFAStorage
	ReducedRedundancyStorage
	GlacierInstantRetrievalStorage
	IncompleteMultipartUploadStorage // of every class
)

// The configurations of buckets, which were ReadBucketConfiguration and its like until each had a name of its own.
const (
	ReadCostAllocation Operation = iota + 63
	WriteCostAllocation
	DeleteCostAllocation
	ReadBucketCors
	WriteBucketCors
	DeleteBucketCors
	ReadBucketLifecycle
	WriteBucketLifecycle
	DeleteBucketLifecycle
	ReadBucketWebsite
	WriteBucketWebsite
	DeleteBucketWebsite
	ReadNotificationProps
	WriteNotificationProps
	ReadBucketServerSideEncryption
	WriteBucketServerSideEncryption
	DeleteBucketServerSideEncryption
	ReadBucketReplication
	WriteBucketReplication
	DeleteBucketReplication
	ReadAccelerate
	WriteAccelerate
	ReadBucketAnalytics
	WriteBucketAnalytics
	DeleteBucketAnalytics
	ReadBucketInventory
	WriteBucketInventory
	DeleteBucketInventory
	ReadBucketMetrics
	WriteBucketMetrics
	DeleteBucketMetrics
	ReadBucketIntelligentTiering
	WriteBucketIntelligentTiering
	DeleteBucketIntelligentTiering

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
	ReadVersioningProps:           "ReadVersioningProps",
	WriteVersioningProps:          "WriteVersioningProps",
	ReadLogProps:                  "ReadLogProps",
	WriteLogProps:                 "WriteLogProps",
	ReadRequestPaymentProps:       "ReadRequestPaymentProps",
	WriteRequestPaymentProps:      "WriteRequestPaymentProps",
	ReadBucketPublicAccessBlock:   "ReadBucketPublicAccessBlock",
	WriteBucketPublicAccessBlock:  "WriteBucketPublicAccessBlock",
	DeleteBucketPublicAccessBlock: "DeleteBucketPublicAccessBlock",
	ReadBucketOwnershipControls:   "ReadBucketOwnershipControls",
	WriteBucketOwnershipControls:  "WriteBucketOwnershipControls",
	DeleteBucketOwnershipControls: "DeleteBucketOwnershipControls",
	ReadBucketConfiguration:       "ReadBucketConfiguration",
	WriteBucketConfiguration:      "WriteBucketConfiguration",
	DeleteBucketConfiguration:     "DeleteBucketConfiguration",
	ReadObjectTagging:             "ReadObjectTagging",
	WriteObjectTagging:            "WriteObjectTagging",
	DeleteObjectTagging:           "DeleteObjectTagging",
	ReadObjectLock:                "ReadObjectLock",
	WriteObjectLock:               "WriteObjectLock",

	PreflightRequest: "PreflightRequest",
	WebsiteGetObject: "WebsiteGetObject",

	StandardIAStorage:                "StandardIAStorage",
	OneZoneIAStorage:                 "OneZoneIAStorage",
	IntelligentTieringFAStorage:      "IntelligentTieringFAStorage",
	ReducedRedundancyStorage:         "ReducedRedundancyStorage",
	GlacierInstantRetrievalStorage:   "GlacierInstantRetrievalStorage",
	IncompleteMultipartUploadStorage: "IncompleteMultipartUploadStorage",

	ReadCostAllocation:               "ReadCostAllocation",
	WriteCostAllocation:              "WriteCostAllocation",
	DeleteCostAllocation:             "DeleteCostAllocation",
	ReadBucketCors:                   "ReadBucketCors",
	WriteBucketCors:                  "WriteBucketCors",
	DeleteBucketCors:                 "DeleteBucketCors",
	ReadBucketLifecycle:              "ReadBucketLifecycle",
	WriteBucketLifecycle:             "WriteBucketLifecycle",
	DeleteBucketLifecycle:            "DeleteBucketLifecycle",
	ReadBucketWebsite:                "ReadBucketWebsite",
	WriteBucketWebsite:               "WriteBucketWebsite",
	DeleteBucketWebsite:              "DeleteBucketWebsite",
	ReadNotificationProps:            "ReadNotificationProps",
	WriteNotificationProps:           "WriteNotificationProps",
	ReadBucketServerSideEncryption:   "ReadBucketServerSideEncryption",
	WriteBucketServerSideEncryption:  "WriteBucketServerSideEncryption",
	DeleteBucketServerSideEncryption: "DeleteBucketServerSideEncryption",
	ReadBucketReplication:            "ReadBucketReplication",
	WriteBucketReplication:           "WriteBucketReplication",
	DeleteBucketReplication:          "DeleteBucketReplication",
	ReadAccelerate:                   "ReadAccelerate",
	WriteAccelerate:                  "WriteAccelerate",
	ReadBucketAnalytics:              "ReadBucketAnalytics",
	WriteBucketAnalytics:             "WriteBucketAnalytics",
	DeleteBucketAnalytics:            "DeleteBucketAnalytics",
	ReadBucketInventory:              "ReadBucketInventory",
	WriteBucketInventory:             "WriteBucketInventory",
	DeleteBucketInventory:            "DeleteBucketInventory",
	ReadBucketMetrics:                "ReadBucketMetrics",
	WriteBucketMetrics:               "WriteBucketMetrics",
	DeleteBucketMetrics:              "DeleteBucketMetrics",
	ReadBucketIntelligentTiering:     "ReadBucketIntelligentTiering",
	WriteBucketIntelligentTiering:    "WriteBucketIntelligentTiering",
	DeleteBucketIntelligentTiering:   "DeleteBucketIntelligentTiering",
}

// String returns the name as the usage report writes it; "UnknownAction" outside the set.
func (o Operation) String() string {
	if !o.known() {
		o = UnknownAction
	}
	return operationNames[o]
}

// known reports whether o is in the set, whose numbers have gaps.
func (o Operation) known() bool { return o < numOperations && operationNames[o] != "" }

// ParseOperation returns the operation of that name.
func ParseOperation(name string) (Operation, bool) {
	i := slices.Index(operationNames[:], name)
	if name == "" || i < 0 {
		return 0, false
	}
	return Operation(i), true
}

// Operations returns the closed set in order of number.
func Operations() []Operation {
	all := make([]Operation, 0, numOperations)
	for o := range numOperations {
		if o.known() {
			all = append(all, o)
		}
	}
	return all
}
