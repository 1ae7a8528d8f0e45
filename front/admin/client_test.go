package admin

import "testing"

func TestRefusalOf(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"no such user","kind":"no such user"}`:                                                             "no such user",
		`<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied.</Message><Key>k</Key></Error>`: "AccessDenied: Access Denied.",
		`{"other":1}`:    "GET /: 502",
		`<html>`:         "GET /: 502",
		``:               "GET /: 502",
		`<a><b>c</b>`:    "GET /: 502",
		`<Error/>`:       "GET /: 502",
		`{"error":""}`:   "GET /: 502",
		`"AccessDenied"`: "GET /: 502",
	} {
		if got := refusalOf([]byte(body), "GET /: 502").Error(); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
