package s3api

import (
	"fmt"
	"math"
	"strconv"
)

// encodingURL is the only value of encoding-type.
const encodingURL = "url"

// intParameter reads a query parameter that is a whole number; def when it is absent or empty. What is not one
// of 32 bits or below lowest is InvalidArgument; above highest it is highest, as S3 does with page sizes.
func (c *call) intParameter(name string, lowest, highest, def int) (int, error) {
	return parseInt(name, c.query.get(name), lowest, highest, def)
}

// intHeader is intParameter for a header.
func (c *call) intHeader(name string, highest, def int) (int, error) {
	return parseInt(name, c.http.Header.Get(name), 0, highest, def)
}

func parseInt(name, text string, lowest, highest, def int) (int, error) {
	if text == "" {
		return def, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, invalidArgument(fmt.Sprintf("Provided %s not an integer or within integer range", name), name, text)
	}
	if n < int64(lowest) {
		return 0, invalidArgument(fmt.Sprintf("Argument %s must be an integer between %d and %d", name, lowest, math.MaxInt32), name, text)
	}
	return min(int(n), highest), nil
}

// encoding reads encoding-type: whether names in a listing are percent-encoded.
func (c *call) encoding() (encoded bool, err error) {
	switch text := c.query.get("encoding-type"); text {
	case "":
		return false, nil
	case encodingURL:
		return true, nil
	default:
		return false, invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", text)
	}
}

// checkNames refuses parameters that are compared with keys and are longer than any key.
func (c *call) checkNames(parameters ...string) error {
	for _, name := range parameters {
		if n := len(c.query.get(name)); n > maxKeyBytes {
			return errorOf(codeKeyTooLong, "", element{"Size", strconv.Itoa(n)},
				element{"MaxSizeAllowed", strconv.Itoa(maxKeyBytes)}, element{"ArgumentName", name})
		}
	}
	return nil
}

// appendName appends a key or a part of one as element content: percent-encoded or escaped.
func appendName(b []byte, name string, encoded bool) []byte {
	if encoded {
		return appendPercent(b, name)
	}
	return appendEscaped(b, name)
}

// appendPercent encodes all but the unreserved characters of RFC 3986 and the slash. S3 writes a space as
// "+"; "%20" means the same to every decoder.
func appendPercent(b []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) || c == '/' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', digits[c>>4], digits[c&15])
	}
	return b
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}
