package soapapi

import (
	"shoal/core/access"
	"shoal/core/meter"
)

// support says how much of an operation is there, as docs/protocol/soap.md prints it.
type support string

const (
	yes     support = "Yes"
	partial support = "Partial"
	no      support = "No" // answers a fault NotImplemented
)

// handler serves one operation.
type handler func(*Handler, *call) (*answer, error)

// operation is one row of the table of operations.
type operation struct {
	name       string   // as in the schema; the element of a request
	parameters []string // its children, in the order of the schema, without those of authentication
	result     string   // the child of the answer; "" where there is none
	action     access.Action
	reads      bool   // it is about an object that is there
	signed     string // why nobody may do it without a signature, whatever policies say; "" where they alone decide
	serve      handler
	usage      meter.Operation
	tier       meter.Tier
	state      support
	note       string // what is missing or to know, for the support page
}

// What S3 tells those who should have signed.
const (
	signedOnly = "Anonymous users cannot invoke this API. Please authenticate."
	signedCopy = "Anonymous users cannot copy objects. Please authenticate."
)

// logName is the operation in the server access log (S3 user guide, log format).
func (o *operation) logName() string { return "SOAP." + o.name }

// takesBucket reports whether the operation is about a bucket that is there.
func (o *operation) takesBucket() bool {
	return o.action != access.ListAllMyBuckets && o.action != access.CreateBucket
}

// copies reports whether the operation has a source and a destination.
func (o *operation) copies() bool { return o.usage == meter.CopyObject }

// createsObject reports whether an object is there when o is done, as s3:ObjectCreationOperation has it.
func (o *operation) createsObject() bool { return o.action == access.PutObject }

// operations is every operation of the API, in the order of its schema. Routing, authorisation, metering, the access log's
// operation column, the WSDL and the support page (docs/protocol/soap.md) all come from here.
func operations() []operation {
	return append(bucketOperations(), objectOperations()...)
}

func bucketOperations() []operation {
	return []operation{
		{
			name: "CreateBucket", parameters: []string{"Bucket", "AccessControlList"}, result: "CreateBucketReturn", signed: signedOnly,
			action: access.CreateBucket, serve: (*Handler).createBucket, usage: meter.CreateBucket, tier: meter.Tier1, state: yes,
		},
		{
			name: "DeleteBucket", parameters: []string{"Bucket"}, result: "DeleteBucketResponse",
			action: access.DeleteBucket, serve: (*Handler).deleteBucket, usage: meter.DeleteBucket, state: yes,
		},
		{
			name: "GetObjectAccessControlPolicy", parameters: []string{"Bucket", "Key"}, result: "GetObjectAccessControlPolicyResponse",
			action: access.GetObjectACL, reads: true, serve: (*Handler).getObjectACL, usage: meter.ReadACL, tier: meter.Tier2, state: yes,
		},
		{
			name: "GetBucketAccessControlPolicy", parameters: []string{"Bucket"}, result: "GetBucketAccessControlPolicyResponse",
			action: access.GetBucketACL, serve: (*Handler).getBucketACL, usage: meter.ReadACL, tier: meter.Tier2, state: yes,
		},
		{
			name: "SetObjectAccessControlPolicy", parameters: []string{"Bucket", "Key", "AccessControlList"}, signed: signedOnly,
			action: access.PutObjectACL, reads: true, serve: (*Handler).setObjectACL, usage: meter.WriteACL, tier: meter.Tier1, state: yes,
		},
		{
			name: "SetBucketAccessControlPolicy", parameters: []string{"Bucket", "AccessControlList"}, signed: signedOnly,
			action: access.PutBucketACL, serve: (*Handler).setBucketACL, usage: meter.WriteACL, tier: meter.Tier1, state: yes,
		},
		{
			name: "ListBucket", parameters: []string{"Bucket", "Prefix", "Marker", "MaxKeys", "Delimiter"}, result: "ListBucketResponse",
			action: access.ListBucket, serve: (*Handler).listBucket, usage: meter.ListBucket, tier: meter.Tier1, state: yes,
		},
		{
			name: "ListAllMyBuckets", result: "ListAllMyBucketsResponse",
			action: access.ListAllMyBuckets, serve: (*Handler).listAllMyBuckets, usage: meter.ListAllMyBuckets, tier: meter.Tier1, state: yes,
		},
		{
			name: "SetBucketLoggingStatus", parameters: []string{"Bucket", "BucketLoggingStatus"},
			action: access.PutBucketLogging, serve: (*Handler).setBucketLogging, usage: meter.WriteLogProps, tier: meter.Tier1, state: yes,
			note: "a `TargetObjectKeyFormat` that REST has put stays",
		},
		{
			name: "GetBucketLoggingStatus", parameters: []string{"Bucket"}, result: "GetBucketLoggingStatusResponse",
			action: access.GetBucketLogging, serve: (*Handler).getBucketLogging, usage: meter.ReadLogProps, tier: meter.Tier2, state: yes,
		},
	}
}

func objectOperations() []operation {
	return []operation{
		{
			name: "PutObjectInline", parameters: []string{"Bucket", "Key", "Metadata", "Data", "ContentLength", "AccessControlList", "StorageClass"}, result: "PutObjectInlineResponse",
			action: access.PutObject, serve: (*Handler).putObjectInline, usage: meter.PutObject, tier: meter.Tier1, state: yes,
		},
		{
			name: "PutObject", parameters: []string{"Bucket", "Key", "Metadata", "ContentLength", "AccessControlList", "StorageClass", "Data"}, result: "PutObjectResponse",
			action: access.PutObject, serve: (*Handler).putObject, usage: meter.PutObject, tier: meter.Tier1, state: yes,
		},
		{
			name: "CopyObject", parameters: []string{
				"SourceBucket", "SourceKey", "DestinationBucket", "DestinationKey", "MetadataDirective", "Metadata", "AccessControlList",
				"CopySourceIfModifiedSince", "CopySourceIfUnmodifiedSince", "CopySourceIfMatch", "CopySourceIfNoneMatch", "StorageClass",
			}, result: "CopyObjectResult", signed: signedCopy,
			action: access.PutObject, serve: (*Handler).copyObject, usage: meter.CopyObject, tier: meter.Tier1, state: yes,
		},
		{
			name: "GetObject", parameters: []string{"Bucket", "Key", "GetMetadata", "GetData", "InlineData"}, result: "GetObjectResponse",
			action: access.GetObject, reads: true, serve: (*Handler).getObject, usage: meter.GetObject, tier: meter.Tier2, state: yes,
		},
		{
			name: "GetObjectExtended", parameters: []string{
				"Bucket", "Key", "GetMetadata", "GetData", "InlineData", "ByteRangeStart", "ByteRangeEnd", "IfModifiedSince",
				"IfUnmodifiedSince", "IfMatch", "IfNoneMatch", "ReturnCompleteObjectOnConditionFailure",
			}, result: "GetObjectResponse",
			action: access.GetObject, reads: true, serve: (*Handler).getObject, usage: meter.GetObject, tier: meter.Tier2, state: yes,
		},
		{
			name: "DeleteObject", parameters: []string{"Bucket", "Key"}, result: "DeleteObjectResponse",
			action: access.DeleteObject, serve: (*Handler).deleteObject, usage: meter.DeleteObject, state: yes,
		},
	}
}
