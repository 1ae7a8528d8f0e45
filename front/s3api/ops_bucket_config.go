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
			get: built("GetBucketVersioning", access.GetBucketVersioning, (*Handler).getBucketVersioning, meter.ReadVersioningProps),
			put: withNote("no MFA delete", built("PutBucketVersioning", access.PutBucketVersioning, (*Handler).putBucketVersioning, meter.WriteVersioningProps)),
		},
		{
			scope: bucketScope, query: "tagging", log: "TAGGING",
			get: built("GetBucketTagging", access.GetBucketTagging, (*Handler).getBucketTagging, meter.ReadCostAllocation),
			put: built("PutBucketTagging", access.PutBucketTagging, (*Handler).putBucketTagging, meter.WriteCostAllocation).describing((*Handler).describeBucketTags),
			del: built("DeleteBucketTagging", access.PutBucketTagging, (*Handler).deleteBucketTagging, meter.DeleteCostAllocation),
		},
		{
			scope: bucketScope, query: "cors", log: "CORS",
			get: built("GetBucketCors", access.GetBucketCORS, (*Handler).getBucketCORS, meter.ReadBucketCors),
			put: built("PutBucketCors", access.PutBucketCORS, (*Handler).putBucketCORS, meter.WriteBucketCors),
			del: built("DeleteBucketCors", access.PutBucketCORS, (*Handler).deleteBucketCORS, meter.DeleteBucketCors),
		},
		{
			scope: bucketScope, query: "lifecycle", log: "LIFECYCLE",
			get: built("GetBucketLifecycleConfiguration", access.GetLifecycleConfiguration, (*Handler).getBucketLifecycle, meter.ReadBucketLifecycle),
			put: withNote("no transitions", built("PutBucketLifecycleConfiguration", access.PutLifecycleConfiguration, (*Handler).putBucketLifecycle, meter.WriteBucketLifecycle)),
			del: built("DeleteBucketLifecycle", access.PutLifecycleConfiguration, (*Handler).deleteBucketLifecycle, meter.DeleteBucketLifecycle),
		},
		{
			scope: bucketScope, query: "website", log: "WEBSITE",
			get: built("GetBucketWebsite", access.GetBucketWebsite, (*Handler).getBucketWebsite, meter.ReadBucketWebsite),
			put: built("PutBucketWebsite", access.PutBucketWebsite, (*Handler).putBucketWebsite, meter.WriteBucketWebsite),
			del: built("DeleteBucketWebsite", access.DeleteBucketWebsite, (*Handler).deleteBucketWebsite, meter.DeleteBucketWebsite),
		},
	}
}

// bucketTraffic are those that say what requests lead to.
func bucketTraffic() []subresource {
	putNotification := withNote("no EventBridge; events of restore and replication are never sent",
		built("PutBucketNotificationConfiguration", access.PutBucketNotification, (*Handler).putBucketNotification, meter.WriteNotificationProps))
	return []subresource{
		{
			scope: bucketScope, query: "logging", log: "LOGGING_STATUS",
			get: built("GetBucketLogging", access.GetBucketLogging, (*Handler).getBucketLogging, meter.ReadLogProps),
			put: built("PutBucketLogging", access.PutBucketLogging, (*Handler).putBucketLogging, meter.WriteLogProps),
		},
		{
			scope: bucketScope, query: "notification", log: "NOTIFICATION",
			get: built("GetBucketNotificationConfiguration", access.GetBucketNotification, (*Handler).getBucketNotification, meter.ReadNotificationProps),
			put: putNotification,
		},
		{
			scope: bucketScope, query: "requestPayment", log: "REQUEST_PAYMENT",
			get: built("GetBucketRequestPayment", access.GetBucketRequestPayment, (*Handler).getRequestPayment, meter.ReadRequestPaymentProps),
			put: built("PutBucketRequestPayment", access.PutBucketRequestPayment, (*Handler).putRequestPayment, meter.WriteRequestPaymentProps),
		},
	}
}

// bucketStorage are those that say where bytes rest, and how safely.
func bucketStorage() []subresource {
	return []subresource{
		bucketEncryption(),
		unbuiltConfig("replication", "REPLICATION", "BucketReplication", access.GetReplicationConfiguration, access.PutReplicationConfiguration,
			usages{meter.ReadBucketReplication, meter.WriteBucketReplication, meter.DeleteBucketReplication}),
		{
			scope: bucketScope, query: "accelerate", log: "ACCELERATE",
			get: empty("GetBucketAccelerateConfiguration", access.GetAccelerateConfiguration, meter.ReadAccelerate),
			put: off("PutBucketAccelerateConfiguration", access.PutAccelerateConfiguration, meter.WriteAccelerate),
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
		unbuiltConfig("analytics", "ANALYTICS", "BucketAnalyticsConfiguration", access.GetAnalyticsConfiguration, access.PutAnalyticsConfiguration,
			usages{meter.ReadBucketAnalytics, meter.WriteBucketAnalytics, meter.DeleteBucketAnalytics}),
		unbuiltConfig("inventory", "INVENTORY", "BucketInventoryConfiguration", access.GetInventoryConfiguration, access.PutInventoryConfiguration,
			usages{meter.ReadBucketInventory, meter.WriteBucketInventory, meter.DeleteBucketInventory}),
		unbuiltConfig("metrics", "METRICS", "BucketMetricsConfiguration", access.GetMetricsConfiguration, access.PutMetricsConfiguration,
			usages{meter.ReadBucketMetrics, meter.WriteBucketMetrics, meter.DeleteBucketMetrics}),
		unbuiltConfig("intelligent-tiering", "INTELLIGENT_TIERING", "BucketIntelligentTieringConfiguration", access.GetIntelligentTiering, access.PutIntelligentTiering,
			usages{meter.ReadBucketIntelligentTiering, meter.WriteBucketIntelligentTiering, meter.DeleteBucketIntelligentTiering}),
	}
}

func bucketEncryption() subresource {
	const ours = "AWS encrypts each object, and blocks SSE-C in new buckets; here a bucket does neither before it is told to, and answers 404"
	return subresource{
		scope: bucketScope, query: "encryption", log: "ENCRYPTION",
		get: withNote(ours, built("GetBucketEncryption", access.GetEncryptionConfiguration, (*Handler).getBucketEncryption, meter.ReadBucketServerSideEncryption)),
		put: withNote("no aws:kms:dsse", built("PutBucketEncryption", access.PutEncryptionConfiguration, (*Handler).putBucketEncryption, meter.WriteBucketServerSideEncryption)),
		del: built("DeleteBucketEncryption", access.PutEncryptionConfiguration, (*Handler).deleteBucketEncryption, meter.DeleteBucketServerSideEncryption),
	}
}

// usages is what the usage report calls the three operations on a configuration.
type usages struct{ get, put, del meter.Operation }

// unbuiltConfig is a configuration that cannot be set yet: its three operations have one name behind Get, Put and
// Delete, and deleting it is writing it.
func unbuiltConfig(query, log, name string, read, write access.Action, u usages) subresource {
	return subresource{
		scope: bucketScope, query: query, log: log,
		get: empty("Get"+name, read, u.get),
		put: unbuilt("Put"+name, write, u.put),
		del: cleared("Delete"+name, write, u.del),
	}
}
