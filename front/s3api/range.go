package s3api

import (
	"math"
	"strconv"
	"strings"
	"time"

	"shoal/core/object"
)

// span is the part of an object that an answer holds.
type span struct {
	off, n  int64 // bytes
	partial bool  // 206 and Content-Range
	parts   int   // x-amz-mp-parts-count; 0 when it is not said
}

// contentRange returns the Content-Range of s in an object of size bytes.
func (s span) contentRange(size int64) string {
	if s.n == 0 {
		return "bytes */" + itoa(size)
	}
	return "bytes " + itoa(s.off) + "-" + itoa(s.off+s.n-1) + "/" + itoa(size)
}

// span finds out which bytes the client wants: a Range, a part, or everything.
func (h *Handler) span(c *call) (span, error) {
	v := c.version
	header := c.http.Header.Get("Range")
	if c.query.has("partNumber") {
		return h.partSpan(c)
	}
	whole := span{n: v.Size}
	if header == "" || !rangeApplies(c.http.Header.Get("If-Range"), v) {
		return whole, nil
	}
	first, last, ok := parseRange(header)
	if !ok {
		return whole, nil // RFC 9110, 14.2: what is not understood is ignored
	}
	s, ok := satisfy(first, last, v.Size)
	if !ok {
		return span{}, errorOf(codeInvalidRange, "", element{"RangeRequested", header}, element{"ActualObjectSize", itoa(v.Size)}).
			withHeader("Content-Range", "bytes */"+itoa(v.Size))
	}
	return s, nil
}

// rangeApplies holds If-Range against v (RFC 9110, 13.1.5).
func rangeApplies(condition string, v *object.Version) bool {
	if condition == "" {
		return true
	}
	if t, ok := httpDate(condition); ok {
		return v.Modified.Truncate(time.Second).Equal(t)
	}
	return !strings.HasPrefix(condition, "W/") && bareETag(condition) == v.ETag
}

// parseRange reads "bytes=first-last", "bytes=first-" (last is then the greatest offset there is) and
// "bytes=-n" (first is then -1 and last is n). S3 serves one range: a list of them is not understood.
func parseRange(header string) (first, last int64, ok bool) {
	unit, spec, found := strings.Cut(header, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return 0, 0, false
	}
	from, to, found := strings.Cut(spec, "-")
	if !found {
		return 0, 0, false
	}
	if from == "" {
		n, ok := parseOffset(to)
		return -1, n, ok
	}
	if first, ok = parseOffset(from); !ok {
		return 0, 0, false
	}
	if to == "" {
		return first, math.MaxInt64, true
	}
	last, ok = parseOffset(to)
	return first, last, ok && first <= last
}

// parseOffset reads digits; a number over int64 is the greatest there is.
func parseOffset(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		n = math.MaxInt64
	}
	return n, true
}

// satisfy cuts a range, as parseRange returns it, to an object of size bytes; ok is false when nothing is left.
func satisfy(first, last, size int64) (s span, ok bool) {
	if first < 0 && last > 0 && size == 0 {
		return span{}, true // the last bytes of nothing are all there is (RFC 9110, 14.1.2)
	}
	if first < 0 {
		n := min(last, size)
		return span{off: size - n, n: n, partial: true}, n > 0
	}
	if first >= size {
		return span{}, false
	}
	return span{off: first, n: min(last, size-1) - first + 1, partial: true}, true
}

// partSpan is the range of one part of a completed upload; an object that was put in one is its own part 1.
func (h *Handler) partSpan(c *call) (span, error) {
	v := c.version
	n, err := c.partNumber()
	if err != nil {
		return span{}, err
	}
	switch {
	case v.PartCount == 0 && n == 1:
		return span{n: v.Size, partial: v.Size > 0}, nil
	case n > v.PartCount:
		return span{}, errorOf(codeInvalidPartNumber, "", element{"PartNumberRequested", strconv.Itoa(n)},
			element{"ActualPartCount", strconv.Itoa(max(v.PartCount, 1))})
	}
	off, size, err := h.objects.PartRange(c.ctx, v, n)
	return span{off: off, n: size, partial: true, parts: v.PartCount}, err
}

// checkPart refuses a partNumber of GetObject and HeadObject that no object has.
func (c *call) checkPart() error {
	if !c.query.has("partNumber") {
		return nil
	}
	if c.http.Header.Get("Range") != "" {
		return errorOf(codeInvalidRequest, "Cannot specify both Range header and partNumber query parameter")
	}
	return c.checkPartNumber()
}
