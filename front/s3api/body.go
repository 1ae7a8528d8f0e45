package s3api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	"shoal/core/object"
	"shoal/wire/sigv4"
)

// openBody decodes the body of c: nothing is read yet.
func (h *Handler) openBody(c *call, verified *sigv4.Verified) error {
	source := &stallReader{src: c.http.Body, control: c.control}
	p := verified.Payload
	c.body = body{Reader: source, source: source, size: c.http.ContentLength}
	var trailers func() map[string]string
	switch {
	case p.Mode.Streaming() && !c.operation.takesContent():
		return errorOf(codeInvalidRequest, "The value of x-amz-content-sha256 header is invalid.")
	case p.Mode.Streaming():
		chunks, err := verified.ChunkedReader(source)
		if err != nil {
			return err
		}
		c.body.Reader, c.body.size, trailers = chunks, p.DecodedLength, chunks.Trailers
	case p.Mode == sigv4.Hashed:
		c.body.integrity.SHA256 = p.SHA256[:]
		if err := c.checkEmpty(p.SHA256); err != nil {
			return err
		}
	}
	return c.readIntegrity(p.Trailers, trailers)
}

// checkEmpty holds an upload without a body against its hash, of which S3 speaks before it looks for a bucket.
func (c *call) checkEmpty(declared [sha256.Size]byte) error {
	uploads := c.http.Method == http.MethodPut || c.http.Method == http.MethodPost
	if sum := sha256.Sum256(nil); uploads && c.http.ContentLength == 0 && sum != declared {
		return c.errSHA256Mismatch(sum[:])
	}
	return nil
}

// errSHA256Mismatch tells a client that its body has another hash than x-amz-content-sha256.
func (c *call) errSHA256Mismatch(computed []byte) *apiError {
	return errorOf(codeContentSHA256Mismatch, "", c.hashElements(computed)...)
}

func (c *call) hashElements(computed []byte) []element {
	declared := c.http.Header.Get("x-amz-content-sha256")
	if declared == "" {
		declared = hex.EncodeToString(c.body.integrity.SHA256)
	}
	return []element{{"ClientComputedContentSHA256", declared}, {"S3ComputedContentSHA256", hex.EncodeToString(computed)}}
}

// Read counts what a handler reads.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	return n, err
}

// readIntegrity reads what the client says that its body hashes to.
func (c *call) readIntegrity(announced []string, trailers func() map[string]string) error {
	in := &c.body.integrity
	if values := c.http.Header.Values("Content-MD5"); len(values) > 0 {
		sum, err := base64.StdEncoding.DecodeString(values[0])
		if err != nil || len(sum) != md5Bytes {
			return errorOf(codeInvalidDigest, "", element{"Content-MD5", values[0]})
		}
		in.MD5 = sum
	}
	if c.operation.sumsObject() {
		return nil
	}
	declared, value, err := declaredChecksum(c.http.Header)
	if err != nil {
		return err
	}
	if declared != object.NoChecksum && !validChecksum(declared, value) {
		return errInvalidChecksum(declared)
	}
	inTrailer, name, err := trailerChecksum(announced)
	if err != nil {
		return err
	}
	if declared != object.NoChecksum && inTrailer != object.NoChecksum {
		return errMultipleChecksums()
	}
	in.Algorithm, in.Value = declared, value
	if inTrailer != object.NoChecksum {
		in.Algorithm = inTrailer
		in.Trailer = func() (string, error) { return trailerValue(inTrailer, trailers()[name]) }
	}
	return checkSDKAlgorithm(c.http.Header, in.Algorithm)
}

const md5Bytes = 16

func errMultipleChecksums() *apiError {
	return errorOf(codeInvalidRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

// declaredChecksum returns the one x-amz-checksum-* header of h, NoChecksum when there is none.
func declaredChecksum(h http.Header) (found object.ChecksumAlgorithm, value string, err error) {
	name, err := checksumName(h)
	if name == "" || err != nil {
		return object.NoChecksum, "", err
	}
	found, ok := algorithmOf(strings.TrimPrefix(name, checksumPrefix))
	if !ok {
		return 0, "", errorOf(codeInvalidRequest, "The algorithm type you specified in x-amz-checksum- header is invalid.")
	}
	return found, h.Get(name), nil
}

// checksumName returns the name, in lower case, of the one header of h that may be a checksum; "" without one.
func checksumName(h http.Header) (found string, err error) {
	for name, values := range h {
		name = strings.ToLower(name)
		suffix, ok := strings.CutPrefix(name, checksumPrefix)
		if !ok || notValue[suffix] {
			continue
		}
		if found != "" || len(values) > 1 {
			return "", errMultipleChecksums()
		}
		found = name
	}
	return found, nil
}

func errInvalidChecksum(a object.ChecksumAlgorithm) *apiError {
	return errorOf(codeInvalidRequest, "Value for "+checksumHeader(a)+" header is invalid.")
}

// notValue are the x-amz-checksum-* headers that say something else than a value. Never written.
var notValue = map[string]bool{"algorithm": true, "type": true, "mode": true}

// trailerChecksum returns the algorithm that x-amz-trailer announces, and the trailer's name.
func trailerChecksum(announced []string) (found object.ChecksumAlgorithm, name string, err error) {
	for _, n := range announced {
		suffix, _ := strings.CutPrefix(n, checksumPrefix)
		a, ok := algorithmOf(suffix)
		if !ok || suffix == n || found != object.NoChecksum {
			return 0, "", errorOf(codeInvalidRequest, "The value specified in the x-amz-trailer header is not supported")
		}
		found, name = a, n
	}
	return found, name, nil
}

func trailerValue(a object.ChecksumAlgorithm, value string) (string, error) {
	if !validChecksum(a, value) {
		return "", errorOf(codeInvalidRequest, "Value for "+checksumHeader(a)+" trailing header is invalid.")
	}
	return value, nil
}

// checkSDKAlgorithm holds x-amz-sdk-checksum-algorithm, which SDKs send beside the value, against it.
func checkSDKAlgorithm(h http.Header, sent object.ChecksumAlgorithm) error {
	const name = "x-amz-sdk-checksum-algorithm"
	said := h.Get(name)
	if said == "" {
		return nil
	}
	a, ok := algorithmOf(said)
	switch {
	case a == object.MD5 && sent == object.NoChecksum: // of old, Content-MD5
		return nil
	case !ok:
		return errorOf(codeInvalidRequest, "Value for "+name+" header is invalid.")
	case sent == object.NoChecksum:
		return errorOf(codeInvalidRequest, name+" specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
	case a != sent:
		return errorOf(codeInvalidRequest, "Value for "+name+" header is invalid.")
	}
	return nil
}

// hasDigest reports whether the client declared a hash of its body beside the signature.
func (c *call) hasDigest() bool {
	return c.body.integrity.MD5 != nil || c.body.integrity.Algorithm != object.NoChecksum
}

func errMissingDigest() *apiError {
	return errorOf(codeInvalidRequest, "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
}

// uploadSize returns the bytes of content of an upload, which S3 wants to know beforehand.
func (c *call) uploadSize() (int64, error) {
	switch {
	case c.body.size < 0:
		return 0, errorOf(codeNotImplemented, "", element{"Header", "Transfer-Encoding"})
	case c.body.size == 0 && c.http.Header.Get("Content-Length") == "" && c.http.ProtoMajor == 1 && len(c.http.TransferEncoding) == 0:
		return 0, errorOf(codeMissingContentLength, "")
	case c.body.size > maxSinglePut:
		return 0, errorOf(codeEntityTooLarge, "", element{"ProposedSize", itoa(c.body.size)}, element{"MaxSizeAllowed", itoa(maxSinglePut)})
	}
	return c.body.size, nil
}
