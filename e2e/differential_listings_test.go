package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
)

// filter returns parameters that all listings take; limit names that of how much.
func (g *generator) filter(limit string) url.Values {
	v := url.Values{}
	if g.one(3) {
		v.Set("prefix", pick(g, "", "b", "b/", "b/c", "d ", "ü", "none"))
	}
	if g.one(2) {
		v.Set("delimiter", pick(g, "/", "/", "+", "c"))
	}
	if g.one(2) {
		v.Set(limit, pick(g, "0", "1", "2", "3", "1000", "2000", "-1", "x"))
	}
	if g.one(4) {
		v.Set("encoding-type", pick(g, "url", "url", "other"))
	}
	return v
}

// marker is a key, a common prefix or neither.
func (g *generator) marker() string { return pick(g, "a", "b/", "b/1", "b/c/3", "c", "d e+f&g", "z") }

func (g *generator) list() call {
	v := g.filter("max-keys")
	if g.one(3) {
		v.Set("marker", g.marker())
	}
	return call{op: "ListObjects", method: http.MethodGet, query: query(v)}
}

// listV2 goes on with a listing before, or begins one.
func (g *generator) listV2() call {
	v := g.filter("max-keys")
	if len(g.listings) > 0 && g.one(2) {
		before := pick(g, g.listings...)
		v = maps.Clone(before.query)
		v.Set("continuation-token", fmt.Sprintf("{t%d}", before.number))
	} else if g.one(3) {
		v.Set("start-after", g.marker())
	}
	v.Set("list-type", "2")
	if g.one(6) {
		v.Set("fetch-owner", "true")
	}
	g.listings = append(g.listings, listing{g.number, v})
	return call{op: "ListObjectsV2", method: http.MethodGet, query: query(v)}
}

func (g *generator) listVersions() call {
	v := g.filter("max-keys")
	v.Set("versions", "")
	if g.one(4) {
		v.Set("key-marker", pick(g, "a0", "b/", "b/1+", "c", "z"))
	}
	return call{op: "ListObjectVersions", method: http.MethodGet, query: query(v)}
}

func (g *generator) listUploads() call {
	v := g.filter("max-uploads")
	if v.Get("max-uploads") == "0" { // S3 has 1 to 1000
		v.Del("max-uploads")
	}
	v.Set("uploads", "")
	if g.one(4) {
		v.Set("key-marker", g.marker())
	}
	return call{op: "ListMultipartUploads", method: http.MethodGet, query: query(v)}
}
