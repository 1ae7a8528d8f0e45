package soapapi

import (
	"crypto/md5"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"shoal/core/object"
)

const defaultContentType = "binary/octet-stream"

// metaPrefix begins the names of user metadata in REST; some clients write it here, too.
const metaPrefix = "x-amz-meta-"

// Metadata entries that are no user metadata, as the headers of REST of these names.
const (
	contentType        = "content-type"
	cacheControl       = "cache-control"
	contentDisposition = "content-disposition"
	contentEncoding    = "content-encoding"
	contentLanguage    = "content-language"
	expires            = "expires"
	contentMD5         = "content-md5" // checked, not kept
)

// metadata reads the Metadata of an object to be, and the hash of its content that it may declare.
func (r *request) metadata() (header object.Header, sum []byte, err error) {
	fields := map[string]*string{
		contentType: &header.ContentType, cacheControl: &header.CacheControl, contentDisposition: &header.ContentDisposition,
		contentEncoding: &header.ContentEncoding, contentLanguage: &header.ContentLanguage, expires: &header.Expires,
	}
	for _, e := range r.named["Metadata"] {
		entry := make(map[string]string)
		for _, child := range e.Children {
			entry[child.Name.Local] = child.Text
		}
		name, value := strings.ToLower(strings.TrimSpace(entry["Name"])), entry["Value"]
		field, ours := fields[name]
		switch {
		case name == "":
			return header, nil, malformed("A Metadata element has no Name.")
		case ours && strings.ContainsFunc(value, isControl):
			return header, nil, invalidArgument("A header has no control characters.", name, value)
		case ours:
			*field = value
		case name == contentMD5:
			if sum, err = base64.StdEncoding.DecodeString(strings.TrimSpace(value)); err != nil || len(sum) != md5.Size {
				return header, nil, errorOf(codeInvalidDigest, "")
			}
		default:
			header.Meta = add(header.Meta, strings.TrimPrefix(name, metaPrefix), value)
		}
	}
	return header, sum, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// add adds an entry; values of the same name are put together as REST does with those of a header.
func add(meta map[string]string, name, value string) map[string]string {
	if meta == nil {
		meta = make(map[string]string)
	}
	if old, ok := meta[name]; ok {
		value = old + "," + value
	}
	meta[name] = value
	return meta
}

// entries is the metadata of an object as the API has it.
func entries(h *object.Header) (all []metadataEntry) {
	for _, e := range []metadataEntry{
		{"Content-Type", contentTypeOf(h)},
		{"Cache-Control", h.CacheControl},
		{"Content-Disposition", h.ContentDisposition},
		{"Content-Encoding", h.ContentEncoding},
		{"Content-Language", h.ContentLanguage},
		{"Expires", h.Expires},
	} {
		if e.Value != "" {
			all = append(all, e)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Meta)) {
		all = append(all, metadataEntry{name, h.Meta[name]})
	}
	return all
}

// contentTypeOf is the media type of an object.
func contentTypeOf(h *object.Header) string {
	if h.ContentType == "" {
		return defaultContentType
	}
	return h.ContentType
}
