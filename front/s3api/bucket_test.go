package s3api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestBucketLife(t *testing.T) {
	s := newTestServer(t, Options{})
	made := s.must(t, owner, "PUT", "/alpha", "")
	if got := made.header.Get("Location"); got != "/alpha" {
		t.Errorf("Location %q, want /alpha", got)
	}
	s.refused(t, owner, "PUT", "/alpha", "", 409, codeBucketAlreadyOwnedByYou)
	s.refused(t, other, "PUT", "/alpha", "", 409, codeBucketAlreadyExists)
	s.refused(t, reader, "PUT", "/beta", "", 403, codeAccessDenied)
	s.refused(t, anonymous, "PUT", "/beta", "", 403, codeAccessDenied)
	s.refused(t, owner, "PUT", "/Not_a_name", "", 400, codeInvalidBucketName)

	head := s.must(t, owner, "HEAD", "/alpha", "")
	if got := head.header.Get("x-amz-bucket-region"); got != "us-east-1" {
		t.Errorf("region %q, want us-east-1", got)
	}
	if r := s.do(t, other, "HEAD", "/alpha", ""); r.status != 403 || r.body != "" {
		t.Errorf("HEAD by another: %d %q, want 403 and no body", r.status, r.body)
	}
	if r := s.do(t, owner, "HEAD", "/nothing-here", ""); r.status != 404 || r.body != "" {
		t.Errorf("HEAD of nothing: %d %q, want 404 and no body", r.status, r.body)
	}
	if r := s.must(t, owner, "GET", "/alpha?location", ""); !strings.Contains(r.body, `<LocationConstraint xmlns="`+s3Namespace+`"></LocationConstraint>`) {
		t.Errorf("location: %s", r.body)
	}
	s.refused(t, owner, "GET", "/alpha?torrent", "", 400, codeTorrentOfBucket)

	s.must(t, owner, "PUT", "/alpha/key", "x")
	s.refused(t, owner, "DELETE", "/alpha", "", 409, codeBucketNotEmpty)
	s.must(t, owner, "DELETE", "/alpha/key", "")
	s.refused(t, other, "DELETE", "/alpha", "", 403, codeAccessDenied)
	if r := s.must(t, owner, "DELETE", "/alpha", ""); r.status != http.StatusNoContent {
		t.Errorf("DELETE: status %d, want 204", r.status)
	}
	s.refused(t, owner, "GET", "/alpha", "", 404, codeNoSuchBucket)
}

func TestCreateBucketConfiguration(t *testing.T) {
	location := func(region string) string {
		return "<CreateBucketConfiguration><LocationConstraint>" + region + "</LocationConstraint></CreateBucketConfiguration>"
	}
	tests := []struct {
		name, body, header string
		want               code
	}{
		{"no body", "", "", ""},
		{"our region", location("us-east-1"), "", ""},
		{"other region", location("moon-1"), "", codeInvalidLocation},
		{"not xml", "<Create", "", codeMalformedXML},
		{"other document", "<Delete/>", "", codeMalformedXML},
		{"acl", "", "x-amz-acl: public-read", ""},
		{"no such acl", "", "x-amz-acl: public", codeInvalidArgument},
		{"ownership", "", "x-amz-object-ownership: BucketOwnerEnforced", ""},
		{"no such ownership", "", "x-amz-object-ownership: Mine", codeInvalidArgument},
		{"object lock", "", "x-amz-bucket-object-lock-enabled: true", ""},
		{"no such lock", "", "x-amz-bucket-object-lock-enabled: maybe", codeInvalidArgument},
		{"grant", "", `x-amz-grant-read: uri="http://acs.amazonaws.com/groups/global/AllUsers"`, ""},
		{"grant by email", "", `x-amz-grant-read: emailAddress="reader@shoal.example"`, ""},
		{"grant to nobody", "", `x-amz-grant-read: emailAddress="nobody@shoal.example"`, codeUnresolvableGrantByEmail},
		{"grant to no id", "", `x-amz-grant-read: id="00"`, codeInvalidArgument},
	}
	s := newTestServer(t, Options{})
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := fmt.Sprintf("/bucket-%d", i)
			var headers []string
			if tt.header != "" {
				headers = append(headers, tt.header)
			}
			if tt.want == "" {
				s.must(t, owner, "PUT", target, tt.body, headers...)
				return
			}
			s.refused(t, owner, "PUT", target, tt.body, tt.want.row().status, tt.want, headers...)
			if r := s.do(t, owner, "HEAD", target, ""); r.status != 404 {
				t.Errorf("bucket was made all the same: HEAD %d", r.status)
			}
		})
	}
	s.refused(t, owner, "PUT", "/enforced", "", 400, codeInvalidBucketACL,
		"x-amz-object-ownership: BucketOwnerEnforced", "x-amz-acl: public-read")
	s.refused(t, owner, "PUT", "/too-long", strings.Repeat(" ", maxConfigXML+1), 400, codeMaxMessageLengthExceeded)
}

func TestListBuckets(t *testing.T) {
	s := newTestServer(t, Options{})
	for _, b := range []string{"aa1", "aa2", "aa3", "bb1"} {
		s.must(t, owner, "PUT", "/"+b, "")
	}
	s.must(t, other, "PUT", "/aa2-other", "")
	all := s.must(t, owner, "GET", "/", "")
	if got, want := all.elements("Name"), []string{"aa1", "aa2", "aa3", "bb1"}; !slices.Equal(got, want) {
		t.Errorf("buckets %q, want %q", got, want)
	}
	if got := all.element("ID"); got != string(s.users[owner].CanonicalID) {
		t.Errorf("owner id %q, want %q", got, s.users[owner].CanonicalID)
	}
	if got := all.element("DisplayName"); got != "OWNER" {
		t.Errorf("display name %q, want OWNER", got)
	}
	page := s.must(t, owner, "GET", "/?max-buckets=2&prefix=aa", "")
	token := page.element("ContinuationToken")
	if got, want := page.elements("Name"), []string{"aa1", "aa2"}; !slices.Equal(got, want) || token == "" {
		t.Fatalf("first page %q with token %q, want %q and a token", got, token, want)
	}
	page = s.must(t, owner, "GET", "/?max-buckets=2&prefix=aa&continuation-token="+token, "")
	if got, want := page.elements("Name"), []string{"aa3"}; !slices.Equal(got, want) || page.element("ContinuationToken") != "" {
		t.Errorf("second page %q, token %q; want %q and no token", got, page.element("ContinuationToken"), want)
	}
	s.refused(t, owner, "GET", "/?max-buckets=0", "", 400, codeInvalidArgument)
	s.refused(t, owner, "GET", "/?continuation-token=%21", "", 400, codeInvalidArgument)
	s.refused(t, anonymous, "GET", "/", "", 403, codeAccessDenied)
}

func TestBucketPolicy(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	s.must(t, owner, "PUT", "/alpha/key", "x")
	s.refused(t, owner, "GET", "/alpha?policy", "", 404, codeNoSuchBucketPolicy)
	s.refused(t, owner, "GET", "/alpha?policyStatus", "", 404, codeNoSuchBucketPolicy)
	s.refused(t, anonymous, "GET", "/alpha/key", "", 403, codeAccessDenied)

	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::alpha/*"}]}`
	s.refused(t, other, "PUT", "/alpha?policy", policy, 403, codeAccessDenied)
	if r := s.must(t, owner, "PUT", "/alpha?policy", policy); r.status != 204 {
		t.Errorf("put policy: status %d, want 204", r.status)
	}
	if r := s.must(t, owner, "GET", "/alpha?policy", ""); r.body != policy || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("policy as %q:\n%s", r.header.Get("Content-Type"), r.body)
	}
	if r := s.must(t, owner, "GET", "/alpha?policyStatus", ""); r.element("IsPublic") != "true" {
		t.Errorf("policy status: %s", r.body)
	}
	s.must(t, anonymous, "GET", "/alpha/key", "")

	s.refused(t, owner, "PUT", "/alpha?policy", "{", 400, codeMalformedPolicy)
	s.refused(t, owner, "PUT", "/alpha?policy", "", 400, codeMissingRequestBody)
	s.refused(t, owner, "PUT", "/alpha?policy", strings.Replace(policy, "alpha", "beta", 1), 400, codeMalformedPolicy)
	s.refused(t, owner, "PUT", "/alpha?policy", policy, 400, codeBadDigest, contentMD5("something else"))

	s.must(t, owner, "DELETE", "/alpha?policy", "")
	s.must(t, owner, "DELETE", "/alpha?policy", "")
	s.refused(t, anonymous, "GET", "/alpha/key", "", 403, codeAccessDenied)
}

func TestPublicAccessBlock(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	s.refused(t, owner, "GET", "/alpha?publicAccessBlock", "", 404, codeNoSuchPublicAccessBlock)
	block := func(acls, ignore, policy, restrict bool) string {
		return fmt.Sprintf(`<PublicAccessBlockConfiguration xmlns="%s"><BlockPublicAcls>%t</BlockPublicAcls><IgnorePublicAcls>%t</IgnorePublicAcls>`+
			`<BlockPublicPolicy>%t</BlockPublicPolicy><RestrictPublicBuckets>%t</RestrictPublicBuckets></PublicAccessBlockConfiguration>`,
			s3Namespace, acls, ignore, policy, restrict)
	}
	s.refused(t, owner, "PUT", "/alpha?publicAccessBlock", "", 400, codeMissingRequestBody)
	s.refused(t, owner, "PUT", "/alpha?publicAccessBlock", strings.Replace(block(true, true, true, true), "true", "maybe", 1), 400, codeMalformedXML)
	s.must(t, owner, "PUT", "/alpha?publicAccessBlock", block(true, false, true, false))
	r := s.must(t, owner, "GET", "/alpha?publicAccessBlock", "")
	for name, want := range map[string]string{"BlockPublicAcls": "true", "IgnorePublicAcls": "false", "BlockPublicPolicy": "true", "RestrictPublicBuckets": "false"} {
		if got := r.element(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	public := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::alpha/*"}]}`
	s.refused(t, owner, "PUT", "/alpha?policy", public, 403, codeAccessDenied)
	s.refused(t, owner, "PUT", "/alpha?acl", "", 403, codeAccessDenied, "x-amz-acl: public-read")
	s.refused(t, owner, "PUT", "/alpha/key", "x", 403, codeAccessDenied, "x-amz-acl: public-read")
	s.refused(t, owner, "POST", "/alpha/key?uploads", "", 403, codeAccessDenied, "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/alpha?acl", "", "x-amz-acl: private")

	if r := s.must(t, owner, "DELETE", "/alpha?publicAccessBlock", ""); r.status != 204 {
		t.Errorf("delete: status %d, want 204", r.status)
	}
	s.must(t, owner, "PUT", "/alpha?policy", public)
	s.must(t, owner, "PUT", "/alpha/key", "x")
	s.must(t, anonymous, "GET", "/alpha/key", "")
	s.must(t, owner, "PUT", "/alpha?publicAccessBlock", block(false, false, false, true))
	s.refused(t, anonymous, "GET", "/alpha/key", "", 403, codeAccessDenied)
}

func TestOwnershipControls(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "", "x-amz-acl: public-read")
	if r := s.must(t, owner, "GET", "/alpha?ownershipControls", ""); r.element("ObjectOwnership") != "BucketOwnerPreferred" {
		t.Errorf("ownership of a new bucket: %s", r.body)
	}
	rule := func(o string) string {
		return "<OwnershipControls><Rule><ObjectOwnership>" + o + "</ObjectOwnership></Rule></OwnershipControls>"
	}
	s.refused(t, owner, "PUT", "/alpha?ownershipControls", rule("Nobody"), 400, codeMalformedXML)
	s.refused(t, owner, "PUT", "/alpha?ownershipControls", "<OwnershipControls/>", 400, codeMalformedXML)
	s.refused(t, owner, "PUT", "/alpha?ownershipControls", rule("BucketOwnerEnforced"), 400, codeInvalidBucketACL)
	s.must(t, owner, "PUT", "/alpha?acl", "", "x-amz-acl: private")
	s.must(t, owner, "PUT", "/alpha?ownershipControls", rule("BucketOwnerEnforced"))
	s.refused(t, owner, "PUT", "/alpha?acl", "", 400, codeAccessControlListNotSupported, "x-amz-acl: public-read")
	s.refused(t, owner, "PUT", "/alpha/key", "x", 400, codeAccessControlListNotSupported, "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/alpha/key", "x", "x-amz-acl: bucket-owner-full-control")
	if r := s.must(t, owner, "DELETE", "/alpha?ownershipControls", ""); r.status != 204 {
		t.Errorf("delete: status %d, want 204", r.status)
	}
	s.refused(t, owner, "GET", "/alpha?ownershipControls", "", 404, codeNoSuchOwnershipControls)
}

func TestBucketACL(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	s.must(t, owner, "PUT", "/alpha/key", "x")
	id := func(who string) string { return string(s.users[who].CanonicalID) }
	policy := func(ownerID, grants string) string {
		return `<AccessControlPolicy xmlns="` + s3Namespace + `"><Owner><ID>` + ownerID + `</ID></Owner><AccessControlList>` + grants + `</AccessControlList></AccessControlPolicy>`
	}
	grant := func(grantee, permission string) string {
		return `<Grant><Grantee xmlns:xsi="` + xsiNamespace + `" xsi:type="CanonicalUser">` + grantee + `</Grantee><Permission>` + permission + `</Permission></Grant>`
	}
	full := grant("<ID>"+id(owner)+"</ID>", "FULL_CONTROL")
	got := s.must(t, owner, "GET", "/alpha?acl", "")
	if ids := got.elements("ID"); !slices.Equal(ids, []string{id(owner), id(owner)}) || got.element("Permission") != "FULL_CONTROL" {
		t.Errorf("private acl:\n%s", got.body)
	}

	s.refused(t, reader, "GET", "/alpha", "", 403, codeAccessDenied)
	s.must(t, owner, "PUT", "/alpha?acl", policy(id(owner), full+grant("<EmailAddress>reader@shoal.example</EmailAddress>", "READ")))
	s.must(t, reader, "GET", "/alpha", "")
	s.refused(t, reader, "GET", "/alpha?acl", "", 403, codeAccessDenied)
	got = s.must(t, owner, "GET", "/alpha?acl", "")
	if ids := got.elements("ID"); !slices.Equal(ids, []string{id(owner), id(owner), id(reader)}) {
		t.Errorf("acl with an email grantee:\n%s", got.body)
	}
	// What was read can be put back.
	s.must(t, owner, "PUT", "/alpha?acl", got.body)
	if again := s.must(t, owner, "GET", "/alpha?acl", ""); again.body != got.body {
		t.Errorf("acl put back reads\n%s\nwant\n%s", again.body, got.body)
	}

	group := func(uri string) string { return "<URI>" + uri + "</URI>" }
	refusals := []struct {
		name, body string
		status     int
		code       code
		headers    []string
	}{
		{"other owner", policy(id(other), full), 403, codeAccessDenied, nil},
		{"no owner", "<AccessControlPolicy><AccessControlList/></AccessControlPolicy>", 400, codeMalformedACL, nil},
		{"no list", "<AccessControlPolicy><Owner><ID>" + id(owner) + "</ID></Owner></AccessControlPolicy>", 400, codeMalformedACL, nil},
		{"permission", policy(id(owner), grant("<ID>"+id(reader)+"</ID>", "ADMIRE")), 400, codeMalformedACL, nil},
		{"group", policy(id(owner), grant(group("urn:everyone"), "READ")), 400, codeInvalidArgument, nil},
		{"nobody", policy(id(owner), grant("", "READ")), 400, codeMalformedACL, nil},
		{"two grantees", policy(id(owner), grant("<ID>"+id(reader)+"</ID>"+group("urn:x"), "READ")), 400, codeMalformedACL, nil},
		{"unknown id", policy(id(owner), grant("<ID>abc</ID>", "READ")), 400, codeInvalidArgument, nil},
		{"unknown email", policy(id(owner), grant("<EmailAddress>x@y.example</EmailAddress>", "READ")), 400, codeUnresolvableGrantByEmail, nil},
		{"too many", policy(id(owner), strings.Repeat(full, 101)), 400, codeInvalidRequest, nil},
		{"nothing", "", 400, codeMissingSecurityHeader, nil},
		{"canned and grants", "", 400, codeInvalidRequest, []string{"x-amz-acl: private", "x-amz-grant-read: id=" + id(reader)}},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			s.refused(t, owner, "PUT", "/alpha?acl", tt.body, tt.status, tt.code, tt.headers...)
		})
	}
}

// TestEmptyForms asks for every bucket sub-resource that cannot be set: tools that probe go on.
func TestEmptyForms(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	for name, form := range emptyForms {
		t.Run(name, func(t *testing.T) {
			if form.root == "" {
				s.refused(t, owner, "GET", "/alpha?"+name, "", 404, form.code)
				return
			}
			r := s.must(t, owner, "GET", "/alpha?"+name, "")
			if !strings.HasPrefix(r.body, xmlProlog+"<"+form.root+` xmlns="`+s3Namespace+`">`) {
				t.Errorf("GET ?%s:\n%s", name, r.body)
			}
			if form.one {
				s.refused(t, owner, "GET", "/alpha?"+name+"&id=x", "", 404, codeNoSuchConfiguration)
			}
			s.refused(t, other, "GET", "/alpha?"+name, "", 403, codeAccessDenied)
		})
	}
	for _, o := range bucketConfigOperations() {
		if o.note == "answers the empty form" && emptyForms[o.query[0]] == (emptyForm{}) {
			t.Errorf("%s has no empty form", o.name)
		}
		if o.serve == nil {
			s.refused(t, owner, o.method, "/alpha?"+o.query[0], "", 501, codeNotImplemented)
		}
	}
}
