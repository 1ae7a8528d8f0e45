package s3api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/wire/sigv4"
)

const logged = `<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>x/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>`

// newLoggedServer has owner's buckets pond and lake, which keep a log, and logs, where it goes.
func newLoggedServer(t *testing.T, o Options) *testServer {
	s := newTestServer(t, o)
	s.must(t, owner, "PUT", "/logs", "", "x-amz-acl: log-delivery-write")
	for _, b := range []string{"/pond", "/lake"} {
		s.must(t, owner, "PUT", b, "")
		s.must(t, owner, "PUT", b+"?logging", logged)
	}
	s.usage.wait(t, 5)
	return s
}

// since returns the events after the first n, when there are more of them.
func (s *testServer) since(t *testing.T, n, more int) []meter.Event {
	return s.usage.wait(t, n+more)[n:]
}

// TestAccessLogRecords: each kind of request has its records, and the usage report is what they say.
func TestAccessLogRecords(t *testing.T) {
	s := newLoggedServer(t, Options{})
	s.addIAMUser(t, "heron", strings.Replace(allObjects, "s3:*Object", "s3:*", 1))
	heron := "arn:aws:iam::" + s.users[owner].CanonicalID.AccountID() + ":user/heron"
	batch := "<Delete><Object><Key>a b</Key></Object><Object><Key>public</Key></Object><Object><Key>nö</Key><VersionId>none</VersionId></Object></Delete>"
	names := strings.NewReplacer(string(s.users[owner].CanonicalID), "OWNER", string(s.users[other].CanonicalID), "OTHER")
	// What a record says: bucket, operation, key, status, code, requester, size, and who pays. More records than one are
	// in as many events as there are buckets.
	tests := []struct {
		who, method, target, body string
		headers                   []string
		want                      []string
	}{
		{owner, "PUT", "/pond/a%20b", "hello", nil, []string{"pond REST.PUT.OBJECT a b 200 - OWNER 5 OWNER"}},
		{"heron", "PUT", "/pond/public", "hello", []string{"x-amz-acl: public-read"}, []string{"pond REST.PUT.OBJECT public 200 - HERON 5 OWNER"}},
		{owner, "GET", "/pond/a%20b?x-of=us", "", []string{"Range: bytes=0-1"}, []string{"pond REST.GET.OBJECT a b 206 - OWNER 5 OWNER"}},
		{anonymous, "GET", "/pond/public", "", nil, []string{"pond REST.GET.OBJECT public 200 - - 5 OWNER acl"}},
		{anonymous, "GET", "/pond/public?torrent", "", nil, []string{"pond REST.GET.TORRENT public 200 - - 5 OWNER acl"}},
		{other, "GET", "/pond/a%20b", "", nil, []string{"pond REST.GET.OBJECT a b 403 AccessDenied OTHER 5 -"}},
		{owner, "GET", "/pond/none", "", nil, []string{"pond REST.GET.OBJECT none 404 NoSuchKey OWNER - OWNER"}},
		{owner, "HEAD", "/pond", "", nil, []string{"pond REST.HEAD.BUCKET - 200 - OWNER - OWNER"}},
		{owner, "GET", "/pond?list-type=2", "", nil, []string{"pond REST.GET.BUCKET - 200 - OWNER - OWNER"}},
		{owner, "GET", "/pond?list-type=2&max-keys=x", "", nil, []string{"pond REST.GET.BUCKET - 400 InvalidArgument OWNER - -"}},
		{owner, "PUT", "/pond?accelerate", "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>", nil, []string{"pond REST.PUT.ACCELERATE - 501 NotImplemented OWNER - -"}},
		{owner, "PUT", "/lake/copy", "", []string{"x-amz-copy-source: /pond/a%20b"}, []string{"lake REST.COPY.OBJECT copy 200 - OWNER 5 OWNER", "pond REST.COPY.OBJECT_GET a b 200 - OWNER 5 -"}},
		{owner, "PUT", "/pond/copy", "", []string{"x-amz-copy-source: /pond/none"}, []string{"pond REST.COPY.OBJECT copy 404 NoSuchKey OWNER - OWNER", "pond REST.COPY.OBJECT_GET none 404 NoSuchKey OWNER - -"}},
		{owner, "POST", "/pond?delete", batch, []string{contentMD5(batch)}, []string{
			"pond REST.POST.MULTI_OBJECT_DELETE - 200 - OWNER - OWNER", "pond BATCH.DELETE.OBJECT a b 204 - OWNER - -",
			"pond BATCH.DELETE.OBJECT public 204 - OWNER - -", "pond BATCH.DELETE.OBJECT nö 400 InvalidArgument OWNER - -",
		}},
		{owner, "DELETE", "/lake/copy", "", nil, []string{"lake REST.DELETE.OBJECT copy 204 - OWNER - OWNER"}},
		{owner, "GET", "/logs?logging", "", nil, nil}, // it has no log
	}
	seen := 5
	for _, tt := range tests {
		s.do(t, tt.who, tt.method, tt.target, tt.body, tt.headers...)
		n := 1
		if len(tt.headers) > 0 && strings.Contains(tt.headers[0], "copy-source") {
			n = 2
		}
		events := s.since(t, seen, n)
		seen += n
		lines := records(t, events)
		var got []string
		for _, r := range lines {
			got = append(got, names.Replace(strings.ReplaceAll(said(&r), heron, "HERON")))
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s %s by %q:\ngot  %q\nwant %q", tt.method, tt.target, tt.who, got, tt.want)
		}
		if got, want := recount(t, lines), summed(events); len(tt.want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s %s by %q: recounted\ngot  %v\nwant %v", tt.method, tt.target, tt.who, got, want)
		}
	}
}

// TestAccessLogOperations: uploads, forms, preflights and websites have their operation columns, and are recounted too.
func TestAccessLogOperations(t *testing.T) {
	s := newLoggedServer(t, Options{WebsiteDomains: []string{scriptWebsite}})
	site := func(method, path string) {
		t.Helper()
		r, err := http.NewRequest(method, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "pond." + scriptWebsite
		answer, err := s.web.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	upload := func(key string) string {
		return s.must(t, owner, "POST", "/pond/"+key+"?uploads", "").element("UploadId")
	}
	s.must(t, owner, "PUT", "/lake/part", pattern(100))
	first, second := upload("k"), upload("gone")
	part := s.must(t, owner, "PUT", "/pond/k?partNumber=1&uploadId="+first, pattern(leastPart))
	copied := s.must(t, owner, "PUT", "/pond/k?partNumber=2&uploadId="+first, "", "x-amz-copy-source: /lake/part")
	s.must(t, owner, "POST", "/pond/k?uploadId="+first, fmt.Sprintf(
		"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>%s</ETag></Part><Part><PartNumber>2</PartNumber><ETag>%s</ETag></Part></CompleteMultipartUpload>",
		part.header.Get("Etag"), copied.element("ETag")))
	s.must(t, owner, "DELETE", "/pond/gone?uploadId="+second, "")
	s.post(t, s.signedForm(t, func(p *minio.PostPolicy) { _ = p.SetKey("form") }), "f", "content")
	s.do(t, anonymous, "OPTIONS", "/pond/k", "", "Origin: https://a.example", "Access-Control-Request-Method: GET")
	s.must(t, owner, "PUT", "/pond/index", "home", "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/pond/error", "not here", "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/pond?website", "<WebsiteConfiguration><IndexDocument><Suffix>index</Suffix></IndexDocument><ErrorDocument><Key>error</Key></ErrorDocument></WebsiteConfiguration>")
	for _, method := range []string{"GET", "HEAD"} {
		site(method, "/")
		site(method, "/none")
	}
	events := s.since(t, 5, 17)
	var got []string
	for _, r := range records(t, events) {
		got = append(got, fmt.Sprint(r.Operation, " ", r.Key, " ", r.Status, " ", r.ChargedTo != ""))
	}
	want := []string{
		"REST.PUT.OBJECT part 200 true", "REST.POST.UPLOADS k 200 true", "REST.POST.UPLOADS gone 200 true", "REST.PUT.PART k 200 true",
		"REST.COPY.PART k 200 true", "REST.COPY.PART_GET part 200 false", "REST.POST.UPLOAD k 200 true", "REST.DELETE.UPLOAD gone 204 true",
		"REST.POST.BUCKET form 204 true", "REST.OPTIONS.PREFLIGHT k 403 true", "REST.PUT.OBJECT index 200 true", "REST.PUT.OBJECT error 200 true",
		"REST.PUT.WEBSITE  200 true", "WEBSITE.GET.OBJECT index 200 true", "WEBSITE.GET.OBJECT none 403 true", "WEBSITE.HEAD.OBJECT index 200 true",
		"WEBSITE.HEAD.OBJECT none 403 true",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, want := recount(t, records(t, events)), summed(events); !reflect.DeepEqual(got, want) {
		t.Errorf("recounted\ngot  %v\nwant %v", got, want)
	}
}

// leastPart is the least size of a part that is not the last.
const leastPart = 5 << 20

// said is what most tests compare of a record.
func said(r *accesslog.Record) string {
	dash := func(text string) string {
		if text == "" || text == "0" {
			return "-"
		}
		return text
	}
	text := fmt.Sprint(r.Bucket, " ", r.Operation, " ", dash(r.Key), " ", r.Status, " ", dash(r.ErrorCode), " ", dash(r.Requester), " ",
		dash(fmt.Sprint(r.ObjectSize)), " ", dash(r.ChargedTo))
	if r.ACLRequired {
		text += " acl"
	}
	return text
}

// TestAccessLogFields: the fields that the others do not compare.
func TestAccessLogFields(t *testing.T) {
	s := newLoggedServer(t, Options{Region: sigv4.DefaultRegion})
	s.must(t, owner, "PUT", "/pond/k", "hello")
	got := s.must(t, owner, "GET", "/pond/k?x-of=%22us%22&versionId=null", "", "User-Agent: a \"b\"", "Referer: http://pond.example/?a=b")
	r := records(t, s.since(t, 6, 1))[0]
	at, host := r.Time, strings.TrimPrefix(s.url, "http://")
	if d := time.Since(at); d < 0 || d > time.Hour || r.TotalTime <= 0 || r.TurnAround <= 0 {
		t.Errorf("at %v, took %v and %v", at, r.TotalTime, r.TurnAround)
	}
	id := string(s.users[owner].CanonicalID)
	want := accesslog.Record{
		BucketOwner: id, Bucket: "pond", Time: at, RemoteIP: r.RemoteIP, Requester: id, RequestID: got.header.Get("X-Amz-Request-Id"),
		Operation: "REST.GET.OBJECT", Key: "k", Request: accesslog.RequestURI{Method: "GET", URI: "/pond/k?x-of=%22us%22&versionId=null", Proto: "HTTP/1.1"},
		Status: 200, BytesSent: 5, ObjectSize: 5, TotalTime: r.TotalTime, TurnAround: r.TurnAround, Referer: "http://pond.example/?a=b",
		UserAgent: "a %22b%22", VersionID: "null", HostID: got.header.Get("X-Amz-Id-2"), Signature: "SigV4", AuthType: "AuthHeader",
		Host: host, Region: "us-east-1", ChargedTo: id,
	}
	if !reflect.DeepEqual(r, want) || !r.RemoteIP.IsLoopback() {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	link := &http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: host, Path: "/pond/k"}, Header: http.Header{}}
	mustPresign(t, link, s.keys[owner], time.Minute, time.Now())
	answer, err := s.web.RoundTrip(link)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	r = records(t, s.since(t, 7, 1))[0]
	if r.AuthType != "QueryString" || r.Signature != "SigV4" || r.Request.URI != link.URL.RequestURI() {
		t.Errorf("presigned: %+v", r)
	}
}

// TestAccessLogOfTheRefused: who does not get as far as the bucket is in its log, and nobody pays.
func TestAccessLogOfTheRefused(t *testing.T) {
	s := newLoggedServer(t, Options{})
	s.keys["thief"] = sigv4.Credentials{AccessKeyID: s.keys[owner].AccessKeyID, SecretAccessKey: "guessed"}
	s.refused(t, "thief", "PUT", "/pond/k", "x", http.StatusForbidden, codeSignatureDoesNotMatch)
	e := s.since(t, 5, 1)[0]
	r := records(t, []meter.Event{e})[0]
	if got, want := said(&r), "pond REST.PUT.OBJECT k 403 SignatureDoesNotMatch - 1 -"; got != want && got != "pond REST.PUT.OBJECT k 403 SignatureDoesNotMatch - - -" {
		t.Errorf("got %s, want %s", got, want)
	}
	if e.Requests != 0 || e.BytesIn != 0 || e.BytesOut != 0 || e.Account != string(s.users[owner].CanonicalID) {
		t.Errorf("counted %+v", e)
	}
	s.refused(t, "thief", "GET", "/none/k", "", http.StatusForbidden, codeSignatureDoesNotMatch)
	s.must(t, owner, "HEAD", "/pond", "")
	if got := s.since(t, 6, 1)[0].Operation; got != meter.HeadBucket {
		t.Errorf("a bucket that is not there has an event: %v", got)
	}
}

// TestAccessLogOfABatch: all keys of the largest batch are in the event that counts it.
func TestAccessLogOfABatch(t *testing.T) {
	s := newLoggedServer(t, Options{})
	var batch strings.Builder
	batch.WriteString("<Delete><Quiet>true</Quiet>")
	for i := range maxDeleteKeys {
		fmt.Fprintf(&batch, "<Object><Key>%s%d</Key></Object>", strings.Repeat("é", 500), i)
	}
	batch.WriteString("</Delete>")
	s.must(t, owner, "POST", "/pond?delete", batch.String(), contentMD5(batch.String()))
	events := s.since(t, 5, 1)
	lines := records(t, events)
	if len(lines) != maxDeleteKeys+1 || events[0].Requests != 1 {
		t.Errorf("%d records of %d requests", len(lines), events[0].Requests)
	}
	if got, want := recount(t, lines), summed(events); !reflect.DeepEqual(got, want) {
		t.Errorf("recounted\ngot  %v\nwant %v", got, want)
	}
}

// TestAccessLogOfTheRequesterPays: who says that they pay is charged, in the log and on the usage report.
func TestAccessLogOfTheRequesterPays(t *testing.T) {
	s := newLoggedServer(t, Options{})
	s.must(t, owner, "PUT", "/pond/k", "hello", "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/pond?requestPayment", "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>")
	s.must(t, other, "PUT", "/away", "")
	const pays = "x-amz-request-payer: requester"
	seen := 8
	tests := []struct {
		who, method, target string
		headers             []string
		status              int
		payer               string // "" is nobody
	}{
		{owner, "GET", "/pond/k", nil, 200, owner},
		{owner, "GET", "/pond/k", []string{pays}, 200, owner},
		{other, "GET", "/pond/k", nil, 403, ""},
		{other, "GET", "/pond/k", []string{pays}, 200, other},
		{other, "HEAD", "/pond/k", []string{pays}, 200, other},
		{other, "GET", "/pond/none", []string{pays}, 403, ""},
		{other, "GET", "/pond/k", []string{pays, `If-Match: "x"`}, 412, other},
		{anonymous, "GET", "/pond/k", []string{pays}, 403, ""},
		{anonymous, "GET", "/pond/k?torrent", nil, 403, ""},
		{other, "GET", "/pond/k?torrent", []string{pays}, 403, ""},
		{admin, "GET", "/pond/k", []string{pays}, 200, owner},
	}
	for _, tt := range tests {
		answer := s.do(t, tt.who, tt.method, tt.target, "", tt.headers...)
		e := s.since(t, seen, 1)[0]
		seen++
		r := records(t, []meter.Event{e})[0]
		payer, account := "", string(s.users[owner].CanonicalID)
		if tt.payer != "" {
			payer = string(s.users[tt.payer].CanonicalID)
			account = payer
		}
		if answer.status != tt.status || r.ChargedTo != payer || e.Account != account || (e.Requests > 0) != (payer != "") {
			t.Errorf("%s %s by %q %v: status %d, charged to %q, counted %+v", tt.method, tt.target, tt.who, tt.headers, answer.status, r.ChargedTo, e)
		}
		charged := answer.header.Get("X-Amz-Request-Charged") != ""
		if want := tt.payer == other && tt.status == 200; charged != want {
			t.Errorf("%s %s by %q %v: told charged %v, want %v", tt.method, tt.target, tt.who, tt.headers, charged, want)
		}
		if got, want := recount(t, []accesslog.Record{r}), summed([]meter.Event{e}); !reflect.DeepEqual(got, want) {
			t.Errorf("recounted\ngot  %v\nwant %v", got, want)
		}
	}
	answer := s.must(t, other, "PUT", "/away/k", "", "x-amz-copy-source: /pond/k", pays)
	if answer.header.Get("X-Amz-Request-Charged") == "" {
		t.Error("a copy out of the bucket is not told that it is charged")
	}
	events := s.since(t, 0, seen+1)
	m := meter.New(s.engine, meter.Options{})
	for _, e := range events {
		m.Record(e)
	}
	for _, who := range []string{owner, other} {
		account := string(s.users[who].CanonicalID)
		want := summed(slices.DeleteFunc(slices.Clone(events), func(e meter.Event) bool { return e.Account != account }))
		if got := reported(t, m, account); !reflect.DeepEqual(got, want) {
			t.Errorf("the usage report of %s:\ngot  %v\nwant %v", who, got, want)
		}
		heads := int64(0)
		for row, n := range want {
			if row.operation == "HeadObject" && row.usageType == "Requests-Tier2" {
				heads += n
			}
		}
		if heads != map[string]int64{other: 1}[who] {
			t.Errorf("%s is charged for %d HEADs of the other account", who, heads)
		}
	}
}

// TestLogRecordsCannotBeForged: what a client sends stays in its field, whatever it is.
func TestLogRecordsCannotBeForged(t *testing.T) {
	s := newLoggedServer(t, Options{})
	forged := `" 200 - 99999999 - - - "-" "-" -`
	answer := rawExchange(t, s, "GET /pond/a%0d%0ab%22%5c\"?x=\"y\" HTTP/1.1\r\nHost: pond.example\r\nReferer: x"+forged+
		"\r\nUser-Agent: \xff\t"+forged+"\\\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 403") {
		t.Fatalf("answer %q", answer)
	}
	e := s.since(t, 5, 1)[0]
	all := records(t, []meter.Event{e})
	if len(all) != 1 || all[0].Key != "a\r\nb\"\\\"" || all[0].Status != 403 || all[0].ChargedTo != "" || all[0].BytesSent == 99999999 {
		t.Errorf("records %+v", all)
	}
	// What marks the records of pieces means nothing in a request of S3's: it is recounted as any other.
	s.must(t, owner, "HEAD", "/pond?x-bittorrent=1&x-piece=0&x-continued=1", "")
	piece := s.since(t, 6, 1)
	if r := records(t, piece); r[0].HostID == "" || len(recount(t, r)) == 0 || !reflect.DeepEqual(recount(t, r), summed(piece)) {
		t.Errorf("a request that calls itself a piece: %+v", r)
	}
	if line := strings.TrimSuffix(string(e.Log.Lines), "\n"); strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' || c == '\\' }) || strings.Count(line, `"`) != 6 {
		t.Errorf("line %q", line)
	}
}

// BenchmarkRecord measures the meter's share of a small GET, with and without an access log.
func BenchmarkRecord(b *testing.B) {
	for name, log := range map[string]*accesslog.Target{"without a log": nil, "with a log": {Bucket: "logs"}} {
		b.Run(name, func(b *testing.B) {
			h := &Handler{meter: discard{}, o: Options{Now: time.Now}}
			bucket := &object.Bucket{Name: "pond", Owner: "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}
			bucket.Config.Logging = log
			r := httptest.NewRequest("GET", "/pond/k", nil)
			op := &operation{name: "GetObject", logAs: "REST.GET.OBJECT", usage: meter.GetObject, tier: meter.Tier2, action: access.GetObject}
			c := &call{http: r, bucket: bucket, operation: op, requestID: "3E57427F3EXAMPLE", hostID: "Ke1bUcazaN1jWuUlPJaxF64cQVpUEhoZKEG"}
			b.ReportAllocs()
			for b.Loop() {
				h.record(c, outcome{status: 200, sent: 5})
			}
		})
	}
}

// discard is a meter.Recorder that forgets.
type discard struct{}

func (discard) Record(meter.Event) {}
