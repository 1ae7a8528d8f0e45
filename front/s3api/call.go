package s3api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/wire/sigv4"
)

// call is one request on its way through the front. It belongs to one goroutine.
type call struct {
	ctx       context.Context
	http      *http.Request
	writer    http.ResponseWriter
	control   *http.ResponseController
	requestID string
	hostID    string // x-amz-id-2
	started   time.Time

	target    target
	query     query
	website   bool           // it is to a website: errors are pages
	claim     *sigv4.Request // how it says it is signed
	operation *operation
	principal access.Principal
	requester access.Owner   // the principal as an owner; see object.Bucket.OwnerOfNew
	access    access.Context // what policies may ask of the request

	bucket  *object.Bucket  // set when the target names one that exists
	version *object.Version // set when the operation reads an object that exists
	upload  *object.Upload  // set when the target names an upload that exists
	absent  error           // NoSuchKey and its like: told only to who may know (see authorise)

	region string       // of the body of CreateBucket
	tags   []access.Tag // of the body of CreateBucket, PutObjectTagging or PutBucketTagging
	lock   object.Lock  // of the body of PutObjectRetention or PutObjectLegalHold
	cors   http.Header  // that CORS rules add to the answer; nil for none
	form   *form        // the browser's form that PostObject came with
	early  *earlyAnswer // of an operation that may take long; nil for others
	byACL  bool         // nothing but an ACL allows it

	deleted []loggedKey // by DeleteObjects, for the access log
	copied  *loggedCopy // what a copy reads, for the access log of its bucket; nil for others
	body    body        // what the client sends, decoded and bounded; see openBody
}

// body is the content of a request: aws-chunked is decoded and its signatures are checked on the way;
// reading to EOF without an error means that all of it was as signed.
type body struct {
	io.Reader
	source    *stallReader // what Reader decodes; nil before authentication
	size      int64        // bytes of content, -1 when unknown
	integrity object.Integrity
	read      int64 // bytes of content read so far
}

// response is what a handler answers. At most one of raw and stream is set.
type response struct {
	status int         // 0 means 200
	header http.Header // may be nil
	raw    []byte      // sent as it is, with the Content-Type in header
	stream stream      // sent as it is read; closed by render
	opened *call       // whose version stream is the content of; nil for others
	length int64       // bytes of stream; with no stream, the Content-Length of an answer to HEAD; -1 when nobody knows
	code   code        // of the error that a website's own page stands for
	fault  error       // of ours, in a part of an answer that is none as a whole (DeleteObjects); for the log
}

// stream is content on its way out. WriteTo may hand file sections to the kernel.
type stream interface {
	io.WriterTo
	io.Closer
}

func (h *Handler) newCall(w http.ResponseWriter, r *http.Request) *call {
	var id [requestIDBytes + hostIDBytes]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	return &call{
		ctx: r.Context(), http: r, writer: w, control: http.NewResponseController(w), started: h.o.Now(),
		requestID: strings.ToUpper(hex.EncodeToString(id[:requestIDBytes])),
		hostID:    base64.StdEncoding.EncodeToString(id[requestIDBytes:]),
		requester: access.Owner{ID: access.AnonymousID},
	}
}

// Sizes of the two ids that S3 gives every answer.
const (
	requestIDBytes = 8
	hostIDBytes    = 24
)

// resource is the target as errors and logs name it.
func (c *call) resource() string {
	switch c.target.scope {
	case bucketScope:
		return "/" + c.target.bucket
	case objectScope:
		return "/" + c.target.bucket + "/" + c.target.key
	}
	return "/"
}

func (c *call) anonymous() bool { return c.principal.Kind == access.Anonymous }

// methodNotAllowed refuses the method for what the request is about.
func (c *call) methodNotAllowed() *apiError {
	kind := c.resourceType()
	switch {
	case kind == "BUCKET" && c.query.has("policy"):
		kind = "BUCKETPOLICY"
	case kind == "OBJECT" && c.query.has("uploadId"):
		kind = "UPLOAD"
	case kind == "OBJECT" && c.http.Method == http.MethodPost:
		kind = "SERVICE" // (AWS)
	}
	return errorOf(codeMethodNotAllowed, "", element{"Method", c.http.Method}, element{"ResourceType", kind})
}

// resourceType is the target as errors about methods and CORS name it.
func (c *call) resourceType() string {
	switch c.target.scope {
	case bucketScope:
		return "BUCKET"
	case objectScope:
		return "OBJECT"
	}
	return "SERVICE"
}

// leaveBody bounds what net/http does with a body that was not read to its end.
func (c *call) leaveBody() {
	if c.http.Body == http.NoBody || c.body.source != nil && c.body.source.over {
		return
	}
	_ = c.control.SetReadDeadline(time.Now().Add(drainTimeout))
}
