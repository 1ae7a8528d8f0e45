package s3api

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"
)

func TestAppendEscaped(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{`a&b<c>"d"`, "a&amp;b&lt;c&gt;&quot;d&quot;"},
		{"tab\tline\nreturn\r", "tab\tline\nreturn&#xd;"},
		{"\x01\x1f\x7f", "&#x1;&#x1f;&#x7f;"},
		{"größe \U0001F41F", "größe \U0001F41F"},
		{"\uFFFE", "&#xfffe;"},
		{"bad\xff", "bad\uFFFD"},
	}
	for _, tt := range tests {
		if got := string(appendEscaped(nil, tt.in)); got != tt.want {
			t.Errorf("appendEscaped(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestAppendPercent(t *testing.T) {
	tests := []struct{ in, want string }{
		{"quux ab/thud", "quux%20ab/thud"},
		{"asdf+b", "asdf%2Bb"},
		{"a~b-c_d.e", "a~b-c_d.e"},
		{"é\x01%", "%C3%A9%01%25"},
	}
	for _, tt := range tests {
		if got := string(appendPercent(nil, tt.in)); got != tt.want {
			t.Errorf("appendPercent(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

type testDoc struct {
	Item []string `xml:"Item"`
}

func TestDecodeXML(t *testing.T) {
	tests := []struct {
		name, in string
		ok       bool
	}{
		{"plain", "<Doc><Item>a</Item></Doc>", true},
		{"with prolog and namespace", xmlProlog + `<Doc xmlns="` + s3Namespace + `"><Item>a</Item></Doc>` + "\n", true},
		{"prefixed namespace", `<s:Doc xmlns:s="` + s3Namespace + `"><s:Item>a</s:Item></s:Doc>`, true},
		{"comments", "<!-- a --><Doc><Item>a<!-- b --></Item></Doc><!-- c -->", true},
		{"other root", "<Dog><Item>a</Item></Dog>", false},
		{"other namespace", `<Doc xmlns="urn:x"><Item>a</Item></Doc>`, false},
		{"empty", "", false},
		{"cut off", "<Doc><Item>a</Item>", false},
		{"crossed tags", "<Doc><Item>a</Doc></Item>", false},
		{"two roots", "<Doc><Item>a</Item></Doc><Doc/>", false},
		{"text behind", "<Doc><Item>a</Item></Doc>x", false},
		{"text before", "x<Doc><Item>a</Item></Doc>", false},
		{"document type", "<!DOCTYPE Doc><Doc><Item>a</Item></Doc>", false},
		{"entity of its own", `<!DOCTYPE Doc [<!ENTITY x "a">]><Doc><Item>&x;</Item></Doc>`, false},
		{"unknown entity", "<Doc><Item>&x;</Item></Doc>", false},
		{"too deep", "<Doc>" + strings.Repeat("<A>", maxXMLDepth) + strings.Repeat("</A>", maxXMLDepth) + "<Item>a</Item></Doc>", false},
		{"other encoding", `<?xml version="1.0" encoding="UTF-16"?><Doc><Item>a</Item></Doc>`, false},
		{"not UTF-8", "<Doc><Item>\xff</Item></Doc>", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var doc testDoc
			err := decodeXML([]byte(tt.in), "Doc", &doc)
			if (err == nil) != tt.ok {
				t.Fatalf("decodeXML = %v, want ok %v", err, tt.ok)
			}
			if tt.ok && (len(doc.Item) != 1 || doc.Item[0] != "a") {
				t.Errorf("items %q, want one a", doc.Item)
			}
		})
	}
}

// FuzzDecodeXML reads any bytes as each document that clients send. What is read keeps its bounds.
func FuzzDecodeXML(f *testing.F) {
	f.Add([]byte(`<Delete><Quiet>true</Quiet><Object><Key>a</Key><VersionId>null</VersionId></Object></Delete>`))
	f.Add([]byte(`<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part></CompleteMultipartUpload>`))
	f.Add([]byte(`<AccessControlPolicy><Owner><ID>x</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="` + xsiNamespace + `" xsi:type="Group"><URI>u</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`))
	f.Add([]byte(`<PublicAccessBlockConfiguration><BlockPublicAcls>TRUE</BlockPublicAcls></PublicAccessBlockConfiguration>`))
	f.Add([]byte(`<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>`))
	f.Add([]byte(`<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var del deleteRequest
		if decodeXML(data, "Delete", &del) == nil {
			for _, o := range del.Objects {
				if len(o.Key) > len(data) {
					t.Errorf("key of %d bytes in a document of %d", len(o.Key), len(data))
				}
				if got := string(appendEscaped(nil, o.Key)); xml.Unmarshal([]byte("<K>"+got+"</K>"), new(string)) != nil {
					t.Errorf("key %q is written as %q, which cannot be read", o.Key, got)
				}
			}
		}
		var complete completeRequest
		_ = decodeXML(data, "CompleteMultipartUpload", &complete)
		var acl accessControlPolicy
		if decodeXML(data, "AccessControlPolicy", &acl) == nil && acl.List != nil {
			for i := range acl.List.Grants {
				if g, err := acl.List.Grants[i].grant(); err == nil && !g.Permission.Valid() {
					t.Errorf("grant of %q was taken", g.Permission)
				}
			}
		}
		_ = decodeXML(data, "PublicAccessBlockConfiguration", new(publicAccessBlockConfiguration))
		_ = decodeXML(data, "OwnershipControls", new(ownershipControls))
		_ = decodeXML(data, "CreateBucketConfiguration", new(createBucketConfiguration))
	})
}

func TestAppendXMLTime(t *testing.T) {
	for _, tt := range []time.Time{
		time.Unix(1_700_000_000, 0), time.Unix(1_700_000_000, 987_654_321), time.Unix(0, 1_000_000), time.Unix(0, 70_999_999),
		time.Date(2024, 2, 29, 23, 59, 59, 999_999_999, time.FixedZone("", 3600)),
	} {
		if got, want := string(appendXMLTime(nil, tt)), tt.UTC().Format(xmlTime); got != want {
			t.Errorf("appendXMLTime(%v) = %q, want %q", tt, got, want)
		}
	}
}
