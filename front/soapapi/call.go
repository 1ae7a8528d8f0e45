package soapapi

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/wire/soap"
)

// call is one request on its way through the front. It belongs to one goroutine.
type call struct {
	ctx       context.Context
	http      *http.Request
	writer    http.ResponseWriter
	requestID string
	hostID    string // x-amz-id-2
	started   time.Time

	body      bodyReader   // all that the client sends
	message   *soap.Reader // its parts
	free      func()       // gives the place of a long envelope back; nil without one
	operation *operation
	request   request
	principal access.Principal
	requester access.Owner   // the principal as an owner; see object.Bucket.OwnerOfNew
	access    access.Context // what policies may ask of the request

	bucketName, key string
	bucket          *object.Bucket  // set when the request names one that exists
	version         *object.Version // set when the operation reads an object that exists
	absent          error           // NoSuchKey: told only to who may know (see authorise)

	byACL  bool    // nothing but an ACL allows it
	size   int64   // of the object in question, for the access log; 0 when it is not known
	copied *copied // what a copy reads; nil for others
}

// answer is what a handler answers.
type answer struct {
	result any // the operation's result as XML; nil without one

	content  *object.Reader // to be attached; closed by render
	frame    soap.Packaging // that it is attached in
	attached soap.Attachment
}

// Sizes of the two ids that S3 gives every answer.
const (
	requestIDBytes = 8
	hostIDBytes    = 24
)

func (h *Handler) newCall(w http.ResponseWriter, r *http.Request) *call {
	var id [requestIDBytes + hostIDBytes]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	return &call{
		ctx: r.Context(), http: r, writer: w, started: h.o.Now(),
		requestID: strings.ToUpper(hex.EncodeToString(id[:requestIDBytes])),
		hostID:    base64.StdEncoding.EncodeToString(id[requestIDBytes:]),
		body:      bodyReader{src: r.Body, now: h.o.Now},
		requester: access.Owner{ID: access.AnonymousID},
	}
}

// release gives back what the request holds beside its place.
func (c *call) release() {
	if c.free != nil {
		c.free()
	}
}

// heard is when the last of the request was read, or when it came in.
func (c *call) heard() time.Time {
	if c.body.over.IsZero() {
		return c.started
	}
	return c.body.over
}

func (c *call) anonymous() bool { return c.principal.Kind == access.Anonymous }

// eventBy is what an event of c's bucket says of c; nothing where there are no events.
func (c *call) eventBy() object.Requester {
	if len(c.bucket.Config.Notification) == 0 {
		return object.Requester{}
	}
	return object.Requester{
		PrincipalID: object.PrincipalID(c.principal), SourceIP: remoteAddr(c.http.RemoteAddr).String(),
		RequestID: c.requestID, HostID: c.hostID,
	}
}

// operationName is the operation in the log and in metrics; "none" when the request named none of ours.
func (c *call) operationName() string {
	if c.operation == nil {
		return "none"
	}
	return c.operation.name
}

// remoteAddr is the address of the peer; the zero Addr when it has none.
func remoteAddr(hostport string) netip.Addr {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
