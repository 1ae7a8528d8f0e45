package access

import (
	"maps"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Key is a condition key. Keys are compared without case.
type Key string

// Condition keys that a server fills in. Those of the principal (aws:username, aws:userid,
// aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType) and of the bucket's owner
// (s3:ResourceAccount), and s3:ExistingObjectTag/KEY, come from the Query itself; a Context cannot set them.
const (
	KeySourceIP        Key = "aws:SourceIp"
	KeySecureTransport Key = "aws:SecureTransport"
	KeyCurrentTime     Key = "aws:CurrentTime"
	KeyEpochTime       Key = "aws:EpochTime"
	KeyReferer         Key = "aws:Referer"
	KeyUserAgent       Key = "aws:UserAgent"

	KeyPrefix            Key = "s3:prefix"
	KeyDelimiter         Key = "s3:delimiter"
	KeyMaxKeys           Key = "s3:max-keys"
	KeyVersionID         Key = "s3:VersionId"
	KeyLocation          Key = "s3:LocationConstraint"
	KeyAuthType          Key = "s3:authType"
	KeySignatureVersion  Key = "s3:signatureversion"
	KeySignatureAge      Key = "s3:signatureAge"
	KeyTLSVersion        Key = "s3:TlsVersion"
	KeyACL               Key = "s3:x-amz-acl"
	KeyCopySource        Key = "s3:x-amz-copy-source"
	KeyMetadataDirective Key = "s3:x-amz-metadata-directive"
	KeyStorageClass      Key = "s3:x-amz-storage-class"
	KeyContentSHA256     Key = "s3:x-amz-content-sha256"
	KeyObjectCreation    Key = "s3:ObjectCreationOperation"
	KeyRequestTagKeys    Key = "s3:RequestObjectTagKeys"
	KeyLockMode          Key = "s3:object-lock-mode"
	KeyLockUntil         Key = "s3:object-lock-retain-until-date"
	KeyLockDays          Key = "s3:object-lock-remaining-retention-days"
	KeyLegalHold         Key = "s3:object-lock-legal-hold"
)

// Context is what the server has seen of a request, by condition key. The zero Context is empty: a
// key that was not set is absent from the request, unless it was marked unknown. Only a server fills
// it: a value from a header goes under the key of that header and under no other.
type Context struct {
	values  map[Key][]string // by lower-case key
	unknown map[Key]bool
}

// Set gives key its values, instead of those it had. No value makes the key absent.
func (c *Context) Set(key Key, values ...string) {
	if c.values == nil {
		c.values = make(map[Key][]string)
	}
	key = key.fold()
	c.values[key] = append([]string(nil), values...)
	delete(c.unknown, key)
}

// SetSourceIP sets aws:SourceIp, or marks it unknown when addr is not valid.
func (c *Context) SetSourceIP(addr netip.Addr) {
	if !addr.IsValid() {
		c.SetUnknown(KeySourceIP)
		return
	}
	c.Set(KeySourceIP, addr.Unmap().WithZone("").String())
}

// SetTime sets aws:CurrentTime and aws:EpochTime.
func (c *Context) SetTime(now time.Time) {
	c.Set(KeyCurrentTime, now.UTC().Format(time.RFC3339))
	c.Set(KeyEpochTime, strconv.FormatInt(now.Unix(), 10))
}

// SetRequestTags sets the keys about the tags that a request puts on an object.
func (c *Context) SetRequestTags(tags []Tag) {
	c.setTags("s3:RequestObjectTag/", KeyRequestTagKeys, tags)
}

// SetBucketRequestTags sets the keys about the tags that a request puts on a bucket.
func (c *Context) SetBucketRequestTags(tags []Tag) { c.setTags("aws:RequestTag/", "aws:TagKeys", tags) }

// setTags sets a key of family for each tag, and keys to their names. Tags that differ in case only are one key.
func (c *Context) setTags(family, keys Key, tags []Tag) {
	values := make(map[Key][]string)
	var names []string
	for _, t := range tags {
		key := (family + Key(t.Key)).fold()
		values[key] = append(values[key], t.Value)
		names = append(names, t.Key)
	}
	for key, v := range values {
		c.Set(key, v...)
	}
	c.Set(keys, names...)
}

// SetUnknown says that the request has a value for key that the server does not know: conditions on
// it are not met in an allow and are met in a deny.
func (c *Context) SetUnknown(key Key) {
	if c.unknown == nil {
		c.unknown = make(map[Key]bool)
	}
	key = key.fold()
	c.unknown[key] = true
	delete(c.values, key)
}

// has reports whether key was set or marked.
func (c Context) has(key Key) bool {
	key = key.fold()
	return c.unknown[key] || len(c.values[key]) > 0
}

// clone returns a Context whose Set does not reach c.
func (c Context) clone() Context {
	return Context{values: maps.Clone(c.values), unknown: maps.Clone(c.unknown)}
}

func (k Key) fold() Key { return Key(strings.ToLower(string(k))) }

// environment is all that conditions and variables of one evaluation can see.
type environment struct {
	principal Principal
	owner     CanonicalID // of the bucket
	tags      []Tag       // of the object
	context   Context
}

// values returns the values of a lower-case key; known is false when it has some that are not known.
func (e *environment) values(key Key) (values []string, known bool) {
	if own, ours := e.ownValue(key); ours {
		if own == "" {
			return nil, true
		}
		return []string{own}, true
	}
	if values, ours := e.principal.identityValues(key); ours {
		return values, true
	}
	if tag, ok := strings.CutPrefix(string(key), existingTag); ok {
		return e.tagValues(tag), true
	}
	if e.context.unknown[key] {
		return nil, false
	}
	return e.context.values[key], true
}

// existingTag starts the keys about the tags of the object.
const existingTag = "s3:existingobjecttag/"

// tagValues returns the values of the tags called tag. Condition keys have no case, tags have: of two that differ
// in nothing else, both count.
func (e *environment) tagValues(tag string) (values []string) {
	for _, t := range e.tags {
		if strings.ToLower(t.Key) == tag {
			values = append(values, t.Value)
		}
	}
	return values
}

// ownValue returns the value of a key about the principal or the bucket; ours is false for others.
func (e *environment) ownValue(key Key) (value string, ours bool) {
	p := e.principal
	switch key {
	case "aws:username":
		return p.UserName, true
	case "aws:principalarn":
		if p.RoleARN != "" {
			return p.RoleARN, true
		}
		return p.ARN, true
	case "aws:principalisawsservice":
		return strconv.FormatBool(p.Kind == Service), true
	case "aws:principalservicename":
		return p.Service, true
	case "s3:resourceaccount", "aws:resourceaccount":
		return e.owner.accountIDOrNone(), true
	case "aws:userid":
		switch {
		case p.Kind == Anonymous:
			return "anonymous", true
		case p.UserID != "":
			return p.UserID, true
		}
		return string(p.CanonicalID), true
	case "aws:principalaccount":
		if p.AccountID != "" {
			return p.AccountID, true
		}
		return p.CanonicalID.accountIDOrNone(), true
	case "aws:principaltype":
		return p.principalType(), true
	}
	return "", false
}

// principalType returns the value of aws:PrincipalType; a service has none.
func (p Principal) principalType() string {
	switch {
	case p.Kind == Root:
		return "Account"
	case p.RoleARN != "":
		return "AssumedRole"
	case strings.Contains(p.ARN, ":federated-user/"):
		return "FederatedUser"
	case p.Kind == User:
		return "User"
	case p.Kind == Service:
		return ""
	}
	return "Anonymous"
}
