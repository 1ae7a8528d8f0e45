package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/meter"
)

func uploadOperations() []operation {
	return []operation{
		{
			name: "CreateMultipartUpload", method: http.MethodPost, scope: objectScope, query: []string{"uploads"}, signed: signedUpload,
			action: access.PutObject, serve: (*Handler).createMultipartUpload, usage: meter.InitiateMultipartUpload, tier: meter.Tier1, logAs: "REST.POST.UPLOADS",
			state: partial, note: "no aws:kms:dsse",
		},
		{
			name: "UploadPart", method: http.MethodPut, scope: objectScope, query: []string{"uploadId", "partNumber"},
			action: access.PutObject, parse: (*call).checkPartNumber, serve: (*Handler).uploadPart, usage: meter.UploadPart, tier: meter.Tier1, logAs: "REST.PUT.PART",
			state: yes,
		},
		{
			name: "UploadPartCopy", method: http.MethodPut, scope: objectScope, query: []string{"uploadId", "partNumber"}, header: "x-amz-copy-source", signed: signedPartCopy,
			action: access.PutObject, parse: (*call).checkPartCopy, serve: (*Handler).uploadPartCopy, usage: meter.UploadPartCopy, tier: meter.Tier1, logAs: "REST.COPY.PART",
			state: yes,
		},
		{
			name: "ListParts", method: http.MethodGet, scope: objectScope, query: []string{"uploadId"},
			action: access.ListMultipartUploadParts, serve: (*Handler).listParts, usage: meter.ListParts, tier: meter.Tier1, logAs: "REST.GET.UPLOAD",
			state: yes,
		},
		{
			name: "CompleteMultipartUpload", method: http.MethodPost, scope: objectScope, query: []string{"uploadId"},
			action: access.PutObject, serve: (*Handler).completeMultipartUpload, usage: meter.CompleteMultipartUpload, tier: meter.Tier1, logAs: "REST.POST.UPLOAD",
			state: yes,
		},
		{
			name: "AbortMultipartUpload", method: http.MethodDelete, scope: objectScope, query: []string{"uploadId"},
			action: access.AbortMultipartUpload, serve: (*Handler).abortMultipartUpload, usage: meter.AbortMultipartUpload, tier: meter.TierNone, logAs: "REST.DELETE.UPLOAD",
			state: yes,
		},
	}
}
