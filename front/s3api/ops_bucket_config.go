package s3api

import (
	"slices"

	"shoal/core/access"
	"shoal/core/meter"
)

func bucketConfigOperations() []operation {
	return operationsOf(slices.Concat(bucketAccess(), bucketContents(), bucketTraffic(), bucketStorage(), bucketReports()))
}

// bucketAccess are the sub-resources that say who may do what.
func bucketAccess() []subresource {
	return []subresource{
		{
			scope: bucketScope, query: "acl", log: "ACL",
			get: built("GetBucketAcl", access.GetBucketACL, (*Handler).getBucketACL, meter.ReadACL),
			put: built("PutBucketAcl", access.PutBucketACL, (*Handler).putBucketACL, meter.WriteACL).signing(signedOnly),
		},
		{
			scope: bucketScope, query: "policy", log: "BUCKETPOLICY",
			get: built("GetBucketPolicy", access.GetBucketPolicy, (*Handler).getBucketPolicy, meter.ReadBucketPolicy),
			put: built("PutBucketPolicy", access.PutBucketPolicy, (*Handler).putBucketPolicy, meter.WriteBucketPolicy),
			del: built("DeleteBucketPolicy", access.DeleteBucketPolicy, (*Handler).deleteBucketPolicy, meter.DeleteBucketPolicy),
		},
		{
			scope: bucketScope, query: "policyStatus", log: "BUCKETPOLICYSTATUS",
			get: built("GetBucketPolicyStatus", access.GetBucketPolicyStatus, (*Handler).getBucketPolicyStatus, meter.ReadBucketPolicyStatus),
		},
		{
			scope: bucketScope, query: "publicAccessBlock", log: "PUBLIC_ACCESS_BLOCK",
			get: built("GetPublicAccessBlock", access.GetBucketPublicAccessBlock, (*Handler).getPublicAccessBlock, meter.ReadBucketPublicAccessBlock),
			put: built("PutPublicAccessBlock", access.PutBucketPublicAccessBlock, (*Handler).putPublicAccessBlock, meter.WriteBucketPublicAccessBlock),
			del: built("DeletePublicAccessBlock", access.PutBucketPublicAccessBlock, (*Handler).deletePublicAccessBlock, meter.DeleteBucketPublicAccessBlock),
		},
		{
			scope: bucketScope, query: "ownershipControls", log: "OWNERSHIP_CONTROLS",
			get: built("GetBucketOwnershipControls", access.GetBucketOwnershipControls, (*Handler).getOwnershipControls, meter.ReadBucketOwnershipControls).signing(signedGetOwnership),
			put: built("PutBucketOwnershipControls", access.PutBucketOwnershipControls, (*Handler).putOwnershipControls, meter.WriteBucketOwnershipControls).signing(signedPutOwnership),
			del: built("DeleteBucketOwnershipControls", access.PutBucketOwnershipControls, (*Handler).deleteOwnershipControls, meter.DeleteBucketOwnershipControls).signing(signedPutOwnership),
		},
	}
}

// bucketContents are the sub-resources that say how objects are kept and shown. What is not built yet answers AWS's
// empty form to a GET.
func bucketContents() []subresource {
	return []subresource{
		{
			scope: bucketScope, query: "versioning", log: "VERSIONING",
			get: built("GetBucketVersioning", access.GetBucketVersioning, (*Handler).getBucketVersioning, meter.ReadBucketVersioning),
			put: withNote("no MFA delete", built("PutBucketVersioning", access.PutBucketVersioning, (*Handler).putBucketVersioning, meter.WriteBucketVersioning)),
		},
		{
			scope: bucketScope, query: "tagging", log: "TAGGING",
			get: built("GetBucketTagging", access.GetBucketTagging, (*Handler).getBucketTagging, meter.ReadTagging),
			put: built("PutBucketTagging", access.PutBucketTagging, (*Handler).putBucketTagging, meter.WriteTagging).describing((*Handler).describeBucketTags),
			del: built("DeleteBucketTagging", access.PutBucketTagging, (*Handler).deleteBucketTagging, meter.DeleteTagging),
		},
		{
			scope: bucketScope, query: "cors", log: "CORS",
			get: built("GetBucketCors", access.GetBucketCORS, (*Handler).getBucketCORS, meter.ReadBucketConfiguration),
			put: built("PutBucketCors", access.PutBucketCORS, (*Handler).putBucketCORS, meter.WriteBucketConfiguration),
			del: built("DeleteBucketCors", access.PutBucketCORS, (*Handler).deleteBucketCORS, meter.DeleteBucketConfiguration),
		},
		{
			scope: bucketScope, query: "lifecycle", log: "LIFECYCLE",
			get: built("GetBucketLifecycleConfiguration", access.GetLifecycleConfiguration, (*Handler).getBucketLifecycle, meter.ReadBucketConfiguration),
			put: withNote("no transitions", built("PutBucketLifecycleConfiguration", access.PutLifecycleConfiguration, (*Handler).putBucketLifecycle, meter.WriteBucketConfiguration)),
			del: built("DeleteBucketLifecycle", access.PutLifecycleConfiguration, (*Handler).deleteBucketLifecycle, meter.DeleteBucketConfiguration),
		},
		{
			scope: bucketScope, query: "website", log: "WEBSITE",
			get: built("GetBucketWebsite", access.GetBucketWebsite, (*Handler).getBucketWebsite, meter.ReadBucketConfiguration),
			put: built("PutBucketWebsite", access.PutBucketWebsite, (*Handler).putBucketWebsite, meter.WriteBucketConfiguration),
			del: built("DeleteBucketWebsite", access.DeleteBucketWebsite, (*Handler).deleteBucketWebsite, meter.DeleteBucketConfiguration),
		},
	}
}

// bucketTraffic are those that say what requests lead to.
func bucketTraffic() []subresource {
	putRequestPayment := verb{
		name: "PutBucketRequestPayment", action: access.PutBucketRequestPayment, serve: (*Handler).putRequestPayment, usage: meter.WriteBucketRequestPayment,
		state: partial, note: "who does not pay is refused; the bucket's owner is still billed",
	}
	putNotification := withNote("no EventBridge; events of restore and replication are never sent",
		built("PutBucketNotificationConfiguration", access.PutBucketNotification, (*Handler).putBucketNotification, meter.WriteBucketConfiguration))
	return []subresource{
		{
			scope: bucketScope, query: "logging", log: "LOGGING_STATUS",
			get: empty("GetBucketLogging", access.GetBucketLogging, meter.ReadBucketLogging),
			put: off("PutBucketLogging", access.PutBucketLogging, meter.WriteBucketLogging),
		},
		{
			scope: bucketScope, query: "notification", log: "NOTIFICATION",
			get: built("GetBucketNotificationConfiguration", access.GetBucketNotification, (*Handler).getBucketNotification, meter.ReadBucketConfiguration),
			put: putNotification,
		},
		{
			scope: bucketScope, query: "requestPayment", log: "REQUEST_PAYMENT",
			get: built("GetBucketRequestPayment", access.GetBucketRequestPayment, (*Handler).getRequestPayment, meter.ReadBucketRequestPayment),
			put: putRequestPayment,
		},
	}
}

// bucketStorage are those that say where bytes rest, and how safely.
func bucketStorage() []subresource {
	return []subresource{
		bucketEncryption(),
		unbuiltConfig("replication", "REPLICATION", "BucketReplication", access.GetReplicationConfiguration, access.PutReplicationConfiguration),
		{
			scope: bucketScope, query: "accelerate", log: "ACCELERATE",
			get: empty("GetBucketAccelerateConfiguration", access.GetAccelerateConfiguration, meter.ReadBucketConfiguration),
			put: off("PutBucketAccelerateConfiguration", access.PutAccelerateConfiguration, meter.WriteBucketConfiguration),
		},
		{
			scope: bucketScope, query: "object-lock", log: "OBJECT_LOCK",
			get: built("GetObjectLockConfiguration", access.GetBucketObjectLockConfiguration, (*Handler).getObjectLockConfiguration, meter.ReadObjectLock),
			put: built("PutObjectLockConfiguration", access.PutBucketObjectLockConfiguration, (*Handler).putObjectLockConfiguration, meter.WriteObjectLock),
		},
	}
}

// bucketReports are those that a bucket has many of, by id.
func bucketReports() []subresource {
	return []subresource{
		unbuiltConfig("analytics", "ANALYTICS", "BucketAnalyticsConfiguration", access.GetAnalyticsConfiguration, access.PutAnalyticsConfiguration),
		unbuiltConfig("inventory", "INVENTORY", "BucketInventoryConfiguration", access.GetInventoryConfiguration, access.PutInventoryConfiguration),
		unbuiltConfig("metrics", "METRICS", "BucketMetricsConfiguration", access.GetMetricsConfiguration, access.PutMetricsConfiguration),
		unbuiltConfig("intelligent-tiering", "INTELLIGENT_TIERING", "BucketIntelligentTieringConfiguration", access.GetIntelligentTiering, access.PutIntelligentTiering),
	}
}

func bucketEncryption() subresource {
	const ours = "AWS encrypts each object, and blocks SSE-C in new buckets; here a bucket does neither before it is told to, and answers 404"
	return subresource{
		scope: bucketScope, query: "encryption", log: "ENCRYPTION",
		get: withNote(ours, built("GetBucketEncryption", access.GetEncryptionConfiguration, (*Handler).getBucketEncryption, meter.ReadBucketConfiguration)),
		put: withNote("no aws:kms:dsse", built("PutBucketEncryption", access.PutEncryptionConfiguration, (*Handler).putBucketEncryption, meter.WriteBucketConfiguration)),
		del: built("DeleteBucketEncryption", access.PutEncryptionConfiguration, (*Handler).deleteBucketEncryption, meter.DeleteBucketConfiguration),
	}
}

// unbuiltConfig is a configuration that cannot be set yet: its three operations have one name behind Get, Put and
// Delete, deleting it is writing it, and the usage report does not tell it from others.
func unbuiltConfig(query, log, name string, read, write access.Action) subresource {
	return subresource{
		scope: bucketScope, query: query, log: log,
		get: empty("Get"+name, read, meter.ReadBucketConfiguration),
		put: unbuilt("Put"+name, write, meter.WriteBucketConfiguration),
		del: cleared("Delete"+name, write, meter.DeleteBucketConfiguration),
	}
}
