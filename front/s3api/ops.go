package s3api

import "slices"

// operations is every operation of the S3 REST API. Routing, authorisation, metering, the access log's
// operation column and the support page (docs/protocol/s3.md) all come from here.
//
// Bucket sub-resources that tools probe answer AWS's empty form while they are not there yet: a 501 on a
// read makes Terraform and others give up on the bucket.
func operations() []operation {
	return slices.Concat(
		serviceOperations(),
		bucketOperations(),
		bucketConfigOperations(),
		objectOperations(),
		uploadOperations(),
		unbuiltOperations(),
	)
}
