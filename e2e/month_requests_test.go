package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"shoal/wire/sigv4"
)

// Buckets of the month. Alice owns them all.
const (
	publicBucket  = "month-public"  // everyone reads
	privateBucket = "month-private" // nobody else reads
	paidBucket    = "month-paid"    // Bob reads, and pays
	logBucket     = "month-logs"    // has the logs of the others
)

// Who makes requests; nil is everyone.
var (
	alice = &sigv4.Credentials{AccessKeyID: "MONTHALICE", SecretAccessKey: "not-a-secret-of-alice"}
	bob   = &sigv4.Credentials{AccessKeyID: "MONTHBOB", SecretAccessKey: "not-a-secret-of-bob"}
)

// ask is one request.
type ask struct {
	by     *sigv4.Credentials
	method string
	path   string // bucket, key and query, escaped
	header http.Header
	body   []byte
}

// errGone is what is said of a server that does not answer.
var errGone = errors.New("no answer")

// monthWorker makes requests, one at a time, to keys of its own.
type monthWorker struct {
	m      *month
	id     int
	random *rand.Rand
	client *http.Client

	answered atomic.Int64
	keys     map[string]*monthKey // by bucket and key
	uploads  []monthUpload
	at       int // the step
}

// monthKey is what the worker knows of one of its keys.
type monthKey struct {
	step int // of the last write: one a step, so that the log says to the second what came first
}

// monthUpload is a multipart upload that is not completed.
type monthUpload struct {
	path string // of its bucket and key
	id   string
	etag string    // of its one part
	key  *monthKey // that it writes to in the end
	step int       // of the part
}

func newMonthWorker(m *month, id int, random *rand.Rand) *monthWorker {
	return &monthWorker{
		m: m, id: id, random: random, keys: map[string]*monthKey{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}, Timeout: requestWithin},
	}
}

// do makes a request and returns the status and the body; errGone without an answer.
func (w *monthWorker) do(a ask) (status int, body []byte, header http.Header, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, a.method, w.m.s.url("")+"/"+a.path, bytes.NewReader(a.body))
	if err != nil {
		return 0, nil, nil, err
	}
	for name, values := range a.header {
		r.Header[name] = values
	}
	if a.by != nil {
		sum := sha256.Sum256(a.body)
		if err := sigv4.Sign(r, *a.by, region, hex.EncodeToString(sum[:]), w.m.clock.now()); err != nil {
			return 0, nil, nil, err
		}
	}
	resp, err := w.client.Do(r)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%w: %w", errGone, err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil, nil, fmt.Errorf("%w: %w", errGone, err)
	}
	w.answered.Add(1)
	return resp.StatusCode, body, resp.Header, nil
}

// must makes a request that is answered with status.
func (w *monthWorker) must(status int, a ask) (body []byte, header http.Header) {
	got, body, header, err := w.do(a)
	if err != nil {
		w.m.t.Errorf("%s %s: %v", a.method, a.path, err)
		return nil, nil
	}
	if got != status {
		w.m.t.Errorf("%s %s: status %d, want %d\n%s", a.method, a.path, got, status, body)
	}
	return body, header
}

// readUntil reads until stop; a server that is gone is no error.
func (w *monthWorker) readUntil(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		if _, _, _, err := w.do(w.read()); err != nil {
			w.m.unanswered.Add(1)
			time.Sleep(time.Millisecond)
		}
	}
}
