package access

import "strings"

// knownConditionKey reports whether a bucket policy may name the lower-case key. As on AWS every
// aws: key is taken, and those that a request does not have are absent; an s3: key must exist.
func knownConditionKey(key string) bool {
	if strings.HasPrefix(key, "aws:") {
		return len(key) > len("aws:")
	}
	name, ok := strings.CutPrefix(key, "s3:")
	if !ok {
		return false
	}
	for _, family := range []string{"existingobjecttag/", "requestobjecttag/", "buckettag/"} {
		if tag, ok := strings.CutPrefix(name, family); ok {
			return tag != ""
		}
	}
	switch name {
	case "prefix", "delimiter", "max-keys", "versionid", "locationconstraint", "authtype",
		"signatureversion", "signatureage", "tlsversion", "resourceaccount", "requestobjecttagkeys",
		"x-amz-acl", "x-amz-copy-source", "x-amz-metadata-directive", "x-amz-storage-class",
		"x-amz-content-sha256", "x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-read-acp",
		"x-amz-grant-write-acp", "x-amz-grant-full-control", "x-amz-server-side-encryption",
		"x-amz-server-side-encryption-aws-kms-key-id",
		"x-amz-server-side-encryption-customer-algorithm", "x-amz-website-redirect-location",
		"x-amz-object-ownership", "x-amz-copy-source-version-id", "object-lock-mode",
		"object-lock-legal-hold", "object-lock-retain-until-date",
		"object-lock-remaining-retention-days", "dataaccesspointarn", "dataaccesspointaccount",
		"accesspointnetworkorigin", "inventoryaccessibleoptionalfields", "if-match",
		"if-none-match", "objectcreationoperation":
		return true
	}
	return false
}

// ofListings reports whether only requests of listings have the lower-case key. AWS refuses a statement
// whose named action cannot have the key of a condition; only these keys are held to that here.
func ofListings(key Key) bool {
	return key == "s3:prefix" || key == "s3:delimiter" || key == "s3:max-keys"
}
