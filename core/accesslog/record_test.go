package accesslog

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// frog is a record with all fields.
func frog() Record {
	return Record{
		BucketOwner: "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", Bucket: "pond",
		Time: time.Date(2019, 2, 6, 0, 0, 38, 0, time.UTC), RemoteIP: netip.MustParseAddr("192.0.2.3"),
		Requester: "arn:aws:iam::123456789012:user/heron", RequestID: "3E57427F3EXAMPLE", Operation: "REST.GET.OBJECT",
		Key: "lily pads/é.txt", Request: RequestURI{"GET", "/pond/lily%20pads/%C3%A9.txt?x-id=GetObject", "HTTP/1.1"},
		Status: 403, ErrorCode: "AccessDenied", BytesSent: 297, ObjectSize: 4096,
		TotalTime: 38 * time.Millisecond, TurnAround: 7 * time.Millisecond, Referer: "http://pond.example/", UserAgent: "S3Console/0.4 (pond)",
		VersionID: "3HL4kqtJvjVBH40Nrjfkd", HostID: "Ke1bUcazaN1jWuUlPJaxF64cQVpUEhoZKEG", Signature: "SigV4",
		CipherSuite: "TLS_AES_128_GCM_SHA256", AuthType: "AuthHeader", Host: "pond.s3.example:9000", TLSVersion: "TLSv1.3",
		AccessPoint: "arn:aws:s3:us-west-1:123456789012:accesspoint/lake", ACLRequired: true, Region: "us-west-1", BytesReceived: 5, ChargedTo: "b4bf",
	}
}

const frogLine = `79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be pond [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ` +
	`arn:aws:iam::123456789012:user/heron 3E57427F3EXAMPLE REST.GET.OBJECT lily%20pads/%C3%A9.txt ` +
	`"GET /pond/lily%20pads/%C3%A9.txt?x-id=GetObject HTTP/1.1" 403 AccessDenied 297 4096 38 7 "http://pond.example/" ` +
	`"S3Console/0.4 (pond)" 3HL4kqtJvjVBH40Nrjfkd Ke1bUcazaN1jWuUlPJaxF64cQVpUEhoZKEG SigV4 TLS_AES_128_GCM_SHA256 ` +
	`AuthHeader pond.s3.example:9000 TLSv1.3 arn:aws:s3:us-west-1:123456789012:accesspoint/lake Yes us-west-1 5 b4bf` + "\n"

func TestAppend(t *testing.T) {
	at := time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", 3600))
	tests := []struct {
		name   string
		record Record
		want   string
	}{
		{"every field", frog(), frogLine},
		{"none", Record{Time: at}, "- - [31/Dec/2026:22:59:59 +0000] - - - - - - - - - - - - - - - - - - - - - - - - - -\n"},
		{
			"a request without headers",
			Record{Time: at, Request: RequestURI{"GET", "/", "HTTP/1.1"}, TotalTime: 1},
			"- - [31/Dec/2026:22:59:59 +0000] - - - - - \"GET / HTTP/1.1\" - - - - 1 - \"-\" \"-\" - - - - - - - - - - - -\n",
		},
		{"a key that reads as none", Record{Time: at, Key: "-"}, "- - [31/Dec/2026:22:59:59 +0000] - - - - %2D - - - - - - - - - - - - - - - - - - - - -\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.record.Append(nil)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestNoInjection: whatever a client sends, it is in its own field of one line.
func TestNoInjection(t *testing.T) {
	forged := "x\" 200 -\r\n" + frogLine + "\x00\x1b[2J\u2028\\\""
	for name, set := range map[string]func(*Record){
		"bucket": func(r *Record) { r.Bucket = forged }, "requester": func(r *Record) { r.Requester = forged },
		"key": func(r *Record) { r.Key = forged }, "method": func(r *Record) { r.Request.Method = forged },
		"uri": func(r *Record) { r.Request.URI = forged }, "proto": func(r *Record) { r.Request.Proto = forged },
		"referer": func(r *Record) { r.Referer = forged }, "user agent": func(r *Record) { r.UserAgent = forged },
		"host": func(r *Record) { r.Host = forged }, "version": func(r *Record) { r.VersionID = forged },
		"code": func(r *Record) { r.ErrorCode = forged }, "long": func(r *Record) { r.UserAgent = strings.Repeat(forged, 1000) },
		"zone": func(r *Record) { r.RemoteIP = netip.MustParseAddr("fe80::1%" + `x" 200`) },
	} {
		t.Run(name, func(t *testing.T) {
			r := frog()
			set(&r)
			checkLine(t, &r)
		})
	}
}

// checkLine holds what Append promises against the line of r.
func checkLine(t *testing.T, r *Record) {
	t.Helper()
	line := string(r.Append(nil))
	if n := strings.Count(line, "\n"); n != 1 || !strings.HasSuffix(line, "\n") || len(line) > maxLine {
		t.Fatalf("%d line feeds in %d bytes: %q", n, len(line), line)
	}
	p := parser{rest: strings.TrimSuffix(line, "\n")}
	p.record()
	if p.err != nil || p.fields != len(Fields()) || p.rest != "" {
		t.Fatalf("%d fields, %q left, error %v: %s", p.fields, p.rest, p.err, line)
	}
	got, err := ParseLine(line)
	if err != nil {
		t.Fatal(err)
	}
	if again := string(got.Append(nil)); again != line {
		t.Errorf("read back\ngot  %s\nwant %s", again, line)
	}
	if len(r.Key) <= 1024 && got.Key != r.Key {
		t.Errorf("key %q, want %q", got.Key, r.Key)
	}
}

func TestParseLine(t *testing.T) {
	got, err := ParseLine(frogLine)
	if want := frog(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	// As S3 wrote records in 2010 and 2019, and one with fields that are still to come.
	for _, line := range []string{
		`2cf7e6b0 pond [17/Sep/2010:13:38:36 +0000] 192.0.2.3 2cf7e6b0 71F7D2AAA93B0A05 REST.COPY.OBJECT_GET a/b.mp3 - 200 - - 13538337 - - - - -`,
		`79a59df9 pond [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59df9 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /pond?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lz= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader pond.s3.example TLSV1.2 - Yes us-east-1`,
		strings.TrimSuffix(frogLine, "\n") + ` "more" to come`,
	} {
		if _, err := ParseLine(line); err != nil {
			t.Error(err)
		}
	}
	for name, line := range map[string]string{
		"empty": "", "short": "a b c", "no time": strings.Replace(frogLine, "[", "", 1), "open quote": strings.Replace(frogLine, `"GET`, `GET`, 1),
		"two lines": frogLine + frogLine, "no number": strings.Replace(frogLine, " 403 ", " 4o3 ", 1),
		"no address": strings.Replace(frogLine, "192.0.2.3", "pond", 1), "control": strings.Replace(frogLine, "pond", "po\x00nd", 1),
		"half a code": strings.Replace(frogLine, "lily%20", "lily%2", 1), "long": strings.Repeat("- ", maxLine),
	} {
		if r, err := ParseLine(line); err == nil {
			t.Errorf("%s: got %+v, want an error", name, r)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add(frogLine)
	f.Add("- - [31/Dec/2026:22:59:59 +0000] - - - - %2D - - - - - - - - - - - - - - - - - - - - -\n")
	f.Fuzz(func(t *testing.T, line string) {
		if r, err := ParseLine(line); err == nil {
			checkLine(t, &r)
		}
	})
}

func FuzzAppend(f *testing.F) {
	f.Add("pond", "lily pads/é", "/pond/x?y=\"", "curl/8", "http://a b/", int64(3))
	f.Fuzz(func(t *testing.T, bucket, key, uri, agent, referer string, n int64) {
		r := Record{
			Bucket: bucket, Key: key, Request: RequestURI{"GET", uri, "HTTP/1.1"}, UserAgent: agent, Referer: referer,
			BytesSent: n, TotalTime: time.Duration(n), Requester: agent, Host: referer, ErrorCode: uri,
		}
		checkLine(t, &r)
	})
}

func BenchmarkAppend(b *testing.B) {
	r := frog()
	line := make([]byte, 0, maxLine)
	b.ReportAllocs()
	for b.Loop() {
		line = r.Append(line[:0])
	}
	b.SetBytes(int64(len(line)))
}
