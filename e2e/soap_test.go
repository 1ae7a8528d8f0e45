package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestSOAP drives the SOAP API over TLS with a client that has only our WSDL, and with one that frames attachments itself.
func TestSOAP(t *testing.T) {
	findClient(t, "aws", "awscli")
	findPython(t, "boto3", "python3-boto3")
	python := findPython(t, "zeep", "python3-zeep")
	s := startTLS(t)
	t.Run("zeep", func(t *testing.T) {
		if got := runClient(t, clientIn, python, script(t, "soap_zeep.py"), s.secureURL(), s.ca.root); got != "ok\n" {
			t.Errorf("soap_zeep.py printed %q, want ok", got)
		}
	})
	t.Run("attachments", func(t *testing.T) { checkSOAPAttachments(t, s.on(t), python) })
	t.Run("usage", func(t *testing.T) { checkSOAPUsage(t, s.on(t)) })
}

// checkSOAPAttachments: what the AWS CLI reads is what was attached.
func checkSOAPAttachments(t *testing.T, s *tlsServer, python string) {
	const bucket = "soap-attached"
	s.aws("s3", "mb", "s3://"+bucket)
	if got := runClient(t, clientIn, python, script(t, "soap_attachments.py"), s.secureURL(), s.ca.root, bucket); got != "ok\n" {
		t.Fatalf("soap_attachments.py printed %q, want ok", got)
	}
	var first string
	for _, key := range []string{"dime", "mime", "mime64", "mtom"} {
		var head struct {
			ETag     string
			Metadata map[string]string
		}
		out := s.aws("s3api", "head-object", "--bucket", bucket, "--key", key)
		if err := json.Unmarshal([]byte(out), &head); err != nil {
			t.Fatalf("head-object: %v\n%s", err, out)
		}
		if first == "" {
			first = head.ETag
		}
		if head.ETag != first || head.Metadata["how"] != key {
			t.Errorf("%s: ETag %s, metadata %v; want %s, how=%s", key, head.ETag, head.Metadata, first, key)
		}
	}
}

// checkSOAPUsage: SOAP is on the usage report under the names of REST.
func checkSOAPUsage(t *testing.T, s *tlsServer) {
	u := s.usage()
	const bucket, payload = "soap-attached", 1<<20 + 13
	puts, in := u[usageKey{"PutObject", "Requests-Tier1", bucket}], u[usageKey{"PutObject", "DataTransfer-In-Bytes", bucket}]
	if puts < 6 || in < 6*payload {
		t.Errorf("PutObject: %d requests, %d bytes in; want at least the six that succeeded", puts, in)
	}
	split := s.report("csv", "--split-torrent")
	if !strings.Contains(split, "AmazonS3,PutObject,Requests-Tier1,"+bucket+",") || !strings.Contains(split, ",SOAP\n") {
		t.Errorf("shoal usage --split-torrent has no rows of SOAP:\n%s", split)
	}
	if out, gets := u.got(bucket); gets < 3 || out < 3*payload {
		t.Errorf("GetObject: %d requests, %d bytes out; want at least the three that succeeded", gets, out)
	}
}

// TestSOAPNeedsTLS: over plain HTTP there is no SOAP, unless the operator allows it.
func TestSOAPNeedsTLS(t *testing.T) {
	const message = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><ListBucket xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>nowhere</Bucket></ListBucket></e:Body></e:Envelope>`
	for flag, want := range map[string]string{"": "Client.InvalidRequest", "--soap-http": "Client.NoSuchBucket"} {
		s := start(t, options{flags: strings.Fields(flag)})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url("")+"/soap", strings.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "text/xml; charset=utf-8")
		a := exchange(t, r)
		if a.status != http.StatusInternalServerError || !strings.Contains(string(a.body), "<faultcode>soapenv:"+want+"<") {
			t.Errorf("with flag %q: status %d, want 500 and fault %s\n%s", flag, a.status, want, a.body)
		}
	}
}
