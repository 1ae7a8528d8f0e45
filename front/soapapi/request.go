package soapapi

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"shoal/core/object"
	"shoal/wire/soap"
)

// namespace is that of the schema.
const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// isOurs reports whether an element is of S3: some of its documentation has another host, some clients no slash. "" is
// no namespace at all, which the schema does not have.
func isOurs(space string) bool {
	return space == namespace || space == "http://s3.amazonaws.com/doc/2006-03-01" || space == "http://doc.s3.amazonaws.com/2006-03-01"
}

// request is the children of the element of a request, by name.
type request struct {
	name  string // of the operation
	named map[string][]*soap.Element
}

// lists are the parameters that may stand more than once. Never written.
var lists = []string{"Metadata", "IfMatch", "IfNoneMatch", "CopySourceIfMatch", "CopySourceIfNoneMatch"}

// authentication are the parameters that every operation has. Never written.
var authentication = []string{"AWSAccessKeyId", "Timestamp", "Signature", "Credential"}

// newRequest holds the children of e against what the operation takes. Their order does not count; what is not known
// does, as something that was asked for would be passed over.
func newRequest(e *soap.Element, o *operation) (request, error) {
	r := request{name: o.name, named: make(map[string][]*soap.Element)}
	for _, child := range e.Children {
		name := child.Name.Local
		switch {
		case !isOurs(child.Name.Space) && child.Name.Space != "",
			!slices.Contains(o.parameters, name) && !slices.Contains(authentication, name):
			return r, malformed("The element " + name + " is not one of " + o.name + ".")
		case child.IsNil():
			continue
		}
		r.named[name] = append(r.named[name], child)
		n := len(r.named[name])
		if n > 1 && !slices.Contains(lists, name) || n > maxEntries {
			return r, malformed("There are too many elements " + name + ".")
		}
	}
	return r, nil
}

// element returns a parameter, nil when it is not there.
func (r *request) element(name string) *soap.Element {
	if all := r.named[name]; len(all) > 0 {
		return all[0]
	}
	return nil
}

func (r *request) has(name string) bool { return len(r.named[name]) > 0 }

// text returns the text of a parameter as it was sent, "" when it is not there.
func (r *request) text(name string) string {
	if e := r.element(name); e != nil {
		return e.Text
	}
	return ""
}

// token is text without the white space around it.
func (r *request) token(name string) string { return strings.TrimSpace(r.text(name)) }

// number reads a whole number; def when it is not there.
func (r *request) number(name string, def int64) (int64, error) {
	text := r.token(name)
	if !r.has(name) {
		return def, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, malformed("The element " + name + " is not a whole number.")
	}
	if n < 0 {
		return 0, invalidArgument(name+" must not be negative.", name, text)
	}
	return n, nil
}

// boolean reads an xsd:boolean; false when it is not there.
func (r *request) boolean(name string) (bool, error) {
	switch r.token(name) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	if !r.has(name) {
		return false, nil
	}
	return false, malformed("The element " + name + " is not a boolean.")
}

// moment reads an xsd:dateTime; zero when it is not there.
func (r *request) moment(name string) (time.Time, error) {
	if !r.has(name) {
		return time.Time{}, nil
	}
	t, err := soap.ParseTimestamp(r.text(name))
	if err != nil {
		return t, malformed("The element " + name + " is not a time.")
	}
	return t, nil
}

// eTags reads a list of entity tags, nil without one. Quotes may be missing, as in REST.
func (r *request) eTags(name string) (tags []object.ETag) {
	for _, e := range r.named[name] {
		tag := strings.TrimPrefix(strings.TrimSpace(e.Text), "W/")
		tags = append(tags, object.ETag(strings.Trim(tag, `"`)))
	}
	return tags
}

// condition reads the conditions on a version that is read; prefix begins their names.
func (r *request) condition(prefix string) (c object.ReadCondition, err error) {
	c.IfMatch, c.IfNoneMatch = r.eTags(prefix+"IfMatch"), r.eTags(prefix+"IfNoneMatch")
	if c.IfModifiedSince, err = r.moment(prefix + "IfModifiedSince"); err != nil {
		return c, err
	}
	c.IfUnmodifiedSince, err = r.moment(prefix + "IfUnmodifiedSince")
	return c, err
}

// binary reads an xsd:base64Binary, which may have white space in it.
func (r *request) binary(name string) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(r.text(name)), ""))
	if err != nil {
		return nil, malformed("The element " + name + " is not in base64.")
	}
	return data, nil
}
