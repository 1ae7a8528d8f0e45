package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Mechanism is where a request carries its credentials.
type Mechanism uint8

// The mechanisms. The zero value is none of them.
const (
	_         Mechanism = iota
	Anonymous           // no credentials at all
	Header              // Authorization: AWS4-HMAC-SHA256 ...
	Presigned           // X-Amz-Signature and its companions in the query
	PostForm            // the fields of a browser POST
)

// Request is a request as it claims to be: nothing in it is proven until Verify accepts it. It
// refers to the *http.Request, whose URL, Host and Header must not change before Verify.
type Request struct {
	Mechanism     Mechanism
	AccessKeyID   string // "" when anonymous
	SecurityToken string // the session token, "" for long-term keys; its validity is the caller's to check
	Scope         Scope
	Time          time.Time     // when it was signed, UTC
	Expires       time.Duration // Presigned: lifetime from Time; 0 as with Header, which S3 does not have
	SignedHeaders []string      // lower case, sorted
	Payload       Payload
	// Query is the decoded query, in the reading that is signed. Values of a repeated name are sorted.
	Query url.Values

	signature    string
	http         *http.Request
	params       []param
	policy       string // PostForm: the base64 policy, which is the string to sign
	needBodyHash bool
}

// NeedBodySHA256 reports whether the signature covers the hash of the body, whatever headers say (services
// other than S3): then the caller reads the bounded body and calls SetBodySHA256 before Verify.
func (r *Request) NeedBodySHA256() bool { return r.needBodyHash }

// SetBodySHA256 supplies the hash of a body that the caller has read.
func (r *Request) SetBodySHA256(sum [sha256.Size]byte) {
	r.Payload = Payload{Mode: Hashed, SHA256: sum, value: hex.EncodeToString(sum[:])}
	r.needBodyHash = false
}

// Verified is a request whose signature, time and scope were checked, or one that is anonymous. It
// is made by Verify and Anonymous only.
type Verified struct {
	Mechanism   Mechanism
	AccessKeyID string // "" when anonymous
	Payload     Payload

	key      signingKey
	seed     string // hex signature of the request
	scope    string
	time     string
	minChunk int64
}

// String names who was verified; the signing key stays out of it.
func (v *Verified) String() string {
	if v.Mechanism == Anonymous {
		return "anonymous request"
	}
	return "request of " + v.AccessKeyID
}

// GoString keeps the signing key out of %#v.
func (v *Verified) GoString() string { return v.String() }

// LogValue keeps the signing key out of structured logs.
func (v *Verified) LogValue() slog.Value { return slog.StringValue(v.String()) }
