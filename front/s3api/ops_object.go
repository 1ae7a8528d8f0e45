package s3api

import (
	"net/http"
	"slices"

	"shoal/core/access"
	"shoal/core/meter"
)

func objectOperations() []operation {
	return slices.Concat(objectItself(), objectViews(), operationsOf(objectSubresources()))
}

// objectItself is what is done to an object as a whole.
func objectItself() []operation {
	return []operation{
		{
			name: "GetObject", method: http.MethodGet, scope: objectScope,
			action: access.GetObject, parse: (*call).checkPart, serve: (*Handler).getObject, usage: meter.GetObject, tier: meter.Tier2, logAs: "REST.GET.OBJECT",
			state: yes,
		},
		{
			name: "HeadObject", method: http.MethodHead, scope: objectScope,
			action: access.GetObject, parse: (*call).checkPart, serve: (*Handler).headObject, usage: meter.HeadObject, tier: meter.Tier2, logAs: "REST.HEAD.OBJECT",
			state: yes,
		},
		{
			name: "PutObject", method: http.MethodPut, scope: objectScope,
			action: access.PutObject, serve: (*Handler).putObject, usage: meter.PutObject, tier: meter.Tier1, logAs: "REST.PUT.OBJECT",
			state: partial, note: "no aws:kms:dsse",
		},
		{
			name: "CopyObject", method: http.MethodPut, scope: objectScope, header: "x-amz-copy-source", signed: signedCopy,
			action: access.PutObject, serve: (*Handler).copyObject, usage: meter.CopyObject, tier: meter.Tier1, logAs: "REST.COPY.OBJECT",
			state: partial, note: "no aws:kms:dsse; the copy of an object of parts keeps its ETag",
		},
		{
			name: "DeleteObject", method: http.MethodDelete, scope: objectScope,
			action: access.DeleteObject, serve: (*Handler).deleteObject, usage: meter.DeleteObject, tier: meter.TierNone, logAs: "REST.DELETE.OBJECT",
			state: yes,
		},
		{
			name: "OptionsObject", method: http.MethodOptions, scope: objectScope, open: true,
			action: access.GetObject, serve: (*Handler).preflight, usage: meter.PreflightRequest, tier: meter.Tier2, logAs: "REST.OPTIONS.PREFLIGHT",
			state: yes, note: "a preflight: no credentials, no policies",
		},
	}
}

// objectViews are other forms of an object than its content.
func objectViews() []operation {
	return []operation{
		{
			name: "GetObjectTorrent", method: http.MethodGet, scope: objectScope, query: []string{"torrent"},
			action: access.GetObjectTorrent, serve: (*Handler).getObjectTorrent, usage: meter.GetObjectTorrent, tier: meter.Tier2, logAs: "REST.GET.TORRENT",
			state: yes,
		},
		{
			name: "GetObjectAttributes", method: http.MethodGet, scope: objectScope, query: []string{"attributes"},
			action: access.GetObjectAttributes, parse: (*call).checkAttributes, serve: (*Handler).getObjectAttributes,
			usage: meter.GetObjectAttributes, tier: meter.Tier2, logAs: "REST.GET.OBJECT_ATTRIBUTES",
			state: yes,
		},
		{
			name: "RestoreObject", method: http.MethodPost, scope: objectScope, query: []string{"restore"},
			action: access.RestoreObject, usage: meter.RestoreObject, tier: meter.Tier1, logAs: "REST.POST.RESTORE",
			state: no,
		},
		{
			name: "SelectObjectContent", method: http.MethodPost, scope: objectScope, query: []string{"select"}, signed: signedOnly,
			action: access.GetObject, usage: meter.SelectObjectContent, tier: meter.Tier2, logAs: "REST.POST.SELECT",
			state: no,
		},
	}
}

func objectSubresources() []subresource {
	return []subresource{
		{
			scope: objectScope, query: "acl", log: "ACL",
			get: built("GetObjectAcl", access.GetObjectACL, (*Handler).getObjectACL, meter.ReadACL),
			put: built("PutObjectAcl", access.PutObjectACL, (*Handler).putObjectACL, meter.WriteACL).signing(signedOnly),
		},
		{
			scope: objectScope, query: "tagging", log: "OBJECT_TAGGING",
			get: built("GetObjectTagging", access.GetObjectTagging, (*Handler).getObjectTagging, meter.ReadObjectTagging),
			put: built("PutObjectTagging", access.PutObjectTagging, (*Handler).putObjectTagging, meter.WriteObjectTagging).describing((*Handler).describeObjectTags),
			del: built("DeleteObjectTagging", access.DeleteObjectTagging, (*Handler).deleteObjectTagging, meter.DeleteObjectTagging),
		},
		{
			scope: objectScope, query: "retention", log: "OBJECT_LOCK_RETENTION",
			get: built("GetObjectRetention", access.GetObjectRetention, (*Handler).getObjectRetention, meter.ReadObjectLock),
			put: built("PutObjectRetention", access.PutObjectRetention, (*Handler).putObjectRetention, meter.WriteObjectLock).describing((*Handler).describeRetention),
		},
		{
			scope: objectScope, query: "legal-hold", log: "OBJECT_LOCK_LEGALHOLD",
			get: built("GetObjectLegalHold", access.GetObjectLegalHold, (*Handler).getObjectLegalHold, meter.ReadObjectLock),
			put: built("PutObjectLegalHold", access.PutObjectLegalHold, (*Handler).putObjectLegalHold, meter.WriteObjectLock).describing((*Handler).describeLegalHold),
		},
	}
}
