package accesslog

import (
	"net/netip"
	"strconv"
	"time"
)

// The most bytes of a field as it is written; what goes beyond is cut off. With them a line stays below maxLine.
const (
	maxToken  = 1 << 10 // of one without quotes: an ARN of STS is the longest
	maxKey    = 3 << 10 // a key of 1,024 bytes, each of them encoded
	maxURI    = 8 << 10 // such a key, and a presigned query with a session token
	maxHeader = 1 << 10 // of Referer and of User-Agent
)

// maxLine is the most bytes of a line with its line feed.
const maxLine = 32 << 10

// timeFormat is [%d/%b/%Y:%H:%M:%S %z] (S3 user guide, "Amazon S3 server access log format").
const timeFormat = "[02/Jan/2006:15:04:05 -0700]"

// Record is one line of the log: the fields of the S3 user guide, "Amazon S3 server access log format", in their order,
// and two of our own behind them, without which the usage report could not be recomputed from the log. What is zero is
// written as "-".
type Record struct {
	BucketOwner string // canonical id
	Bucket      string
	Time        time.Time // when the request came in, of which seconds are kept
	RemoteIP    netip.Addr
	Requester   string // canonical id, or the ARN of a user or session; "" for an anonymous one
	RequestID   string
	Operation   string
	Key         string // as it is, not encoded
	Request     RequestURI
	Status      int
	ErrorCode   string
	BytesSent   int64 // of the response body, or of torrent payload
	ObjectSize  int64
	TotalTime   time.Duration // from the request's arrival to the last byte of the answer; in ms, rounded up
	TurnAround  time.Duration // from the last byte of the request to the first one of the answer; the same
	Referer     string
	UserAgent   string
	VersionID   string
	HostID      string
	Signature   string // "SigV4"
	CipherSuite string
	AuthType    string // "AuthHeader", "QueryString"
	Host        string // the Host header
	TLSVersion  string
	AccessPoint string
	ACLRequired bool   // an ACL, and nothing else, allowed the request
	Region      string // of the bucket

	BytesReceived int64  // of the request body
	ChargedTo     string // canonical id of the account that pays for the request and for its bytes; "" when nobody does
}

// RequestURI is the request line as it was sent. The source's record of a copy has none: its URI is "".
type RequestURI struct{ Method, URI, Proto string }

// Append appends r as one line with its line feed. Whatever the client sent, the line has as many fields as Fields, of
// printable ASCII: what could end a field or a line is percent-encoded.
func (r *Record) Append(b []byte) []byte {
	b = appendToken(b, r.BucketOwner)
	b = appendToken(append(b, ' '), r.Bucket)
	b = r.Time.UTC().AppendFormat(append(b, ' '), timeFormat)
	b = appendAddr(append(b, ' '), r.RemoteIP)
	b = appendToken(append(b, ' '), r.Requester)
	b = appendToken(append(b, ' '), r.RequestID)
	b = appendToken(append(b, ' '), r.Operation)
	b = appendKey(append(b, ' '), r.Key)
	b = r.Request.append(append(b, ' '))
	b = appendCount(append(b, ' '), int64(r.Status))
	b = appendToken(append(b, ' '), r.ErrorCode)
	b = appendCount(append(b, ' '), r.BytesSent)
	b = appendCount(append(b, ' '), r.ObjectSize)
	b = appendCount(append(b, ' '), millis(r.TotalTime))
	b = appendCount(append(b, ' '), millis(r.TurnAround))
	b = r.appendHeader(append(b, ' '), r.Referer)
	b = r.appendHeader(append(b, ' '), r.UserAgent)
	for _, token := range [...]string{
		r.VersionID, r.HostID, r.Signature, r.CipherSuite, r.AuthType, r.Host, r.TLSVersion, r.AccessPoint, yes(r.ACLRequired), r.Region,
	} {
		b = appendToken(append(b, ' '), token)
	}
	b = appendCount(append(b, ' '), r.BytesReceived)
	b = appendToken(append(b, ' '), r.ChargedTo)
	return append(b, '\n')
}

// Fields returns the names of the fields in order.
func Fields() []string {
	return []string{
		"Bucket-Owner", "Bucket", "Time", "Remote-IP", "Requester", "Request-ID", "Operation", "Key", "Request-URI", "HTTP-Status",
		"Error-Code", "Bytes-Sent", "Object-Size", "Total-Time", "Turn-Around-Time", "Referer", "User-Agent", "Version-Id", "Host-Id",
		"Signature-Version", "Cipher-Suite", "Authentication-Type", "Host-Header", "TLS-Version", "Access-Point-ARN", "aclRequired",
		"Source-Region", "Bytes-Received", "Charged-To",
	}
}

func (u RequestURI) append(b []byte) []byte {
	if u.URI == "" {
		return append(b, '-')
	}
	b = appendEscaped(append(b, '"'), u.Method, maxToken, plainToken)
	b = appendEscaped(append(b, ' '), u.URI, maxURI, plainToken)
	b = appendEscaped(append(b, ' '), u.Proto, maxToken, plainToken)
	return append(b, '"')
}

// appendHeader appends a header of the request in quotes; a record without a request line has no headers either.
func (r *Record) appendHeader(b []byte, value string) []byte {
	if r.Request.URI == "" {
		return append(b, '-')
	}
	b = append(b, '"')
	if value == "" {
		b = append(b, '-')
	}
	return append(appendEscaped(b, value, maxHeader, plainText), '"')
}

func appendToken(b []byte, s string) []byte {
	switch s {
	case "":
		return append(b, '-')
	case "-": // not the absence of a value
		return append(b, "%2D"...)
	}
	return appendEscaped(b, s, maxToken, plainToken)
}

func appendKey(b []byte, key string) []byte {
	switch key {
	case "":
		return append(b, '-')
	case "-":
		return append(b, "%2D"...)
	}
	return appendEscaped(b, key, maxKey, plainKey)
}

func appendAddr(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return append(b, '-')
	}
	return a.Unmap().WithZone("").AppendTo(b)
}

func appendCount(b []byte, n int64) []byte {
	if n <= 0 {
		return append(b, '-')
	}
	return strconv.AppendInt(b, n, 10)
}

// millis returns d in milliseconds, rounded up, so that what took time does not read as unknown.
func millis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

func yes(is bool) string {
	if is {
		return "Yes"
	}
	return ""
}

// appendEscaped appends s, each byte that is not plain percent-encoded, up to limit bytes and no half of an encoding.
func appendEscaped(b []byte, s string, limit int, plain func(byte) bool) []byte {
	const digits = "0123456789ABCDEF"
	end := len(b) + limit
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case plain(c) && len(b) < end:
			b = append(b, c)
		case !plain(c) && len(b)+3 <= end:
			b = append(b, '%', digits[c>>4], digits[c&15])
		default:
			return b
		}
	}
	return b
}

// plainToken are the bytes of a field without quotes, and of a request line, as they are. Neither a quote nor a
// backslash is one: some readers take the latter for an escape.
func plainToken(c byte) bool { return c > ' ' && plainText(c) }

// plainText are those of a header.
func plainText(c byte) bool { return c >= ' ' && c <= '~' && c != '"' && c != '\\' }

// plainKey are those of a key, as S3 leaves them in encoding-type=url.
func plainKey(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return c == '-' || c == '_' || c == '.' || c == '~' || c == '/' || c == '*'
}
