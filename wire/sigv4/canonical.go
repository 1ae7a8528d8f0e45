package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spelling is one of the equivalent ways in which clients write what they sign.
type spelling struct {
	path   string // canonical URI
	host   string
	params []param // in the order of the canonical query
}

// spellings lists the ways to try, the documented one first. All of them name the same bucket, key
// and parameters on the same host, so accepting a second one loosens nothing: some clients sign the
// path with the escapes they sent, some leave the default port out, and the common Go signers sort
// the query before they encode it.
func spellings(r *http.Request, params []param) []spelling {
	path := string(appendEncoded(nil, r.URL.Path, true))
	if path == "" {
		path = "/"
	}
	all := []spelling{{path, r.Host, params}}
	if sent := r.URL.EscapedPath(); sent != path && sent != "" {
		all = append(all, spelling{sent, r.Host, params})
	}
	for _, port := range []string{":80", ":443"} {
		if host, ok := strings.CutSuffix(r.Host, port); ok {
			for _, s := range slices.Clone(all) {
				all = append(all, spelling{s.path, host, params})
			}
		}
	}
	if decoded, differs := sortedByName(params); differs {
		for _, s := range slices.Clone(all) {
			all = append(all, spelling{s.path, s.host, decoded})
		}
	}
	return all
}

// canonicalRequest appends the canonical request of r (S3 API reference, "Create a canonical
// request"). omit is the query parameter that holds the signature, if any.
func canonicalRequest(dst []byte, r *http.Request, s spelling, omit string, signed []string, payload string,
) []byte {
	dst = append(append(dst, r.Method...), '\n')
	dst = append(append(dst, s.path...), '\n')
	dst = append(appendCanonicalQuery(dst, s.params, omit), '\n')
	for _, name := range signed {
		dst = append(append(dst, name...), ':')
		dst = append(appendHeaderValue(dst, r, name, s.host), '\n')
	}
	dst = append(dst, '\n')
	dst = append(append(dst, strings.Join(signed, ";")...), '\n')
	return append(dst, payload...)
}

// appendHeaderValue appends the values of a signed header, trimmed and joined by commas. The
// headers that net/http takes out of the map are put back as they stood on the wire.
func appendHeaderValue(dst []byte, r *http.Request, name, host string) []byte {
	if name == "host" {
		return appendCollapsed(dst, host)
	}
	values := r.Header[http.CanonicalHeaderKey(name)]
	if len(values) == 0 {
		switch name {
		case "content-length":
			if r.ContentLength >= 0 {
				return strconv.AppendInt(dst, r.ContentLength, 10)
			}
		case "transfer-encoding":
			return append(dst, strings.Join(r.TransferEncoding, ",")...)
		case "trailer":
			names := make([]string, 0, len(r.Trailer))
			for k := range r.Trailer {
				names = append(names, k)
			}
			slices.Sort(names)
			return append(dst, strings.Join(names, ",")...)
		case "expect":
			// Proxies answer and drop it; it has this one value.
			return append(dst, "100-continue"...)
		}
	}
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCollapsed(dst, value)
	}
	return dst
}

// appendCollapsed appends s without leading and trailing blanks, each run of spaces as one.
func appendCollapsed(dst []byte, s string) []byte {
	s = strings.Trim(s, " \t")
	for i := range len(s) {
		if s[i] == ' ' && s[i-1] == ' ' {
			continue
		}
		dst = append(dst, s[i])
	}
	return dst
}

// stringToSign is the text whose HMAC is the signature of a canonical request.
func stringToSign(t time.Time, scope Scope, canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return algorithm + "\n" + t.Format(timeFormat) + "\n" + scope.String() + "\n" + hex.EncodeToString(sum[:])
}
