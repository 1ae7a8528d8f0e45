package access

import "strings"

// Action is an IAM action of S3, spelled as AWS spells it.
type Action string

// The actions that Shoal's own operations are authorised by.
const (
	GetObject                  Action = "s3:GetObject"
	GetObjectVersion           Action = "s3:GetObjectVersion"
	GetObjectTorrent           Action = "s3:GetObjectTorrent"
	GetObjectVersionTorrent    Action = "s3:GetObjectVersionTorrent"
	GetObjectAttributes        Action = "s3:GetObjectAttributes"
	GetObjectVersionAttributes Action = "s3:GetObjectVersionAttributes"
	PutObject                  Action = "s3:PutObject"
	DeleteObject               Action = "s3:DeleteObject"
	DeleteObjectVersion        Action = "s3:DeleteObjectVersion"
	GetObjectACL               Action = "s3:GetObjectAcl"
	PutObjectACL               Action = "s3:PutObjectAcl"
	GetObjectVersionACL        Action = "s3:GetObjectVersionAcl"
	PutObjectVersionACL        Action = "s3:PutObjectVersionAcl"
	GetObjectTagging           Action = "s3:GetObjectTagging"
	PutObjectTagging           Action = "s3:PutObjectTagging"
	DeleteObjectTagging        Action = "s3:DeleteObjectTagging"
	GetObjectVersionTagging    Action = "s3:GetObjectVersionTagging"
	PutObjectVersionTagging    Action = "s3:PutObjectVersionTagging"
	DeleteObjectVersionTagging Action = "s3:DeleteObjectVersionTagging"
	GetObjectRetention         Action = "s3:GetObjectRetention"
	PutObjectRetention         Action = "s3:PutObjectRetention"
	GetObjectLegalHold         Action = "s3:GetObjectLegalHold"
	PutObjectLegalHold         Action = "s3:PutObjectLegalHold"
	BypassGovernanceRetention  Action = "s3:BypassGovernanceRetention"
	RestoreObject              Action = "s3:RestoreObject"
	UpdateObjectEncryption     Action = "s3:UpdateObjectEncryption"
	AbortMultipartUpload       Action = "s3:AbortMultipartUpload"
	ListMultipartUploadParts   Action = "s3:ListMultipartUploadParts"

	ListBucket                       Action = "s3:ListBucket"
	ListBucketVersions               Action = "s3:ListBucketVersions"
	ListBucketMultipartUploads       Action = "s3:ListBucketMultipartUploads"
	CreateBucket                     Action = "s3:CreateBucket"
	DeleteBucket                     Action = "s3:DeleteBucket"
	GetBucketLocation                Action = "s3:GetBucketLocation"
	GetBucketACL                     Action = "s3:GetBucketAcl"
	PutBucketACL                     Action = "s3:PutBucketAcl"
	GetBucketPolicy                  Action = "s3:GetBucketPolicy"
	PutBucketPolicy                  Action = "s3:PutBucketPolicy"
	DeleteBucketPolicy               Action = "s3:DeleteBucketPolicy"
	GetBucketPolicyStatus            Action = "s3:GetBucketPolicyStatus"
	GetBucketPublicAccessBlock       Action = "s3:GetBucketPublicAccessBlock"
	PutBucketPublicAccessBlock       Action = "s3:PutBucketPublicAccessBlock"
	GetBucketOwnershipControls       Action = "s3:GetBucketOwnershipControls"
	PutBucketOwnershipControls       Action = "s3:PutBucketOwnershipControls"
	GetBucketVersioning              Action = "s3:GetBucketVersioning"
	PutBucketVersioning              Action = "s3:PutBucketVersioning"
	GetBucketTagging                 Action = "s3:GetBucketTagging"
	PutBucketTagging                 Action = "s3:PutBucketTagging"
	GetBucketCORS                    Action = "s3:GetBucketCORS"
	PutBucketCORS                    Action = "s3:PutBucketCORS"
	GetBucketWebsite                 Action = "s3:GetBucketWebsite"
	PutBucketWebsite                 Action = "s3:PutBucketWebsite"
	DeleteBucketWebsite              Action = "s3:DeleteBucketWebsite"
	GetBucketLogging                 Action = "s3:GetBucketLogging"
	PutBucketLogging                 Action = "s3:PutBucketLogging"
	GetBucketNotification            Action = "s3:GetBucketNotification"
	PutBucketNotification            Action = "s3:PutBucketNotification"
	GetBucketRequestPayment          Action = "s3:GetBucketRequestPayment"
	PutBucketRequestPayment          Action = "s3:PutBucketRequestPayment"
	GetBucketObjectLockConfiguration Action = "s3:GetBucketObjectLockConfiguration"
	PutBucketObjectLockConfiguration Action = "s3:PutBucketObjectLockConfiguration"
	GetLifecycleConfiguration        Action = "s3:GetLifecycleConfiguration"
	PutLifecycleConfiguration        Action = "s3:PutLifecycleConfiguration"
	GetEncryptionConfiguration       Action = "s3:GetEncryptionConfiguration"
	PutEncryptionConfiguration       Action = "s3:PutEncryptionConfiguration"
	GetReplicationConfiguration      Action = "s3:GetReplicationConfiguration"
	PutReplicationConfiguration      Action = "s3:PutReplicationConfiguration"
	GetAccelerateConfiguration       Action = "s3:GetAccelerateConfiguration"
	PutAccelerateConfiguration       Action = "s3:PutAccelerateConfiguration"
	GetAnalyticsConfiguration        Action = "s3:GetAnalyticsConfiguration"
	PutAnalyticsConfiguration        Action = "s3:PutAnalyticsConfiguration"
	GetInventoryConfiguration        Action = "s3:GetInventoryConfiguration"
	PutInventoryConfiguration        Action = "s3:PutInventoryConfiguration"
	GetMetricsConfiguration          Action = "s3:GetMetricsConfiguration"
	PutMetricsConfiguration          Action = "s3:PutMetricsConfiguration"
	GetIntelligentTiering            Action = "s3:GetIntelligentTieringConfiguration"
	PutIntelligentTiering            Action = "s3:PutIntelligentTieringConfiguration"
	CreateMetadataTable              Action = "s3:CreateBucketMetadataTableConfiguration"
	GetMetadataTable                 Action = "s3:GetBucketMetadataTableConfiguration"
	DeleteMetadataTable              Action = "s3:DeleteBucketMetadataTableConfiguration"

	ListAllMyBuckets Action = "s3:ListAllMyBuckets"
)

// Scope says what an action is done to.
type Scope uint8

const (
	ScopeUnknown Scope = iota // not an action of S3
	ScopeService              // the account: no bucket policy can grant it
	ScopeBucket
	ScopeObject
)

// Scope returns what a is done to, ScopeUnknown when S3 has no such action.
func (a Action) Scope() Scope { return actionScopes[a] }

// actionScopes is every action that a bucket policy may name: those above, and those of AWS that
// Shoal has no operation for, so that a policy written for AWS is not refused here. Never written.
var actionScopes = scopeTable()

func scopeTable() map[Action]Scope {
	table := make(map[Action]Scope)
	for scope, actions := range map[Scope][]Action{
		ScopeService: serviceActions(),
		ScopeBucket:  bucketActions(),
		ScopeObject:  objectActions(),
	} {
		for _, a := range actions {
			table[a] = scope
		}
	}
	return table
}

// actionsByLower holds the same actions by their names in lower case, as patterns see them. Never written.
var actionsByLower = lowerTable()

func lowerTable() map[string]Action {
	table := make(map[string]Action, len(actionScopes))
	for a := range actionScopes {
		table[strings.ToLower(string(a))] = a
	}
	return table
}

func serviceActions() []Action { return []Action{ListAllMyBuckets} }

func objectActions() []Action {
	return []Action{
		GetObject, GetObjectVersion, GetObjectTorrent, GetObjectVersionTorrent, GetObjectAttributes,
		GetObjectVersionAttributes, PutObject, DeleteObject, DeleteObjectVersion, GetObjectACL,
		PutObjectACL, GetObjectVersionACL, PutObjectVersionACL, GetObjectTagging, PutObjectTagging,
		DeleteObjectTagging, GetObjectVersionTagging, PutObjectVersionTagging,
		DeleteObjectVersionTagging, GetObjectRetention, PutObjectRetention, GetObjectLegalHold,
		PutObjectLegalHold, BypassGovernanceRetention, RestoreObject, AbortMultipartUpload,
		ListMultipartUploadParts, "s3:GetObjectVersionForReplication", "s3:ReplicateObject",
		"s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner",
		"s3:InitiateReplication", UpdateObjectEncryption,
	}
}

func bucketActions() []Action {
	return []Action{
		ListBucket, ListBucketVersions, ListBucketMultipartUploads, CreateBucket, DeleteBucket,
		GetBucketLocation, GetBucketACL, PutBucketACL, GetBucketPolicy, PutBucketPolicy,
		DeleteBucketPolicy, GetBucketPolicyStatus, GetBucketPublicAccessBlock,
		PutBucketPublicAccessBlock, GetBucketOwnershipControls, PutBucketOwnershipControls,
		GetBucketVersioning, PutBucketVersioning, GetBucketTagging, PutBucketTagging, GetBucketCORS,
		PutBucketCORS, GetBucketWebsite, PutBucketWebsite, DeleteBucketWebsite, GetBucketLogging,
		PutBucketLogging, GetBucketNotification, PutBucketNotification, GetBucketRequestPayment,
		PutBucketRequestPayment, GetBucketObjectLockConfiguration, PutBucketObjectLockConfiguration,
		GetLifecycleConfiguration, PutLifecycleConfiguration, GetEncryptionConfiguration,
		PutEncryptionConfiguration, GetReplicationConfiguration, PutReplicationConfiguration,
		GetAccelerateConfiguration, PutAccelerateConfiguration, GetAnalyticsConfiguration,
		PutAnalyticsConfiguration, GetInventoryConfiguration, PutInventoryConfiguration,
		GetMetricsConfiguration, PutMetricsConfiguration, GetIntelligentTiering,
		PutIntelligentTiering, CreateMetadataTable, GetMetadataTable, DeleteMetadataTable,
	}
}

// readsContent reports whether a gives out what is in an object.
func (a Action) readsContent() bool {
	switch a {
	case GetObject, GetObjectVersion, GetObjectTorrent, GetObjectVersionTorrent:
		return true
	}
	return false
}
