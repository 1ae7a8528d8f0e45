package soap

import (
	"strings"
	"testing"
)

// The vectors were computed with openssl dgst -sha1 -hmac.
const (
	vectorSecret    = "uV3F3YluFJax1cknvbcGwgjvx4QpvB+leU8dUj2o"
	vectorTimestamp = "2009-01-01T12:00:00.183Z"
)

func TestSign(t *testing.T) {
	for operation, want := range map[string]string{
		"CreateBucket": "p4m31c53NlMYZf53g1mmHC9d7Dg=",
		"GetObject":    "u91PaVFO9Aa49zonolvQR90m7WA=",
	} {
		if got := Sign(vectorSecret, operation, vectorTimestamp); got != want {
			t.Errorf("%s: got %s, want %s", operation, got, want)
		}
	}
}

// TestVerify: what clients sign is a timestamp with three digits, but what they send may be another form of it.
func TestVerify(t *testing.T) {
	const operation = "CreateBucket"
	for name, tt := range map[string]struct {
		signed, sent string
		want         bool
	}{
		"as it was signed":         {"2009-01-01T12:00:00.000Z", "2009-01-01T12:00:00.000Z", true},
		"any text":                 {"2009-01-01T12:00:00Z", "2009-01-01T12:00:00Z", true},
		"six digits and an offset": {"2009-01-01T12:00:00.183Z", "2009-01-01T12:00:00.183000+00:00", true},
		"another offset":           {"2009-01-01T12:00:00.183Z", "2009-01-01T14:00:00.183+02:00", true},
		"fraction dropped":         {"2009-01-01T12:00:00.000Z", "2009-01-01T12:00:00Z", true},
		"fraction added":           {"2009-01-01T12:00:00Z", "2009-01-01T12:00:00.000Z", true},
		"cut":                      {"2009-01-01T12:00:00.183Z", "2009-01-01T12:00:00.183999Z", true},
		"rounded":                  {"2009-01-01T12:00:00.184Z", "2009-01-01T12:00:00.183999Z", true},
		"no zone":                  {"2009-01-01T12:00:00.183Z", "2009-01-01T12:00:00.183", true},
		"another time":             {"2009-01-01T12:00:00.183Z", "2009-01-01T12:00:00.184Z", false},
		"another second":           {"2009-01-01T12:00:00Z", "2009-01-01T12:00:01Z", false},
		"no time":                  {"x", "y", false},
	} {
		if got := Verify(vectorSecret, operation, tt.sent, Sign(vectorSecret, operation, tt.signed)); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
	right := Sign(vectorSecret, operation, vectorTimestamp)
	for name, signature := range map[string]string{
		"nothing": "", "no base64": "!", "cut": right[:8], "of another operation": Sign(vectorSecret, "DeleteBucket", vectorTimestamp),
		"of another secret": Sign("x", operation, vectorTimestamp), "longer": right + right,
	} {
		if Verify(vectorSecret, operation, vectorTimestamp, signature) {
			t.Errorf("%s passes", name)
		}
	}
	if !Verify(vectorSecret, operation, vectorTimestamp, " "+right+"\n") {
		t.Error("white space around the signature counts")
	}
}

func TestParseTimestamp(t *testing.T) {
	for _, text := range []string{"2009-01-01T12:00:00Z", " 2009-01-01T12:00:00.1234567+02:00\n", "2009-01-01T12:00:00", "2009-01-01T12:00:00.5"} {
		if _, err := ParseTimestamp(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "2009-01-01", "yesterday", strings.Repeat("1", 1000)} {
		if _, err := ParseTimestamp(text); err == nil {
			t.Errorf("%q is a time", text)
		}
	}
}
