package s3api

import "strings"

// matrixRow is a request of the authorisation matrix. In its texts pond is the bucket, frog a private object, newt a
// public one, UPLOAD a multipart upload of frog and ETAG that of its part. Where the row is about object lock, pond has it,
// and frog is retained, in governance mode and as version VERSION.
type matrixRow struct {
	op      string // whose request it is, as the table of operations names it
	request string // method, target and headers, one a line
	body    string
	needs   string // actions that AWS wants for it, without "s3:" (S3 user guide, "Required permissions for Amazon S3 API operations")
	denied  string // what the policies that deny name, when it is not needs
	status  int    // when it is allowed; 0 is any success
	writes  bool   // it changes what is stored
	signed  bool   // AWS refuses it to who does not sign, whatever policies say
	of      kind
}

// names reports whether something of the fixture stands in the row.
func (r *matrixRow) names(what string) bool { return strings.Contains(r.request+r.body, what) }

// locks reports whether the row is about object lock.
func (r *matrixRow) locks() bool {
	return r.names("object-lock") || r.names("retention") || r.names("legal-hold")
}

// kind is how a row differs from the others in who may do it.
type kind uint8

const (
	ofBucket   kind = iota // the bucket, or something in it
	ofAccount              // the account: no bucket can give it away
	ofPolicy               // the bucket policy: its owner always may, and nobody of another account
	ofEveryone             // nobody is asked who they are
	keyByKey               // a refusal stands in the answer, for each key
	ofObject               // an object that is there: who may not list is not told that it is not
	ofWriter               // another account owns what it puts, and so may give it an ACL
	ofTorrent              // likewise; of what is private only for access keys that stay
)

// Bodies of rows.
const (
	frogTags      = `<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>`
	frogRetain    = `<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate></Retention>`
	pondCORS      = `<CORSConfiguration><CORSRule><AllowedOrigin>http://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`
	pondOwnership = `<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>`
	pondWebsite   = `<WebsiteConfiguration><IndexDocument><Suffix>index</Suffix></IndexDocument></WebsiteConfiguration>`
	pondRule      = `<LifecycleConfiguration><Rule><ID>a</ID><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>`
	pondSSE       = `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`
	pondPolicy    = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::pond/*"}]}`
	onePart       = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>ETAG</ETag></Part></CompleteMultipartUpload>`
	deleteFrog    = `<Delete><Object><Key>frog</Key></Object></Delete>`
	deleteVersion = `<Delete><Object><Key>frog</Key><VersionId>VERSION</VersionId></Object></Delete>`
	frogRelease   = `<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2998-01-01T00:00:00Z</RetainUntilDate></Retention>`
	frogHold      = `<LegalHold><Status>ON</Status></LegalHold>`
	pondLock      = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>`
	pondEvents    = `<NotificationConfiguration><QueueConfiguration><Queue>arn:shoal:sqs::hook:webhook</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>`
)

// Headers of rows.
const (
	lockHeaders  = "\nx-amz-object-lock-mode: GOVERNANCE\nx-amz-object-lock-retain-until-date: 2999-01-01T00:00:00Z"
	holdHeader   = "\nx-amz-object-lock-legal-hold: ON"
	bypassHeader = "\nx-amz-bypass-governance-retention: true"
)

func matrixRows() []matrixRow {
	var rows []matrixRow
	for _, list := range [][]matrixRow{serviceRows(), bucketRows(), configRows(), readRows(), writeRows(), lockRows(), uploadRows(), missingRows()} {
		rows = append(rows, list...)
	}
	return rows
}

func serviceRows() []matrixRow {
	return []matrixRow{
		{op: "ListBuckets", request: "GET /", needs: "ListAllMyBuckets", of: ofAccount},
		{op: "CreateBucket", request: "PUT /pond-new", needs: "CreateBucket", writes: true, signed: true, of: ofAccount},
		{op: "OptionsBucket", request: "OPTIONS /pond\nOrigin: http://a.example\nAccess-Control-Request-Method: GET", needs: "ListBucket", of: ofEveryone},
		{op: "OptionsObject", request: "OPTIONS /pond/frog\nOrigin: http://a.example\nAccess-Control-Request-Method: GET", needs: "GetObject", of: ofEveryone},
	}
}

func bucketRows() []matrixRow {
	return []matrixRow{
		{op: "HeadBucket", request: "HEAD /pond", needs: "ListBucket"},
		{op: "DeleteBucket", request: "DELETE /pond", needs: "DeleteBucket", writes: true},
		{op: "GetBucketLocation", request: "GET /pond?location", needs: "GetBucketLocation"},
		{op: "ListObjects", request: "GET /pond?prefix=f&delimiter=/", needs: "ListBucket"},
		{op: "ListObjectsV2", request: "GET /pond?list-type=2", needs: "ListBucket"},
		{op: "ListObjectVersions", request: "GET /pond?versions", needs: "ListBucketVersions"},
		{op: "ListMultipartUploads", request: "GET /pond?uploads", needs: "ListBucketMultipartUploads"},
		{op: "DeleteObjects", request: "POST /pond?delete", body: deleteFrog, needs: "DeleteObject", writes: true, of: keyByKey},
		{op: "PostObject", request: "POST /pond", needs: "PutObject", writes: true},
		{op: "GetBucketFeed", request: "GET /pond?rss", needs: "ListBucket"},
		{op: "GetBucketTorrent", request: "GET /pond?torrent", needs: "ListBucket"},
		{op: "GetPrefixTorrent", request: "GET /pond?torrent&prefix=newt", needs: "ListBucket"},
	}
}

// configRows are the sub-resources of buckets.
func configRows() []matrixRow {
	return []matrixRow{
		{op: "GetBucketAcl", request: "GET /pond?acl", needs: "GetBucketAcl"},
		{op: "PutBucketAcl", request: "PUT /pond?acl\nx-amz-acl: public-read", needs: "PutBucketAcl", writes: true, signed: true},
		{op: "GetBucketPolicy", request: "GET /pond?policy", needs: "GetBucketPolicy", of: ofPolicy},
		{op: "PutBucketPolicy", request: "PUT /pond?policy", body: pondPolicy, needs: "PutBucketPolicy", writes: true, of: ofPolicy},
		{op: "DeleteBucketPolicy", request: "DELETE /pond?policy", needs: "DeleteBucketPolicy", writes: true, of: ofPolicy},
		{op: "GetBucketPolicyStatus", request: "GET /pond?policyStatus", needs: "GetBucketPolicyStatus"},
		{op: "GetPublicAccessBlock", request: "GET /pond?publicAccessBlock", needs: "GetBucketPublicAccessBlock"},
		{op: "PutPublicAccessBlock", request: "PUT /pond?publicAccessBlock", body: "<PublicAccessBlockConfiguration/>", needs: "PutBucketPublicAccessBlock", writes: true},
		{op: "DeletePublicAccessBlock", request: "DELETE /pond?publicAccessBlock", needs: "PutBucketPublicAccessBlock", writes: true},
		{op: "GetBucketOwnershipControls", request: "GET /pond?ownershipControls", needs: "GetBucketOwnershipControls", signed: true},
		{op: "PutBucketOwnershipControls", request: "PUT /pond?ownershipControls", body: pondOwnership, needs: "PutBucketOwnershipControls", writes: true, signed: true},
		{op: "DeleteBucketOwnershipControls", request: "DELETE /pond?ownershipControls", needs: "PutBucketOwnershipControls", writes: true, signed: true},
		{op: "GetBucketVersioning", request: "GET /pond?versioning", needs: "GetBucketVersioning"},
		{op: "PutBucketVersioning", request: "PUT /pond?versioning", body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", needs: "PutBucketVersioning", writes: true},
		{op: "GetBucketTagging", request: "GET /pond?tagging", needs: "GetBucketTagging"},
		{op: "PutBucketTagging", request: "PUT /pond?tagging", body: frogTags, needs: "PutBucketTagging", writes: true},
		{op: "DeleteBucketTagging", request: "DELETE /pond?tagging", needs: "PutBucketTagging", writes: true},
		{op: "GetBucketCors", request: "GET /pond?cors", needs: "GetBucketCORS"},
		{op: "PutBucketCors", request: "PUT /pond?cors", body: pondCORS, needs: "PutBucketCORS", writes: true},
		{op: "DeleteBucketCors", request: "DELETE /pond?cors", needs: "PutBucketCORS", writes: true},
		{op: "GetBucketLifecycleConfiguration", request: "GET /pond?lifecycle", needs: "GetLifecycleConfiguration"},
		{op: "PutBucketLifecycleConfiguration", request: "PUT /pond?lifecycle", body: pondRule, needs: "PutLifecycleConfiguration", writes: true},
		{op: "DeleteBucketLifecycle", request: "DELETE /pond?lifecycle", needs: "PutLifecycleConfiguration", writes: true},
		{op: "GetBucketWebsite", request: "GET /pond?website", needs: "GetBucketWebsite"},
		{op: "PutBucketWebsite", request: "PUT /pond?website", body: pondWebsite, needs: "PutBucketWebsite", writes: true},
		{op: "DeleteBucketWebsite", request: "DELETE /pond?website", needs: "DeleteBucketWebsite", writes: true},
		{op: "GetBucketLogging", request: "GET /pond?logging", needs: "GetBucketLogging"},
		{op: "PutBucketLogging", request: "PUT /pond?logging", body: logged, needs: "PutBucketLogging", writes: true},
		{op: "GetBucketNotificationConfiguration", request: "GET /pond?notification", needs: "GetBucketNotification"},
		{op: "PutBucketNotificationConfiguration", request: "PUT /pond?notification", body: pondEvents, needs: "PutBucketNotification", writes: true},
		{op: "GetBucketRequestPayment", request: "GET /pond?requestPayment", needs: "GetBucketRequestPayment"},
		{op: "PutBucketRequestPayment", request: "PUT /pond?requestPayment", body: "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>", needs: "PutBucketRequestPayment", writes: true},
		{op: "GetBucketEncryption", request: "GET /pond?encryption", needs: "GetEncryptionConfiguration"},
		{op: "PutBucketEncryption", request: "PUT /pond?encryption", body: pondSSE, needs: "PutEncryptionConfiguration", writes: true},
		{op: "DeleteBucketEncryption", request: "DELETE /pond?encryption", needs: "PutEncryptionConfiguration", writes: true},
		{op: "GetBucketAccelerateConfiguration", request: "GET /pond?accelerate", needs: "GetAccelerateConfiguration"},
		{op: "PutBucketAccelerateConfiguration", request: "PUT /pond?accelerate", body: "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>", needs: "PutAccelerateConfiguration"},
	}
}

// readRows read objects.
func readRows() []matrixRow {
	return []matrixRow{
		{op: "GetObject", request: "GET /pond/frog", needs: "GetObject", of: ofObject},
		{op: "GetObject", request: "GET /pond/frog?versionId=null", needs: "GetObjectVersion", of: ofObject},
		{op: "GetObject", request: "GET /pond/frog?partNumber=1", needs: "GetObject", of: ofObject},
		{op: "HeadObject", request: "HEAD /pond/frog", needs: "GetObject", of: ofObject},
		{op: "HeadObject", request: "HEAD /pond/frog?versionId=null", needs: "GetObjectVersion", of: ofObject},
		{op: "GetObjectTorrent", request: "GET /pond/frog?torrent", needs: "GetObject", of: ofTorrent},
		{op: "GetObjectTorrent", request: "GET /pond/frog?torrent", needs: "GetObject", denied: "GetObjectTorrent", of: ofTorrent},
		{op: "GetObjectAttributes", request: "GET /pond/frog?attributes\nx-amz-object-attributes: ETag", needs: "GetObject GetObjectAttributes", of: ofObject},
		{op: "GetObjectAttributes", request: "GET /pond/frog?attributes&versionId=null\nx-amz-object-attributes: ETag", needs: "GetObjectVersion GetObjectVersionAttributes", of: ofObject},
		{op: "GetObjectAcl", request: "GET /pond/frog?acl", needs: "GetObjectAcl", of: ofObject},
		{op: "GetObjectAcl", request: "GET /pond/frog?acl&versionId=null", needs: "GetObjectVersionAcl", of: ofObject},
		{op: "GetObjectTagging", request: "GET /pond/frog?tagging", needs: "GetObjectTagging", of: ofObject},
		{op: "GetObjectTagging", request: "GET /pond/frog?tagging&versionId=null", needs: "GetObjectVersionTagging", of: ofObject},
		{op: "SelectObjectContent", request: "POST /pond/frog?select&select-type=2", needs: "GetObject", signed: true, of: ofObject},
		{op: "GetObjectAnnotation", request: "GET /pond/frog?annotation", needs: "GetObject", of: ofObject},
	}
}

// writeRows change objects.
func writeRows() []matrixRow {
	return []matrixRow{
		{op: "PutObject", request: "PUT /pond/frog", body: "x", needs: "PutObject", writes: true},
		{op: "PutObject", request: "PUT /pond/toad\nx-amz-tagging: a=b", body: "x", needs: "PutObject PutObjectTagging", writes: true},
		{op: "PutObject", request: "PUT /pond/toad\nx-amz-acl: public-read", body: "x", needs: "PutObject PutObjectAcl", writes: true, of: ofWriter},
		{op: "CopyObject", request: "PUT /pond/toad\nx-amz-copy-source: /pond/frog\nx-amz-tagging-directive: REPLACE", needs: "PutObject GetObject", writes: true, signed: true},
		{op: "CopyObject", request: "PUT /pond/toad\nx-amz-copy-source: pond/frog?versionId=null\nx-amz-tagging-directive: REPLACE", needs: "PutObject GetObjectVersion", writes: true, signed: true},
		{op: "CopyObject", request: "PUT /pond/toad\nx-amz-copy-source: /pond/frog", needs: "PutObject GetObject GetObjectTagging PutObjectTagging", writes: true, signed: true},
		{op: "DeleteObject", request: "DELETE /pond/frog", needs: "DeleteObject", writes: true},
		{op: "DeleteObject", request: "DELETE /pond/frog?versionId=null", needs: "DeleteObjectVersion", writes: true},
		{op: "PutObjectAcl", request: "PUT /pond/frog?acl\nx-amz-acl: public-read", needs: "PutObjectAcl", writes: true, signed: true, of: ofObject},
		{op: "PutObjectAcl", request: "PUT /pond/frog?acl&versionId=null\nx-amz-acl: public-read", needs: "PutObjectVersionAcl", writes: true, signed: true, of: ofObject},
		{op: "PutObjectTagging", request: "PUT /pond/frog?tagging", body: frogTags, needs: "PutObjectTagging", writes: true, of: ofObject},
		{op: "PutObjectTagging", request: "PUT /pond/frog?tagging&versionId=null", body: frogTags, needs: "PutObjectVersionTagging", writes: true, of: ofObject},
		{op: "DeleteObjectTagging", request: "DELETE /pond/frog?tagging", needs: "DeleteObjectTagging", writes: true, of: ofObject},
		{op: "DeleteObjectTagging", request: "DELETE /pond/frog?tagging&versionId=null", needs: "DeleteObjectVersionTagging", writes: true, of: ofObject},
	}
}

// lockRows are about object lock.
func lockRows() []matrixRow {
	return []matrixRow{
		{op: "CreateBucket", request: "PUT /pond-new\nx-amz-bucket-object-lock-enabled: true", needs: "CreateBucket PutBucketObjectLockConfiguration PutBucketVersioning", writes: true, signed: true, of: ofAccount},
		{op: "GetObjectLockConfiguration", request: "GET /pond?object-lock", needs: "GetBucketObjectLockConfiguration"},
		{op: "PutObjectLockConfiguration", request: "PUT /pond?object-lock", body: pondLock, needs: "PutBucketObjectLockConfiguration", writes: true},
		{op: "GetObjectRetention", request: "GET /pond/frog?retention", needs: "GetObjectRetention", of: ofObject},
		{op: "GetObjectRetention", request: "GET /pond/frog?retention&versionId=VERSION", needs: "GetObjectRetention", of: ofObject},
		{op: "PutObjectRetention", request: "PUT /pond/frog?retention", body: frogRetain, needs: "PutObjectRetention", writes: true, of: ofObject},
		{op: "PutObjectRetention", request: "PUT /pond/frog?retention&versionId=VERSION" + bypassHeader, body: frogRelease, needs: "PutObjectRetention BypassGovernanceRetention", writes: true},
		{op: "GetObjectLegalHold", request: "GET /pond/frog?legal-hold", needs: "GetObjectLegalHold", of: ofObject},
		{op: "GetObjectLegalHold", request: "GET /pond/frog?legal-hold&versionId=VERSION", needs: "GetObjectLegalHold", of: ofObject},
		{op: "PutObjectLegalHold", request: "PUT /pond/frog?legal-hold", body: frogHold, needs: "PutObjectLegalHold", writes: true, of: ofObject},
		{op: "PutObjectLegalHold", request: "PUT /pond/frog?legal-hold&versionId=VERSION", body: frogHold, needs: "PutObjectLegalHold", writes: true, of: ofObject},
		{op: "DeleteObject", request: "DELETE /pond/frog?versionId=VERSION" + bypassHeader, needs: "DeleteObjectVersion BypassGovernanceRetention", writes: true},
		{op: "DeleteObjects", request: "POST /pond?delete" + bypassHeader, body: deleteVersion, needs: "DeleteObjectVersion BypassGovernanceRetention", writes: true, of: keyByKey},
		{op: "PutObject", request: "PUT /pond/toad" + lockHeaders, body: "x", needs: "PutObject PutObjectRetention", writes: true},
		{op: "PutObject", request: "PUT /pond/toad" + holdHeader, body: "x", needs: "PutObject PutObjectLegalHold", writes: true},
		{op: "CopyObject", request: "PUT /pond/toad\nx-amz-copy-source: /pond/frog\nx-amz-tagging-directive: REPLACE" + lockHeaders, needs: "PutObject GetObject PutObjectRetention", writes: true, signed: true},
		{op: "CopyObject", request: "PUT /pond/toad\nx-amz-copy-source: /pond/frog\nx-amz-tagging-directive: REPLACE" + holdHeader, needs: "PutObject GetObject PutObjectLegalHold", writes: true, signed: true},
		{op: "CreateMultipartUpload", request: "POST /pond/toad?uploads" + lockHeaders, needs: "PutObject PutObjectRetention", writes: true, signed: true},
		{op: "CreateMultipartUpload", request: "POST /pond/toad?uploads" + holdHeader, needs: "PutObject PutObjectLegalHold", writes: true, signed: true},
	}
}

// uploadRows are about multipart uploads.
func uploadRows() []matrixRow {
	return []matrixRow{
		{op: "CreateMultipartUpload", request: "POST /pond/toad?uploads", needs: "PutObject", writes: true, signed: true},
		{op: "UploadPart", request: "PUT /pond/frog?uploadId=UPLOAD&partNumber=2", body: "more", needs: "PutObject", writes: true},
		{op: "UploadPartCopy", request: "PUT /pond/frog?uploadId=UPLOAD&partNumber=2\nx-amz-copy-source: /pond/frog", needs: "PutObject GetObject", writes: true, signed: true},
		{op: "UploadPartCopy", request: "PUT /pond/frog?uploadId=UPLOAD&partNumber=2\nx-amz-copy-source: /pond/frog?versionId=null", needs: "PutObject GetObjectVersion", writes: true, signed: true},
		{op: "ListParts", request: "GET /pond/frog?uploadId=UPLOAD", needs: "ListMultipartUploadParts"},
		{op: "CompleteMultipartUpload", request: "POST /pond/frog?uploadId=UPLOAD", body: onePart, needs: "PutObject", writes: true},
		{op: "AbortMultipartUpload", request: "DELETE /pond/frog?uploadId=UPLOAD", needs: "AbortMultipartUpload", writes: true},
	}
}

// missingRows are operations that are not built: who may not do them is not told so.
func missingRows() []matrixRow {
	rows := []matrixRow{
		{op: "RestoreObject", request: "POST /pond/frog?restore", needs: "RestoreObject", of: ofObject},
		{op: "CreateSession", request: "GET /pond?session", needs: "ListBucket"},
		{op: "GetBucketAbac", request: "GET /pond?abac", needs: "GetBucketTagging"},
		{op: "PutBucketAbac", request: "PUT /pond?abac", needs: "PutBucketTagging"},
		{op: "CreateBucketMetadataTableConfiguration", request: "POST /pond?metadataTable", needs: "CreateBucketMetadataTableConfiguration"},
		{op: "GetBucketMetadataTableConfiguration", request: "GET /pond?metadataTable", needs: "GetBucketMetadataTableConfiguration", status: 404},
		{op: "DeleteBucketMetadataTableConfiguration", request: "DELETE /pond?metadataTable", needs: "DeleteBucketMetadataTableConfiguration"},
		{op: "CreateBucketMetadataConfiguration", request: "POST /pond?metadataConfiguration", needs: "CreateBucketMetadataTableConfiguration"},
		{op: "GetBucketMetadataConfiguration", request: "GET /pond?metadataConfiguration", needs: "GetBucketMetadataTableConfiguration", status: 404},
		{op: "DeleteBucketMetadataConfiguration", request: "DELETE /pond?metadataConfiguration", needs: "DeleteBucketMetadataTableConfiguration"},
		{op: "PutObjectAnnotation", request: "PUT /pond/frog?annotation", needs: "PutObject"},
		{op: "DeleteObjectAnnotation", request: "DELETE /pond/frog?annotation", needs: "DeleteObject"},
		{op: "RenameObject", request: "PUT /pond/frog?renameObject", needs: "PutObject"},
		{op: "UpdateObjectEncryption", request: "PUT /pond/frog?encryption", needs: "UpdateObjectEncryption", of: ofObject},
		{op: "GetBucketReplication", request: "GET /pond?replication", needs: "GetReplicationConfiguration", status: 404},
		{op: "PutBucketReplication", request: "PUT /pond?replication", needs: "PutReplicationConfiguration"},
		{op: "DeleteBucketReplication", request: "DELETE /pond?replication", needs: "PutReplicationConfiguration"},
	}
	for _, table := range []string{"Inventory", "Journal", "Annotation"} {
		rows = append(rows, matrixRow{
			op: "UpdateBucketMetadata" + table + "TableConfiguration", request: "PUT /pond?metadata" + table + "Table",
			needs: "CreateBucketMetadataTableConfiguration",
		})
	}
	for query, name := range map[string]string{
		"analytics": "Analytics", "inventory": "Inventory", "metrics": "Metrics", "intelligent-tiering": "IntelligentTiering",
	} {
		name += "Configuration"
		rows = append(rows,
			matrixRow{op: "GetBucket" + name, request: "GET /pond?" + query, needs: "Get" + name},
			matrixRow{op: "PutBucket" + name, request: "PUT /pond?" + query + "&id=a", needs: "Put" + name},
			matrixRow{op: "DeleteBucket" + name, request: "DELETE /pond?" + query + "&id=a", needs: "Put" + name, status: 404})
	}
	return rows
}
