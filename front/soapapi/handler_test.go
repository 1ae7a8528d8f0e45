package soapapi

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/soap"
)

func TestServes(t *testing.T) {
	for _, tt := range []struct {
		method, target, contentType string
		want                        bool
	}{
		{"POST", "/soap", "text/xml; charset=utf-8", true},
		{"POST", "/soap", "application/dime", true},
		{"POST", "/soap", "multipart/related; boundary=b", true},
		{"POST", "/soap", "multipart/form-data; boundary=b", false}, // of a browser, into a bucket "soap"
		{"POST", "/soap?delete", "text/xml", false},                 // DeleteObjects in a bucket "soap"
		{"POST", "/%73oap", "text/xml", true},                       // the same path
		{"POST", "/soap/", "text/xml", false},
		{"POST", "/soap%2Fk", "text/xml", false},
		{"POST", "/soap/k", "text/xml", false},
		{"POST", "/", "text/xml", false},
		{"PUT", "/soap", "text/xml", false},
		{"GET", "/soap", "", false},
	} {
		r := httptest.NewRequest(tt.method, tt.target, nil)
		r.Header.Set("Content-Type", tt.contentType)
		if got := Serves(r); got != tt.want {
			t.Errorf("%s %s of %s: got %v, want %v", tt.method, tt.target, tt.contentType, got, tt.want)
		}
	}
}

// TestMessages: what is no request of ours is a fault of its own.
func TestMessages(t *testing.T) {
	s := newTestServer(t, Options{})
	const none = `<a xmlns="` + namespace + `"/>`
	wrap := func(body string) string {
		return `<e:Envelope xmlns:e="` + soap.EnvelopeNamespace + `"><e:Body>` + body + `</e:Body></e:Envelope>`
	}
	for name, tt := range map[string]struct{ contentType, message, want string }{
		"no XML":               {"text/xml", "hello", "Client.InvalidSOAPRequest"},
		"no operation":         {"text/xml", wrap(none), "Client.InvalidSOAPRequest"},
		"of another service":   {"text/xml", wrap(`<ListBucket xmlns="urn:x"/>`), "Client.InvalidSOAPRequest"},
		"of no service":        {"text/xml", wrap("<ListBucket/>"), "Client.InvalidSOAPRequest"},
		"unknown parameter":    {"text/xml", wrap(`<ListBucket xmlns="` + namespace + `"><Key>k</Key></ListBucket>`), "Client.MalformedXML"},
		"parameter elsewhere":  {"text/xml", wrap(`<ListBucket xmlns="` + namespace + `"><Bucket xmlns="urn:x">b</Bucket></ListBucket>`), "Client.MalformedXML"},
		"repeated parameter":   {"text/xml", wrap(`<ListBucket xmlns="` + namespace + `"><Bucket>a</Bucket><Bucket>b</Bucket></ListBucket>`), "Client.MalformedXML"},
		"too many of a list":   {"text/xml", wrap(`<GetObjectExtended xmlns="` + namespace + `">` + strings.Repeat("<IfMatch>a</IfMatch>", maxEntries+1) + `</GetObjectExtended>`), "Client.MalformedXML"},
		"SOAP 1.2":             {"text/xml", strings.ReplaceAll(wrap(none), soap.EnvelopeNamespace, "http://www.w3.org/2003/05/soap-envelope"), "VersionMismatch"},
		"a header of the kind": {"text/xml", strings.Replace(wrap(none), "<e:Body>", `<e:Header><h e:mustUnderstand="1"/></e:Header><e:Body>`, 1), "MustUnderstand"},
		"a document type":      {"text/xml", `<!DOCTYPE a [<!ENTITY b "` + strings.Repeat("b", 100) + `">]>` + wrap("<a>&b;</a>"), "Client.InvalidSOAPRequest"},
		"too long":             {"text/xml", wrap(`<PutObjectInline xmlns="` + namespace + `"><Data>` + strings.Repeat("A", soap.MaxEnvelope) + `</Data></PutObjectInline>`), "Client.MaxMessageLengthExceeded"},
		"no DIME":              {"application/dime", "hello, this is not DIME", "Client.InvalidSOAPRequest"},
		"DIME that ends":       {"application/dime", "\x0c", "Client.IncompleteBody"},
		"no MIME":              {"multipart/related", "hello", "Client.InvalidSOAPRequest"},
		"namespace, no slash":  {"text/xml", wrap(`<ListBucket xmlns="http://s3.amazonaws.com/doc/2006-03-01"><Bucket>nowhere</Bucket></ListBucket>`), "Client.NoSuchBucket"},
		"of the guide":         {"text/xml", wrap(`<ListBucket xmlns="http://doc.s3.amazonaws.com/2006-03-01"><Bucket>nowhere</Bucket></ListBucket>`), "Client.NoSuchBucket"},
		"unqualified children": {"text/xml", wrap(`<n:ListBucket xmlns:n="` + namespace + `"><Bucket>nowhere</Bucket></n:ListBucket>`), "Client.NoSuchBucket"},
	} {
		if got := s.post(tt.contentType, tt.message); got.status != http.StatusInternalServerError || got.fault() != tt.want || got.element("faultstring") == "" {
			t.Errorf("%s: status %d, fault %q, want %q\n%s", name, got.status, got.fault(), tt.want, got.body)
		}
	}
}

func TestTransport(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		s := newTestServer(t, Options{OverHTTP: allowed})
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(s.message(owner, "ListAllMyBuckets", "")))
		r.Header.Set("Content-Type", "text/xml")
		got := s.serve(r)
		if (got.status == http.StatusOK) != allowed || !allowed && got.fault() != "Client.InvalidRequest" {
			t.Errorf("over HTTP, allowed %v: status %d\n%s", allowed, got.status, got.body)
		}
	}
}

// TestEveryKindHasACode: what is not a fault of the caller is an internal error that tells nothing.
func TestEveryKindHasACode(t *testing.T) {
	secret := errors.New("cause with a secret")
	for _, k := range fault.Kinds() {
		e := translate(fault.New("op", "resource", k, secret))
		if _, ours := codes[e.code]; !ours || e.message == "" {
			t.Errorf("%v: got %q %q", k, e.code, e.message)
		}
		if _, known := kindCodes[k]; !known && (e.code != codeInternalError || strings.Contains(e.message, "secret")) {
			t.Errorf("%v: got %q %q, want the internal error", k, e.code, e.message)
		}
		if strings.Contains(e.message, "secret") && !tellsCause(k) {
			t.Errorf("%v tells its cause", k)
		}
	}
	for c, row := range codes {
		prefix := "Client."
		switch {
		case c == codeMustUnderstand || c == codeVersionMismatch:
			prefix = ""
		case row.status >= http.StatusInternalServerError:
			prefix = "Server."
		}
		if got, want := errorOf(c, "").faultCode(), prefix+string(c); got != want || row.message == "" {
			t.Errorf("fault code %q, want %q", got, want)
		}
	}
	if len(messageCodes) != int(soap.MustUnderstand)+1 {
		t.Errorf("%d reasons of messages have codes", len(messageCodes))
	}
	if e := translate(secret); e.code != codeInternalError || strings.Contains(e.message, "secret") {
		t.Errorf("got %q %q, want the internal error", e.code, e.message)
	}
}

// TestLongEnvelopes: of those only so many are read at the same time.
func TestLongEnvelopes(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	data := strings.Repeat("AAAA", shortEnvelope/4)
	long := "<Bucket>pond</Bucket><Key>k</Key><Data>" + data + "</Data><ContentLength>49152</ContentLength>"
	for range longEnvelopes {
		s.handler.long <- struct{}{}
	}
	if got := s.do(owner, "PutObjectInline", long); got.fault() != "Server.SlowDown" {
		t.Errorf("without a place: %s", got.body)
	}
	s.must(t, owner, "ListBucket", "<Bucket>pond</Bucket>")
	<-s.handler.long
	for range 2 { // the place is given back
		s.must(t, owner, "PutObjectInline", long)
	}
}

func TestBusy(t *testing.T) {
	s := newTestServer(t, Options{})
	w := httptest.NewRecorder()
	s.handler.Busy(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader("x")))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "<faultcode>soapenv:Server.SlowDown</faultcode>") {
		t.Errorf("status %d, %s", w.Code, w.Body)
	}
}

// TestPanic: a broken invariant is logged and cuts the connection.
func TestPanic(t *testing.T) {
	var log bytes.Buffer
	s := newTestServer(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.handler.operations["ListBucket"] = operation{name: "ListBucket", parameters: []string{"Bucket"}, action: access.ListAllMyBuckets, serve: func(*Handler, *call) (*answer, error) { panic("broken") }}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler || !strings.Contains(log.String(), "soap request panicked") || !strings.Contains(log.String(), "operation=ListBucket") {
			t.Errorf("panic %v, log %s", p, &log)
		}
	}()
	s.do(other, "ListBucket", "")
}

// TestGoneClients: a body that breaks off is the client's fault, and nothing is kept of it.
func TestGoneClients(t *testing.T) {
	var log bytes.Buffer
	s := newTestServer(t, Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	for _, packaging := range []string{"dime", "swa", "mtom"} {
		kind, whole := pack(t, packaging, s.message(owner, "PutObject", "<Bucket>pond</Bucket><Key>k</Key><ContentLength>100000</ContentLength>"), strings.Repeat("x", 100_000))
		for _, n := range []int{0, 10, 300, 2000, 50_000, len(whole) - 60} {
			r := httptest.NewRequest(http.MethodPost, path, io.MultiReader(strings.NewReader(whole[:n]), iotest.ErrReader(errors.New("connection reset by peer"))))
			r.TLS = overTLS()
			r.Header.Set("Content-Type", kind)
			if got := s.serve(r); got.fault() != "Client.IncompleteBody" {
				t.Errorf("%s that ends after %d bytes: %s", packaging, n, got.body)
			}
		}
	}
	if got := s.do(owner, "GetObject", "<Bucket>pond</Bucket><Key>k</Key>"); got.fault() != "Client.NoSuchKey" || log.Len() > 0 {
		t.Errorf("what broke off is there, or is a fault of ours: %s %s", got.body, &log)
	}
}
