package soap

import (
	"errors"
	"strings"
	"testing"
)

const (
	messageStart = `<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="` + EnvelopeNamespace + `"><e:Body>`
	messageEnd   = `</e:Body></e:Envelope>`
)

func TestParse(t *testing.T) {
	e, err := Parse([]byte(messageStart + `<n:GetObject xmlns:n="urn:x" xmlns:i="` + SchemaInstance + `"><n:Key> a&lt;b&#10;<!-- c -->d<![CDATA[<x>]]> </n:Key>` +
		`<n:Grantee i:type=" n:Group "/><n:Data i:nil="true"/><Data href="cid:1"><x:Include xmlns:x="` + xopNamespace + `" href="cid:2"/></Data></n:GetObject>` + messageEnd))
	if err != nil {
		t.Fatal(err)
	}
	if e.Name.Local != "GetObject" || e.Name.Space != "urn:x" || len(e.Children) != 4 {
		t.Fatalf("got %+v", e)
	}
	key, grantee, data, included := e.Children[0], e.Children[1], e.Children[2], e.Children[3]
	if key.Text != " a<b\nd<x> " || key.IsNil() {
		t.Errorf("text %q", key.Text)
	}
	if grantee.Type() != "Group" || !data.IsNil() || data.ContentID() != "" {
		t.Errorf("type %q, nil %v, content %q", grantee.Type(), data.IsNil(), data.ContentID())
	}
	if got := included.ContentID(); got != "2" {
		t.Errorf("content id %q, want that of Include", got)
	}
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth)
	for name, tt := range map[string]struct {
		message string
		want    Reason
	}{
		"nothing":                {"", Malformed},
		"no XML":                 {"GET / HTTP/1.1", Malformed},
		"not closed":             {messageStart + "<a/>", Malformed},
		"another root":           {"<Envelope/>x", Malformed},
		"SOAP 1.2":               {`<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><a/></e:Body></e:Envelope>`, VersionMismatch},
		"no namespace":           {"<Envelope><Body><a/></Body></Envelope>", VersionMismatch},
		"no body":                {`<e:Envelope xmlns:e="` + EnvelopeNamespace + `"/>`, Malformed},
		"empty body":             {messageStart + messageEnd, Malformed},
		"two requests":           {messageStart + "<a/><b/>" + messageEnd, Malformed},
		"two bodies":             {messageStart + "<a/></e:Body><e:Body><b/>" + messageEnd, Malformed},
		"behind the root":        {messageStart + "<a/>" + messageEnd + "<a/>", Malformed},
		"text behind the root":   {messageStart + "<a/>" + messageEnd + "x", Malformed},
		"must be understood":     {`<e:Envelope xmlns:e="` + EnvelopeNamespace + `"><e:Header><h e:mustUnderstand="1"/></e:Header><e:Body><a/></e:Body></e:Envelope>`, MustUnderstand},
		"document type":          {`<!DOCTYPE a [<!ENTITY b "c">]>` + messageStart[len(`<?xml version="1.0" encoding="UTF-8"?>`):] + "<a>&b;</a>" + messageEnd, Malformed},
		"entity":                 {messageStart + "<a>&b;</a>" + messageEnd, Malformed},
		"processing instruction": {messageStart + "<?a b?><a/>" + messageEnd, Malformed},
		"another encoding":       {strings.Replace(messageStart, "UTF-8", "UTF-16", 1) + "<a/>" + messageEnd, Malformed},
		"not UTF-8":              {messageStart + "<a>\xff</a>" + messageEnd, Malformed},
		"control character":      {messageStart + "<a>\x00</a>" + messageEnd, Malformed},
		"too deep":               {messageStart + deep + messageEnd, TooLarge},
		"too many elements":      {messageStart + "<a>" + strings.Repeat("<b/>", maxElements) + "</a>" + messageEnd, TooLarge},
		"too many attributes":    {messageStart + "<a" + attributes(maxAttributes+1) + "/>" + messageEnd, TooLarge},
		"a long tag":             {messageStart + `<a b="` + strings.Repeat(">", maxTag) + `"/>` + messageEnd, TooLarge},
		"a tag without an end":   {messageStart + `<a b="` + strings.Repeat("x", maxTag), TooLarge},
		"too long":               {messageStart + "<a>" + strings.Repeat("x", MaxEnvelope) + "</a>" + messageEnd, TooLarge},
	} {
		_, err := Parse([]byte(tt.message))
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != tt.want {
			t.Errorf("%s: got %v, want reason %d", name, err, tt.want)
		}
	}
	if _, err := Parse([]byte(`<e:Envelope xmlns:e="` + EnvelopeNamespace + `"><e:Header><h e:mustUnderstand="0"/></e:Header><e:Body><a` + attributes(maxAttributes) + `/></e:Body></e:Envelope>`)); err != nil {
		t.Errorf("a header that need not be understood: %v", err)
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + strings.Repeat("a", i) + `=""`)
	}
	return b.String()
}

func TestFault(t *testing.T) {
	f := &Fault{Code: "Client.NoSuchKey", String: `no "k" & <l>`, Detail: []Detail{{"Key", "k\x01<"}}}
	const want = answerStart + "<soapenv:Fault><faultcode>soapenv:Client.NoSuchKey</faultcode><faultstring>no &#34;k&#34; &amp; &lt;l&gt;</faultstring>" +
		"<detail><Key>k\uFFFD&lt;</Key></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
	got := string(Envelope(f.Marshal()))
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if e, err := Parse([]byte(got)); err != nil || e.Name.Local != "Fault" || e.Name.Space != EnvelopeNamespace {
		t.Errorf("read back: %v, %v", e, err)
	}
}

const answerStart = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soapenv:Envelope xmlns:soapenv="` + EnvelopeNamespace + `"><soapenv:Body>`
