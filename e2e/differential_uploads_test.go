package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// fullPart is the size that all parts but the last need.
const fullPart = 5 << 20

func (g *generator) createUpload() call {
	key := g.key()
	g.uploads = append(g.uploads, upload{g.number, key, map[int]string{}})
	return call{op: "CreateMultipartUpload", method: http.MethodPost, key: key, query: "uploads=", header: g.properties()}
}

// upload returns one that was begun, and its query; mostly the last one.
func (g *generator) upload() (upload, url.Values) {
	u := upload{number: 0, key: g.key(), parts: map[int]string{}}
	if n := len(g.uploads); n > 0 {
		u = g.uploads[n-1]
		if g.one(4) {
			u = pick(g, g.uploads...)
		}
	}
	return u, url.Values{"uploadId": {fmt.Sprintf("{u%d}", u.number)}}
}

func (g *generator) uploadPart() call {
	u, parameters := g.upload()
	part := pick(g, 1, 1, 2, 2, 3)
	parameters.Set("partNumber", fmt.Sprint(part))
	content := g.content()
	if g.one(4) {
		content = strings.Repeat("p", fullPart)
	}
	u.parts[part] = etag(content)
	return call{op: "UploadPart", method: http.MethodPut, key: u.key, query: query(parameters), body: content}
}

func (g *generator) complete() call {
	u, parameters := g.upload()
	var body strings.Builder
	body.WriteString("<CompleteMultipartUpload>")
	for part := 1; part <= 3; part++ {
		if of, has := u.parts[part]; has && !g.one(6) {
			fmt.Fprintf(&body, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", part, of)
		}
	}
	if g.one(10) {
		fmt.Fprintf(&body, "<Part><PartNumber>4</PartNumber><ETag>%s</ETag></Part>", etag("nothing"))
	}
	body.WriteString("</CompleteMultipartUpload>")
	c := call{op: "CompleteMultipartUpload", method: http.MethodPost, key: u.key, query: query(parameters), body: body.String(), header: map[string]string{}}
	if g.one(6) {
		c.header["If-None-Match"] = "*"
	}
	c.makes = g.made(u.key)
	return c
}

func (g *generator) abort() call {
	u, parameters := g.upload()
	return call{op: "AbortMultipartUpload", method: http.MethodDelete, key: u.key, query: query(parameters)}
}

func (g *generator) listParts() call {
	u, parameters := g.upload()
	if g.one(2) {
		parameters.Set("max-parts", pick(g, "1", "2", "1000"))
	}
	if g.one(3) {
		parameters.Set("part-number-marker", pick(g, "0", "1", "2"))
	}
	return call{op: "ListParts", method: http.MethodGet, key: u.key, query: query(parameters)}
}
