package s3api

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxXMLDepth is deeper than any document of S3: an ACL has five levels.
const maxXMLDepth = 16

// readXML reads the body, one XML document with the given root element, into a struct.
func (c *call) readXML(limit int64, root string, into any) error {
	_, err := c.readXMLDocument(limit, root, into)
	return err
}

// readXMLDocument is readXML, and returns the document as well.
func (c *call) readXMLDocument(limit int64, root string, into any) ([]byte, error) {
	data, err := c.document(limit)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errorOf(codeMissingRequestBody, "")
	}
	if err := decodeXML(data, root, into); err != nil {
		return nil, errorOf(codeMalformedXML, "")
	}
	return data, nil
}

// namespaces are those that S3 takes for its own: some of its documentation has another host, some clients no slash,
// and many write none at all. Never written.
var namespaces = []string{"", s3Namespace, "http://s3.amazonaws.com/doc/2006-03-01", "http://doc.s3.amazonaws.com/2006-03-01"}

// decodeXML reads one document. Its root is in a namespace of S3; a document type, an
// entity of its own, depth beyond maxXMLDepth and anything behind the root are refused.
func decodeXML(data []byte, root string, into any) error {
	guard := &xmlGuard{dec: xml.NewDecoder(bytes.NewReader(data))}
	dec := xml.NewTokenDecoder(guard)
	start, err := rootOf(dec)
	if err != nil {
		return err
	}
	if start.Name.Local != root || !slices.Contains(namespaces, start.Name.Space) {
		return fmt.Errorf("root element is %q, want %q", start.Name.Local, root)
	}
	if err := dec.DecodeElement(into, &start); err != nil {
		return fmt.Errorf("read %s: %w", root, err)
	}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.Comment:
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text behind the root element")
			}
		default:
			return errors.New("more than one root element")
		}
	}
}

func rootOf(dec *xml.Decoder) (xml.StartElement, error) {
	for {
		t, err := dec.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return xml.StartElement{}, errors.New("text before the root element")
			}
		}
	}
}

// xmlGuard passes on the tokens of a decoder and refuses what no client of S3 sends.
type xmlGuard struct {
	dec   *xml.Decoder
	depth int
}

func (g *xmlGuard) Token() (xml.Token, error) {
	t, err := g.dec.RawToken()
	if err != nil {
		return nil, err
	}
	switch t.(type) {
	case xml.StartElement:
		if g.depth++; g.depth > maxXMLDepth {
			return nil, errors.New("nested too deeply")
		}
	case xml.EndElement:
		g.depth--
	case xml.Directive:
		return nil, errors.New("document type declaration")
	}
	return t, nil
}
