package s3api

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"shoal/core/encryption"
	"shoal/core/fault"
)

// Headers of server-side encryption.
const (
	encryptionHeader  = "x-amz-server-side-encryption"
	kmsKeyHeader      = "x-amz-server-side-encryption-aws-kms-key-id"
	contextHeader     = "x-amz-server-side-encryption-context"
	bucketKeyHeader   = "x-amz-server-side-encryption-bucket-key-enabled"
	customerPrefix    = "x-amz-server-side-encryption-customer-"
	copySourcePrefix  = "x-amz-copy-source-server-side-encryption-customer-"
	customerAlgorithm = "algorithm"
	customerKey       = "key"
	customerKeyMD5    = "key-MD5"
)

// Values of encryptionHeader, which are also those of SSEAlgorithm.
const (
	sseS3     = "AES256"
	sseKMS    = "aws:kms"
	sseDouble = "aws:kms:dsse"
)

// PlainKeys says from where keys of customers (SSE-C) are taken without TLS. AWS takes none.
type PlainKeys string

const (
	PlainKeysLoopback PlainKeys = "loopback" // from this machine: of a proxy or a test
	PlainKeysNever    PlainKeys = "never"
	PlainKeysAlways   PlainKeys = "always"
)

// newEncryption reads how an object to be is encrypted: as the headers say, else by the default of its bucket.
func (h *Handler) newEncryption(c *call) (encryption.Choice, error) {
	in := c.http.Header
	mode := in.Get(encryptionHeader)
	key, err := h.customerKey(c, customerPrefix)
	switch {
	case err != nil:
		return encryption.Choice{}, err
	case key != nil && mode != "":
		return encryption.Choice{}, invalidArgument("Server Side Encryption with Customer provided key is incompatible with the encryption method specified", encryptionHeader, mode)
	case key != nil && blocksCustomerKeys(c.bucket):
		return encryption.Choice{}, errAccessDenied()
	case key != nil:
		return encryption.Choice{Mode: encryption.Customer, Customer: key}, nil
	}
	choice, err := c.operatorsEncryption(mode)
	if err == nil && choice.Mode == encryption.KMS && c.anonymous() {
		err = invalidArgument("Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.", "Authorization", "null")
	}
	return choice, err
}

// adoptEncryption makes headers of what a presigned URL says of encryption: SDKs sign such headers as parameters, and an
// object must not rest plain because of it.
func (c *call) adoptEncryption() {
	for name, values := range c.query {
		if strings.HasPrefix(strings.ToLower(name), encryptionHeader) && len(values) > 0 && c.http.Header.Get(name) == "" {
			c.http.Header.Set(name, values[0])
		}
	}
}

// operatorsEncryption reads the encryption under a key of the operator.
func (c *call) operatorsEncryption(mode string) (choice encryption.Choice, err error) {
	in := c.http.Header
	if mode != sseKMS {
		for _, name := range []string{kmsKeyHeader, contextHeader} {
			if in.Get(name) != "" {
				return choice, invalidArgument(name+" is only applicable when "+encryptionHeader+" is "+sseKMS, name, in.Get(name))
			}
		}
	}
	switch mode {
	case "":
		choice = c.bucket.Config.Encryption.Choice()
	case sseS3:
		choice.Mode = encryption.S3
	case sseKMS:
		choice.Mode, choice.KMSKeyID = encryption.KMS, in.Get(kmsKeyHeader)
		if choice.KMSKeyID == "" {
			choice.KMSKeyID = c.bucket.Config.Encryption.KMSKey()
		}
		if len(choice.KMSKeyID) > maxKMSKeyID {
			return choice, invalidArgument("Invalid KMS key id.", kmsKeyHeader, "")
		}
		choice.Context, err = readContext(in.Get(contextHeader))
	case sseDouble:
		return choice, errorOf(codeNotImplemented, "", element{"Header", encryptionHeader})
	default:
		return choice, invalidArgument("The encryption method specified is not supported", encryptionHeader, mode)
	}
	if text := in.Get(bucketKeyHeader); text != "" && choice.Mode == encryption.KMS {
		choice.BucketKey = text == "true"
	}
	return choice, err
}

// readContext reads an encryption context: a JSON object of strings, in base64.
func readContext(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	var pairs map[string]string
	if err != nil || len(raw) > maxEncryptionContext || json.Unmarshal(raw, &pairs) != nil {
		return "", invalidArgument("The header '"+contextHeader+"' shall be Base64-encoded UTF-8 string holding JSON with string-string key-value pairs", contextHeader, "")
	}
	return string(raw), nil
}

// customerKey reads the key that a customer sends, under headers of that prefix; nil when it sends none. No
// error repeats the key.
func (h *Handler) customerKey(c *call, prefix string) (*encryption.Key, error) {
	get := func(name string) string { return c.http.Header.Get(prefix + name) }
	algorithm, text, sum := get(customerAlgorithm), get(customerKey), get(customerKeyMD5)
	const who = "Requests specifying Server Side Encryption with Customer provided keys must "
	raw, err := base64.StdEncoding.DecodeString(text)
	switch {
	case algorithm == "" && text == "" && sum == "":
		return nil, nil
	case !h.takesKeys(c.http):
		return nil, errorOf(codeInvalidRequest, who+"be made over a secure connection.")
	case algorithm != sseS3:
		return nil, invalidArgument(who+"provide a valid encryption algorithm.", prefix+customerAlgorithm, algorithm)
	case text == "":
		return nil, invalidArgument(who+"provide an appropriate secret key.", prefix+customerKey, "null")
	case sum == "":
		return nil, invalidArgument(who+"provide the client calculated MD5 of the secret key.", prefix+customerKeyMD5, "null")
	case err != nil || len(raw) != encryption.KeySize:
		return nil, invalidArgument("The secret key was invalid for the specified algorithm.", prefix+customerKey, "null")
	}
	if got := md5.Sum(raw); base64.StdEncoding.EncodeToString(got[:]) != sum {
		return nil, invalidArgument("The calculated MD5 hash of the key did not match the hash that was provided.", prefix+customerKeyMD5, sum)
	}
	return (*encryption.Key)(raw), nil
}

// takesKeys reports whether a key may come by this connection.
func (h *Handler) takesKeys(r *http.Request) bool {
	switch {
	case r.TLS != nil, h.o.PlainKeys == PlainKeysAlways:
		return true
	case h.o.PlainKeys == PlainKeysNever:
		return false
	}
	return remoteAddr(r.RemoteAddr).IsLoopback()
}

// unlock makes the version of c readable by the key that the client sends, if it needs one.
func (h *Handler) unlock(c *call) error {
	if err := c.refuseEncryption(); err != nil {
		return err
	}
	key, err := h.customerKey(c, customerPrefix)
	if err != nil {
		return err
	}
	c.version, err = h.objects.Unlock(c.ctx, c.version, key)
	return err
}

// unlockUpload is unlock for a part.
func (h *Handler) unlockUpload(c *call) error {
	if err := c.refuseEncryption(); err != nil {
		return err
	}
	key, err := h.customerKey(c, customerPrefix)
	if err != nil {
		return err
	}
	if key == nil && c.upload.Encryption.Mode == encryption.Customer {
		return errorOf(codeInvalidRequest, "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.")
	}
	c.upload, err = h.objects.UnlockUpload(c.ctx, c.upload, key)
	if fault.Is(err, fault.AccessDenied) {
		return invalidArgument("The provided encryption parameters did not match the ones used originally.", customerPrefix+customerAlgorithm, sseS3)
	}
	return err
}

// refuseEncryption refuses to be told how to encrypt where nothing is made.
func (c *call) refuseEncryption() error {
	for _, name := range []string{encryptionHeader, kmsKeyHeader, contextHeader, bucketKeyHeader} {
		if v := c.http.Header.Get(name); v != "" {
			return invalidArgument(name+" header is not supported for this operation.", name, v)
		}
	}
	return nil
}

// setEncryption adds what an answer says of the encryption of an object or an upload.
func (c *call) setEncryption(head http.Header, e encryption.Envelope) {
	switch e.Mode {
	case encryption.S3:
		head.Set(encryptionHeader, sseS3)
	case encryption.KMS:
		head.Set(encryptionHeader, sseKMS)
		head.Set(kmsKeyHeader, e.KMSKeyID)
		if e.BucketKey {
			head.Set(bucketKeyHeader, "true")
		}
	case encryption.Customer:
		if sum := c.http.Header.Get(customerPrefix + customerKeyMD5); sum != "" {
			head.Set(customerPrefix+customerAlgorithm, sseS3)
			head.Set(customerPrefix+customerKeyMD5, sum)
		}
	}
}

// setMade is setEncryption for the answer to who made it, who is told the encryption context as well.
func (c *call) setMade(head http.Header, e encryption.Envelope) {
	c.setEncryption(head, e)
	if e.Context != "" {
		head.Set(contextHeader, base64.StdEncoding.EncodeToString([]byte(e.Context)))
	}
}
