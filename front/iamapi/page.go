package iamapi

import (
	"encoding/base64"
	"slices"
	"strings"
)

// pageXML is how a listing says whether there is more.
type pageXML struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// page cuts the page that a request asks for out of all entries, which it puts in the order of their names.
func page[T any](c *call, all []T, name func(T) string) ([]T, pageXML, error) {
	limit, err := c.form.number("MaxItems", defaultPage, 1, maxPage)
	if err != nil {
		return nil, pageXML{}, err
	}
	after, err := base64.RawURLEncoding.DecodeString(c.form.get("Marker"))
	if err != nil {
		return nil, pageXML{}, invalid("Marker", "Member must be one that was given")
	}
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	for len(all) > 0 && name(all[0]) <= string(after) {
		all = all[1:]
	}
	if len(all) <= limit {
		return all, pageXML{}, nil
	}
	last := name(all[limit-1])
	return all[:limit], pageXML{true, base64.RawURLEncoding.EncodeToString([]byte(last))}, nil
}

// below keeps the entries whose path begins with the PathPrefix of the request.
func below[T any](c *call, all []T, path func(T) string) []T {
	prefix := c.form.get("PathPrefix")
	if prefix == "" || prefix == "/" {
		return all
	}
	var kept []T
	for _, v := range all {
		if strings.HasPrefix(path(v), prefix) {
			kept = append(kept, v)
		}
	}
	return kept
}

func convert[T, X any](all []T, f func(T) X) list[X] {
	out := list[X]{}
	for _, v := range all {
		out.Member = append(out.Member, f(v))
	}
	return out
}
