package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// maxPolicyDepth is deeper than any policy: document, list, statement, condition, operator, key, list.
const maxPolicyDepth = 10

// node is one JSON value. Unlike a map it keeps the order of members and shows double ones.
type node struct {
	kind    byte   // '{' '[' or 's' string, 'b' boolean, 'n' number, '0' null
	text    string // of a scalar, as a policy would write it in quotes
	members []member
	elems   []node
}

type member struct {
	name  string
	value node
}

// scalar reports whether n can stand for a string in a condition, where AWS also takes bare numbers
// and booleans.
func (n node) scalar() bool { return n.kind == 's' || n.kind == 'n' || n.kind == 'b' }

func (n node) emptyList() bool { return n.kind == '[' && len(n.elems) == 0 }

var errNotJSON = errors.New("not one JSON object")

// parseNode reads data, which must be one JSON object without double members.
func parseNode(data []byte) (node, error) {
	// The decoder would turn bad UTF-8 into U+FFFD, and take "{} {}" and the like.
	if !utf8.Valid(data) || !json.Valid(data) {
		return node{}, errNotJSON
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	n, err := readNode(dec, 0)
	if err == nil && n.kind != '{' {
		err = errNotJSON
	}
	return n, err
}

func readNode(dec *json.Decoder, depth int) (node, error) {
	if depth > maxPolicyDepth {
		return node{}, errors.New("nested too deeply")
	}
	tok, err := dec.Token()
	if err != nil {
		return node{}, err
	}
	switch v := tok.(type) {
	case json.Delim:
		if v == '{' {
			return readObject(dec, depth)
		}
		return readList(dec, depth)
	case string:
		return node{kind: 's', text: v}, nil
	case json.Number:
		return node{kind: 'n', text: v.String()}, nil
	case bool:
		if v {
			return node{kind: 'b', text: "true"}, nil
		}
		return node{kind: 'b', text: "false"}, nil
	}
	return node{kind: '0'}, nil
}

func readObject(dec *json.Decoder, depth int) (node, error) {
	n := node{kind: '{'}
	seen := make(map[string]bool)
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return node{}, err
		}
		name, _ := tok.(string)
		if seen[name] {
			return node{}, errors.New("member stands twice: " + name)
		}
		seen[name] = true
		value, err := readNode(dec, depth+1)
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{name, value})
	}
	_, err := dec.Token()
	return n, err
}

func readList(dec *json.Decoder, depth int) (node, error) {
	n := node{kind: '['}
	for dec.More() {
		value, err := readNode(dec, depth+1)
		if err != nil {
			return node{}, err
		}
		n.elems = append(n.elems, value)
	}
	_, err := dec.Token()
	return n, err
}

// oneOrMany returns the values of a string or of a list of strings. ok is false for anything else and
// for an empty list. bare also takes numbers and booleans.
func (n node) oneOrMany(bare bool) (values []string, ok bool) {
	elems := n.elems
	if n.kind != '[' {
		elems = []node{n}
	}
	for _, e := range elems {
		if e.kind != 's' && (!bare || !e.scalar()) {
			return nil, false
		}
		values = append(values, e.text)
	}
	return values, len(values) > 0
}
