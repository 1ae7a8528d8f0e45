package s3api

import (
	"net/http"
	"slices"
	"strings"

	"shoal/core/access"
	"shoal/core/meter"
)

// scope is what a request addresses.
type scope uint8

const (
	serviceScope scope = iota // GET /
	bucketScope
	objectScope
)

// support says how much of an operation is there, as docs/protocol/s3.md prints it.
type support string

const (
	yes     support = "Yes"
	partial support = "Partial"
	no      support = "No" // answers 501 NotImplemented, or AWS's empty form
)

// handler serves one operation. It reads the body through call.body and returns what to answer.
type handler func(*Handler, *call) (*response, error)

// operation is one row of the table of operations.
type operation struct {
	name   string // as in the S3 API reference
	method string
	scope  scope
	query  []string // query keys that must be there; the first one is the sub-resource
	header string   // header that must be there, "" when none
	action access.Action
	// open operations are answered to everyone: neither is a signature checked nor a policy asked.
	open bool
	// signed is why nobody may do it without a signature, whatever policies say; "" where they alone decide.
	signed string
	// describe adds what the body says to the facts that policies see, and runs before them; nil for most.
	describe func(*Handler, *call) error
	parse    func(*call) error // checks parameters before anything below the bucket counts; may be nil
	serve    handler           // nil: 501 NotImplemented
	usage    meter.Operation
	tier     meter.Tier
	logAs    string // the operation column of the server access log
	state    support
	note     string // what is missing, for the support page
}

// matches reports whether o is the operation of a request with this method, query and header.
func (o *operation) matches(method string, s scope, q query, h http.Header) bool {
	if o.method != method || o.scope != s {
		return false
	}
	for _, k := range o.query {
		if !q.has(k) {
			return false
		}
	}
	return o.header == "" || h.Get(o.header) != ""
}

// perKey reports whether the handler authorises each key that the body names (DeleteObjects).
func (o *operation) perKey() bool { return o.scope == bucketScope && o.action == access.DeleteObject }

// createsObject reports whether an object is there when o is done, as s3:ObjectCreationOperation has it: putting a
// part is none.
func (o *operation) createsObject() bool {
	switch o.usage {
	case meter.PutObject, meter.CopyObject, meter.PostObject, meter.CompleteMultipartUpload:
		return true
	}
	return false
}

// locks reports whether o is about the lock of one object.
func (o *operation) locks() bool {
	return o.scope == objectScope && (o.usage == meter.ReadObjectLock || o.usage == meter.WriteObjectLock)
}

// takesForm reports whether the body is a browser's form, which carries the signature.
func (o *operation) takesForm() bool { return o.usage == meter.PostObject }

// sumsObject reports whether an x-amz-checksum-* header is about the object and not about the body.
func (o *operation) sumsObject() bool { return o.usage == meter.CompleteMultipartUpload }

// takesContent reports whether the body is content of an object, which alone may come in chunks (S3 API reference,
// Signature calculations, chunked upload).
func (o *operation) takesContent() bool {
	return o.usage == meter.PutObject || o.usage == meter.UploadPart
}

// What S3 tells those who should have signed.
const (
	signedOnly         = "Anonymous users cannot invoke this API. Please authenticate."
	signedCopy         = "Anonymous users cannot copy objects. Please authenticate."
	signedPartCopy     = "Access Denied."
	signedUpload       = "Anonymous users cannot initiate multipart uploads. Please authenticate."
	signedGetOwnership = "s3:GetBucketOwnershipControls does not support Anonymous requests!"
	signedPutOwnership = "s3:PutBucketOwnershipControls does not support Anonymous requests!"
)

// table is the operations by scope, in the order of matching: a row with more demands stands first.
type table struct {
	rows         []operation
	subresources map[scope]map[string]bool
}

func newTable(rows []operation) *table {
	t := &table{rows: slices.Clone(rows), subresources: map[scope]map[string]bool{}}
	slices.SortStableFunc(t.rows, func(a, b operation) int { return b.demands() - a.demands() })
	for _, o := range t.rows {
		if len(o.query) == 0 {
			continue
		}
		if t.subresources[o.scope] == nil {
			t.subresources[o.scope] = map[string]bool{}
		}
		t.subresources[o.scope][o.query[0]] = true
	}
	return t
}

func (o *operation) demands() int {
	n := 2 * len(o.query)
	if o.header != "" {
		n++
	}
	return n
}

// match finds the operation of a request. A request that names a known sub-resource with a method that
// it has not is MethodNotAllowed; it never falls through to the operation on the resource itself.
func (t *table) match(method string, s scope, q query, h http.Header) (*operation, error) {
	if method == http.MethodHead && s == serviceScope {
		return nil, errorOf(codeMethodNotAllowed, "")
	}
	for i := range t.rows {
		o := &t.rows[i]
		if !o.matches(method, s, q, h) {
			continue
		}
		if len(o.query) == 0 && !o.open && t.namesSubresource(s, q) {
			break
		}
		return o, nil
	}
	return nil, errorOf(codeMethodNotAllowed, "")
}

func (t *table) namesSubresource(s scope, q query) bool {
	for k := range t.subresources[s] {
		if q.has(k) {
			return true
		}
	}
	return false
}

// allowed lists the methods that a target has, for the Allow header of 405.
func (t *table) allowed(s scope, q query, h http.Header) string {
	var methods []string
	for i := range t.rows {
		o := &t.rows[i]
		if o.open || slices.Contains(methods, o.method) || !o.matches(o.method, s, q, h) {
			continue
		}
		if len(o.query) == 0 && t.namesSubresource(s, q) {
			continue
		}
		methods = append(methods, o.method)
	}
	return strings.Join(methods, ", ")
}
