package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/meter"
)

func bucketConfigOperations() []operation {
	return []operation{
		{
			name: "GetBucketAcl", method: http.MethodGet, scope: bucketScope, query: []string{"acl"},
			action: access.GetBucketACL, serve: (*Handler).getBucketACL, usage: meter.ReadACL, tier: meter.Tier2, logAs: "REST.GET.ACL",
			state: yes,
		},
		{
			name: "PutBucketAcl", method: http.MethodPut, scope: bucketScope, query: []string{"acl"},
			action: access.PutBucketACL, serve: (*Handler).putBucketACL, usage: meter.WriteACL, tier: meter.Tier1, logAs: "REST.PUT.ACL",
			state: yes,
		},
		{
			name: "GetBucketPolicy", method: http.MethodGet, scope: bucketScope, query: []string{"policy"},
			action: access.GetBucketPolicy, serve: (*Handler).getBucketPolicy, usage: meter.ReadBucketPolicy, tier: meter.Tier2, logAs: "REST.GET.BUCKETPOLICY",
			state: yes,
		},
		{
			name: "PutBucketPolicy", method: http.MethodPut, scope: bucketScope, query: []string{"policy"},
			action: access.PutBucketPolicy, serve: (*Handler).putBucketPolicy, usage: meter.WriteBucketPolicy, tier: meter.Tier1, logAs: "REST.PUT.BUCKETPOLICY",
			state: yes,
		},
		{
			name: "DeleteBucketPolicy", method: http.MethodDelete, scope: bucketScope, query: []string{"policy"},
			action: access.DeleteBucketPolicy, serve: (*Handler).deleteBucketPolicy, usage: meter.DeleteBucketPolicy, tier: meter.TierNone, logAs: "REST.DELETE.BUCKETPOLICY",
			state: yes,
		},
		{
			name: "GetBucketPolicyStatus", method: http.MethodGet, scope: bucketScope, query: []string{"policyStatus"},
			action: access.GetBucketPolicyStatus, serve: (*Handler).getBucketPolicyStatus, usage: meter.ReadBucketPolicyStatus, tier: meter.Tier2, logAs: "REST.GET.BUCKETPOLICYSTATUS",
			state: yes,
		},
		{
			name: "GetPublicAccessBlock", method: http.MethodGet, scope: bucketScope, query: []string{"publicAccessBlock"},
			action: access.GetBucketPublicAccessBlock, serve: (*Handler).getPublicAccessBlock, usage: meter.ReadBucketPublicAccessBlock, tier: meter.Tier2, logAs: "REST.GET.PUBLIC_ACCESS_BLOCK",
			state: yes,
		},
		{
			name: "PutPublicAccessBlock", method: http.MethodPut, scope: bucketScope, query: []string{"publicAccessBlock"},
			action: access.PutBucketPublicAccessBlock, serve: (*Handler).putPublicAccessBlock, usage: meter.WriteBucketPublicAccessBlock, tier: meter.Tier1, logAs: "REST.PUT.PUBLIC_ACCESS_BLOCK",
			state: yes,
		},
		{
			name: "DeletePublicAccessBlock", method: http.MethodDelete, scope: bucketScope, query: []string{"publicAccessBlock"},
			action: access.PutBucketPublicAccessBlock, serve: (*Handler).deletePublicAccessBlock, usage: meter.DeleteBucketPublicAccessBlock, tier: meter.TierNone, logAs: "REST.DELETE.PUBLIC_ACCESS_BLOCK",
			state: yes,
		},
		{
			name: "GetBucketOwnershipControls", method: http.MethodGet, scope: bucketScope, query: []string{"ownershipControls"},
			action: access.GetBucketOwnershipControls, serve: (*Handler).getOwnershipControls, usage: meter.ReadBucketOwnershipControls, tier: meter.Tier2, logAs: "REST.GET.OWNERSHIP_CONTROLS",
			state: yes,
		},
		{
			name: "PutBucketOwnershipControls", method: http.MethodPut, scope: bucketScope, query: []string{"ownershipControls"},
			action: access.PutBucketOwnershipControls, serve: (*Handler).putOwnershipControls, usage: meter.WriteBucketOwnershipControls, tier: meter.Tier1, logAs: "REST.PUT.OWNERSHIP_CONTROLS",
			state: yes,
		},
		{
			name: "DeleteBucketOwnershipControls", method: http.MethodDelete, scope: bucketScope, query: []string{"ownershipControls"},
			action: access.PutBucketOwnershipControls, serve: (*Handler).deleteOwnershipControls, usage: meter.DeleteBucketOwnershipControls, tier: meter.TierNone, logAs: "REST.DELETE.OWNERSHIP_CONTROLS",
			state: yes,
		},
		{
			name: "GetBucketVersioning", method: http.MethodGet, scope: bucketScope, query: []string{"versioning"},
			action: access.GetBucketVersioning, serve: (*Handler).emptyConfig, usage: meter.ReadBucketVersioning, tier: meter.Tier2, logAs: "REST.GET.VERSIONING",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketVersioning", method: http.MethodPut, scope: bucketScope, query: []string{"versioning"},
			action: access.PutBucketVersioning, usage: meter.WriteBucketVersioning, tier: meter.Tier1, logAs: "REST.PUT.VERSIONING",
			state: no,
		},
		{
			name: "GetBucketTagging", method: http.MethodGet, scope: bucketScope, query: []string{"tagging"},
			action: access.GetBucketTagging, serve: (*Handler).emptyConfig, usage: meter.ReadTagging, tier: meter.Tier2, logAs: "REST.GET.TAGGING",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketTagging", method: http.MethodPut, scope: bucketScope, query: []string{"tagging"},
			action: access.PutBucketTagging, usage: meter.WriteTagging, tier: meter.Tier1, logAs: "REST.PUT.TAGGING",
			state: no,
		},
		{
			name: "DeleteBucketTagging", method: http.MethodDelete, scope: bucketScope, query: []string{"tagging"},
			action: access.PutBucketTagging, usage: meter.DeleteTagging, tier: meter.TierNone, logAs: "REST.DELETE.TAGGING",
			state: no,
		},
		{
			name: "GetBucketCors", method: http.MethodGet, scope: bucketScope, query: []string{"cors"},
			action: access.GetBucketCORS, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.CORS",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketCors", method: http.MethodPut, scope: bucketScope, query: []string{"cors"},
			action: access.PutBucketCORS, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.CORS",
			state: no,
		},
		{
			name: "DeleteBucketCors", method: http.MethodDelete, scope: bucketScope, query: []string{"cors"},
			action: access.PutBucketCORS, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.CORS",
			state: no,
		},
		{
			name: "GetBucketLifecycleConfiguration", method: http.MethodGet, scope: bucketScope, query: []string{"lifecycle"},
			action: access.GetLifecycleConfiguration, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.LIFECYCLE",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketLifecycleConfiguration", method: http.MethodPut, scope: bucketScope, query: []string{"lifecycle"},
			action: access.PutLifecycleConfiguration, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.LIFECYCLE",
			state: no,
		},
		{
			name: "DeleteBucketLifecycle", method: http.MethodDelete, scope: bucketScope, query: []string{"lifecycle"},
			action: access.PutLifecycleConfiguration, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.LIFECYCLE",
			state: no,
		},
		{
			name: "GetBucketWebsite", method: http.MethodGet, scope: bucketScope, query: []string{"website"},
			action: access.GetBucketWebsite, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.WEBSITE",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketWebsite", method: http.MethodPut, scope: bucketScope, query: []string{"website"},
			action: access.PutBucketWebsite, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.WEBSITE",
			state: no,
		},
		{
			name: "DeleteBucketWebsite", method: http.MethodDelete, scope: bucketScope, query: []string{"website"},
			action: access.DeleteBucketWebsite, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.WEBSITE",
			state: no,
		},
		{
			name: "GetBucketLogging", method: http.MethodGet, scope: bucketScope, query: []string{"logging"},
			action: access.GetBucketLogging, serve: (*Handler).emptyConfig, usage: meter.ReadBucketLogging, tier: meter.Tier2, logAs: "REST.GET.LOGGING_STATUS",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketLogging", method: http.MethodPut, scope: bucketScope, query: []string{"logging"},
			action: access.PutBucketLogging, usage: meter.WriteBucketLogging, tier: meter.Tier1, logAs: "REST.PUT.LOGGING_STATUS",
			state: no,
		},
		{
			name: "GetBucketNotificationConfiguration", method: http.MethodGet, scope: bucketScope, query: []string{"notification"},
			action: access.GetBucketNotification, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.NOTIFICATION",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketNotificationConfiguration", method: http.MethodPut, scope: bucketScope, query: []string{"notification"},
			action: access.PutBucketNotification, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.NOTIFICATION",
			state: no,
		},
		{
			name: "GetBucketRequestPayment", method: http.MethodGet, scope: bucketScope, query: []string{"requestPayment"},
			action: access.GetBucketRequestPayment, serve: (*Handler).emptyConfig, usage: meter.ReadBucketRequestPayment, tier: meter.Tier2, logAs: "REST.GET.REQUEST_PAYMENT",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketRequestPayment", method: http.MethodPut, scope: bucketScope, query: []string{"requestPayment"},
			action: access.PutBucketRequestPayment, usage: meter.WriteBucketRequestPayment, tier: meter.Tier1, logAs: "REST.PUT.REQUEST_PAYMENT",
			state: no,
		},
		{
			name: "GetBucketEncryption", method: http.MethodGet, scope: bucketScope, query: []string{"encryption"},
			action: access.GetEncryptionConfiguration, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.ENCRYPTION",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketEncryption", method: http.MethodPut, scope: bucketScope, query: []string{"encryption"},
			action: access.PutEncryptionConfiguration, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.ENCRYPTION",
			state: no,
		},
		{
			name: "DeleteBucketEncryption", method: http.MethodDelete, scope: bucketScope, query: []string{"encryption"},
			action: access.PutEncryptionConfiguration, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.ENCRYPTION",
			state: no,
		},
		{
			name: "GetBucketReplication", method: http.MethodGet, scope: bucketScope, query: []string{"replication"},
			action: access.GetReplicationConfiguration, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.REPLICATION",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketReplication", method: http.MethodPut, scope: bucketScope, query: []string{"replication"},
			action: access.PutReplicationConfiguration, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.REPLICATION",
			state: no,
		},
		{
			name: "DeleteBucketReplication", method: http.MethodDelete, scope: bucketScope, query: []string{"replication"},
			action: access.PutReplicationConfiguration, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.REPLICATION",
			state: no,
		},
		{
			name: "GetBucketAccelerateConfiguration", method: http.MethodGet, scope: bucketScope, query: []string{"accelerate"},
			action: access.GetAccelerateConfiguration, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.ACCELERATE",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketAccelerateConfiguration", method: http.MethodPut, scope: bucketScope, query: []string{"accelerate"},
			action: access.PutAccelerateConfiguration, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.ACCELERATE",
			state: no,
		},
		{
			name: "GetObjectLockConfiguration", method: http.MethodGet, scope: bucketScope, query: []string{"object-lock"},
			action: access.GetBucketObjectLockConfiguration, serve: (*Handler).emptyConfig, usage: meter.ReadObjectLock, tier: meter.Tier2, logAs: "REST.GET.OBJECT_LOCK",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutObjectLockConfiguration", method: http.MethodPut, scope: bucketScope, query: []string{"object-lock"},
			action: access.PutBucketObjectLockConfiguration, usage: meter.WriteObjectLock, tier: meter.Tier1, logAs: "REST.PUT.OBJECT_LOCK",
			state: no,
		},
		{
			name: "GetBucketAnalyticsConfiguration", method: http.MethodGet, scope: bucketScope, query: []string{"analytics"},
			action: access.GetAnalyticsConfiguration, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.ANALYTICS",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketAnalyticsConfiguration", method: http.MethodPut, scope: bucketScope, query: []string{"analytics"},
			action: access.PutAnalyticsConfiguration, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.ANALYTICS",
			state: no,
		},
		{
			name: "DeleteBucketAnalyticsConfiguration", method: http.MethodDelete, scope: bucketScope, query: []string{"analytics"},
			action: access.PutAnalyticsConfiguration, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.ANALYTICS",
			state: no,
		},
		{
			name: "GetBucketInventoryConfiguration", method: http.MethodGet, scope: bucketScope, query: []string{"inventory"},
			action: access.GetInventoryConfiguration, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.INVENTORY",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketInventoryConfiguration", method: http.MethodPut, scope: bucketScope, query: []string{"inventory"},
			action: access.PutInventoryConfiguration, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.INVENTORY",
			state: no,
		},
		{
			name: "DeleteBucketInventoryConfiguration", method: http.MethodDelete, scope: bucketScope, query: []string{"inventory"},
			action: access.PutInventoryConfiguration, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.INVENTORY",
			state: no,
		},
		{
			name: "GetBucketMetricsConfiguration", method: http.MethodGet, scope: bucketScope, query: []string{"metrics"},
			action: access.GetMetricsConfiguration, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.METRICS",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketMetricsConfiguration", method: http.MethodPut, scope: bucketScope, query: []string{"metrics"},
			action: access.PutMetricsConfiguration, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.METRICS",
			state: no,
		},
		{
			name: "DeleteBucketMetricsConfiguration", method: http.MethodDelete, scope: bucketScope, query: []string{"metrics"},
			action: access.PutMetricsConfiguration, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.METRICS",
			state: no,
		},
		{
			name: "GetBucketIntelligentTieringConfiguration", method: http.MethodGet, scope: bucketScope, query: []string{"intelligent-tiering"},
			action: access.GetIntelligentTiering, serve: (*Handler).emptyConfig, usage: meter.ReadBucketConfiguration, tier: meter.Tier2, logAs: "REST.GET.INTELLIGENT_TIERING",
			state: partial, note: "answers the empty form",
		},
		{
			name: "PutBucketIntelligentTieringConfiguration", method: http.MethodPut, scope: bucketScope, query: []string{"intelligent-tiering"},
			action: access.PutIntelligentTiering, usage: meter.WriteBucketConfiguration, tier: meter.Tier1, logAs: "REST.PUT.INTELLIGENT_TIERING",
			state: no,
		},
		{
			name: "DeleteBucketIntelligentTieringConfiguration", method: http.MethodDelete, scope: bucketScope, query: []string{"intelligent-tiering"},
			action: access.PutIntelligentTiering, usage: meter.DeleteBucketConfiguration, tier: meter.TierNone, logAs: "REST.DELETE.INTELLIGENT_TIERING",
			state: no,
		},
	}
}
