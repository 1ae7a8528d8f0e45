package s3api

import (
	"encoding/base64"
	"unicode/utf8"

	"shoal/core/object"
)

// position is where a listing goes on: behind a name, or behind everything under a common prefix.
type position struct {
	after  string
	prefix bool // after is a common prefix
}

// Kinds of position, the first byte of a continuation token. It is also the token's version: a new form takes
// other letters.
const (
	tokenAfterName   = 'n'
	tokenAfterPrefix = 'p'
)

// positionAfter is the position behind a name that the client gives.
func positionAfter(name, prefix, delimiter string) position {
	return position{after: name, prefix: object.IsCommonPrefix(name, prefix, delimiter)}
}

// token returns the opaque form of p, "" for the start.
func (p position) token() string {
	if p.after == "" {
		return ""
	}
	kind := "n"
	if p.prefix {
		kind = "p"
	}
	return base64.RawURLEncoding.EncodeToString([]byte(kind + p.after))
}

// parseToken is the inverse of token.
func parseToken(text string) (position, error) {
	if text == "" {
		return position{}, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	bad := err != nil || len(raw) < 2 || len(raw) > 1+maxKeyBytes || !utf8.Valid(raw)
	if bad || raw[0] != tokenAfterName && raw[0] != tokenAfterPrefix {
		return position{}, invalidArgument("The continuation token provided is incorrect", "continuation-token", text)
	}
	return position{after: string(raw[1:]), prefix: raw[0] == tokenAfterPrefix}, nil
}
