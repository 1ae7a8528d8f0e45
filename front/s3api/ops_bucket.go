package s3api

import (
	"net/http"
	"slices"

	"shoal/core/access"
	"shoal/core/meter"
)

func bucketOperations() []operation {
	return slices.Concat(bucketItself(), bucketListings(), bucketBatches(), bucketTorrents())
}

// bucketItself is what is done to a bucket as a whole.
func bucketItself() []operation {
	return []operation{
		{
			name: "CreateBucket", method: http.MethodPut, scope: bucketScope, signed: signedOnly,
			action: access.CreateBucket, describe: (*Handler).describeCreate, serve: (*Handler).createBucket, usage: meter.CreateBucket, tier: meter.Tier1, logAs: "REST.PUT.BUCKET",
			state: yes,
		},
		{
			name: "HeadBucket", method: http.MethodHead, scope: bucketScope,
			action: access.ListBucket, serve: (*Handler).headBucket, usage: meter.HeadBucket, tier: meter.Tier2, logAs: "REST.HEAD.BUCKET",
			state: yes,
		},
		{
			name: "DeleteBucket", method: http.MethodDelete, scope: bucketScope,
			action: access.DeleteBucket, serve: (*Handler).deleteBucket, usage: meter.DeleteBucket, tier: meter.TierNone, logAs: "REST.DELETE.BUCKET",
			state: yes,
		},
		{
			name: "GetBucketLocation", method: http.MethodGet, scope: bucketScope, query: []string{"location"},
			action: access.GetBucketLocation, serve: (*Handler).getBucketLocation, usage: meter.ReadLocation, tier: meter.Tier2, logAs: "REST.GET.LOCATION",
			state: yes,
		},
	}
}

// bucketListings are of what is in a bucket.
func bucketListings() []operation {
	return []operation{
		{
			name: "ListObjects", method: http.MethodGet, scope: bucketScope,
			action: access.ListBucket, serve: (*Handler).listObjects, usage: meter.ListBucket, tier: meter.Tier1, logAs: "REST.GET.BUCKET",
			state: yes,
		},
		{
			name: "ListObjectsV2", method: http.MethodGet, scope: bucketScope, query: []string{"list-type"},
			action: access.ListBucket, serve: (*Handler).listObjectsV2, usage: meter.ListBucket, tier: meter.Tier1, logAs: "REST.GET.BUCKET",
			state: yes,
		},
		{
			name: "ListObjectVersions", method: http.MethodGet, scope: bucketScope, query: []string{"versions"},
			action: access.ListBucketVersions, serve: (*Handler).listObjectVersions, usage: meter.ListBucketVersions, tier: meter.Tier1, logAs: "REST.GET.BUCKETVERSIONS",
			state: yes,
		},
		{
			name: "ListMultipartUploads", method: http.MethodGet, scope: bucketScope, query: []string{"uploads"},
			action: access.ListBucketMultipartUploads, serve: (*Handler).listMultipartUploads, usage: meter.ListMultipartUploads, tier: meter.Tier1, logAs: "REST.GET.UPLOADS",
			state: yes,
		},
	}
}

// bucketBatches are POSTs and preflights, which name keys in their bodies or none.
func bucketBatches() []operation {
	return []operation{
		{
			name: "DeleteObjects", method: http.MethodPost, scope: bucketScope, query: []string{"delete"},
			action: access.DeleteObject, serve: (*Handler).deleteObjects, usage: meter.DeleteObjects, tier: meter.Tier1, logAs: "REST.POST.MULTI_OBJECT_DELETE",
			state: yes,
		},
		{
			name: "PostObject", method: http.MethodPost, scope: bucketScope,
			action: access.PutObject, serve: (*Handler).postObject, usage: meter.PostObject, tier: meter.Tier1, logAs: "REST.POST.BUCKET",
			state: partial, note: "no aws:kms:dsse",
		},
		{
			name: "OptionsBucket", method: http.MethodOptions, scope: bucketScope, open: true,
			action: access.GetBucketCORS, serve: (*Handler).preflight, usage: meter.PreflightRequest, tier: meter.Tier2, logAs: "REST.OPTIONS.PREFLIGHT",
			state: yes, note: "a preflight: no credentials, no policies",
		},
	}
}

// bucketTorrents are of many objects as torrents.
func bucketTorrents() []operation {
	return []operation{
		{
			name: "GetBucketFeed", method: http.MethodGet, scope: bucketScope, query: []string{"rss"},
			action: access.ListBucket, serve: (*Handler).getBucketFeed, usage: meter.ListBucket, tier: meter.Tier1, logAs: "REST.GET.RSS",
			state: yes, note: "not in S3: an RSS feed of the newest public objects as torrents, below `prefix`",
		},
		{
			name: "GetBucketTorrent", method: http.MethodGet, scope: bucketScope, query: []string{"torrent"},
			action: access.ListBucket, serve: (*Handler).refuseBucketTorrent, usage: meter.GetObjectTorrent, tier: meter.Tier2, logAs: "REST.GET.TORRENT",
			state: no, note: "refused as AWS did, RequestTorrentOfBucketError; see GetPrefixTorrent",
		},
		{
			name: "GetPrefixTorrent", method: http.MethodGet, scope: bucketScope, query: []string{"torrent", "prefix"},
			action: access.ListBucket, serve: (*Handler).getPrefixTorrent, usage: meter.GetObjectTorrent, tier: meter.Tier2, logAs: "REST.GET.TORRENT",
			state: yes, note: "not in S3: one torrent of the public objects under `prefix`",
		},
	}
}
