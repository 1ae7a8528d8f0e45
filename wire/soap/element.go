package soap

import (
	"encoding/xml"
	"strings"
)

// Element is one element of a message with all below it.
type Element struct {
	Name     xml.Name // with the namespace, not the prefix
	Attr     []xml.Attr
	Text     string // its own character data, put together
	Children []*Element
}

// Attribute returns the value of an attribute, "" when it is not there.
func (e *Element) Attribute(space, local string) string {
	for _, a := range e.Attr {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// IsNil reports whether the element says that it has no value.
func (e *Element) IsNil() bool {
	v := e.Attribute(SchemaInstance, "nil")
	return v == "true" || v == "1"
}

// Type returns the local name of xsi:type, "" without one.
func (e *Element) Type() string {
	name := strings.TrimSpace(e.Attribute(SchemaInstance, "type"))
	return name[strings.LastIndexByte(name, ':')+1:]
}

// ContentID returns the content that stands for the element's own, as XOP, SOAP with attachments and clients of DIME
// name it; "" when there is none.
func (e *Element) ContentID() string {
	href := e.Attribute("", "href")
	for _, child := range e.Children {
		if child.Name.Space == xopNamespace && child.Name.Local == "Include" {
			href = child.Attribute("", "href")
		}
	}
	return strings.TrimPrefix(href, "cid:")
}
