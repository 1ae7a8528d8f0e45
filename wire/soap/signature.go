package soap

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"strings"
	"time"
)

// Forms of a Timestamp. The first is the one that all clients can write (S3 developer guide, Authenticating SOAP
// requests); a dateTime without a zone is taken for UTC.
const (
	timestampMillis = "2006-01-02T15:04:05.000Z"
	timestampWhole  = "2006-01-02T15:04:05Z"
	timestampZoned  = time.RFC3339Nano
	timestampBare   = "2006-01-02T15:04:05.999999999"
)

// ParseTimestamp reads an xsd:dateTime.
func ParseTimestamp(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	t, err := time.Parse(timestampZoned, text)
	if err == nil {
		return t, nil
	}
	if t, bare := time.Parse(timestampBare, text); bare == nil {
		return t, nil
	}
	return t, err
}

// StringToSign is what the signature of a request covers: neither its bucket nor its key nor its content.
func StringToSign(operation, timestamp string) string { return "AmazonS3" + operation + timestamp }

// Sign returns the signature of a request.
func Sign(secret, operation, timestamp string) string {
	return base64.StdEncoding.EncodeToString(mac(secret, operation, timestamp))
}

// Verify reports whether signature is that of a request, over the timestamp as it was sent or as other clients write the
// same moment: some toolkits write it anew on its way into the envelope, and round or cut its fraction.
func Verify(secret, operation, timestamp, signature string) bool {
	got, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	if err != nil {
		return false
	}
	forms := []string{timestamp}
	if at, err := ParseTimestamp(timestamp); err == nil {
		at = at.UTC()
		forms = append(forms, at.Truncate(time.Millisecond).Format(timestampMillis),
			at.Round(time.Millisecond).Format(timestampMillis), at.Format(timestampWhole))
	}
	right := false
	for _, form := range forms {
		right = hmac.Equal(got, mac(secret, operation, form)) || right
	}
	return right
}

func mac(secret, operation, timestamp string) []byte {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(StringToSign(operation, timestamp)))
	return h.Sum(nil)
}
