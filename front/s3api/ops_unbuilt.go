package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/meter"
)

// unbuiltOperations are those of S3 that nothing here does; those that tools probe answer AWS's empty form. They have rows because a sub-resource that is not
// known is passed over: PUT ?encryption would put its XML over the object, DELETE ?metadataTable would delete
// the bucket. Their actions only decide who is told that they are missing.
func unbuiltOperations() []operation {
	row := func(name, method string, s scope, query string, action access.Action) operation {
		o := operation{
			name: name, method: method, scope: s, query: []string{query}, action: action,
			usage: meter.UnknownAction, tier: meter.Tier1, logAs: "REST." + method + "." + query, state: no,
		}
		switch method {
		case http.MethodGet:
			o.tier = meter.Tier2
		case http.MethodDelete:
			o.tier = meter.TierNone
		}
		return o
	}
	probed := func(o operation) operation {
		o.serve, o.state, o.note = (*Handler).emptyConfig, partial, "answers the empty form"
		return o
	}
	return []operation{
		row("CreateSession", http.MethodGet, bucketScope, "session", access.ListBucket),
		probed(row("GetBucketAbac", http.MethodGet, bucketScope, "abac", access.GetBucketTagging)),
		row("PutBucketAbac", http.MethodPut, bucketScope, "abac", access.PutBucketTagging),
		row("CreateBucketMetadataTableConfiguration", http.MethodPost, bucketScope, "metadataTable", access.CreateMetadataTable),
		probed(row("GetBucketMetadataTableConfiguration", http.MethodGet, bucketScope, "metadataTable", access.GetMetadataTable)),
		row("DeleteBucketMetadataTableConfiguration", http.MethodDelete, bucketScope, "metadataTable", access.DeleteMetadataTable),
		row("CreateBucketMetadataConfiguration", http.MethodPost, bucketScope, "metadataConfiguration", access.CreateMetadataTable),
		probed(row("GetBucketMetadataConfiguration", http.MethodGet, bucketScope, "metadataConfiguration", access.GetMetadataTable)),
		row("DeleteBucketMetadataConfiguration", http.MethodDelete, bucketScope, "metadataConfiguration", access.DeleteMetadataTable),
		row("UpdateBucketMetadataInventoryTableConfiguration", http.MethodPut, bucketScope, "metadataInventoryTable", access.CreateMetadataTable),
		row("UpdateBucketMetadataJournalTableConfiguration", http.MethodPut, bucketScope, "metadataJournalTable", access.CreateMetadataTable),
		row("UpdateBucketMetadataAnnotationTableConfiguration", http.MethodPut, bucketScope, "metadataAnnotationTable", access.CreateMetadataTable),
		row("GetObjectAnnotation", http.MethodGet, objectScope, "annotation", access.GetObject),
		row("PutObjectAnnotation", http.MethodPut, objectScope, "annotation", access.PutObject),
		row("DeleteObjectAnnotation", http.MethodDelete, objectScope, "annotation", access.DeleteObject),
		row("RenameObject", http.MethodPut, objectScope, "renameObject", access.PutObject),
		row("UpdateObjectEncryption", http.MethodPut, objectScope, "encryption", access.UpdateObjectEncryption),
	}
}
