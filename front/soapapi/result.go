package soapapi

import (
	"encoding/base64"
	"time"

	"shoal/core/access"
	"shoal/core/object"
)

// moment prints as the API does.
type moment time.Time

// MarshalText implements encoding.TextMarshaler.
func (m moment) MarshalText() ([]byte, error) {
	return time.Time(m).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z"), nil
}

// quoted is an entity tag, which the API writes with its quotes.
type quoted object.ETag

// MarshalText implements encoding.TextMarshaler.
func (q quoted) MarshalText() ([]byte, error) { return []byte(`"` + string(q) + `"`), nil }

// canonicalUser is the type CanonicalUser of the schema.
type canonicalUser struct {
	ID          string
	DisplayName string `xml:",omitempty"`
}

func newCanonicalUser(o access.Owner) canonicalUser {
	return canonicalUser{string(o.ID), o.DisplayName}
}

// status is the type Status of the schema: what HTTP would have said.
type status struct {
	Code        int
	Description string
}

// metadataEntry is the type MetadataEntry of the schema.
type metadataEntry struct{ Name, Value string }

// putResult is the type PutObjectResult of the schema.
type putResult struct {
	ETag         quoted
	LastModified moment
}

// copyResult is the type CopyObjectResult of the schema.
type copyResult struct {
	LastModified moment
	ETag         quoted
}

// getResult is the type GetObjectResult of the schema.
type getResult struct {
	Status       status
	Metadata     []metadataEntry
	Data         data
	LastModified moment
	ETag         quoted
}

// data is the content of an object: inline, included from an attachment, or nil.
type data struct {
	Nil     string   `xml:"xsi:nil,attr,omitempty"`
	Content string   `xml:",chardata"`
	Include *include `xml:"http://www.w3.org/2004/08/xop/include Include"`
}

type include struct {
	Href string `xml:"href,attr"`
}

func noData() data { return data{Nil: "true"} }

func inlineData(content []byte) data {
	return data{Content: base64.StdEncoding.EncodeToString(content)}
}

func includedData(id string) data { return data{Include: &include{"cid:" + id}} }

// storageClass is a class as the schema has it: those that came later are unknown to it.
func storageClass(class string) string {
	if class == "" || class == standardClass {
		return standardClass
	}
	return "UNKNOWN"
}

const standardClass = "STANDARD"

// newStorageClass reads the StorageClass of an object to be; "" is STANDARD.
func (r *request) newStorageClass() (string, error) {
	if class := r.token("StorageClass"); class != "" && class != standardClass {
		return "", errorOf(codeInvalidStorageClass, "")
	}
	return "", nil
}
