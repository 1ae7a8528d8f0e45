package soap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

// Namespaces of messages.
const (
	EnvelopeNamespace = "http://schemas.xmlsoap.org/soap/envelope/"
	SchemaInstance    = "http://www.w3.org/2001/XMLSchema-instance"
	xopNamespace      = "http://www.w3.org/2004/08/xop/include"
)

// Parse reads an envelope and returns the one element of its body. Errors are an *Error.
func Parse(data []byte) (*Element, error) {
	if len(data) > MaxEnvelope {
		return nil, tooLarge("envelope")
	}
	if err := checkTags(data); err != nil {
		return nil, err
	}
	root, err := newTree(data).document()
	if err != nil {
		return nil, err
	}
	if root.Name.Local != "Envelope" {
		return nil, malformed("the root element is %q", root.Name.Local)
	}
	if root.Name.Space != EnvelopeNamespace {
		return nil, &Error{VersionMismatch, errors.New("an envelope of another version")}
	}
	return bodyOf(root)
}

// bodyOf checks what is in an envelope: headers that may be passed over, and a body of one element.
func bodyOf(envelope *Element) (*Element, error) {
	var body *Element
	for i, child := range envelope.Children {
		switch {
		case child.Name == xml.Name{Space: EnvelopeNamespace, Local: "Header"} && i == 0:
			for _, h := range child.Children {
				if must := h.Attribute(EnvelopeNamespace, "mustUnderstand"); must == "1" || must == "true" {
					return nil, &Error{MustUnderstand, errors.New("a header must be understood")}
				}
			}
		case child.Name == xml.Name{Space: EnvelopeNamespace, Local: "Body"} && body == nil:
			body = child
		default:
			return nil, malformed("element %q in the envelope", child.Name.Local)
		}
	}
	if body == nil || len(body.Children) != 1 {
		return nil, malformed("the body is not one element")
	}
	return body.Children[0], nil
}

// tree makes Elements of the tokens of a document.
type tree struct {
	dec  *xml.Decoder
	left int // how many elements there may still be
}

func newTree(data []byte) *tree {
	return &tree{dec: xml.NewDecoder(bytes.NewReader(data)), left: maxElements}
}

// document reads the root element and what is behind it.
func (t *tree) document() (root *Element, err error) {
	for {
		token, err := t.token()
		if errors.Is(err, io.EOF) && root != nil {
			return root, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, malformed("no root element")
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if root != nil {
				return nil, malformed("more than one root element")
			}
			if root, err = t.element(token, 1); err != nil {
				return nil, err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return nil, malformed("text outside of the root element")
			}
		}
	}
}

// element reads what is behind a start tag, to its end tag.
func (t *tree) element(start xml.StartElement, depth int) (*Element, error) {
	if t.left--; t.left < 0 || depth > maxDepth || len(start.Attr) > maxAttributes {
		return nil, tooLarge("the tree of elements is")
	}
	e := &Element{Name: start.Name, Attr: start.Attr}
	var text []byte
	for {
		token, err := t.token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			child, err := t.element(token, depth+1)
			if err != nil {
				return nil, err
			}
			e.Children = append(e.Children, child)
		case xml.CharData:
			text = append(text, token...)
		case xml.EndElement:
			e.Text = string(text)
			return e, nil
		}
	}
}

// token returns the next token of a kind that messages may have.
func (t *tree) token() (xml.Token, error) {
	token, err := t.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, &Error{Malformed, err}
	}
	switch token := token.(type) {
	case xml.Directive:
		return nil, malformed("a document type declaration") // SOAP 1.1, 3
	case xml.ProcInst:
		if token.Target != "xml" {
			return nil, malformed("a processing instruction") // SOAP 1.1, 3
		}
	}
	return token, nil
}

// checkTags refuses tags beyond maxTag, of whose attributes encoding/xml would make a list first.
func checkTags(data []byte) error {
	for {
		start := bytes.IndexByte(data, '<')
		if start < 0 {
			return nil
		}
		data = data[start:]
		n := tagLength(data[:min(len(data), maxTag+1)])
		switch {
		case bytes.HasPrefix(data, []byte("<!--")):
			n = lengthTo(data, "-->")
		case bytes.HasPrefix(data, []byte("<![CDATA[")):
			n = lengthTo(data, "]]>")
		case n > maxTag:
			return tooLarge("tag")
		}
		data = data[n:]
	}
}

// tagLength is how long the tag is that data begins with. A ">" in quotes does not end it.
func tagLength(data []byte) int {
	var quote byte
	for i, c := range data {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(data)
}

func lengthTo(data []byte, end string) int {
	if i := bytes.Index(data, []byte(end)); i >= 0 {
		return i + len(end)
	}
	return len(data)
}
