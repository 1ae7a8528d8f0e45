package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"shoal/wire/sigv4"
)

// signBody signs a request of the control API as an S3 one: the header form, the body hashed.
func signBody(r *http.Request, body []byte, c sigv4.Credentials, region string) error {
	sum := sha256.Sum256(body)
	return sigv4.Sign(r, c, region, hex.EncodeToString(sum[:]), time.Now())
}
