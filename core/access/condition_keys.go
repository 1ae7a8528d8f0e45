package access

import (
	"slices"
	"strings"
)

// knownConditionKey reports whether a bucket policy may name the lower-case key: a global key of AWS or one of S3
// ("AWS global condition context keys" in the IAM user guide, and the condition keys of S3 in the service
// authorization reference). What a request does not have is absent from it.
func knownConditionKey(key string) bool {
	if global, ok := strings.CutPrefix(key, "aws:"); ok {
		return slices.Contains(globalKeys, global) || tagOf(global, globalTagKeys) != ""
	}
	name, ok := strings.CutPrefix(key, "s3:")
	return ok && (slices.Contains(s3Keys, name) || tagOf(name, s3TagKeys) != "" || keyActions[name] != nil)
}

// tagOf returns the tag behind one of the families, "" when key is of none.
func tagOf(key string, families []string) string {
	for _, family := range families {
		if tag, ok := strings.CutPrefix(key, family); ok {
			return tag
		}
	}
	return ""
}

// Families of keys that name a tag. Never written.
var (
	globalTagKeys = []string{"principaltag/", "requesttag/", "resourcetag/"}
	s3TagKeys     = []string{"existingobjecttag/", "requestobjecttag/", "buckettag/", "accesspointtag/"}
)

// globalKeys are the keys of every service, without "aws:". Never written.
var globalKeys = []string{
	"assumedroot", "calledvia", "calledviafirst", "calledvialast", "chatbotsourcearn", "currenttime",
	"ec2instancesourceprivateipv4", "ec2instancesourcevpc", "epochtime", "federatedprovider", "multifactorauthage",
	"multifactorauthpresent", "principalaccount", "principalarn", "principalisawsservice", "principalorgid",
	"principalorgpaths", "principalservicename", "principalservicenameslist", "principaltype", "referer",
	"requestedregion", "resourceaccount", "resourceorgid", "resourceorgpaths", "securetransport", "sourceaccount",
	"sourcearn", "sourceidentity", "sourceip", "sourceorgid", "sourceorgpaths", "sourceowner", "sourcevpc",
	"sourcevpcarn", "sourcevpce", "tagkeys", "tokenissuetime", "useragent", "userid", "username", "viaawsservice",
	"vpceaccount", "vpceorgid", "vpceorgpaths", "vpcsourceip",
}

// s3Keys are the keys of S3 that every action can have, without "s3:". Never written.
var s3Keys = []string{
	"accessgrantsinstancearn", "accessgrantslocationscope", "accesspointnetworkorigin", "authtype",
	"dataaccesspointaccount", "dataaccesspointarn", "destinationregion", "resourceaccount", "signatureage",
	"signatureversion", "tlsversion", "x-amz-content-sha256",
}

// keyActions are the keys of S3 that not every action has, without "s3:", with the actions that have them.
// Never written.
var keyActions = keyTable()

func keyTable() map[string][]Action {
	lists := []Action{ListBucket, ListBucketVersions}
	puts := []Action{PutObject, "s3:ReplicateObject"}
	acls := []Action{PutObject, PutObjectACL, PutObjectVersionACL, PutBucketACL, CreateBucket}
	locks := []Action{PutObject, PutObjectRetention, BypassGovernanceRetention, "s3:ReplicateObject"}
	table := map[string][]Action{
		"prefix": lists, "delimiter": lists, "max-keys": lists,
		"x-amz-copy-source": puts, "x-amz-copy-source-version-id": puts, "x-amz-metadata-directive": puts,
		"x-amz-server-side-encryption": puts, "x-amz-server-side-encryption-aws-kms-key-id": puts,
		"x-amz-server-side-encryption-customer-algorithm": puts, "x-amz-storage-class": puts,
		"x-amz-website-redirect-location": puts, "objectcreationoperation": puts,
		"if-match": {PutObject, DeleteObject, DeleteObjectVersion}, "if-none-match": puts,
		"x-amz-acl": acls, "x-amz-grant-read": acls, "x-amz-grant-write": acls, "x-amz-grant-read-acp": acls,
		"x-amz-grant-write-acp": acls, "x-amz-grant-full-control": acls,
		"object-lock-mode": locks, "object-lock-retain-until-date": locks,
		"object-lock-remaining-retention-days": locks,
		"object-lock-legal-hold":               {PutObject, PutObjectLegalHold, BypassGovernanceRetention, "s3:ReplicateObject"},
		"locationconstraint":                   {CreateBucket}, "x-amz-object-ownership": {CreateBucket},
		"inventoryaccessibleoptionalfields": {PutInventoryConfiguration},
		"requestobjecttagkeys":              requestTagActions(),
	}
	for _, a := range objectActions() {
		if strings.Contains(string(a), "Version") || a == BypassGovernanceRetention {
			table["versionid"] = append(table["versionid"], a)
		}
	}
	return table
}

func requestTagActions() []Action {
	return []Action{PutObject, PutObjectTagging, PutObjectVersionTagging, BypassGovernanceRetention, "s3:ReplicateTags"}
}

// hasKey reports whether requests for a can have the lower-case key. AWS refuses a statement whose condition has a
// key that a named action never has.
func hasKey(a Action, key Key) bool {
	name, ok := strings.CutPrefix(string(key), "s3:")
	if !ok {
		return true
	}
	switch {
	case strings.HasPrefix(name, "requestobjecttag/"):
		return slices.Contains(requestTagActions(), a)
	case strings.HasPrefix(name, "existingobjecttag/"):
		return a.readsTags()
	}
	actions := keyActions[name]
	return actions == nil || slices.Contains(actions, a)
}

// readsTags reports whether a is done to an object that is there, whose tags decide.
func (a Action) readsTags() bool {
	switch a {
	case PutObject, DeleteObject, DeleteObjectVersion, AbortMultipartUpload, ListMultipartUploadParts:
		return false
	}
	return a.Scope() == ScopeObject
}
