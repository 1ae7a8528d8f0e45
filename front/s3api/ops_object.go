package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/meter"
)

func objectOperations() []operation {
	return []operation{
		{
			name: "GetObject", method: http.MethodGet, scope: objectScope,
			action: access.GetObject, serve: (*Handler).getObject, usage: meter.GetObject, tier: meter.Tier2, logAs: "REST.GET.OBJECT",
			state: yes,
		},
		{
			name: "HeadObject", method: http.MethodHead, scope: objectScope,
			action: access.GetObject, serve: (*Handler).headObject, usage: meter.HeadObject, tier: meter.Tier2, logAs: "REST.HEAD.OBJECT",
			state: yes,
		},
		{
			name: "PutObject", method: http.MethodPut, scope: objectScope,
			action: access.PutObject, serve: (*Handler).putObject, usage: meter.PutObject, tier: meter.Tier1, logAs: "REST.PUT.OBJECT",
			state: partial, note: "no tags, encryption or object lock",
		},
		{
			name: "CopyObject", method: http.MethodPut, scope: objectScope, header: "x-amz-copy-source",
			action: access.PutObject, serve: (*Handler).copyObject, usage: meter.CopyObject, tier: meter.Tier1, logAs: "REST.COPY.OBJECT",
			state: partial, note: "no tags, encryption or object lock",
		},
		{
			name: "DeleteObject", method: http.MethodDelete, scope: objectScope,
			action: access.DeleteObject, serve: (*Handler).deleteObject, usage: meter.DeleteObject, tier: meter.TierNone, logAs: "REST.DELETE.OBJECT",
			state: yes,
		},
		{
			name: "GetObjectTorrent", method: http.MethodGet, scope: objectScope, query: []string{"torrent"},
			action: access.GetObjectTorrent, serve: (*Handler).getObjectTorrent, usage: meter.GetObjectTorrent, tier: meter.Tier2, logAs: "REST.GET.TORRENT",
			state: yes,
		},
		{
			name: "GetObjectAcl", method: http.MethodGet, scope: objectScope, query: []string{"acl"},
			action: access.GetObjectACL, serve: (*Handler).getObjectACL, usage: meter.ReadACL, tier: meter.Tier2, logAs: "REST.GET.ACL",
			state: yes,
		},
		{
			name: "PutObjectAcl", method: http.MethodPut, scope: objectScope, query: []string{"acl"},
			action: access.PutObjectACL, serve: (*Handler).putObjectACL, usage: meter.WriteACL, tier: meter.Tier1, logAs: "REST.PUT.ACL",
			state: yes,
		},
		{
			name: "GetObjectAttributes", method: http.MethodGet, scope: objectScope, query: []string{"attributes"},
			action: access.GetObjectAttributes, usage: meter.GetObjectAttributes, tier: meter.Tier2, logAs: "REST.GET.OBJECT_ATTRIBUTES",
			state: no,
		},
		{
			name: "GetObjectTagging", method: http.MethodGet, scope: objectScope, query: []string{"tagging"},
			action: access.GetObjectTagging, serve: (*Handler).getObjectTagging, usage: meter.ReadTagging, tier: meter.Tier2, logAs: "REST.GET.OBJECT_TAGGING",
			state: partial, note: "answers an empty tag set",
		},
		{
			name: "PutObjectTagging", method: http.MethodPut, scope: objectScope, query: []string{"tagging"},
			action: access.PutObjectTagging, usage: meter.WriteTagging, tier: meter.Tier1, logAs: "REST.PUT.OBJECT_TAGGING",
			state: no,
		},
		{
			name: "DeleteObjectTagging", method: http.MethodDelete, scope: objectScope, query: []string{"tagging"},
			action: access.DeleteObjectTagging, usage: meter.DeleteTagging, tier: meter.TierNone, logAs: "REST.DELETE.OBJECT_TAGGING",
			state: no,
		},
		{
			name: "GetObjectRetention", method: http.MethodGet, scope: objectScope, query: []string{"retention"},
			action: access.GetObjectRetention, usage: meter.ReadObjectLock, tier: meter.Tier2, logAs: "REST.GET.OBJECT_LOCK_RETENTION",
			state: no,
		},
		{
			name: "PutObjectRetention", method: http.MethodPut, scope: objectScope, query: []string{"retention"},
			action: access.PutObjectRetention, usage: meter.WriteObjectLock, tier: meter.Tier1, logAs: "REST.PUT.OBJECT_LOCK_RETENTION",
			state: no,
		},
		{
			name: "GetObjectLegalHold", method: http.MethodGet, scope: objectScope, query: []string{"legal-hold"},
			action: access.GetObjectLegalHold, usage: meter.ReadObjectLock, tier: meter.Tier2, logAs: "REST.GET.OBJECT_LOCK_LEGALHOLD",
			state: no,
		},
		{
			name: "PutObjectLegalHold", method: http.MethodPut, scope: objectScope, query: []string{"legal-hold"},
			action: access.PutObjectLegalHold, usage: meter.WriteObjectLock, tier: meter.Tier1, logAs: "REST.PUT.OBJECT_LOCK_LEGALHOLD",
			state: no,
		},
		{
			name: "RestoreObject", method: http.MethodPost, scope: objectScope, query: []string{"restore"},
			action: access.RestoreObject, usage: meter.RestoreObject, tier: meter.Tier1, logAs: "REST.POST.RESTORE",
			state: no,
		},
		{
			name: "SelectObjectContent", method: http.MethodPost, scope: objectScope, query: []string{"select"},
			action: access.GetObject, usage: meter.SelectObjectContent, tier: meter.Tier2, logAs: "REST.POST.SELECT",
			state: no,
		},
	}
}
