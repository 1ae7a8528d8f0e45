package access

import (
	"errors"
	"fmt"
	"strings"

	"shoal/core/fault"
)

// GrantHeaders returns the names of the x-amz-grant-* headers with the permission that each gives.
func GrantHeaders() map[string]Permission {
	return map[string]Permission{
		"x-amz-grant-read":         Read,
		"x-amz-grant-write":        Write,
		"x-amz-grant-read-acp":     ReadACP,
		"x-amz-grant-write-acp":    WriteACP,
		"x-amz-grant-full-control": FullControl,
	}
}

// ParseGrants reads the value of an x-amz-grant-* header, such as
//
//	id="75aa57f0...", uri="http://acs.amazonaws.com/groups/global/AllUsers", emailAddress="a@b.example"
//
// as grants of p. Quotes are optional. An email grantee comes back with Email set, to be resolved by
// the caller. A value that cannot be read, an unknown group or more than MaxGrants grantees are
// InvalidArgument.
func ParseGrants(p Permission, value string) ([]Grant, error) {
	grants, err := parseGrants(p, value)
	if err != nil {
		return nil, fault.New("read grant header", value, fault.InvalidArgument, err)
	}
	return grants, nil
}

func parseGrants(p Permission, value string) ([]Grant, error) {
	var grants []Grant
	for rest := strings.TrimSpace(value); ; {
		kind, after, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, errors.New("argument format not recognized")
		}
		name, tail, err := cutGrantee(after)
		if err != nil {
			return nil, err
		}
		g, err := newGrantee(strings.TrimSpace(kind), name)
		if err != nil {
			return nil, err
		}
		if grants = append(grants, Grant{g, p}); len(grants) > MaxGrants {
			return nil, fmt.Errorf("more than %d grants", MaxGrants)
		}
		if tail = strings.TrimSpace(tail); tail == "" {
			return grants, nil
		}
		if tail[0] != ',' {
			return nil, errors.New("argument format not recognized")
		}
		rest = strings.TrimSpace(tail[1:])
	}
}

// cutGrantee splits s after one value, which may be quoted; tail starts with what followed it.
func cutGrantee(s string) (name, tail string, err error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, `"`) {
		name, tail, ok := strings.Cut(s[1:], `"`)
		if !ok {
			return "", "", errors.New("quote is not closed")
		}
		return name, tail, nil
	}
	end := strings.IndexByte(s, ',')
	if end < 0 {
		end = len(s)
	}
	return strings.TrimSpace(s[:end]), s[end:], nil
}

func newGrantee(kind, name string) (Grantee, error) {
	if name == "" {
		return Grantee{}, errors.New("empty grantee")
	}
	switch {
	case strings.EqualFold(kind, "id"):
		return Grantee{ID: CanonicalID(name)}, nil
	case strings.EqualFold(kind, "emailAddress"):
		return Grantee{Email: name}, nil
	case strings.EqualFold(kind, "uri"):
		if !Group(name).Valid() {
			return Grantee{}, errors.New("invalid group uri")
		}
		return Grantee{Group: Group(name)}, nil
	}
	return Grantee{}, fmt.Errorf("unknown grantee type %q", kind)
}
