package sigv4

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxQueryBytes is far above any S3 request (the longest parameter is a 1,024-byte key, escaped)
	// plus a session token.
	maxQueryBytes = 64 << 10
	// maxQueryParams bounds the sort of the canonical query.
	maxQueryParams = 512
)

const upperHex = "0123456789ABCDEF"

// unreserved reports whether UriEncode of the S3 documentation leaves c alone.
func unreserved(c byte) bool {
	switch {
	case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~'
}

// appendEncoded appends s, percent-encoded as S3 signs it. keepSlash is for paths.
func appendEncoded(dst []byte, s string, keepSlash bool) []byte {
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || keepSlash && c == '/' {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

// param is one query parameter: decoded for its meaning, encoded for its signature.
type param struct {
	name, value       string
	encName, encValue string
}

// parseQuery splits a raw query at '&' only, decodes it (a plus is a space, as for S3) and sorts it
// by encoded name, then encoded value.
func parseQuery(raw string) ([]param, error) {
	if len(raw) > maxQueryBytes {
		return nil, refuse(MalformedURI, "the query is longer than %d bytes", maxQueryBytes)
	}
	if n := strings.Count(raw, "&"); n >= maxQueryParams {
		return nil, refuse(MalformedURI, "the query has more than %d parameters", maxQueryParams)
	}
	var params []param
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err = errors.Join(err, err2); err != nil {
			return nil, &Error{Reason: MalformedURI, Detail: "the query has a bad percent escape"}
		}
		params = append(params, param{
			name: name, value: value,
			encName:  string(appendEncoded(nil, name, false)),
			encValue: string(appendEncoded(nil, value, false)),
		})
	}
	slices.SortStableFunc(params, func(a, b param) int {
		if c := strings.Compare(a.encName, b.encName); c != 0 {
			return c
		}
		return strings.Compare(a.encValue, b.encValue)
	})
	return params, nil
}

// sortedByName returns the parameters in the order of their decoded names and values, and whether
// that differs from the order they have.
func sortedByName(params []param) ([]param, bool) {
	cmp := func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	}
	if slices.IsSortedFunc(params, cmp) {
		return params, false
	}
	params = slices.Clone(params)
	slices.SortStableFunc(params, cmp)
	return params, true
}

// queryValues returns the parameters as a map. The values of a repeated name are in the order in
// which they are signed, so that reordering a signed URL cannot change which one comes first.
func queryValues(params []param) url.Values {
	values := make(url.Values, len(params))
	for _, p := range params {
		values[p.name] = append(values[p.name], p.value)
	}
	return values
}

// appendCanonicalQuery appends the canonical query without the parameter named omit (any case).
func appendCanonicalQuery(dst []byte, params []param, omit string) []byte {
	first := true
	for _, p := range params {
		if omit != "" && strings.EqualFold(p.name, omit) {
			continue
		}
		if !first {
			dst = append(dst, '&')
		}
		first = false
		dst = append(dst, p.encName...)
		dst = append(dst, '=')
		dst = append(dst, p.encValue...)
	}
	return dst
}
