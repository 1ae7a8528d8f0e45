package iamapi

import (
	"errors"
	"net/http/httptest"
	"testing"

	"shoal/core/fault"
	"shoal/wire/sigv4"
)

// TestEveryErrorHasAnAnswer: what is not a fault of the caller is an internal failure that tells nothing.
func TestEveryErrorHasAnAnswer(t *testing.T) {
	secret := errors.New("cause with a secret")
	for _, k := range fault.Kinds() {
		e := translate(fault.New("op", "resource", k, secret))
		if e.code == "" || e.code.status() < 400 {
			t.Errorf("%v: got %q, status %d", k, e.code, e.code.status())
		}
		if _, ours := kindCodes[k]; !ours && (e.code != codeInternal || e.message != internalMessage) {
			t.Errorf("%v: got %q %q, want the internal failure", k, e.code, e.message)
		}
	}
	c := &call{http: httptest.NewRequest("GET", "/", nil), action: &action{service: serviceIAM}}
	for _, r := range sigv4.Reasons() {
		if e := c.refusal(&sigv4.Error{Reason: r}); e.code == "" || e.code.status() < 400 || e.code.status() >= 500 {
			t.Errorf("%v: got %q", r, e.code)
		}
	}
	for _, err := range []error{secret, fault.New("op", "r", fault.Internal, secret)} {
		if e := translate(err); e.code != codeInternal || e.message != internalMessage {
			t.Errorf("%v: got %q %q, want the internal failure", err, e.code, e.message)
		}
	}
}
