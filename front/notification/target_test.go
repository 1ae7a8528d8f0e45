package notification

import (
	"net/url"
	"testing"
)

func spec(t testing.TB, name, target string) Spec {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Name: name, URL: u}
}

func TestFind(t *testing.T) {
	specs := []Spec{spec(t, "hook", "https://example.test/in?x=1"), spec(t, "bus", "nats://127.0.0.1:4222/s3"), spec(t, "log", "kafka+tls://k:9092/s3")}
	if got, want := specs[0].ARN(), "arn:shoal:sqs::hook:webhook"; got != want {
		t.Errorf("ARN %s, want %s", got, want)
	}
	for arn, want := range map[string]string{
		"arn:shoal:sqs::hook:webhook": "hook", "arn:shoal:sns:eu-west-1:bus:nats": "bus", "arn:shoal:lambda::log:kafka": "log",
		"arn:shoal:sqs::hook:nats": "", "arn:shoal:sqs::other:webhook": "", "arn:minio:sqs::hook:webhook": "",
		"arn:shoal:sqs:us-east-1:hook:webhook": "", "arn:shoal:s3::hook:webhook": "", "arn:shoal:sqs::hook": "", "": "",
		"arn:shoal:sqs::hook:webhook:x": "",
	} {
		if got := Find(specs, "eu-west-1", arn); got != want {
			t.Errorf("Find(%q) = %q, want %q", arn, got, want)
		}
	}
}

// TestOpen: what of a configuration is refused before the server starts.
func TestOpen(t *testing.T) {
	for _, tt := range []struct {
		name, url, secret string
		ok                bool
	}{
		{"hook", "http://127.0.0.1:1/in?any=thing", "token", true},
		{"log", "kafka://127.0.0.1:1/topic?broker=127.0.0.1:2&sasl=plain", "user:password", true},
		{"log", "kafka+tls://127.0.0.1:1/topic", "user:password", true},
		{"bad name", "http://127.0.0.1/", "", false},
		{"x", "ftp://127.0.0.1/", "", false},
		{"x", "http:///path", "", false},
		{"x", "http://user@127.0.0.1/", "", false},
		{"x", "nats://127.0.0.1:1", "", false},
		{"x", "nats://127.0.0.1:1/a.*", "", false},
		{"x", "nats://127.0.0.1:1/a?durable=1", "", false},
		{"x", "kafka://127.0.0.1:1", "", false},
		{"x", "kafka://127.0.0.1:1/topic?sasl=plain", "", false},
		{"x", "kafka://127.0.0.1:1/topic?sasl=gssapi", "a:b", false},
		{"x", "kafka://127.0.0.1:1/topic", "no colon", false},
	} {
		s := spec(t, tt.name, tt.url)
		s.Secret = tt.secret
		to, err := open(s)
		if (err == nil) != tt.ok {
			t.Errorf("%s=%s: got error %v, want success %t", tt.name, tt.url, err, tt.ok)
		}
		if err == nil {
			to.Close()
		}
	}
}
