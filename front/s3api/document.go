package s3api

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"

	"shoal/core/object"
)

// document reads the whole body, of at most limit bytes, and checks every hash that was declared for it.
func (c *call) document(limit int64) ([]byte, error) {
	if c.body.size > limit {
		return nil, errorOf(codeMaxMessageLengthExceeded, "", element{"MaxMessageLengthBytes", itoa(limit)})
	}
	// Without a size the body may still be over the limit: one byte more tells.
	data, err := io.ReadAll(io.LimitReader(&c.body, limit+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errorOf(codeIncompleteBody, "")
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return nil, errorOf(codeMaxMessageLengthExceeded, "", element{"MaxMessageLengthBytes", itoa(limit)})
	}
	return data, c.verifyDocument(data)
}

func (c *call) verifyDocument(data []byte) error {
	in := c.body.integrity
	if in.MD5 != nil {
		if sum := md5.Sum(data); !bytes.Equal(sum[:], in.MD5) {
			return errorOf(codeBadDigest, "The Content-MD5 you specified did not match what we received.",
				element{"ExpectedDigest", base64.StdEncoding.EncodeToString(in.MD5)},
				element{"CalculatedDigest", base64.StdEncoding.EncodeToString(sum[:])})
		}
	}
	if in.SHA256 != nil {
		if sum := sha256.Sum256(data); !bytes.Equal(sum[:], in.SHA256) {
			return c.errSHA256Mismatch(sum[:])
		}
	}
	if in.Algorithm == object.NoChecksum {
		return nil
	}
	want := in.Value
	if in.Trailer != nil {
		var err error
		if want, err = in.Trailer(); err != nil {
			return err
		}
	}
	if base64.StdEncoding.EncodeToString(in.Algorithm.Sum(data)) != want {
		return errorOf(codeBadDigest, "The "+algorithmName(in.Algorithm)+" you specified did not match the calculated checksum.")
	}
	return nil
}
