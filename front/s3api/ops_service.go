package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/meter"
)

func serviceOperations() []operation {
	return []operation{
		{
			name: "ListBuckets", method: http.MethodGet, scope: serviceScope,
			action: access.ListAllMyBuckets, serve: (*Handler).listBuckets, usage: meter.ListAllMyBuckets, tier: meter.Tier1, logAs: "REST.GET.SERVICE",
			state: yes,
		},
	}
}
