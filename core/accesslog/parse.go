package accesslog

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// errLine says that a line is no record of the log. It is wrapped.
var errLine = errors.New("malformed access log record")

// minFields is how many fields the records of 2006 had; those that came later are zero in such a line.
const minFields = 18

// ParseLine reads one line, with or without its line feed. Only the key is decoded; other fields are as they stand in the
// line. Fields behind those that it knows are passed over: S3 says that more may be appended.
func ParseLine(line string) (Record, error) {
	line = strings.TrimSuffix(line, "\n")
	if len(line) >= maxLine {
		return Record{}, fmt.Errorf("%w: more than %d bytes", errLine, maxLine)
	}
	if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) {
		return Record{}, fmt.Errorf("%w: not printable ASCII", errLine)
	}
	p := parser{rest: line}
	r := p.record()
	switch {
	case p.err != nil:
		return Record{}, p.err
	case p.fields < minFields:
		return Record{}, fmt.Errorf("%w: %d fields", errLine, p.fields)
	}
	return r, nil
}

// parser takes fields off the front of a line. The first error stays.
type parser struct {
	rest   string
	fields int
	err    error
}

func (p *parser) record() (r Record) {
	r.BucketOwner, r.Bucket = p.token(), p.token()
	r.Time, r.RemoteIP = p.time(), p.addr()
	r.Requester, r.RequestID, r.Operation = p.token(), p.token(), p.token()
	r.Key = p.key()
	r.Request = p.request()
	r.Status, r.ErrorCode = int(p.count()), p.token()
	r.BytesSent, r.ObjectSize = p.count(), p.count()
	r.TotalTime, r.TurnAround = p.millis(), p.millis()
	r.Referer, r.UserAgent = p.token(), p.token()
	for _, to := range []*string{
		&r.VersionID, &r.HostID, &r.Signature, &r.CipherSuite, &r.AuthType, &r.Host, &r.TLSVersion, &r.AccessPoint,
	} {
		*to = p.token()
	}
	r.ACLRequired = p.token() == "Yes"
	r.Region = p.token()
	r.BytesReceived, r.ChargedTo = p.count(), p.token()
	return r
}

// field takes one field off, without its quotes; "" when there is none.
func (p *parser) field() (text string, quoted bool) {
	if strings.HasPrefix(p.rest, `"`) {
		return p.enclosed(`"`, `"`), true
	}
	if p.rest == "" || p.err != nil {
		return "", false
	}
	p.fields++
	text, p.rest, _ = strings.Cut(p.rest, " ")
	if text == "" {
		p.fail("nothing before", p.rest)
	}
	return text, false
}

// enclosed takes off a field that begins with open and ends with the next end, and returns what is between.
func (p *parser) enclosed(open, end string) string {
	p.fields++
	inner, begins := strings.CutPrefix(p.rest, open)
	text, rest, ends := strings.Cut(inner, end)
	if !begins || !ends || rest != "" && rest[0] != ' ' {
		p.fail("no "+open+end+" around", p.rest)
	}
	p.rest = strings.TrimPrefix(rest, " ")
	return text
}

func (p *parser) fail(what, text string) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: field %d: %s %q", errLine, p.fields, what, text)
	}
}

// token returns a field, "" for "-".
func (p *parser) token() string {
	text, _ := p.field()
	if text == "-" {
		return ""
	}
	return text
}

func (p *parser) key() string {
	text := p.token()
	key, err := url.PathUnescape(text)
	if err != nil {
		p.fail("no key", text)
	}
	return key
}

func (p *parser) time() time.Time {
	text := p.enclosed("[", "]")
	t, err := time.Parse(timeFormat, "["+text+"]")
	if err != nil {
		p.fail("no time", text)
	}
	return t.UTC()
}

func (p *parser) addr() netip.Addr {
	text := p.token()
	if text == "" {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		p.fail("no address", text)
	}
	return a
}

func (p *parser) request() RequestURI {
	text, quoted := p.field()
	if text == "-" {
		return RequestURI{}
	}
	method, rest, _ := strings.Cut(text, " ")
	uri, proto, whole := strings.Cut(rest, " ")
	if !quoted || !whole || uri == "" || strings.Contains(proto, " ") {
		p.fail("no request line", text)
	}
	return RequestURI{method, uri, proto}
}

func (p *parser) count() int64 {
	text := p.token()
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		p.fail("no number", text)
	}
	return int64(n)
}

// maxMillis bounds a time in a line: its nanoseconds fit a time.Duration.
const maxMillis = int64(1<<63-1) / int64(time.Millisecond)

func (p *parser) millis() time.Duration {
	n := p.count()
	if n > maxMillis {
		p.fail("no time", strconv.FormatInt(n, 10))
		return 0
	}
	return time.Duration(n) * time.Millisecond
}
