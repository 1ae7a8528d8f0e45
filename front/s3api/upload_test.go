package s3api

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"shoal/core/object"
)

// begin starts an upload and returns its id.
func (s *testServer) begin(t testing.TB, target string, headers ...string) string {
	t.Helper()
	id := s.must(t, owner, "POST", target+"?uploads", "", headers...).element("UploadId")
	if id == "" {
		t.Fatalf("upload of %s has no id", target)
	}
	return id
}

func completeDocument(etags ...string) string {
	x := newXML("CompleteMultipartUpload")
	for i, e := range etags {
		x.open("Part")
		x.int("PartNumber", int64(i+1))
		x.text("ETag", e)
		x.close("Part")
	}
	return string(x.bytes())
}

func TestMultipartUpload(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	id := s.begin(t, "/alpha/dir/big%20one", "x-amz-meta-colour: blue", "x-amz-acl: public-read")
	parts := []string{pattern(object.MinPart), pattern(object.MinPart + 17), "end"}
	var etags []string
	whole := md5.New()
	for i, p := range parts {
		r := s.must(t, owner, "PUT", fmt.Sprintf("/alpha/dir/big%%20one?uploadId=%s&partNumber=%d", id, i+1), p)
		sum := md5.Sum([]byte(p))
		whole.Write(sum[:])
		if want := `"` + hex.EncodeToString(sum[:]) + `"`; r.header.Get("ETag") != want {
			t.Errorf("ETag of part %d is %s, want %s", i+1, r.header.Get("ETag"), want)
		}
		etags = append(etags, r.header.Get("ETag"))
	}

	listed := s.must(t, owner, "GET", "/alpha/dir/big%20one?uploadId="+id+"&max-parts=2", "")
	if got, want := listed.elements("PartNumber"), []string{"1", "2"}; !slices.Equal(got, want) ||
		listed.element("IsTruncated") != "true" || listed.element("NextPartNumberMarker") != "2" {
		t.Errorf("first page of parts:\n%s", listed.body)
	}
	listed = s.must(t, owner, "GET", "/alpha/dir/big%20one?uploadId="+id+"&part-number-marker=2", "")
	if listed.element("Size") != "3" || listed.element("IsTruncated") != "false" || listed.element("Key") != "dir/big one" {
		t.Errorf("second page of parts:\n%s", listed.body)
	}

	s.refused(t, other, "POST", "/alpha/dir/big%20one?uploadId="+id, completeDocument(etags...), 403, codeAccessDenied)
	done := s.must(t, owner, "POST", "/alpha/dir/big%20one?uploadId="+id, completeDocument(etags...))
	want := fmt.Sprintf("&quot;%x-3&quot;", whole.Sum(nil))
	if done.element("ETag") != want || done.element("Bucket") != "alpha" || done.element("Key") != "dir/big one" ||
		done.element("Location") != s.url+"/alpha/dir/big%20one" {
		t.Errorf("completed, want ETag %s:\n%s", want, done.body)
	}
	got := s.must(t, anonymous, "GET", "/alpha/dir/big%20one", "")
	if got.body != strings.Join(parts, "") || got.header.Get("x-amz-meta-colour") != "blue" {
		t.Errorf("object of %d bytes, metadata %q", len(got.body), got.header.Get("x-amz-meta-colour"))
	}
	// A client that missed the answer asks again.
	if again := s.must(t, owner, "POST", "/alpha/dir/big%20one?uploadId="+id, completeDocument(etags...)); again.element("ETag") != want {
		t.Errorf("completed again:\n%s", again.body)
	}
}

func TestMultipartRefuses(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	id := s.begin(t, "/alpha/key")
	at := "/alpha/key?uploadId=" + id
	small := s.must(t, owner, "PUT", at+"&partNumber=1", "a").header.Get("ETag")
	second := s.must(t, owner, "PUT", at+"&partNumber=2", "b").header.Get("ETag")

	s.refused(t, owner, "PUT", at+"&partNumber=0", "a", 400, codeInvalidArgument)
	s.refused(t, owner, "PUT", at+"&partNumber=10001", "a", 400, codeInvalidArgument)
	s.refused(t, owner, "PUT", at+"&partNumber=x", "a", 400, codeInvalidArgument)
	s.refused(t, owner, "PUT", "/alpha/other?uploadId="+id+"&partNumber=1", "a", 404, codeNoSuchUpload)
	s.refused(t, owner, "PUT", "/alpha/key?uploadId=nonsense&partNumber=1", "a", 404, codeNoSuchUpload)
	s.refused(t, owner, "GET", "/alpha/key?uploadId=nonsense", "", 404, codeNoSuchUpload)
	s.refused(t, other, "GET", at, "", 403, codeAccessDenied)

	s.refused(t, owner, "POST", at, "", 400, codeMissingRequestBody)
	s.refused(t, owner, "POST", at, completeDocument(), 400, codeMalformedXML)
	s.refused(t, owner, "POST", at, completeDocument(small, second), 400, codeEntityTooSmall)
	s.refused(t, owner, "POST", at, completeDocument(second), 400, codeInvalidPart)
	swapped := "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>" + second + "</ETag></Part>" +
		"<Part><PartNumber>1</PartNumber><ETag>" + small + "</ETag></Part></CompleteMultipartUpload>"
	s.refused(t, owner, "POST", at, swapped, 400, codeInvalidPartOrder)
	s.refused(t, owner, "POST", at, completeDocument(small), 400, codeInvalidRequest, "x-amz-mp-object-size: 2")
	s.refused(t, owner, "POST", at, completeDocument(small), 400, codeInvalidRequest, "x-amz-mp-object-size: x")
	s.refused(t, owner, "GET", "/alpha/key", "", 404, codeNoSuchKey)

	if r := s.must(t, owner, "DELETE", at, ""); r.status != 204 {
		t.Errorf("abort: status %d, want 204", r.status)
	}
	s.refused(t, owner, "DELETE", at, "", 404, codeNoSuchUpload)
	s.refused(t, owner, "POST", at, completeDocument(small), 404, codeNoSuchUpload)
}

func TestMultipartCondition(t *testing.T) {
	s := newTestServer(t, Options{})
	s.fill(t, "alpha", "key")
	at := "/alpha/key?uploadId=" + s.begin(t, "/alpha/key")
	etag := s.must(t, owner, "PUT", at+"&partNumber=1", "a").header.Get("ETag")
	s.refused(t, owner, "POST", at, completeDocument(etag), 412, codePreconditionFailed, "If-None-Match: *")
	s.must(t, owner, "DELETE", "/alpha/key", "")
	s.must(t, owner, "POST", at, completeDocument(etag), "If-None-Match: *")
}

func TestMultipartChecksum(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	sum := func(data string) string {
		c := crc32.ChecksumIEEE([]byte(data))
		return base64.StdEncoding.EncodeToString([]byte{byte(c >> 24), byte(c >> 16), byte(c >> 8), byte(c)})
	}
	s.refused(t, owner, "POST", "/alpha/key?uploads", "", 400, codeInvalidRequest, "x-amz-checksum-algorithm: MD4")
	s.refused(t, owner, "POST", "/alpha/key?uploads", "", 400, codeInvalidRequest, "x-amz-checksum-type: FULL_OBJECT")
	s.refused(t, owner, "POST", "/alpha/key?uploads", "", 400, codeInvalidRequest,
		"x-amz-checksum-algorithm: SHA256", "x-amz-checksum-type: FULL_OBJECT")

	at := "/alpha/key?uploadId=" + s.begin(t, "/alpha/key", "x-amz-checksum-algorithm: CRC32", "x-amz-checksum-type: FULL_OBJECT")
	s.refused(t, owner, "PUT", at+"&partNumber=1", "hello", 400, codeBadDigest, "x-amz-checksum-crc32: "+sum("other"))
	s.refused(t, owner, "PUT", at+"&partNumber=1", "hello", 400, codeInvalidRequest, "x-amz-checksum-crc32c: "+sum("hello"))
	part := s.must(t, owner, "PUT", at+"&partNumber=1", "hello", "x-amz-checksum-crc32: "+sum("hello"))
	if got := part.header.Get("x-amz-checksum-crc32"); got != sum("hello") {
		t.Errorf("checksum of the part %q, want %q", got, sum("hello"))
	}
	listed := s.must(t, owner, "GET", at, "")
	if listed.element("ChecksumCRC32") != sum("hello") || listed.element("ChecksumType") != "FULL_OBJECT" {
		t.Errorf("parts:\n%s", listed.body)
	}
	doc := completeDocument(part.header.Get("ETag"))
	wrongPart := strings.Replace(doc, "</Part>", "<ChecksumCRC32>"+sum("other")+"</ChecksumCRC32></Part>", 1)
	s.refused(t, owner, "POST", at, wrongPart, 400, codeInvalidPart)
	s.refused(t, owner, "POST", at, doc, 400, codeBadDigest, "x-amz-checksum-crc32: "+sum("other"))
	s.refused(t, owner, "POST", at, doc, 400, codeInvalidRequest, "x-amz-checksum-type: COMPOSITE")
	done := s.must(t, owner, "POST", at, doc, "x-amz-checksum-crc32: "+sum("hello"), "x-amz-checksum-type: FULL_OBJECT")
	if done.element("ChecksumCRC32") != sum("hello") || done.element("ChecksumType") != "FULL_OBJECT" {
		t.Errorf("completed:\n%s", done.body)
	}

	at = "/alpha/parts?uploadId=" + s.begin(t, "/alpha/parts", "x-amz-checksum-algorithm: CRC32")
	part = s.must(t, owner, "PUT", at+"&partNumber=1", "hello", "x-amz-checksum-crc32: "+sum("hello"))
	s.refused(t, owner, "POST", at, completeDocument(part.header.Get("ETag")), 400, codeInvalidRequest)
	doc = strings.Replace(completeDocument(part.header.Get("ETag")), "</Part>", "<ChecksumCRC32>"+sum("hello")+"</ChecksumCRC32></Part>", 1)
	done = s.must(t, owner, "POST", at, doc)
	if got := done.element("ChecksumCRC32"); !strings.HasSuffix(got, "-1") || done.element("ChecksumType") != "COMPOSITE" {
		t.Errorf("composite checksum:\n%s", done.body)
	}
	at = "/alpha/again?uploadId=" + s.begin(t, "/alpha/again", "x-amz-checksum-algorithm: CRC32")
	part = s.must(t, owner, "PUT", at+"&partNumber=1", "hello", "x-amz-checksum-crc32: "+sum("hello"))
	s.must(t, owner, "POST", at, doc, "x-amz-checksum-crc32: "+done.element("ChecksumCRC32"))
}

func TestUploadPartCopy(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	source := pattern(object.MinPart + 100)
	s.must(t, owner, "PUT", "/alpha/source", source)
	at := "/alpha/copy?uploadId=" + s.begin(t, "/alpha/copy")
	from := "x-amz-copy-source: /alpha/source"
	s.refused(t, owner, "PUT", at+"&partNumber=1", "", 400, codeInvalidArgument, from, "x-amz-copy-source-range: bytes=5-2")
	s.refused(t, owner, "PUT", at+"&partNumber=1", "", 400, codeInvalidArgument, from, "x-amz-copy-source-range: bytes=0-99999999")
	s.refused(t, owner, "PUT", at+"&partNumber=1", "", 404, codeNoSuchKey, "x-amz-copy-source: /alpha/absent")
	first := s.must(t, owner, "PUT", at+"&partNumber=1", "", from)
	second := s.must(t, owner, "PUT", at+"&partNumber=2", "", from, "x-amz-copy-source-range: bytes=10-19")
	unquote := strings.NewReplacer("&quot;", `"`)
	s.must(t, owner, "POST", at, completeDocument(unquote.Replace(first.element("ETag")), unquote.Replace(second.element("ETag"))))
	if got := s.must(t, owner, "GET", "/alpha/copy", "").body; got != source+source[10:20] {
		t.Errorf("copy has %d bytes, want %d", len(got), len(source)+10)
	}

	// The source is read as whoever asks: another's private object is no source.
	s.must(t, other, "PUT", "/beta", "")
	mine := s.must(t, other, "POST", "/beta/steal?uploads", "").element("UploadId")
	s.refused(t, other, "PUT", "/beta/steal?uploadId="+mine+"&partNumber=1", "", 403, codeAccessDenied, from)
}

func TestListMultipartUploads(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	ids := map[string]string{}
	for _, k := range []string{"a", "b/1", "b/2", "c"} {
		ids[k] = s.begin(t, "/alpha/"+k)
	}
	all := s.must(t, owner, "GET", "/alpha?uploads", "")
	if got, want := all.elements("Key"), []string{"a", "b/1", "b/2", "c"}; !slices.Equal(got, want) || all.element("UploadId") != ids["a"] {
		t.Errorf("uploads:\n%s", all.body)
	}
	var got []string
	more := ""
	for range 5 {
		r := s.must(t, owner, "GET", "/alpha?uploads&delimiter=/&max-uploads=1"+more, "")
		got = append(got, r.names()...)
		if r.element("IsTruncated") != "true" {
			break
		}
		more = "&key-marker=" + r.element("NextKeyMarker") + "&upload-id-marker=" + r.element("NextUploadIdMarker")
	}
	if want := []string{"a", "b/", "c"}; !slices.Equal(got, want) {
		t.Errorf("pages of one: %q, want %q", got, want)
	}
	s.refused(t, other, "GET", "/alpha?uploads", "", 403, codeAccessDenied)
}
