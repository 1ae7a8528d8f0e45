package soapapi

import (
	"encoding/xml"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// schemaElement is a global element of the schema.
type schemaElement struct {
	Name     string `xml:"name,attr"`
	Children []struct {
		Name string `xml:"name,attr"`
	} `xml:"complexType>sequence>element"`
	Groups []struct {
		Ref string `xml:"ref,attr"`
	} `xml:"complexType>sequence>group"`
}

// TestSchema holds the schema against the table of operations.
func TestSchema(t *testing.T) {
	var doc struct {
		Elements []schemaElement `xml:"element"`
	}
	if err := xml.Unmarshal([]byte(schema), &doc); err != nil {
		t.Fatal(err)
	}
	elements := map[string]schemaElement{}
	for _, e := range doc.Elements {
		elements[e.Name] = e
	}
	for _, o := range operations() {
		var got []string
		for _, c := range elements[o.name].Children {
			got = append(got, c.Name)
		}
		// Data of PutObject is for clients that name their attachment; the schema of S3 has it not.
		want := slices.DeleteFunc(slices.Clone(o.parameters), func(p string) bool { return o.name == "PutObject" && p == "Data" })
		if !slices.Equal(got, want) {
			t.Errorf("%s has the parameters %q in the schema, want %q", o.name, got, want)
		}
		group := "tns:SignatureAndCredential"
		if o.name == "CreateBucket" || o.name == "ListAllMyBuckets" {
			group = "tns:Signature"
		}
		if g := elements[o.name].Groups; len(g) != 1 || g[0].Ref != group {
			t.Errorf("%s is signed by %v, want %s", o.name, g, group)
		}
		answer, result := elements[o.name+"Response"], ""
		if len(answer.Children) > 0 {
			result = answer.Children[0].Name
		}
		if answer.Name == "" || len(answer.Children) > 1 || result != o.result {
			t.Errorf("%s is answered by %+v, want the child %q", o.name, answer, o.result)
		}
	}
}

// TestServeSchema: the description names where it was asked for.
func TestServeSchema(t *testing.T) {
	for target, want := range map[string]string{
		"/2006-03-01/AmazonS3.wsdl": `<wsdlsoap:address location="http://s3.example.test:9000/soap"/>`,
		"/soap?wsdl":                `<xsd:include schemaLocation="http://s3.example.test:9000/2006-03-01/AmazonS3.xsd"/>`,
		"/soap?WSDL":                `<wsdl:operation name="GetObjectExtended">`,
		"/2006-03-01/AmazonS3.xsd":  `<xsd:element name="PostResponse">`,
	} {
		r := httptest.NewRequest("GET", target, nil)
		r.Host = "s3.example.test:9000"
		w := httptest.NewRecorder()
		if !ServesSchema(r) {
			t.Errorf("%s is not served", target)
		}
		ServeSchema(w, r)
		if !strings.Contains(w.Body.String(), want) || xml.Unmarshal(w.Body.Bytes(), new(struct{})) != nil {
			t.Errorf("%s does not hold %s, or is no XML:\n%s", target, want, w.Body)
		}
	}
	for _, target := range []string{"/soap", "/soap?wsdl=1", "/2006-03-01/", "/2006-03-01/AmazonS3.wsdl?versionId=1", "/2006-03-01/AmazonS3.xsd/k"} {
		if ServesSchema(httptest.NewRequest("GET", target, nil)) {
			t.Errorf("%s is served", target)
		}
	}
	if ServesSchema(httptest.NewRequest("PUT", "/2006-03-01/AmazonS3.wsdl", nil)) {
		t.Error("an upload of that name is the schema's")
	}
}
