package account

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
)

// Fields of an identity record.
const (
	identityName        protowire.Number = 1
	identityPath        protowire.Number = 2
	identityID          protowire.Number = 3
	identityAccount     protowire.Number = 4
	identityCreated     protowire.Number = 5 // milliseconds since 1970
	identityInline      protowire.Number = 6 // repeated pair: name, document
	identityAttached    protowire.Number = 7 // repeated
	identityBoundary    protowire.Number = 8
	identityTag         protowire.Number = 9  // repeated pair: key, value
	identityGroup       protowire.Number = 10 // repeated
	identityKeyID       protowire.Number = 11 // repeated
	identityMembers     protowire.Number = 12
	identityTrust       protowire.Number = 13
	identityDescription protowire.Number = 14
	identityMaxSession  protowire.Number = 15 // seconds
)

// Fields of a record of a managed policy.
const (
	policyName        protowire.Number = 1
	policyPath        protowire.Number = 2
	policyID          protowire.Number = 3
	policyAccount     protowire.Number = 4
	policyCreated     protowire.Number = 5 // milliseconds since 1970
	policyUpdated     protowire.Number = 6 // milliseconds since 1970
	policyDescription protowire.Number = 7
	policyAttachments protowire.Number = 8
	policyBoundaries  protowire.Number = 9
	policyLast        protowire.Number = 10
	policyDefault     protowire.Number = 11
	policyVersion     protowire.Number = 12 // repeated version
	policyTag         protowire.Number = 13 // repeated pair: key, value
)

// Fields of a version within the record of its policy.
const (
	versionNumber   protowire.Number = 1
	versionDocument protowire.Number = 2
	versionCreated  protowire.Number = 3 // milliseconds since 1970
)

func encodeIdentity(i Identity) []byte {
	b := []byte{recordVersion}
	b = appendString(b, identityName, i.Name)
	b = appendString(b, identityPath, i.Path)
	b = appendString(b, identityID, i.ID)
	b = appendString(b, identityAccount, string(i.Account))
	b = appendUint(b, identityCreated, uint64(i.Created.UnixMilli()))
	for _, p := range i.Inline {
		b = appendString(b, identityInline, pair(p.Name, p.Document))
	}
	b = appendStrings(b, identityAttached, i.Attached)
	b = appendString(b, identityBoundary, i.Boundary)
	b = appendTags(b, identityTag, i.Tags)
	b = appendStrings(b, identityGroup, i.Groups)
	b = appendStrings(b, identityKeyID, i.AccessKeyIDs)
	b = appendUint(b, identityMembers, uint64(i.Members))
	b = appendString(b, identityTrust, i.Trust)
	b = appendString(b, identityDescription, i.Description)
	return appendUint(b, identityMaxSession, uint64(i.MaxSession/time.Second))
}

func decodeIdentity(kind IdentityKind, b []byte) (Identity, error) {
	i := Identity{Kind: kind}
	err := decodeFields(b, func(n protowire.Number, text string, num uint64) {
		switch n {
		case identityName:
			i.Name = text
		case identityPath:
			i.Path = text
		case identityID:
			i.ID = text
		case identityAccount:
			i.Account = access.CanonicalID(text)
		case identityCreated:
			i.Created = time.UnixMilli(int64(num)).UTC()
		case identityInline:
			name, document := unpair(text)
			i.Inline = append(i.Inline, InlinePolicy{name, document})
		case identityAttached:
			i.Attached = appendNonEmpty(i.Attached, text)
		case identityBoundary:
			i.Boundary = text
		case identityTag:
			key, value := unpair(text)
			i.Tags = append(i.Tags, access.Tag{Key: key, Value: value})
		case identityGroup:
			i.Groups = appendNonEmpty(i.Groups, text)
		case identityKeyID:
			i.AccessKeyIDs = appendNonEmpty(i.AccessKeyIDs, text)
		case identityMembers:
			i.Members = int(min(num, MaxIAMUsers))
		case identityTrust:
			i.Trust = text
		case identityDescription:
			i.Description = text
		case identityMaxSession:
			i.MaxSession = time.Duration(min(num, uint64(MaxRoleSession/time.Second))) * time.Second
		}
	})
	if err == nil && (i.Name == "" || i.ID == "" || i.Account == "") {
		err = fmt.Errorf("%w: an identity without name, id or account", errRecord)
	}
	return i, err
}

func encodePolicy(p ManagedPolicy) []byte {
	b := []byte{recordVersion}
	b = appendString(b, policyName, p.Name)
	b = appendString(b, policyPath, p.Path)
	b = appendString(b, policyID, p.ID)
	b = appendString(b, policyAccount, string(p.Account))
	b = appendUint(b, policyCreated, uint64(p.Created.UnixMilli()))
	b = appendUint(b, policyUpdated, uint64(p.Updated.UnixMilli()))
	b = appendString(b, policyDescription, p.Description)
	b = appendUint(b, policyAttachments, uint64(p.Attachments))
	b = appendUint(b, policyBoundaries, uint64(p.Boundaries))
	b = appendUint(b, policyLast, uint64(p.LastVersion))
	b = appendUint(b, policyDefault, uint64(p.Default))
	for _, v := range p.Versions {
		nested := appendUint([]byte{recordVersion}, versionNumber, uint64(v.Number))
		nested = appendString(nested, versionDocument, v.Document)
		nested = appendUint(nested, versionCreated, uint64(v.Created.UnixMilli()))
		b = appendString(b, policyVersion, string(nested))
	}
	return appendTags(b, policyTag, p.Tags)
}

func decodePolicy(b []byte) (ManagedPolicy, error) {
	var p ManagedPolicy
	var nested error
	err := decodeFields(b, func(n protowire.Number, text string, num uint64) {
		switch n {
		case policyName:
			p.Name = text
		case policyPath:
			p.Path = text
		case policyID:
			p.ID = text
		case policyAccount:
			p.Account = access.CanonicalID(text)
		case policyCreated:
			p.Created = time.UnixMilli(int64(num)).UTC()
		case policyUpdated:
			p.Updated = time.UnixMilli(int64(num)).UTC()
		case policyDescription:
			p.Description = text
		case policyAttachments:
			p.Attachments = int(num)
		case policyBoundaries:
			p.Boundaries = int(num)
		case policyLast:
			p.LastVersion = int(num)
		case policyDefault:
			p.Default = int(num)
		case policyVersion:
			var v PolicyVersion
			if v, nested = decodePolicyVersion(text); nested == nil {
				p.Versions = append(p.Versions, v)
			}
		case policyTag:
			key, value := unpair(text)
			p.Tags = append(p.Tags, access.Tag{Key: key, Value: value})
		}
	})
	if err == nil {
		err = nested
	}
	if err == nil && (p.Name == "" || p.ID == "" || p.Account == "" || p.Document() == "") {
		err = fmt.Errorf("%w: a policy without name, id, account or default version", errRecord)
	}
	return p, err
}

func decodePolicyVersion(text string) (PolicyVersion, error) {
	var v PolicyVersion
	err := decodeFields([]byte(text), func(n protowire.Number, text string, num uint64) {
		switch n {
		case versionNumber:
			v.Number = int(num)
		case versionDocument:
			v.Document = text
		case versionCreated:
			v.Created = time.UnixMilli(int64(num)).UTC()
		}
	})
	return v, err
}

// appendNonEmpty: what is empty was never written.
func appendNonEmpty(list []string, text string) []string {
	if text == "" {
		return list
	}
	return append(list, text)
}

// pair returns two strings as one record, whose fields are 1 and 2.
func pair(a, b string) string {
	return string(appendString(appendString([]byte{recordVersion}, 1, a), 2, b))
}

// unpair is the inverse of pair; what is not a pair is two empty strings.
func unpair(s string) (a, b string) {
	err := decodeFields([]byte(s), func(n protowire.Number, text string, _ uint64) {
		switch n {
		case 1:
			a = text
		case 2:
			b = text
		}
	})
	if err != nil {
		return "", ""
	}
	return a, b
}

func appendStrings(b []byte, n protowire.Number, values []string) []byte {
	for _, v := range values {
		b = appendString(b, n, v)
	}
	return b
}

func appendTags(b []byte, n protowire.Number, tags []access.Tag) []byte {
	for _, t := range tags {
		b = appendString(b, n, pair(t.Key, t.Value))
	}
	return b
}
