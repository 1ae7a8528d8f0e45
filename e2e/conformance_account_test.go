package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"shoal/core/access"
)

const (
	// suiteAccount is the number of every account to Versity's suite; here it is made from the canonical id.
	suiteAccount = "000000000000"

	formType = "application/x-www-form-urlencoded"
)

// namesAccounts reports whether a test may name its account by number.
func namesAccounts(test string) bool {
	return strings.HasPrefix(test, "IAM") && !strings.HasPrefix(test, "IAM_") || strings.HasPrefix(test, "S3IAM")
}

func toServer(text []byte) []byte {
	return bytes.ReplaceAll(text, []byte(suiteAccount), []byte(access.CanonicalID(suiteUser).AccountID()))
}

func fromServer(text []byte) []byte {
	return bytes.ReplaceAll(text, []byte(access.CanonicalID(suiteUser).AccountID()), []byte(suiteAccount))
}

// form translates a request of IAM or STS on its way in.
func (t translator) form(r *http.Request) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return // the server will see a body that ends early
	}
	body := toServer(sent) // of the same length
	r.Body = io.NopCloser(bytes.NewReader(body))
	key, secret, ok := t.signer(r)
	if bytes.Equal(body, sent) || !ok {
		return
	}
	service := "iam"
	if strings.Contains(r.Header.Get("Authorization"), "/sts/") {
		service = "sts"
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: r.Header.Get("X-Amz-Security-Token")}
	// The server refuses what it cannot check.
	_ = v4.NewSigner().SignHTTP(r.Context(), credentials, r, hex.EncodeToString(sum[:]), service, region, time.Now())
}

// accounts translates an answer, and keeps the secrets in it, to sign with them.
func (t translator) accounts(r *http.Response) error {
	kind := r.Header.Get("Content-Type")
	if !strings.Contains(kind, "xml") && !strings.Contains(kind, "json") {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(fromServer(body))) // of the same length
	return t.keepSecret(body)
}

var madeKey = regexp.MustCompile(`<AccessKeyId>(\w+)</AccessKeyId>(?s:.*?)<SecretAccessKey>([^<]+)</SecretAccessKey>`)

func (t translator) keepSecret(answer []byte) error {
	made := madeKey.FindSubmatch(answer)
	if made == nil {
		return nil
	}
	return os.WriteFile(filepath.Join(t.dir, string(made[1])+".secret"), made[2], 0o600)
}
