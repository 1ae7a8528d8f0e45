package soap

import (
	"bytes"
	"encoding/xml"
)

// MediaType is that of an answer that is plain XML.
const MediaType = "text/xml; charset=utf-8"

const (
	envelopeStart = xml.Header + `<soapenv:Envelope xmlns:soapenv="` + EnvelopeNamespace + `"><soapenv:Body>`
	envelopeEnd   = `</soapenv:Body></soapenv:Envelope>`
)

// Envelope returns the message with that body, which is one element.
func Envelope(body []byte) []byte {
	out := make([]byte, 0, len(envelopeStart)+len(body)+len(envelopeEnd))
	out = append(out, envelopeStart...)
	out = append(out, body...)
	return append(out, envelopeEnd...)
}

// Fault is the body of an answer to a request that was refused or failed (SOAP 1.1, 4.4).
type Fault struct {
	Code   string // without a prefix, such as "Client.NoSuchBucket"
	String string
	Detail []Detail // element names come from the program
}

// Detail is one element of the detail of a Fault.
type Detail struct{ Name, Value string }

// Marshal returns the fault as the body of an Envelope.
func (f *Fault) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString("<soapenv:Fault><faultcode>soapenv:")
	escape(&b, f.Code)
	b.WriteString("</faultcode><faultstring>")
	escape(&b, f.String)
	b.WriteString("</faultstring><detail>")
	for _, d := range f.Detail {
		b.WriteString("<" + d.Name + ">")
		escape(&b, d.Value)
		b.WriteString("</" + d.Name + ">")
	}
	b.WriteString("</detail></soapenv:Fault>")
	return b.Bytes()
}

// escape writes character data. What XML has no form for becomes U+FFFD.
func escape(b *bytes.Buffer, s string) { _ = xml.EscapeText(b, []byte(s)) } // a Buffer takes everything
