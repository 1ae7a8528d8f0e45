package s3api

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"shoal/core/fault"
)

func deleteDocument(quiet bool, keys ...string) string {
	x := newXML("Delete")
	x.bool("Quiet", quiet)
	for _, k := range keys {
		x.open("Object")
		x.text("Key", k)
		x.close("Object")
	}
	return string(x.bytes())
}

func TestDeleteObjects(t *testing.T) {
	s := newTestServer(t, Options{})
	var keys []string
	for i := range 50 {
		keys = append(keys, fmt.Sprintf("k/%02d", i))
	}
	s.fill(t, "alpha", append(keys, "a&b", "../x")...)

	doc := deleteDocument(false, append(keys, "a&b", "../x", "absent")...)
	r := s.must(t, owner, "POST", "/alpha?delete", doc, contentMD5(doc))
	if got, want := r.elements("Key"), append(keys, "a&amp;b", "../x", "absent"); !slices.Equal(got, want) {
		t.Errorf("deleted %q, want %q", got, want)
	}
	if strings.Contains(r.body, "<Error>") {
		t.Errorf("errors:\n%s", r.body)
	}
	if left := s.must(t, owner, "GET", "/alpha", "").elements("Key"); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}

func TestDeleteObjectsOutcomes(t *testing.T) {
	s := newTestServer(t, Options{})
	s.fill(t, "alpha", "free/a", "kept/b", "free/c")
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::alpha/free/*"}]}`
	s.must(t, owner, "PUT", "/alpha?policy", policy)

	doc := deleteDocument(false, "free/a", "kept/b")
	r := s.must(t, reader, "POST", "/alpha?delete", doc, contentMD5(doc))
	if got, want := r.elements("Code"), []string{"AccessDenied"}; !slices.Equal(got, want) {
		t.Errorf("codes %q, want %q\n%s", got, want, r.body)
	}
	if !strings.Contains(r.body, "<Error><Key>kept/b</Key>") || !strings.Contains(r.body, "<Deleted><Key>free/a</Key></Deleted>") {
		t.Errorf("outcomes:\n%s", r.body)
	}
	doc = deleteDocument(true, "free/c", strings.Repeat("k", 1025))
	r = s.must(t, owner, "POST", "/alpha?delete", doc, contentMD5(doc))
	if strings.Contains(r.body, "<Deleted>") || r.element("Code") != string(codeKeyTooLong) {
		t.Errorf("quiet answer:\n%s", r.body)
	}
	if got, want := s.must(t, owner, "GET", "/alpha", "").elements("Key"), []string{"kept/b"}; !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
	doc = `<Delete><Object><Key>kept/b</Key><ETag>"0123"</ETag></Object></Delete>`
	r = s.must(t, owner, "POST", "/alpha?delete", doc, contentMD5(doc))
	if r.element("Code") != string(codePreconditionFailed) {
		t.Errorf("delete of another ETag:\n%s", r.body)
	}
	doc = `<Delete><Object><Key>kept/b</Key><ETag>""</ETag></Object></Delete>`
	r = s.must(t, owner, "POST", "/alpha?delete", doc, contentMD5(doc))
	if r.element("Code") != string(codeInvalidArgument) {
		t.Errorf("delete of an empty ETag:\n%s", r.body)
	}
	doc = `<Delete><Object><Key>kept/b</Key><VersionId>null</VersionId></Object></Delete>`
	s.must(t, owner, "PUT", "/alpha?policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",`+
		`"Action":"s3:DeleteObjectVersion","Resource":"arn:aws:s3:::alpha/*","Condition":{"StringEquals":{"s3:VersionId":"null"}}}]}`)
	r = s.must(t, owner, "POST", "/alpha?delete", doc, contentMD5(doc))
	if r.element("Code") != string(codeAccessDenied) {
		t.Errorf("delete of a version that the policy denies:\n%s", r.body)
	}
	s.must(t, owner, "DELETE", "/alpha?policy", "")
	r = s.must(t, owner, "POST", "/alpha?delete", doc, contentMD5(doc))
	if r.element("VersionId") != "null" || strings.Contains(r.body, "<Error>") {
		t.Errorf("delete of the null version:\n%s", r.body)
	}
}

// TestDeleteObjectsLogsFaults: the answer is a 200, but an operator has to hear of what went wrong in it.
func TestDeleteObjectsLogsFaults(t *testing.T) {
	var log bytes.Buffer
	s := newTestServer(t, Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))})
	doc := deleteRequest{Objects: []deleteIdentity{{Key: "a"}, {Key: "b"}, {Key: "c"}}}
	answer := doc.answer([]deleteOutcome{
		{err: errAccessDenied()}, {err: fault.New("delete", "b", fault.Internal, errors.New("disk on fire"))}, {},
	})
	w := httptest.NewRecorder()
	s.handler.render(w, s.handler.newCall(w, httptest.NewRequest("POST", "/alpha?delete", nil)), answer, nil)
	if body := w.Body.String(); !strings.Contains(body, "<Code>InternalError</Code>") || strings.Contains(body, "on fire") {
		t.Errorf("the answer is\n%s", body)
	}
	if !strings.Contains(log.String(), "disk on fire") || strings.Contains(log.String(), "AccessDenied") {
		t.Errorf("logged %q", &log)
	}
}

func TestDeleteObjectsRefuses(t *testing.T) {
	s := newTestServer(t, Options{})
	s.fill(t, "alpha")
	one := deleteDocument(false, "a")
	s.refused(t, owner, "POST", "/alpha?delete", one, 400, codeInvalidRequest)
	s.refused(t, owner, "POST", "/alpha?delete", one, 400, codeBadDigest, contentMD5("x"))
	tests := []struct {
		name, body string
		want       code
	}{
		{"nothing", "", codeMissingRequestBody},
		{"no objects", "<Delete/>", codeMalformedXML},
		{"no key", "<Delete><Object/></Delete>", codeMalformedXML},
		{"not xml", "<Delete", codeMalformedXML},
		{"1001 keys", deleteDocument(false, slices.Repeat([]string{"a"}, maxDeleteKeys+1)...), codeMalformedXML},
		{"too long", "<Delete>" + strings.Repeat(" ", maxDeleteXML) + "</Delete>", codeMaxMessageLengthExceeded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.refused(t, owner, "POST", "/alpha?delete", tt.body, 400, tt.want, contentMD5(tt.body))
		})
	}
}
