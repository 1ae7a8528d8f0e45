package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The values of x-amz-content-sha256 that are not a hash.
const (
	UnsignedPayload               = "UNSIGNED-PAYLOAD"
	StreamingSignedPayload        = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingSignedPayloadTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingUnsignedTrailer      = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	streamingECDSAPrefix          = "STREAMING-AWS4-ECDSA-"
	contentSHA256                 = "x-amz-content-sha256"
	decodedContentLength          = "x-amz-decoded-content-length"
	trailerHeader                 = "x-amz-trailer"
	trailerSignature              = "x-amz-trailer-signature"
	awsChunked                    = "aws-chunked"
)

// EmptySHA256 is the hash of an empty payload, as x-amz-content-sha256 carries it.
const EmptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// maxTrailers bounds the announced trailers; S3 knows one checksum per upload.
const maxTrailers = 16

// Mode is how the body of a request is bound to its signature.
type Mode uint8

// The modes.
const (
	Unsigned        Mode = iota // not bound at all
	Hashed                      // Payload.SHA256 is the hash of the whole body
	Chunked                     // aws-chunked, each chunk signed
	ChunkedTrailer              // aws-chunked, each chunk and the trailer signed
	UnsignedTrailer             // aws-chunked, nothing signed
)

// Streaming reports whether the body is aws-chunked and must be read through a ChunkedReader.
func (m Mode) Streaming() bool { return m >= Chunked }

// signedChunks reports whether every chunk carries a signature.
func (m Mode) signedChunks() bool { return m == Chunked || m == ChunkedTrailer }

func (m Mode) hasTrailer() bool { return m == ChunkedTrailer || m == UnsignedTrailer }

// Payload is what a request says about its body.
type Payload struct {
	Mode          Mode
	SHA256        [sha256.Size]byte // Hashed only: what the body must hash to; the reader of the body checks it
	DecodedLength int64             // streaming modes only: the bytes of content, exactly
	Trailers      []string          // announced trailers, lower case, in the order of x-amz-trailer

	value string // as it stands in the canonical request
}

// parsePayload reads the payload mode from x-amz-content-sha256 (value) and its companions.
func parsePayload(value string, h http.Header) (Payload, error) {
	p := Payload{value: value}
	switch value {
	case UnsignedPayload:
		return p, nil
	case StreamingSignedPayload:
		p.Mode = Chunked
	case StreamingSignedPayloadTrailer:
		p.Mode = ChunkedTrailer
	case StreamingUnsignedTrailer:
		p.Mode = UnsignedTrailer
	default:
		return parseHashed(p)
	}
	var err error
	if p.DecodedLength, err = parseDecodedLength(h); err != nil {
		return Payload{}, err
	}
	if p.Mode.hasTrailer() {
		p.Trailers, err = parseAnnounced(h)
	}
	return p, err
}

func parseHashed(p Payload) (Payload, error) {
	if strings.HasPrefix(p.value, streamingECDSAPrefix) {
		return Payload{}, refuse(UnsupportedAlgorithm, "%s needs an AWS4-ECDSA-P256-SHA256 signature", contentSHA256)
	}
	if len(p.value) != hex.EncodedLen(sha256.Size) {
		return Payload{}, (&Error{Reason: InvalidContentSHA256}).about(contentSHA256, p.value)
	}
	if _, err := hex.Decode(p.SHA256[:], []byte(p.value)); err != nil {
		return Payload{}, (&Error{Reason: InvalidContentSHA256}).about(contentSHA256, p.value)
	}
	p.Mode = Hashed
	return p, nil
}

func parseDecodedLength(h http.Header) (int64, error) {
	values := h.Values(decodedContentLength)
	if len(values) == 0 {
		return 0, &Error{Reason: MissingDecodedLength}
	}
	// ParseUint, because a sign is not part of a length.
	n, err := strconv.ParseUint(values[0], 10, 63)
	if err != nil || len(values) > 1 {
		return 0, &Error{Reason: InvalidDecodedLength}
	}
	return int64(n), nil
}

// parseAnnounced returns the names in x-amz-trailer. None is allowed: then the body may hold none.
func parseAnnounced(h http.Header) ([]string, error) {
	var names []string
	for _, line := range h.Values(trailerHeader) {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" {
				continue
			}
			if name == trailerSignature || !isToken(name) || slices.Contains(names, name) || len(names) == maxTrailers {
				return nil, refuse(MalformedTrailer, "%s is invalid", trailerHeader)
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// isToken reports whether s can be a header name (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// ContentEncoding returns a Content-Encoding header without the coding aws-chunked, which describes
// the transfer and not the object: what is left is the encoding to store, possibly "".
func ContentEncoding(header string) string {
	var kept []string
	for coding := range strings.SplitSeq(header, ",") {
		coding = strings.TrimSpace(coding)
		if coding != "" && !strings.EqualFold(coding, awsChunked) {
			kept = append(kept, coding)
		}
	}
	return strings.Join(kept, ",")
}
