package s3api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"shoal/core/access"
	"shoal/core/object"
)

// tagging is the body of PutObjectTagging and PutBucketTagging.
type tagging struct {
	Set *struct {
		Tags []struct {
			Key   *string `xml:"Key"`
			Value *string `xml:"Value"`
		} `xml:"Tag"`
	} `xml:"TagSet"`
}

// list returns the tags of a document; ok is false when it does not have the form of one.
func (doc *tagging) list() (tags []access.Tag, ok bool) {
	if doc.Set == nil {
		return nil, false
	}
	for _, t := range doc.Set.Tags {
		if t.Key == nil || t.Value == nil {
			return nil, false
		}
		tags = append(tags, access.Tag{Key: *t.Key, Value: *t.Value})
	}
	return tags, true
}

// readTags reads the body of a PUT of ?tagging into c.tags.
func (c *call) readTags(limit int) error {
	var doc tagging
	if err := c.readXML(object.MaxDocument, "Tagging", &doc); err != nil {
		return err
	}
	tags, ok := doc.list()
	if !ok {
		return errorOf(codeMalformedXML, "")
	}
	c.tags = tags
	return object.CheckTags(tags, limit)
}

// taggingDocument begins the document that GET of ?tagging answers.
func taggingDocument(tags []access.Tag) *xmlWriter {
	x := newXML("Tagging")
	x.open("TagSet")
	for _, t := range tags {
		x.open("Tag")
		x.text("Key", t.Key)
		x.text("Value", t.Value)
		x.close("Tag")
	}
	x.close("TagSet")
	return x
}

// headerTags reads x-amz-tagging, tags in the form of a query; nil without the header.
func headerTags(h http.Header) ([]access.Tag, error) {
	text := h.Get("x-amz-tagging")
	if text == "" {
		return nil, nil
	}
	refused := invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", text)
	seen := make(map[string]bool)
	var tags []access.Tag
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue // as in any query
		}
		rawKey, rawValue, _ := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(rawKey)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil || key == "" || seen[key] || !utf8.ValidString(key+value) {
			return nil, refused
		}
		seen[key] = true
		tags = append(tags, access.Tag{Key: key, Value: value})
	}
	return tags, nil
}

// tagsToSet reads the tags that the headers give to an object; of a copy that takes those of its source along, none.
func (c *call) tagsToSet() ([]access.Tag, error) {
	if c.http.Header.Get("x-amz-copy-source") != "" && c.http.Header.Get("x-amz-tagging-directive") != "REPLACE" {
		return nil, nil
	}
	return headerTags(c.http.Header)
}

// newObjectTags returns the tags that the headers give to an object to be. Setting them takes a permission of its
// own (S3 API reference, PutObject), which who sends the header needs even for a copy that passes over it.
func (h *Handler) newObjectTags(c *call) ([]access.Tag, error) {
	if c.http.Header.Get("x-amz-tagging") == "" {
		return nil, nil
	}
	tags, err := c.tagsToSet()
	if err != nil {
		return nil, err
	}
	if err := object.CheckTags(tags, object.MaxObjectTags); err != nil {
		return nil, err
	}
	return tags, h.decide(c, access.PutObjectTagging, c.target.key, nil)
}

// mayCopyTags: a copy that takes the tags of its source along reads and sets tags. read is the question about the
// source that was answered with yes.
func (h *Handler) mayCopyTags(c *call, read access.Query, src *object.Version) error {
	if len(src.Tags) == 0 || c.http.Header.Get("x-amz-tagging-directive") == "REPLACE" || c.query.has("partNumber") {
		return nil
	}
	if read.Action = access.GetObjectTagging; c.copiesVersion() {
		read.Action = access.GetObjectVersionTagging
	}
	if err := allowed(read); err != nil {
		return err
	}
	return h.decide(c, access.PutObjectTagging, c.target.key, nil)
}

// copiesVersion reports whether x-amz-copy-source names a version.
func (c *call) copiesVersion() bool {
	return strings.Contains(c.http.Header.Get("x-amz-copy-source"), "?versionId=")
}

// setTagCount tells how many tags an object has to who may read them.
func (h *Handler) setTagCount(c *call, head http.Header) {
	if len(c.version.Tags) == 0 {
		return
	}
	action := access.GetObjectTagging
	if c.query.has("versionId") {
		action = access.GetObjectVersionTagging
	}
	if h.decide(c, action, c.target.key, c.version) == nil {
		head.Set("X-Amz-Tagging-Count", strconv.Itoa(len(c.version.Tags)))
	}
}
