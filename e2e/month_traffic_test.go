package e2e

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"shoal/wire/sigv4"
)

const (
	monthKeysPerBucket = 48 // of one worker
	monthObjectMost    = 20 << 10
	monthPartMost      = 200 << 10 // of an upload of one part, which may be small
)

var payer = http.Header{"X-Amz-Request-Payer": {"requester"}}

// prepare makes accounts, buckets, and the objects whose torrents are fetched, in the last hour of the month before.
func (m *month) prepare() {
	m.t.Helper()
	for name, key := range map[string][2]string{"alice": {alice.AccessKeyID, alice.SecretAccessKey}, "bob": {bob.AccessKeyID, bob.SecretAccessKey}} {
		if _, code := m.s.command("user", "create", name, "--data", m.s.data, "--access-key", key[0], "--secret-key", key[1]); code != 0 {
			m.t.Fatalf("shoal user create %s: exit code %d", name, code)
		}
	}
	w := m.workers[0]
	w.must(http.StatusOK, ask{by: alice, method: http.MethodPut, path: logBucket})
	w.must(http.StatusNoContent, ask{by: alice, method: http.MethodPut, path: logBucket + "?policy", body: []byte(`{"Version":"2012-10-17","Statement":[{
		"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + logBucket + `/*"}]}`)})
	for _, bucket := range []string{publicBucket, privateBucket, paidBucket} {
		w.must(http.StatusOK, ask{by: alice, method: http.MethodPut, path: bucket})
		w.must(http.StatusOK, ask{by: alice, method: http.MethodPut, path: bucket + "?logging", body: []byte(
			`<BucketLoggingStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LoggingEnabled><TargetBucket>` + logBucket +
				`</TargetBucket><TargetPrefix>` + bucket + `/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>`)})
	}
	bobs := m.user("bob").CanonicalID
	w.must(http.StatusNoContent, ask{by: alice, method: http.MethodPut, path: publicBucket + "?policy", body: []byte(readPolicy(publicBucket))})
	w.must(http.StatusNoContent, ask{by: alice, method: http.MethodPut, path: paidBucket + "?policy", body: []byte(`{"Version":"2012-10-17","Statement":[{
		"Effect":"Allow","Principal":{"CanonicalUser":"` + bobs + `"},"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::` + paidBucket + `/*"}]}`)})
	w.must(http.StatusOK, ask{by: alice, method: http.MethodPut, path: paidBucket + "?requestPayment", body: []byte(
		`<RequestPaymentConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Payer>Requester</Payer></RequestPaymentConfiguration>`)})
	m.publish()
}

// step makes one request: mostly a read.
func (w *monthWorker) step(step int) {
	w.at = step
	if w.random.IntN(8) > 0 {
		a := w.read()
		if status, body, _, err := w.do(a); err != nil || status >= http.StatusInternalServerError {
			w.m.t.Errorf("%s %s: status %d, %v\n%s", a.method, a.path, status, err, body)
		}
		return
	}
	w.write()
}

// read returns a request that changes nothing, of one of many kinds; some are refused.
func (w *monthWorker) read() ask {
	get := func(by *sigv4.Credentials, bucket, query string, header http.Header) ask {
		return ask{by: by, method: http.MethodGet, path: bucket + "/" + escapeKey(w.anyKey()) + query, header: header}
	}
	switch w.random.IntN(16) {
	case 0:
		return get(alice, privateBucket, "", nil)
	case 1:
		return get(nil, privateBucket, "", nil) // refused, and on nobody's bill
	case 2:
		return get(bob, paidBucket, "", payer)
	case 3:
		return get(bob, paidBucket, "", nil) // refused
	case 4:
		return ask{by: alice, method: http.MethodGet, path: publicBucket + "?list-type=2&prefix=" + fmt.Sprintf("w%d%%2F", w.id)}
	case 5:
		return get(alice, publicBucket, "?acl", nil)
	case 6:
		a := get(nil, publicBucket, "", nil)
		a.method = http.MethodHead
		return a
	case 7:
		return get(nil, publicBucket, "", http.Header{"Range": {"bytes=3-99"}})
	case 8:
		return ask{by: alice, method: http.MethodGet, path: privateBucket + "?location"}
	case 9:
		return ask{method: http.MethodGet, path: publicBucket + "/" + torrentKey(w.random.IntN(monthTorrents)) + "?torrent"}
	case 10:
		return ask{by: alice, method: "PATCH", path: publicBucket + "/a-method-that-is-none"}
	case 11:
		return ask{by: alice, method: http.MethodGet, path: privateBucket + "?uploads"}
	default:
		return get(nil, publicBucket, "", nil)
	}
}

// write changes a key that this step did not change before.
func (w *monthWorker) write() {
	bucket := []string{publicBucket, privateBucket, paidBucket}[w.random.IntN(3)]
	key, k := w.fresh(bucket)
	if k == nil {
		return
	}
	path := bucket + "/" + escapeKey(key)
	content := contentBytes(w.random.Uint64(), w.random.IntN(monthObjectMost))
	switch w.random.IntN(10) {
	case 0, 1:
		w.must(http.StatusNoContent, ask{by: alice, method: http.MethodDelete, path: path})
	case 2:
		w.deleteTwo(bucket, key)
	case 3:
		w.must(http.StatusOK, ask{
			by: alice, method: http.MethodPut, path: path,
			header: http.Header{"X-Amz-Copy-Source": {publicBucket + "/" + torrentKey(0)}},
		})
	case 4, 5:
		w.upload(path, k)
		return // only completing one writes to its key
	case 6:
		sum := md5.Sum([]byte("other bytes"))
		w.must(http.StatusBadRequest, ask{
			by: alice, method: http.MethodPut, path: path, body: content,
			header: http.Header{"Content-Md5": {base64.StdEncoding.EncodeToString(sum[:])}},
		})
	case 7:
		if bucket == paidBucket {
			w.must(http.StatusOK, ask{by: bob, method: http.MethodPut, path: path, body: content, header: payer})
			break
		}
		fallthrough
	default:
		w.must(http.StatusOK, ask{by: alice, method: http.MethodPut, path: path, body: content})
	}
	k.step = w.at
}

// anyKey is one of the worker's keys, which may not be there.
func (w *monthWorker) anyKey() string { return w.key(w.random.IntN(monthKeysPerBucket)) }

func (w *monthWorker) key(i int) string { return fmt.Sprintf("w%d/key \"%02d\"+é", w.id, i) }

// fresh returns a key that this step has not written to; nil when it finds none.
func (w *monthWorker) fresh(bucket string) (string, *monthKey) {
	for range 8 {
		key := w.anyKey()
		k := w.keys[bucket+"/"+key]
		if k == nil {
			k = &monthKey{step: -1}
			w.keys[bucket+"/"+key] = k
		}
		if k.step < w.at {
			return key, k
		}
	}
	return "", nil
}

func (w *monthWorker) deleteTwo(bucket, key string) {
	other, k := w.fresh(bucket)
	if k == nil || other == key {
		other = "w0/never there"
	} else {
		k.step = w.at
	}
	var text strings.Builder
	text.WriteString("<Delete>")
	for _, name := range []string{key, other} {
		text.WriteString("<Object><Key>")
		_ = xml.EscapeText(&text, []byte(name))
		text.WriteString("</Key></Object>")
	}
	text.WriteString("</Delete>")
	body := []byte(text.String())
	sum := md5.Sum(body)
	w.must(http.StatusOK, ask{
		by: alice, method: http.MethodPost, path: bucket + "?delete", body: body,
		header: http.Header{"Content-Md5": {base64.StdEncoding.EncodeToString(sum[:])}},
	})
}

// upload ends a multipart upload of an earlier step, or begins one of path, which is of k.
func (w *monthWorker) upload(path string, k *monthKey) {
	for i, u := range w.uploads {
		if u.step == w.at || u.key.step == w.at {
			continue
		}
		w.uploads = append(w.uploads[:i], w.uploads[i+1:]...)
		u.path += "?uploadId=" + u.id
		if w.random.IntN(3) == 0 {
			w.must(http.StatusNoContent, ask{by: alice, method: http.MethodDelete, path: u.path})
			return
		}
		w.must(http.StatusOK, ask{by: alice, method: http.MethodPost, path: u.path, body: []byte(
			`<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>` + u.etag + `</ETag></Part></CompleteMultipartUpload>`)})
		u.key.step = w.at
		return
	}
	body, _ := w.must(http.StatusOK, ask{by: alice, method: http.MethodPost, path: path + "?uploads"})
	var made struct{ UploadId string }
	if err := xml.Unmarshal(body, &made); err != nil {
		w.m.t.Errorf("CreateMultipartUpload: %v\n%s", err, body)
		return
	}
	part := contentBytes(w.random.Uint64(), 1+w.random.IntN(monthPartMost))
	_, header := w.must(http.StatusOK, ask{by: alice, method: http.MethodPut, path: path + "?partNumber=1&uploadId=" + made.UploadId, body: part})
	w.uploads = append(w.uploads, monthUpload{path: path, id: made.UploadId, etag: header.Get("Etag"), key: k, step: w.at})
}
