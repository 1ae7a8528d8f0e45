package soapapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"shoal/core/accesslog"
	"shoal/core/budget"
	"shoal/core/fault"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/quota"
	"shoal/wire/soap"
)

// TestMetered: requests count under the names of REST, with all bytes of their bodies; faults as those of REST.
func TestMetered(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	me := string(s.users[owner].CanonicalID)
	put := s.message(owner, "PutObjectInline", "<Bucket>pond</Bucket><Key>k</Key><Data>aGVsbG8=</Data><ContentLength>5</ContentLength>")
	answer := s.post(soap.MediaType, put)
	s.do(owner, "GetObject", "<Bucket>pond</Bucket><Key>k</Key><GetData>true</GetData>")
	s.do(owner, "DeleteObject", "<Bucket>pond</Bucket><Key>k</Key>")
	s.do(other, "ListBucket", "<Bucket>pond</Bucket>")
	missing := s.do(owner, "GetObject", "<Bucket>pond</Bucket><Key>k</Key>")
	s.do(owner, "ListBucket", "<Bucket>pond</Bucket><MaxKeys>x</MaxKeys>")
	s.post(soap.MediaType, "no XML")
	type sums struct {
		operation meter.Operation
		tier      meter.Tier
		requests  int64
		bucket    string
	}
	want := []sums{
		{meter.CreateBucket, meter.Tier1, 1, "pond"},
		{meter.PutObject, meter.Tier1, 1, "pond"},
		{meter.GetObject, meter.Tier2, 1, "pond"},
		{meter.DeleteObject, meter.TierNone, 1, "pond"},
		{meter.ListBucket, meter.TierNone, 0, "pond"},
		{meter.GetObject, meter.Tier2, 1, "pond"},
		{meter.ListBucket, meter.TierNone, 0, "pond"},
	}
	if len(s.events) != len(want) {
		t.Fatalf("%d events, want %d: %+v", len(s.events), len(want), s.events)
	}
	for i, e := range s.events {
		if got := (sums{e.Operation, e.Tier, e.Requests, e.Bucket}); got != want[i] || e.Source != meter.SOAP || e.Account != me {
			t.Errorf("event %d: %+v of source %v for %s, want %+v", i, got, e.Source, e.Account, want[i])
		}
	}
	if e := s.events[1]; e.BytesIn != int64(len(put)) || e.BytesOut != int64(len(answer.body)) {
		t.Errorf("PutObject: %d bytes in and %d out, want %d and %d", e.BytesIn, e.BytesOut, len(put), len(answer.body))
	}
	if e := s.events[5]; e.BytesOut != int64(len(missing.body)) {
		t.Errorf("a fault: %d bytes out, want %d", e.BytesOut, len(missing.body))
	}
}

// TestAccessLog: requests are in the log of their bucket, and a copy in that of its source.
func TestAccessLog(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	target := &accesslog.Target{Bucket: "logs"}
	err := s.objects.UpdateBucket(t.Context(), "pond", func(cfg *object.BucketConfig) error { cfg.Logging = target; return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, owner, "CreateBucket", "<Bucket>lake</Bucket>")
	s.must(t, owner, "PutObjectInline", "<Bucket>pond</Bucket><Key>a b</Key><Data>aGVsbG8=</Data><ContentLength>5</ContentLength>")
	s.must(t, owner, "CopyObject", "<SourceBucket>pond</SourceBucket><SourceKey>a b</SourceKey><DestinationBucket>lake</DestinationBucket><DestinationKey>c</DestinationKey>")
	s.do(anonymous, "GetObject", "<Bucket>pond</Bucket><Key>a b</Key>")
	s.post(soap.MediaType, envelope("ListBucket", "<Bucket>pond</Bucket>"+signature("nobody", "2009-01-01T12:00:00.000Z", "x")))
	var got []string
	for _, e := range s.events {
		if e.Log.Lines == nil {
			continue
		}
		r, err := accesslog.ParseLine(string(e.Log.Lines))
		if err != nil || e.Log.Target.Bucket != "logs" || e.Log.Owner != string(s.users[owner].CanonicalID) || r.Bucket != "pond" || r.RequestID == "" || r.Region != defaultRegion {
			t.Errorf("record %s: %v, for %v", e.Log.Lines, err, e.Log.Target)
		}
		if charged := r.ChargedTo != ""; charged != (e.Requests > 0) || charged && (r.BytesSent != e.BytesOut || r.BytesReceived != e.BytesIn || r.ChargedTo != e.Account) {
			t.Errorf("record %s does not say what is metered: %+v", e.Log.Lines, e)
		}
		got = append(got, strings.Join([]string{r.Operation, r.Key, r.ErrorCode, http.StatusText(r.Status), r.TLSVersion}, ","))
	}
	want := []string{
		"SOAP.PutObjectInline,a b,,OK,TLSv1.3", "SOAP.CopyObject,a b,,OK,", "SOAP.GetObject,a b,AccessDenied,Internal Server Error,TLSv1.3",
		"SOAP.ListBucket,,InvalidAccessKeyId,Internal Server Error,TLSv1.3",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("records:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// spent is a quota that is used up.
type spent struct{}

func (spent) Admit(context.Context, quota.Bucket, quota.Held) (func(bool), error) {
	return nil, fault.New("admit", "", fault.QuotaExceeded, nil)
}

func (spent) MaySend(context.Context, quota.Bucket) error {
	return fault.New("send", "", fault.QuotaExceeded, nil)
}

// TestLogRecordsCannotBeForged (S13): a key stays in its field, whatever it is and however long, also when its request is
// refused before anything is looked up.
func TestLogRecordsCannotBeForged(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	err := s.objects.UpdateBucket(t.Context(), "pond", func(cfg *object.BucketConfig) error {
		cfg.Logging = &accesslog.Target{Bucket: "logs"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const forged = "a\r\nb\" 200 - 99999999 - - - "
	unknown := signature("nobody", "2009-01-01T12:00:00.000Z", "x")
	for name, tt := range map[string]struct{ key, signed string }{
		"anonymous":         {forged, ""},
		"unknown key":       {forged, unknown},
		"unknown, long key": {forged + strings.Repeat("k", soap.MaxEnvelope/2), unknown},
	} {
		s.events = nil
		key := strings.NewReplacer("\r", "&#13;", "\n", "&#10;", `"`, "&quot;").Replace(tt.key)
		s.post(soap.MediaType, envelope("GetObject", "<Bucket>pond</Bucket><Key>"+key+"</Key>"+tt.signed))
		if len(s.events) != 1 {
			t.Fatalf("%s: %d events, want 1", name, len(s.events))
		}
		line := string(s.events[0].Log.Lines)
		r, err := accesslog.ParseLine(line)
		if err != nil || !strings.HasPrefix(r.Key, forged) || r.Status != http.StatusInternalServerError || r.ChargedTo != "" || strings.Count(line, "\n") != 1 {
			t.Errorf("%s: record %+v, %v of line %.200q", name, r, err, line)
		}
	}
}

func TestQuota(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	const get = "<Bucket>pond</Bucket><Key>k</Key><GetMetadata>true</GetMetadata>"
	s.must(t, owner, "PutObjectInline", "<Bucket>pond</Bucket><Key>k</Key><Data/><ContentLength>0</ContentLength>")
	s.handler.o.Quota = spent{}
	for operation, children := range map[string]string{
		"PutObjectInline": "<Bucket>pond</Bucket><Key>l</Key><Data/><ContentLength>0</ContentLength>",
		"CopyObject":      "<SourceBucket>pond</SourceBucket><SourceKey>k</SourceKey><DestinationBucket>pond</DestinationBucket><DestinationKey>l</DestinationKey>",
		"GetObject":       get + "<GetData>true</GetData>",
	} {
		if got := s.do(owner, operation, children); got.fault() != "Client.QuotaExceeded" {
			t.Errorf("%s: %s", operation, got.body)
		}
	}
	s.must(t, owner, "GetObject", get)
}

// stopped is a budget that is used up.
type stopped budget.Action

func (s stopped) InForce(string, string) budget.Action { return budget.Action(s) }

// publicRead is an access control list of an object that everyone may read.
const publicRead = `<AccessControlList><Grant><Grantee xsi:type="Group" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
	`<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList>`

func TestBudget(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	s.must(t, owner, "PutObjectInline", "<Bucket>pond</Bucket><Key>k</Key><Data/><ContentLength>0</ContentLength>"+publicRead)
	const get = "<Bucket>pond</Bucket><Key>k</Key><GetMetadata>true</GetMetadata>"
	const content = get + "<GetData>true</GetData><InlineData>true</InlineData>"
	for _, action := range []budget.Action{budget.None, budget.TorrentsOnly, budget.StopAnonymousEgress} {
		s.handler.o.Budgets = stopped(action)
		s.must(t, owner, "GetObject", content)
		s.must(t, anonymous, "GetObject", get)
		want := "Client.AccessDenied"
		if action == budget.None {
			want = ""
		}
		if got := s.do(anonymous, "GetObject", content); got.fault() != want {
			t.Errorf("%v: fault %q, want %q\n%s", action, got.fault(), want, got.body)
		}
	}
}

// stopsAfter is a budget that is used up after so many looks at it.
type stopsAfter struct{ looks int }

func (s *stopsAfter) InForce(string, string) budget.Action {
	if s.looks == 0 {
		return budget.TorrentsOnly
	}
	s.looks--
	return budget.None
}

// TestBudgetCutsOff: an anonymous client that is being sent an attachment gets no more of it, a signed one does.
func TestBudgetCutsOff(t *testing.T) {
	const content = 5 * maxWriteStretch
	for who, whole := range map[string]bool{anonymous: false, owner: true} {
		s := newTestServer(t, Options{})
		s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
		contentType, message := pack(t, "dime", s.message(owner, "PutObject",
			"<Bucket>pond</Bucket><Key>k</Key>"+publicRead+"<ContentLength>"+strconv.Itoa(content)+"</ContentLength>"), strings.Repeat("x", content))
		if got := s.post(contentType, message); got.status != http.StatusOK {
			t.Fatalf("PutObject: %s", got.body)
		}
		s.handler.o.Budgets = &stopsAfter{looks: 3}
		got := s.do(who, "GetObject", "<Bucket>pond</Bucket><Key>k</Key><GetData>true</GetData><InlineData>false</InlineData>")
		length, err := strconv.Atoi(got.header.Get("Content-Length"))
		if err != nil || length < content {
			t.Fatalf("Content-Length %d, %v", length, err)
		}
		if len(got.body) == length != whole || len(got.body) < maxWriteStretch {
			t.Errorf("%q got %d bytes of %d", who, len(got.body), length)
		}
		if e := s.events[len(s.events)-1]; e.BytesOut != int64(len(got.body)) || e.Requests != 1 {
			t.Errorf("%q: metered %d bytes, want the %d that went", who, e.BytesOut, len(got.body))
		}
	}
}
