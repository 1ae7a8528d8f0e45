package s3api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"shoal/core/object"
)

// copyCondition begins the names of the conditions on the source of a copy.
const copyCondition = "x-amz-copy-source-"

// readCondition reads the four headers of a conditional read; prefix begins their names.
func readCondition(h http.Header, prefix string) object.ReadCondition {
	var c object.ReadCondition
	c.IfMatch = eTags(h.Get(prefix + "If-Match"))
	c.IfNoneMatch = eTags(h.Get(prefix + "If-None-Match"))
	c.IfModifiedSince, _ = httpDate(h.Get(prefix + "If-Modified-Since"))
	c.IfUnmodifiedSince, _ = httpDate(h.Get(prefix + "If-Unmodified-Since"))
	return c
}

// httpDate reads a date; one that cannot be read is as if it was not there (RFC 9110, 13.1.3).
func httpDate(s string) (time.Time, bool) {
	t, err := http.ParseTime(s)
	return t, err == nil
}

// eTags reads a list of entity tags, nil when it is empty. Quotes may be missing, as S3 has it.
func eTags(list string) (tags []object.ETag) {
	if list == "" {
		return nil
	}
	for item := range strings.SplitSeq(list, ",") {
		tags = append(tags, bareETag(item))
	}
	return tags
}

// bareETag strips quotes and the mark of a weak tag.
func bareETag(s string) object.ETag {
	return object.ETag(strings.Trim(strings.TrimPrefix(strings.TrimSpace(s), "W/"), `"`))
}

// checkRead holds the conditions of a GET or HEAD against the version: NotModified or PreconditionFailed.
func (c *call) checkRead() error {
	condition := readCondition(c.http.Header, "")
	switch result, header := condition.Check(c.version); result {
	case object.NotModified:
		e := errorOf(codeNotModified, "")
		e.header = c.validators(c.version)
		return e
	case object.ConditionFailed:
		return errorOf(codePreconditionFailed, "", element{"Condition", header})
	}
	return nil
}

// failedWriteCondition names the header that a write failed on: of both, If-None-Match, as an object that is not
// there fails If-Match with NoSuchKey.
func (c *call) failedWriteCondition() string {
	if c.http.Header.Get("If-None-Match") != "" {
		return "If-None-Match"
	}
	return "If-Match"
}

// writeCondition reads the conditions of a write.
func (c *call) writeCondition() (object.WriteCondition, error) {
	var w object.WriteCondition
	if v := c.http.Header.Get("If-None-Match"); v != "" {
		if c.http.Header.Get("If-Match") != "" {
			return w, errorOf(codeNotImplemented, "", element{"Header", "If-Match"})
		}
		if strings.TrimSpace(v) != "*" {
			return w, errorOf(codeNotImplemented, "", element{"Header", "If-None-Match"})
		}
		w.IfAbsent = true
	}
	if v := c.http.Header.Get("If-Match"); v != "" {
		if strings.Contains(v, ",") {
			return w, errorOf(codeNotImplemented, "", element{"Header", "If-Match"})
		}
		tag, err := wantedETag("If-Match", v)
		if err != nil {
			return w, err
		}
		w.IfMatch = tag
	}
	return w, nil
}

// deleteCondition reads the conditions of DeleteObject, which has two more. A time or a size that cannot be read is
// refused: the object must not go as if nothing had been asked.
func (c *call) deleteCondition() (object.WriteCondition, error) {
	w, err := c.writeCondition()
	if err != nil {
		return w, err
	}
	const modified, size = "x-amz-if-match-last-modified-time", "x-amz-if-match-size"
	if err := wantedTime(&w, modified, c.http.Header.Get(modified)); err != nil {
		return w, err
	}
	return w, wantedSize(&w, size, c.http.Header.Get(size))
}

func wantedTime(w *object.WriteCondition, argument, text string) error {
	if text == "" {
		return nil
	}
	t, ok := httpDate(text)
	if !ok {
		var err error
		if t, err = time.Parse(time.RFC3339, text); err != nil {
			return invalidArgument("The time is not an HTTP date.", argument, text)
		}
	}
	w.IfModified = t.Truncate(time.Second)
	return nil
}

func wantedSize(w *object.WriteCondition, argument, text string) error {
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return invalidArgument("The size is not a number of bytes.", argument, text)
	}
	w.IfSize = &n
	return nil
}

// wantedETag reads the entity tag that a write asks for, "" when text is empty. One that is empty between its
// quotes is refused: no object has it, and the write must not go on as if nothing had been asked.
func wantedETag(argument, text string) (object.ETag, error) {
	tag := bareETag(text)
	if tag == "" && text != "" {
		return "", invalidArgument("The entity tag is empty.", argument, text)
	}
	return tag, nil
}
