package s3api

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"shoal/core/fault"
	"shoal/wire/sigv4"
)

// hasOwnRow reports whether the tables say what goes with c.
func hasOwnRow(c code) bool {
	for _, table := range []map[code]codeRow{requestCodes, absenceCodes, stateCodes} {
		if r, ok := table[c]; ok {
			return r.status >= 300 && r.message != ""
		}
	}
	return false
}

func TestEveryKindHasACode(t *testing.T) {
	for _, k := range fault.Kinds() {
		c, ok := kindCodes[k]
		if !ok {
			t.Errorf("kind %q has no S3 code", k)
			continue
		}
		if !hasOwnRow(c) {
			t.Errorf("code %s of kind %q has no status and message", c, k)
		}
		if status := c.row().status; (status == http.StatusInternalServerError) != (k == fault.Internal) {
			t.Errorf("kind %q answers %d", k, status)
		}
	}
}

func TestEveryReasonHasACode(t *testing.T) {
	for _, r := range sigv4.Reasons() {
		row, ok := reasonCodes[r]
		if !ok {
			t.Errorf("reason %q has no S3 code", r)
			continue
		}
		if !hasOwnRow(row.code) {
			t.Errorf("code %s of reason %q has no status and message", row.code, r)
		}
		e := describeRefusal(&sigv4.Error{Reason: r})
		if e.message == "" || e.status() >= http.StatusInternalServerError && e.code != codeNotImplemented {
			t.Errorf("reason %q answers %d %q", r, e.status(), e.message)
		}
	}
}

func TestInternalErrorsTellNothing(t *testing.T) {
	c := &call{http: httptest.NewRequest(http.MethodGet, "/b/k", nil)}
	secret := errors.New("open /var/lib/shoal/blobs/ab: input/output error")
	for _, err := range []error{
		secret, fmt.Errorf("wrapped: %w", secret), fault.New("read object", "b/k", fault.Internal, secret),
	} {
		e := describe(c, err)
		if e.code != codeInternalError || e.message != codeInternalError.row().message {
			t.Errorf("%v is answered %s %q", err, e.code, e.message)
		}
		if !errors.Is(e, secret) {
			t.Errorf("%v lost its cause", err)
		}
	}
}

func TestDescribeKeepsTheFrontsOwnError(t *testing.T) {
	own := errorOf(codeInvalidRange, "", element{"ActualObjectSize", "5"})
	got := describe(&call{}, fault.New("put object", "b/k", fault.Internal, fmt.Errorf("read body: %w", own)))
	if got != own {
		t.Errorf("got %v, want %v", got, own)
	}
}
