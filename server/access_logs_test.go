package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/storage/blob/fileblob"
	"shoal/storage/kv/pebblekv"
)

// logHouse is what keeps and delivers access logs, over one disk.
type logHouse struct {
	engine  *pebblekv.Engine
	objects *object.Store
	meter   *meter.Meter
	logs    *accesslog.Deliverer
	close   func() error
}

func openLogHouse(t *testing.T, fs vfs.FS, o accesslog.Options) *logHouse {
	t.Helper()
	engine, err := pebblekv.Open("kv", pebblekv.Options{FS: fs, ReserveBytes: -1, BallastBytes: -1, MemtableBytes: 256 << 10})
	if err != nil {
		t.Fatalf("open engine: %v", err)
	}
	blobs, err := fileblob.Open("blobs", fileblob.Options{FS: fs, ReserveBytes: -1})
	if err != nil {
		t.Fatalf("open blobs: %v", err)
	}
	objects, err := object.New(engine, blobs, object.Options{})
	if err != nil {
		t.Fatalf("open objects: %v", err)
	}
	m := meter.New(engine, meter.Options{})
	o.Settled, o.Region = m.Settled, "us-east-1"
	return &logHouse{engine, objects, m, accesslog.New(engine, logBuckets{objects, time.Now}, o), func() error {
		objects.Close()
		return errors.Join(blobs.Close(), engine.Close())
	}}
}

// end checks and closes h.
func (h *logHouse) end(t *testing.T) {
	t.Helper()
	report, err := h.objects.Fsck(t.Context(), object.FsckOptions{Deep: true, Recheck: 10 * time.Millisecond})
	if err != nil || !report.Clean() {
		t.Errorf("fsck: %+v, %v", report.Findings, err)
	}
	if err := h.close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// bucket makes a bucket that lets the logging service in.
func (h *logHouse) bucket(t *testing.T, name, owner string, ownership access.Ownership) {
	t.Helper()
	h.closedBucket(t, name, owner, ownership)
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + name + `/*"}]}`
	err := h.objects.UpdateBucket(t.Context(), name, func(c *object.BucketConfig) error { c.PolicyJSON = []byte(policy); return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func (h *logHouse) closedBucket(t *testing.T, name, owner string, ownership access.Ownership) {
	t.Helper()
	o := access.Owner{ID: access.CanonicalID(owner), DisplayName: "the " + owner}
	_, err := h.objects.CreateBucket(t.Context(), object.NewBucket{Name: name, Owner: o, ACL: access.ACL{Owner: o}, Ownership: ownership})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *logHouse) read(t *testing.T, bucket, key string) (*object.Version, string) {
	t.Helper()
	_, v, err := h.objects.Lookup(t.Context(), bucket, key, object.VersionRef{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.objects.Open(t.Context(), v, 0, v.Size)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return v, string(content)
}

// keys returns the keys of a bucket.
func (h *logHouse) keys(t *testing.T, bucket string) (keys []string) {
	t.Helper()
	b, err := h.objects.Bucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	for after := ""; ; {
		page, err := h.objects.List(t.Context(), object.ListRequest{Bucket: b, After: after, Max: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Entries {
			keys = append(keys, o.Version.Key)
		}
		if !page.More {
			return keys
		}
		after = keys[len(keys)-1]
	}
}

// What a log object is like in its bucket.
func TestLogObjects(t *testing.T) {
	frog := access.Grant{Grantee: access.Grantee{ID: "frog"}, Permission: access.Read}
	everyone := access.Grant{Grantee: access.Grantee{Group: access.AllUsers}, Permission: access.Read}
	full := access.Grant{Grantee: access.Grantee{ID: "toad", DisplayName: "the toad"}, Permission: access.FullControl}
	tests := map[string]struct {
		ownership access.Ownership
		config    func(*object.BucketConfig)
		want      []access.Grant
	}{
		"ACLs work":    {ownership: access.ObjectWriter, want: []access.Grant{full, frog, everyone}},
		"ACLs are off": {ownership: access.BucketOwnerEnforced, want: []access.Grant{full}},
		"public ACLs are blocked": {
			ownership: access.BucketOwnerPreferred, want: []access.Grant{full, frog},
			config: func(c *object.BucketConfig) { c.PublicAccessBlock = &access.PublicAccessBlock{BlockPublicAcls: true} },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := openLogHouse(t, vfs.NewMem(), accesslog.Options{Logger: slog.New(slog.DiscardHandler)})
			defer h.end(t)
			h.bucket(t, "logs", "toad", tt.ownership)
			if tt.config != nil {
				if err := h.objects.UpdateBucket(t.Context(), "logs", func(c *object.BucketConfig) error { tt.config(c); return nil }); err != nil {
					t.Fatal(err)
				}
			}
			const line = "a record\n"
			h.meter.Record(meter.Event{Account: "toad", Bucket: "source", Log: meter.Log{Lines: []byte(line), Target: &accesslog.Target{
				Bucket: "logs", Grants: []access.Grant{frog, everyone},
			}}})
			if err := h.meter.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if d, err := h.logs.DeliverOnce(t.Context()); err != nil || d.Records != 1 {
				t.Fatalf("delivered %+v, %v, want 1 record", d, err)
			}
			v, content := h.read(t, "logs", h.keys(t, "logs")[0])
			if v.Owner.ID != "toad" || v.Header.ContentType != "text/plain" || content != line || v.Encryption.Mode != encryption.None {
				t.Errorf("%+v holds %q", v, content)
			}
			if fmt.Sprint(v.ACL.Grants) != fmt.Sprint(tt.want) {
				t.Errorf("grants %v, want %v", v.ACL.Grants, tt.want)
			}
			b, err := h.objects.Bucket(t.Context(), "logs")
			if err != nil {
				t.Fatal(err)
			}
			if _, n, err := h.objects.Usage(t.Context(), b.ID); err != nil || n != 1 {
				t.Errorf("the bucket counts %d objects, %v, want the log object", n, err)
			}
		})
	}
}

// A bucket of somebody else, one that does not let the logging service in, and none, get no log.
func TestLogTargetsThatAreRefused(t *testing.T) {
	h := openLogHouse(t, vfs.NewMem(), accesslog.Options{})
	defer h.end(t)
	h.bucket(t, "frogs", "frog", access.ObjectWriter)
	h.closedBucket(t, "closed", "toad", access.ObjectWriter)
	for bucket, want := range map[string]fault.Kind{"frogs": fault.AccessDenied, "closed": fault.AccessDenied, "nowhere": fault.NoSuchBucket} {
		o := accesslog.Object{Bucket: bucket, Key: "k", Source: "source", Owner: "toad", Size: 2, Body: bytes.NewReader([]byte("x\n"))}
		if err := (logBuckets{h.objects, time.Now}).CheckTarget(t.Context(), o); !fault.Is(err, want) {
			t.Errorf("%s: CheckTarget = %v, want %v", bucket, err, want)
		}
		if err := (logBuckets{h.objects, time.Now}).PutLog(t.Context(), o); !fault.Is(err, want) {
			t.Errorf("%s: PutLog = %v, want %v", bucket, err, want)
		}
	}
}

// A policy that lets the logging service in until a moment: by the clock of the server.
func TestLogTargetsGoByTheClock(t *testing.T) {
	h := openLogHouse(t, vfs.NewMem(), accesslog.Options{})
	defer h.end(t)
	h.closedBucket(t, "logs", "toad", access.BucketOwnerEnforced)
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject",
		"Resource":"arn:aws:s3:::logs/*","Condition":{"DateLessThan":{"aws:CurrentTime":"2006-03-14T00:00:00Z"}}}]}`
	err := h.objects.UpdateBucket(t.Context(), "logs", func(c *object.BucketConfig) error { c.PolicyJSON = []byte(policy); return nil })
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2006, 3, 14, 0, 0, 0, 0, time.UTC)
	now := until.Add(-time.Second)
	logs := logBuckets{h.objects, func() time.Time { return now }}
	o := accesslog.Object{Bucket: "logs", Key: "k", Source: "source", Owner: "toad"}
	if err := logs.CheckTarget(t.Context(), o); err != nil {
		t.Errorf("before: CheckTarget = %v", err)
	}
	now = until
	if err := logs.CheckTarget(t.Context(), o); !fault.Is(err, fault.AccessDenied) {
		t.Errorf("after: CheckTarget = %v, want AccessDenied", err)
	}
}
