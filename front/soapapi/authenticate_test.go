package soapapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"shoal/core/account"
	"shoal/wire/soap"
)

// TestAuthentication: who asks is told by all of three elements, or by none.
func TestAuthentication(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	k := s.keys[owner]
	sign := func(operation string, at time.Time) string {
		text := at.UTC().Format("2006-01-02T15:04:05.000Z")
		return signature(k.ID, text, soap.Sign(k.Secret.Reveal(), operation, text))
	}
	now := time.Now()
	whole := sign("ListBucket", now)
	for name, tt := range map[string]struct{ elements, want string }{
		"signed":             {whole, ""},
		"a little early":     {sign("ListBucket", now.Add(-maxSkew+time.Minute)), ""},
		"anonymous":          {"", "Client.AccessDenied"},
		"too early":          {sign("ListBucket", now.Add(-maxSkew-time.Minute)), "Client.RequestTimeTooSkewed"},
		"too late":           {sign("ListBucket", now.Add(maxSkew+time.Minute)), "Client.RequestTimeTooSkewed"},
		"another operation":  {sign("DeleteBucket", now), "Client.SignatureDoesNotMatch"},
		"no signature":       {strings.Replace(whole, "<Signature>", "<Signature/><!--", 1) + "-->", "Client.MissingSecurityElement"},
		"a key alone":        {"<AWSAccessKeyId>" + k.ID + "</AWSAccessKeyId>", "Client.MissingSecurityElement"},
		"a time alone":       {"<Timestamp>2009-01-01T12:00:00.000Z</Timestamp>", "Client.MissingSecurityElement"},
		"no time":            {signature(k.ID, "now", "x"), "Client.MalformedXML"},
		"unknown key":        {signature("nobody", "2009-01-01T12:00:00.000Z", "x"), "Client.InvalidAccessKeyId"},
		"a credential":       {whole + "<Credential>token</Credential>", "Client.InvalidToken"},
		"an empty signature": {signature(k.ID, now.UTC().Format(time.RFC3339), ""), "Client.MissingSecurityElement"},
	} {
		got := s.post(soap.MediaType, envelope("ListBucket", "<Bucket>pond</Bucket>"+tt.elements))
		if name == "no signature" {
			got = s.post(soap.MediaType, envelope("ListBucket", "<Bucket>pond</Bucket>"+whole[:strings.Index(whole, "<Signature>")]))
		}
		if got.fault() != tt.want {
			t.Errorf("%s: fault %q, want %q\n%s", name, got.fault(), tt.want, got.body)
		}
	}
	got := s.post(soap.MediaType, envelope("ListBucket", "<Bucket>pond</Bucket>"+sign("DeleteBucket", now)))
	if want := "AmazonS3ListBucket" + now.UTC().Format("2006-01-02T15:04:05.000Z"); got.element("StringToSign") != want || got.element("AWSAccessKeyId") != k.ID {
		t.Errorf("the fault does not say what was to be signed, %s:\n%s", want, got.body)
	}
}

// TestNamesDoNotRunIntoTimestamps (S1): nothing parts the operation from the timestamp in what is signed, and PutObject is
// how PutObjectInline begins. One's signature is not the other's.
func TestNamesDoNotRunIntoTimestamps(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	k, now := s.keys[owner], time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	signed := soap.Sign(k.Secret.Reveal(), "PutObjectInline", now)
	const put = "<Bucket>pond</Bucket><Key>k</Key><ContentLength>1</ContentLength>"
	kind, message := pack(t, "dime", envelope("PutObject", put+signature(k.ID, "Inline"+now, signed)), "x")
	if got := s.post(kind, message); got.fault() != "Client.MalformedXML" {
		t.Errorf("PutObject with the signature of PutObjectInline: fault %q\n%s", got.fault(), got.body)
	}
	if got := s.post(soap.MediaType, envelope("PutObjectInline", put+"<Data>eA==</Data>"+signature(k.ID, now, signed))); got.status != http.StatusOK {
		t.Errorf("PutObjectInline with its signature: fault %q\n%s", got.fault(), got.body)
	}
}

// TestUsersOfIAM: an IAM user signs, and his policies count; credentials that end do not sign.
func TestUsersOfIAM(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	s.addIAMUser(t, "bob", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"s3:signatureversion":"AWS"}}}]}`)
	s.must(t, "bob", "ListBucket", "<Bucket>pond</Bucket>")
	if got := s.do("bob", "DeleteBucket", "<Bucket>pond</Bucket>"); got.fault() != "Client.AccessDenied" || !strings.Contains(got.body, "no identity-based policy allows the s3:DeleteBucket action") {
		t.Errorf("a user without leave: %s", got.body)
	}
	by, err := s.accounts.Caller(t.Context(), s.keys[owner].ID, "")
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.accounts.SessionFor(t.Context(), by, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.keys["session"] = account.AccessKey{ID: session.AccessKey, Secret: session.Secret}
	if got := s.do("session", "ListBucket", "<Bucket>pond</Bucket>"); got.fault() != "Client.InvalidAccessKeyId" {
		t.Errorf("temporary credentials: %s", got.body)
	}
}
