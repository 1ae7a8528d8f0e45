package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"shoal/wire/torrent"
)

const (
	keysPerWorker = 12
	smallMost     = 20 << 10 // bytes: both inline and in a file of their own
	largeMost     = 2 << 20
	partSize      = 5 << 20 // bytes: the least that S3 allows
)

// version is one content of a key. Equal versions have equal bytes.
type version struct {
	exists bool
	seed   uint64
	size   int
}

func (v version) bytes() []byte { return contentBytes(v.seed, v.size) }

// known is what a worker knows about one key: what it was last told, and what a request that has had
// no answer would make of it.
type known struct {
	now      version
	maybe    version
	inFlight bool
}

// worker writes its own keys, one request at a time, so that for each of them it knows what must be there.
type worker struct {
	id           int
	random       *rand.Rand
	objects      map[string]*known
	acknowledged int
}

func newWorker(id int, random *rand.Rand) *worker {
	return &worker{id: id, random: random, objects: map[string]*known{}}
}

func (w *worker) key(i int) string { return fmt.Sprintf("worker %d/key-%02d", w.id, i) }

func (w *worker) object(key string) *known {
	if w.objects[key] == nil {
		w.objects[key] = &known{}
	}
	return w.objects[key]
}

// run writes until the server is gone.
func (w *worker) run(ctx context.Context, t testing.TB, c *s3.Client) {
	for w.step(ctx, t, c) == nil {
	}
}

// step makes one request. An answer other than success is a fault of the server: it was killed, it did
// not refuse.
func (w *worker) step(ctx context.Context, t testing.TB, c *s3.Client) error {
	i := w.random.IntN(keysPerWorker)
	key := w.key(i)
	o := w.object(key)
	small := i < keysPerWorker-3
	next := version{exists: true, seed: w.random.Uint64(), size: w.random.IntN(largeMost)}
	if small {
		next.size = w.random.IntN(smallMost)
	}
	write := put
	switch n := w.random.IntN(10); {
	case n == 0 || n == 1:
		next, write = version{}, remove
	case n == 2 || n == 3:
		if from, v, ok := w.another(key); ok {
			next, write = v, copyFrom(from)
		}
	case n == 4 && o.now.exists:
		return w.torrent(ctx, t, c, key)
	case !small && n > 6:
		next.size += partSize
		write = multipart
	}
	o.maybe, o.inFlight = next, true
	if err := write(ctx, c, key, next); err != nil {
		if status := statusOf(err); status != 0 {
			t.Errorf("write of %s: %v", key, err)
		}
		return err
	}
	o.now, o.inFlight = next, false
	w.acknowledged++
	return nil
}

// another returns one of the worker's other objects.
func (w *worker) another(key string) (from string, v version, ok bool) {
	for range keysPerWorker {
		from = w.key(w.random.IntN(keysPerWorker))
		if o := w.object(from); from != key && o.now.exists {
			return from, o.now, true
		}
	}
	return "", version{}, false
}

func put(ctx context.Context, c *s3.Client, key string, v version) error {
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(killBucket), Key: &key, Body: bytes.NewReader(v.bytes())})
	return err
}

func remove(ctx context.Context, c *s3.Client, key string, _ version) error {
	_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(killBucket), Key: &key})
	return err
}

func copyFrom(from string) func(context.Context, *s3.Client, string, version) error {
	return func(ctx context.Context, c *s3.Client, key string, _ version) error {
		_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String(killBucket), Key: &key, CopySource: aws.String(killBucket + "/" + escapeKey(from))})
		return err
	}
}

func multipart(ctx context.Context, c *s3.Client, key string, v version) error {
	bucket := aws.String(killBucket)
	up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: &key})
	if err != nil {
		return err
	}
	body := v.bytes()
	var done []types.CompletedPart
	for n := int32(1); len(body) > 0; n++ {
		part := body[:min(partSize, len(body))]
		body = body[len(part):]
		out, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: &key, UploadId: up.UploadId, PartNumber: &n, Body: bytes.NewReader(part)})
		if err != nil {
			return err
		}
		done = append(done, types.CompletedPart{ETag: out.ETag, PartNumber: &n})
	}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: &key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
	})
	return err
}

// torrent publishes an object.
func (w *worker) torrent(ctx context.Context, t testing.TB, c *s3.Client, key string) error {
	out, err := c.GetObjectTorrent(ctx, &s3.GetObjectTorrentInput{Bucket: aws.String(killBucket), Key: &key})
	if err != nil {
		if statusOf(err) != 0 {
			t.Errorf("torrent of %s: %v", key, err)
		}
		return err
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		return err
	}
	m, err := torrent.ParseMetainfo(data)
	if err != nil {
		t.Errorf("torrent of %s: %v", key, err)
		return nil
	}
	if got := int(m.Info.Length); got != w.object(key).now.size {
		t.Errorf("torrent of %s: %d bytes, want %d", key, got, w.object(key).now.size)
	}
	return nil
}

// check reads each of the worker's keys and settles what was in flight.
func (w *worker) check(ctx context.Context, t testing.TB, c *s3.Client) {
	for key, o := range w.objects {
		got, err := read(ctx, c, key)
		if err != nil {
			t.Errorf("read %s after the restart: %v", key, err)
			continue
		}
		switch {
		case o.now.is(got):
		case o.inFlight && o.maybe.is(got):
			o.now = o.maybe
		default:
			t.Errorf("%s after the restart: there %v, %d bytes; acknowledged %+v, in flight %v %+v",
				key, got != nil, len(got), o.now, o.inFlight, o.maybe)
		}
		o.inFlight = false
	}
}

// is reports whether body, nil for no object, is v.
func (v version) is(body []byte) bool {
	return v.exists == (body != nil) && len(body) == v.size && bytes.Equal(body, v.bytes())
}

// read returns nil when there is no such object.
func read(ctx context.Context, c *s3.Client, key string) ([]byte, error) {
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(killBucket), Key: &key})
	if errorCode(err) == "NoSuchKey" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if body == nil {
		body = []byte{}
	}
	return body, err
}
