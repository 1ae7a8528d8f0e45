package s3api

import (
	"mime"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"shoal/core/object"
	"shoal/wire/sigv4"
)

const (
	metaPrefix         = "X-Amz-Meta-"
	defaultContentType = "binary/octet-stream"
	defaultClass       = "STANDARD"
)

// objectHeader reads what a client stores beside the bytes.
func (c *call) objectHeader() (object.Header, error) {
	in := c.http.Header
	h := object.Header{
		ContentType:             in.Get("Content-Type"),
		CacheControl:            in.Get("Cache-Control"),
		ContentDisposition:      in.Get("Content-Disposition"),
		ContentEncoding:         sigv4.ContentEncoding(strings.Join(in.Values("Content-Encoding"), ",")),
		ContentLanguage:         in.Get("Content-Language"),
		Expires:                 in.Get("Expires"),
		WebsiteRedirectLocation: in.Get("x-amz-website-redirect-location"),
	}
	if to := h.WebsiteRedirectLocation; to != "" && !validRedirect(to) {
		return h, errorOf(codeInvalidRedirect, "")
	}
	for name, values := range in {
		key, ok := strings.CutPrefix(textproto.CanonicalMIMEHeaderKey(name), metaPrefix)
		if !ok || key == "" {
			continue
		}
		if h.Meta == nil {
			h.Meta = make(map[string]string)
		}
		h.Meta[strings.ToLower(key)] = strings.Join(values, ",")
	}
	return h, nil
}

func validRedirect(to string) bool {
	return strings.HasPrefix(to, "/") || strings.HasPrefix(to, "http://") || strings.HasPrefix(to, "https://")
}

// storageClass reads x-amz-storage-class; "" is STANDARD. Every class rests on the same disk: those whose
// objects need a restore before they can be read are refused.
func (c *call) storageClass() (string, error) {
	class := c.http.Header.Get("x-amz-storage-class")
	switch {
	case class == "" || class == defaultClass:
		return "", nil
	case slices.Contains(object.StorageClasses(), class):
		return class, nil
	default:
		return "", errorOf(codeInvalidStorageClass, "", element{"StorageClassRequested", class})
	}
}

// unsupportedHeaders ask for something that would be lost in silence. Never written.
var unsupportedHeaders = []string{
	"x-amz-write-offset-bytes",
}

// refuseUnsupported answers 501 to headers whose promise could not be kept.
func (c *call) refuseUnsupported() error {
	for _, name := range unsupportedHeaders {
		if c.http.Header.Get(name) != "" {
			return errorOf(codeNotImplemented, "", element{"Header", name})
		}
	}
	return nil
}

// versionHeader returns the headers that GET and HEAD answer for v, but for those about a range.
func (c *call) versionHeader(v *object.Version) http.Header {
	h := c.validators(v)
	h.Set("Accept-Ranges", "bytes")
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set("Content-Type", v.Header.ContentType)
	if v.Header.ContentType == "" {
		h.Set("Content-Type", defaultContentType)
	}
	set("Content-Disposition", v.Header.ContentDisposition)
	set("Content-Encoding", v.Header.ContentEncoding)
	set("Content-Language", v.Header.ContentLanguage)
	set("X-Amz-Website-Redirect-Location", v.Header.WebsiteRedirectLocation)
	c.setEncryption(h, v.Encryption)
	if v.StorageClass != "" && v.StorageClass != defaultClass {
		h.Set("X-Amz-Storage-Class", v.StorageClass)
	}
	setMeta(h, v.Header.Meta)
	return h
}

// setMeta adds user metadata. SOAP takes names that no header can have: of those S3 tells how many they are.
func setMeta(h http.Header, meta map[string]string) {
	missing := 0
	for name, value := range meta {
		if strings.ContainsFunc(name, notToken) {
			missing++
			continue
		}
		h.Set(metaPrefix+name, headerText(value))
	}
	if missing > 0 {
		h.Set("X-Amz-Missing-Meta", strconv.Itoa(missing))
	}
}

// notToken reports whether a header name cannot hold r (RFC 9110, 5.6.2).
func notToken(r rune) bool {
	isAlnum := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !isAlnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// validators returns the headers that a cache needs, in a 304 too.
func (c *call) validators(v *object.Version) http.Header {
	h := http.Header{}
	h.Set("ETag", quoteETag(v.ETag))
	h.Set("Last-Modified", v.Modified.UTC().Format(http.TimeFormat))
	if v.Header.CacheControl != "" {
		h.Set("Cache-Control", v.Header.CacheControl)
	}
	if v.Header.Expires != "" {
		h.Set("Expires", v.Header.Expires)
	}
	c.setVersionID(h, v)
	return h
}

// headerText makes user metadata fit for a header: S3 writes what is not ASCII as RFC 2047 has it.
func headerText(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return mime.BEncoding.Encode("UTF-8", s)
}

func quoteETag(e object.ETag) string { return `"` + string(e) + `"` }

// overrides are the parameters of a GET that replace a header of its answer. Never written.
var overrides = map[string]string{
	"response-content-type":        "Content-Type",
	"response-content-language":    "Content-Language",
	"response-expires":             "Expires",
	"response-cache-control":       "Cache-Control",
	"response-content-disposition": "Content-Disposition",
	"response-content-encoding":    "Content-Encoding",
}

// override applies the response-* parameters, which only a signature makes the owner's word.
func (c *call) override(h http.Header) error {
	for name, header := range overrides {
		if !c.query.has(name) {
			continue
		}
		if c.anonymous() {
			return errorOf(codeInvalidRequest, "Request specific response headers cannot be used for anonymous GET requests.")
		}
		h.Set(header, c.query.get(name))
	}
	return nil
}
