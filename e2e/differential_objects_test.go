package e2e

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

func (g *generator) put() call {
	key, content := g.key(), g.content()
	c := call{op: "PutObject", method: http.MethodPut, key: key, body: content, header: g.properties()}
	g.etags = append(g.etags, etag(content))
	switch g.IntN(8) {
	case 0:
		c.header["If-None-Match"] = "*"
	case 1:
		c.header["If-Match"] = pick(g, g.etags...)
	case 2:
		c.header["X-Amz-Checksum-Crc32"] = crc32Of(content + pick(g, "", "", "other"))
	case 3:
		c.header["X-Amz-Checksum-Sha256"] = sha256Of(content)
	case 4:
		sum := md5.Sum([]byte(content + pick(g, "", "", "other")))
		c.header["Content-Md5"] = base64.StdEncoding.EncodeToString(sum[:])
	}
	c.makes = g.made(key)
	return c
}

// properties are what a writer may say of an object.
func (g *generator) properties() map[string]string {
	h := map[string]string{}
	if !g.one(3) {
		h["Content-Type"] = pick(g, "text/plain", "application/x-shoal; charset=utf-8", "binary/octet-stream")
	}
	if g.one(2) {
		h["X-Amz-Meta-Colour"] = pick(g, "red", "green", "a b  c")
	}
	if g.one(4) {
		h["X-Amz-Meta-Two"] = "2"
	}
	if g.one(4) {
		h["X-Amz-Tagging"] = pick(g, "k=v", "k=v&other=x%20y", "k=", "k=v&k=w")
	}
	if g.one(6) {
		h["Cache-Control"] = "max-age=60"
	}
	if g.one(6) {
		h["Content-Disposition"] = `attachment; filename="f"`
	}
	if g.one(6) {
		h["Content-Language"] = "de"
	}
	if g.one(8) {
		h["Content-Encoding"] = "gzip"
	}
	if g.one(8) {
		h["Expires"] = "Thu, 01 Dec 2030 16:00:00 GMT"
	}
	return h
}

const (
	longAgo    = "Sat, 01 Jan 2000 00:00:00 GMT"
	copySource = "X-Amz-Copy-Source"
)

func (g *generator) read() call {
	key := g.key()
	c := call{op: "GetObject", method: http.MethodGet, key: key, header: map[string]string{}}
	if g.one(3) {
		c.op, c.method = "HeadObject", http.MethodHead
	}
	parameters := url.Values{}
	if c.op == "GetObject" && g.one(6) {
		parameters.Set("response-content-type", "text/html")
		parameters.Set("response-cache-control", "no-cache")
	}
	if g.one(8) {
		parameters.Set("partNumber", pick(g, "1", "2", "7"))
	} else if g.one(2) {
		c.header["Range"] = pick(g, "bytes=0-0", "bytes=3-9", "bytes=5-", "bytes=-4", "bytes=0-99999", "bytes=20000-", "bytes=-0", "bytes=4-2", "bits=0-1", "bytes=0-1,3-4", "bytes=x-y")
	}
	if g.one(2) {
		c.header["X-Amz-Checksum-Mode"] = "ENABLED"
	}
	g.conditions(c.header, "")
	c.query = g.of(key, 3, parameters)
	return c
}

// conditions adds one or two of the four, under a prefix for those on a copy's source.
func (g *generator) conditions(h map[string]string, prefix string) {
	switch g.IntN(12) {
	case 0:
		h[prefix+"If-Match"] = pick(g, g.etags...)
	case 1:
		h[prefix+"If-None-Match"] = pick(g, g.etags...)
	case 2:
		h[prefix+"If-Modified-Since"] = longAgo
	case 3:
		h[prefix+"If-Unmodified-Since"] = longAgo
	case 4:
		h[prefix+"If-Match"], h[prefix+"If-Unmodified-Since"] = pick(g, g.etags...), longAgo
	case 5:
		h[prefix+"If-None-Match"], h[prefix+"If-Modified-Since"] = pick(g, g.etags...), longAgo
	}
}

func (g *generator) remove() call {
	key := g.key()
	return call{op: "DeleteObject", method: http.MethodDelete, key: key, query: g.of(key, 2, url.Values{}), makes: g.made(key)}
}

func (g *generator) removeMany() call {
	var body strings.Builder
	body.WriteString("<Delete>")
	if g.one(10) {
		body.WriteString("<Quiet>true</Quiet>")
	}
	used := map[string]bool{}
	for range 1 + g.IntN(2) {
		key := g.key()
		if used[key] {
			continue
		}
		used[key] = true
		body.WriteString("<Object><Key>" + strings.ReplaceAll(key, "&", "&amp;") + "</Key>")
		if of := g.versions[key]; len(of) > 0 && g.one(2) {
			fmt.Fprintf(&body, "<VersionId>{v%d}</VersionId>", pick(g, of...))
		}
		body.WriteString("</Object>")
	}
	body.WriteString("</Delete>")
	return call{op: "DeleteObjects", method: http.MethodPost, query: "delete=", body: body.String(), sealed: !g.one(10)}
}

func (g *generator) copy() call {
	from, to := g.key(), g.key()
	h := map[string]string{copySource: "/{b}/" + signedKey(from)}
	if g.versioned && g.one(3) {
		h[copySource] += "?versionId=" + g.version(from)
	}
	if g.one(2) {
		h["X-Amz-Metadata-Directive"] = pick(g, "COPY", "REPLACE", "REPLACE", "OTHER")
		for name, value := range g.properties() {
			h[name] = value
		}
		delete(h, "X-Amz-Tagging")
	}
	if g.one(4) {
		h["X-Amz-Tagging-Directive"] = pick(g, "COPY", "REPLACE")
		h["X-Amz-Tagging"] = "copied=1"
	}
	g.conditions(h, "X-Amz-Copy-Source-")
	return call{op: "CopyObject", method: http.MethodPut, key: to, header: h, makes: g.made(to)}
}

func (g *generator) putTagging() call {
	key := g.key()
	tags := pick(g, "", "<Tag><Key>k</Key><Value>w</Value></Tag>", "<Tag><Key>k</Key><Value>w</Value></Tag><Tag><Key>k</Key><Value>v</Value></Tag>", "<Tag><Key>z</Key><Value></Value></Tag>")
	return call{
		op: "PutObjectTagging", method: http.MethodPut, key: key, query: g.of(key, 3, url.Values{"tagging": {""}}),
		body: "<Tagging><TagSet>" + tags + "</TagSet></Tagging>",
	}
}

func (g *generator) getTagging() call {
	key := g.key()
	return call{op: "GetObjectTagging", method: http.MethodGet, key: key, query: g.of(key, 3, url.Values{"tagging": {""}})}
}

func (g *generator) deleteTagging() call {
	key := g.key()
	return call{op: "DeleteObjectTagging", method: http.MethodDelete, key: key, query: g.of(key, 3, url.Values{"tagging": {""}})}
}

func (g *generator) attributes() call {
	key := g.key()
	return call{
		op: "GetObjectAttributes", method: http.MethodGet, key: key, query: g.of(key, 3, url.Values{"attributes": {""}}),
		header: map[string]string{"X-Amz-Object-Attributes": pick(g, "ETag,ObjectSize", "ETag,Checksum,ObjectParts,StorageClass,ObjectSize", "Other")},
	}
}
