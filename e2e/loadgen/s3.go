package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shoal/wire/sigv4"
)

const (
	region = "us-east-1"
	// readBuffer is what a download reads at a time: large, so that the client costs little.
	readBuffer = 1 << 20
	// shownBody is how much of an answer that says no is shown, in bytes.
	shownBody = 512
)

// bucketURL is where a command of S3 works, and who it is.
type bucketURL struct {
	Bucket string `required:"" help:"URL of the bucket, http://HOST:PORT/NAME."`
	Access string `env:"AWS_ACCESS_KEY_ID" help:"Access key."`
	Secret string `env:"AWS_SECRET_ACCESS_KEY" help:"Secret key."`
}

// client keeps as many connections as its command has workers.
func (b *bucketURL) client(conns int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: conns, DisableCompression: true, WriteBufferSize: 256 << 10, ReadBufferSize: 64 << 10,
	}}
}

// do sends a signed request with a body of known hash, or UNSIGNED-PAYLOAD, and returns the answer, which is a 200 or a 204.
func (b *bucketURL) do(ctx context.Context, c *http.Client, method, key string, body []byte, hash string, header http.Header) (*http.Response, error) {
	url := b.Bucket
	if key != "" {
		url += "/" + key
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	credentials := sigv4.Credentials{AccessKeyID: b.Access, SecretAccessKey: b.Secret}
	if err := sigv4.Sign(r, credentials, region, hash, time.Now()); err != nil {
		return nil, err
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNoContent {
		defer answer.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, shownBody)) // what there is of it
		return nil, fmt.Errorf("%s %s: %s: %s", method, url, answer.Status, text)
	}
	return answer, nil
}

// discard reads an answer to its end.
func discard(answer *http.Response, buf []byte) (n int64, err error) {
	defer answer.Body.Close()
	for {
		m, err := answer.Body.Read(buf)
		n += int64(m)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// workers calls f for 0 to n-1 from count goroutines, until one fails.
func workers(ctx context.Context, count, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range count {
		all.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// kvCounters are the commits and the syncs of the metadata store since the server's start.
type kvCounters struct{ commits, syncs float64 }

// readKV reads them from the metrics of the server that has the bucket.
func (b *bucketURL) readKV(ctx context.Context) (k kvCounters, err error) {
	base, _, found := cutLast(b.Bucket, "/")
	if !found {
		return k, fmt.Errorf("%q names no bucket", b.Bucket)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/_shoal/metrics", nil)
	if err != nil {
		return k, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return k, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return k, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		into := map[string]*float64{"shoal_kv_commits_total": &k.commits, "shoal_kv_syncs_total": &k.syncs}[name]
		if into == nil {
			continue
		}
		if *into, err = strconv.ParseFloat(value, 64); err != nil {
			return k, err
		}
	}
	return k, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// content returns n bytes that nothing can compress or share.
func content(n int64) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte([]byte(fmt.Sprintf("%-32d", os.Getpid())))).Read(p)
	return p
}
