package iamapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"shoal/core/access"
	"shoal/core/account"
)

// call is one request on its way through the front. It belongs to one goroutine.
type call struct {
	ctx       context.Context
	http      *http.Request
	control   *http.ResponseController
	requestID string
	started   time.Time

	form    form
	bodySum [sha256.Size]byte
	action  *action
	who     account.Caller // zero when anonymous
	access  access.Context // what policies may ask of the request
}

func (h *Handler) newCall(w http.ResponseWriter, r *http.Request) *call {
	return &call{
		ctx: r.Context(), http: r, control: http.NewResponseController(w),
		requestID: newRequestID(), started: h.o.Now(),
		bodySum: sha256.Sum256(nil),
	}
}

// newRequestID returns a random UUID (RFC 9562, version 4).
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// account is the account that the request is about: always the signer's.
func (c *call) account() access.CanonicalID { return c.who.Account.CanonicalID }

func (c *call) accountID() string { return c.account().AccountID() }

// userName is the user that a request is about: the one it names, or the signer when he is an IAM user. ok is false
// when it is the account itself.
func (c *call) userName() (name string, ok bool) {
	if name := c.form.get("UserName"); name != "" {
		return name, true
	}
	if c.who.Identity != nil && c.who.Identity.Kind == account.IAMUser {
		return c.who.Identity.Name, true
	}
	return "", false
}

// errNoUser is the error of who means himself and is no IAM user.
var errNoUser = errorOf(codeValidation, "Must specify userName when calling with non-User credentials")

// needUser is userName for actions that the account itself cannot be meant by.
func (c *call) needUser() (string, error) {
	name, ok := c.userName()
	if !ok {
		return "", errNoUser
	}
	return name, nil
}
