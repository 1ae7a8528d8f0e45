package admin

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/fault"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/storage/blob/fileblob"
	"shoal/storage/kv"
	"shoal/storage/kv/pebblekv"
)

func newTestHandler(t *testing.T) *Handler {
	t.Helper()
	h, _ := newTestHandlerOn(t)
	return h
}

// newTestHandlerOn returns the API over real stores in memory, and the engine under them. It ends with a full check of them.
func newTestHandlerOn(t *testing.T) (*Handler, kv.Engine) {
	t.Helper()
	fs := vfs.NewMem()
	engine, err := pebblekv.Open("kv", pebblekv.Options{FS: fs, ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatalf("open engine: %v", err)
	}
	blobs, err := fileblob.Open("blobs", fileblob.Options{FS: fs, ReserveBytes: -1})
	if err != nil {
		t.Fatalf("open blobs: %v", err)
	}
	objects, err := object.New(engine, blobs, object.Options{})
	if err != nil {
		t.Fatalf("new store: %v", err)
	}
	t.Cleanup(func() {
		report, err := objects.Fsck(context.Background(), object.FsckOptions{Recheck: time.Nanosecond})
		if err != nil || !report.Clean() {
			t.Errorf("check of the store: %v, findings %v", err, report.Findings)
		}
		objects.Close()
		if err := blobs.Close(); err != nil {
			t.Errorf("close blobs: %v", err)
		}
		if err := engine.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	h := New(account.New(engine, account.Options{}), meter.New(engine, meter.Options{}), objects, Options{
		Status: func() Status { return Status{Peers: 7} },
		Swarms: func() []Swarm { return []Swarm{{Bucket: "pond", Key: "frog"}, {Bucket: "lake", Key: "other"}} },
	})
	return h, engine
}

// TestRequests asks one server in turn; what the answer holds is a part of its body.
func TestRequests(t *testing.T) {
	h := newTestHandler(t)
	if _, err := h.objects.CreateBucket(t.Context(), object.NewBucket{Name: "pond", Owner: access.Owner{ID: "owner"}}); err != nil {
		t.Fatal(err)
	}
	const hour = "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&granularity=hour"
	tests := []struct {
		method, path, body string
		status             int
		holds              string
	}{
		{"POST", "/v1/users", `{"name":"ann","access_key":"ANNKEY","secret_key":"annsecretannsecret"}`, 200, `"secret_key":"annsecretannsecret"`},
		{"POST", "/v1/users", `{"name":"ann"}`, 409, `"kind":"already exists"`},
		{"POST", "/v1/users", `{"name":"bob","access_key":"ANNKEY","secret_key":"x1234567890"}`, 409, `"error":`},
		{"POST", "/v1/users", `{"name":"bob","role":"emperor"}`, 400, "is not user, userplus or admin"},
		{"POST", "/v1/users", `{"name":"bob","password":"x"}`, 400, "unknown field"},
		{"POST", "/v1/users", `{"name":"../bob"}`, 400, `"kind":"invalid argument"`},
		{"POST", "/v1/users", `{`, 400, `"kind":"invalid argument"`},
		{"POST", "/v1/users", `{"name":"` + strings.Repeat("b", maxBody) + `"}`, 400, "too large"},
		{"GET", "/v1/users", "", 200, `"name":"ann"`},
		{"PATCH", "/v1/users/ann", `{"quota_bytes":1000,"quota_egress":5}`, 200, `"quota":{"bytes":1000,"objects":0,"egress":5},"used":{"bytes":0,"objects":0,"egress":0}`},
		{"PATCH", "/v1/users/ann", `{"quota_objects":-1}`, 400, "negative"},
		{"PATCH", "/v1/users/ann", `{"role":"admin"}`, 400, "unknown field"},
		{"PATCH", "/v1/users/bob", `{"quota_bytes":1}`, 404, `"kind":"no such user"`},
		{"GET", "/v1/users/ann", "", 200, `"bytes":1000`},
		{"GET", "/v1/users/bob", "", 404, `"kind":"no such user"`},
		{"PATCH", "/v1/buckets/pond", `{"quota_objects":3}`, 200, `"quota":{"bytes":0,"objects":3,"egress":0},"used":`},
		{"PATCH", "/v1/buckets/pond", `{"quota_egress":-3}`, 400, "negative"},
		{"DELETE", "/v1/users/ann", "", 204, ""},
		{"DELETE", "/v1/users/ann", "", 404, `"kind":"no such user"`},
		{"GET", "/v1/users", "", 200, `[]`},
		{"GET", "/v1/usage?format=csv&" + hour, "", 200, "Service"},
		{"GET", "/v1/usage?format=pdf&" + hour, "", 400, "is not csv, xml or json"},
		{"GET", "/v1/usage?format=csv&from=yesterday", "", 400, "from"},
		{"GET", "/v1/savings?month=2007-01&plan=aws-s3-2006-03", "", 200, `{"month":"2007-01","plan":"aws-s3-2006-03","currency":"USD","total":{"objects":0,`},
		{"GET", "/v1/savings?month=2007-01&plan=aws-s3-2006-03&format=csv", "", 200, "Month,Account,Bucket,Key,VersionId"},
		{"GET", "/v1/savings?month=january", "", 400, "is not a month"},
		{"GET", "/v1/savings?month=2007-01&plan=aws-s3-1999", "", 400, "does not come with Shoal"},
		{"GET", "/v1/savings?month=2007-01&top=1001", "", 400, "is not a number up to 1000"},
		{"GET", "/v1/savings?month=2007-01&top=-1", "", 400, "top"},
		{"GET", "/v1/savings?month=2007-01&format=pdf", "", 400, "is not csv or json"},
		{"GET", "/v1/savings?month=2007-01&account=nobody", "", 404, `"kind":"no such user"`},
		{"GET", "/v1/status", "", 200, `"peers":7`},
		{"GET", "/v1/swarms", "", 200, `"key":"other"`},
		{"GET", "/v1/swarms?bucket=pond", "", 200, `"swarms":[{"bucket":"pond","key":"frog"`},
		{"GET", "/v1/swarms?bucket=sea", "", 200, `{"buckets":[],"swarms":[],"truncated":false}`},
		{"GET", "/v1/buckets/pond", "", 200, `"seeding":"default","upload_rate":0`},
		{"PATCH", "/v1/buckets/pond", `{"seeding":"speed","upload_rate":1000}`, 200, `"seeding":"speed","upload_rate":1000`},
		{"PATCH", "/v1/buckets/pond", `{"seeding":"balanced"}`, 200, `"seeding":"balanced","upload_rate":1000`},
		{"PATCH", "/v1/buckets/pond", `{"seeding":"often"}`, 400, "seeding"},
		{"PATCH", "/v1/buckets/pond", `{"upload_rate":-1}`, 400, "negative"},
		{"PATCH", "/v1/buckets/pond", `{"owner":"me"}`, 400, "unknown field"},
		{"PATCH", "/v1/buckets/pond", `{"seeding":"default","upload_rate":0}`, 200, `"seeding":"default","upload_rate":0`},
		{"GET", "/v1/buckets/sea", "", 404, `"kind":"no such bucket"`},
		{"PATCH", "/v1/buckets/sea", `{"upload_rate":1}`, 404, `"kind":"no such bucket"`},
		{"POST", "/v1/fsck?deep=false", "", 200, `"findings":[]`},
		{"POST", "/v1/fsck?deep=maybe", "", 400, "deep"},
		{"PUT", "/v1/users", "", 405, ""},
		{"GET", "/v2/users", "", 404, ""},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body)))
		body, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != tt.status || !strings.Contains(string(body), tt.holds) {
			t.Errorf("%s %.60s %.60s: %d %s, want %d with %q", tt.method, tt.path, tt.body, w.Code, body, tt.status, tt.holds)
		}
		if tt.method == "GET" && strings.Contains(string(body), "annsecret") {
			t.Errorf("%s %s shows a secret", tt.method, tt.path)
		}
	}
}

// TestStatusOfEveryKind: each kind has a status of an error.
func TestStatusOfEveryKind(t *testing.T) {
	for _, k := range fault.Kinds() {
		if got := statusOf(k); got < http.StatusBadRequest || http.StatusText(got) == "" {
			t.Errorf("%s is answered with %d", k, got)
		}
	}
}
