package soapapi

import (
	"io"
	"net/http"
	"strings"

	"shoal/core/access"
	"shoal/core/budget"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/soap"
)

// reading is what GetObject and GetObjectExtended say about the answer.
type reading struct {
	metadata, content, inline bool
	condition                 object.ReadCondition
	whole                     bool // ReturnCompleteObjectOnConditionFailure
	start, end                int64
	ranged                    bool
}

func (r *request) reading() (g reading, err error) {
	for name, to := range map[string]*bool{
		"GetMetadata": &g.metadata, "GetData": &g.content, "InlineData": &g.inline, "ReturnCompleteObjectOnConditionFailure": &g.whole,
	} {
		if *to, err = r.boolean(name); err != nil {
			return g, err
		}
	}
	if g.condition, err = r.condition(""); err != nil {
		return g, err
	}
	if g.start, err = r.number("ByteRangeStart", -1); err != nil {
		return g, err
	}
	g.end, err = r.number("ByteRangeEnd", -1)
	g.ranged = g.start >= 0 || g.end >= 0
	return g, err
}

// getObject serves GetObject and GetObjectExtended.
func (h *Handler) getObject(c *call) (*answer, error) {
	g, err := c.request.reading()
	if err != nil {
		return nil, err
	}
	a, err := h.readObject(c, g)
	if !fault.Is(err, fault.NoSuchKey) {
		return a, err
	}
	// The object was replaced between the lookup and the first read: look again, once.
	if err := h.lookup(c); err != nil {
		return nil, err
	}
	if err := h.authorise(c); err != nil {
		return nil, err
	}
	return h.readObject(c, g)
}

func (h *Handler) readObject(c *call, g reading) (*answer, error) {
	v := c.version
	if v.Encryption.Mode == encryption.KMS {
		return nil, errKMS()
	}
	v, err := h.objects.Unlock(c.ctx, v, nil) // a customer's key cannot be sent
	if err != nil {
		return nil, err
	}
	if err := g.check(v); err != nil {
		return nil, err
	}
	off, n, err := g.span(v.Size)
	if err != nil {
		return nil, err
	}
	result := getResult{Status: ok(), Data: noData(), LastModified: moment(v.Modified), ETag: quoted(v.ETag)}
	if g.ranged {
		result.Status = status{http.StatusPartialContent, http.StatusText(http.StatusPartialContent)}
	}
	if g.metadata {
		result.Metadata = entries(&v.Header)
	}
	if !g.content {
		return &answer{result: result}, nil
	}
	if g.inline && n > maxInline {
		return nil, errorOf(codeInlineDataTooLarge, "")
	}
	if err := h.maySend(c); err != nil {
		return nil, err
	}
	content, err := h.objects.Open(c.ctx, v, off, n)
	if err != nil {
		return nil, err
	}
	if g.inline {
		return inlined(result, content)
	}
	return attached(c, result, content, soap.Attachment{ID: attachmentID, Type: attachmentType(&v.Header), Size: n}), nil
}

// maySend refuses content when a quota is used up, and to anonymous clients when a budget with an action is: there are no
// torrents over SOAP, so either action stops them.
func (h *Handler) maySend(c *call) error {
	if h.overBudget(c) {
		return errorOf(codeAccessDenied, "The budget of this bucket is used up: anonymous clients get no content by SOAP until it has one again.")
	}
	return h.o.Quota.MaySend(c.ctx, c.bucket.Limited())
}

func (h *Handler) overBudget(c *call) bool {
	return c.principal.Kind == access.Anonymous && h.o.Budgets.InForce(c.bucket.Owner, c.bucket.Name) != budget.None
}

// attachmentID names the content of an object in an answer.
const attachmentID = "data"

// attachmentType is the media type of an object where it stands in a header of a part.
func attachmentType(h *object.Header) string {
	if strings.ContainsFunc(h.ContentType, isControl) {
		return defaultContentType
	}
	return contentTypeOf(h)
}

// inlined is the answer with the content in it.
func inlined(result getResult, content *object.Reader) (*answer, error) {
	all, err := io.ReadAll(content)
	if closeErr := content.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	result.Data = inlineData(all)
	return &answer{result: result}, nil
}

// attached is the answer with the content beside it, in the packaging of the request, or in one that its Accept header
// names; in DIME, as AWS did, when neither does.
func attached(c *call, result getResult, content *object.Reader, as soap.Attachment) *answer {
	a := &answer{content: content, frame: answerPackaging(c.message.Packaging, c.http.Header.Get("Accept")), attached: as}
	if a.frame == soap.MTOM {
		result.Data = includedData(as.ID)
	}
	a.result = result
	return a
}

func answerPackaging(request soap.Packaging, accept string) soap.Packaging {
	if request != soap.Plain {
		return request
	}
	for name := range strings.SplitSeq(accept, ",") {
		if p, ok := soap.PackagingOf(name); ok && p != soap.Plain {
			return p
		}
	}
	return soap.DIME
}

// check holds the conditions against v. A range may be given up for the whole object, as If-Range of HTTP has it.
func (g *reading) check(v *object.Version) error {
	switch result, header := g.condition.Check(v); {
	case result == object.NotModified:
		return errorOf(codeNotModified, "")
	case result == object.ConditionFailed && g.whole && g.ranged:
		g.ranged = false
	case result == object.ConditionFailed:
		return errorOf(codePreconditionFailed, "", soap.Detail{Name: "Condition", Value: header})
	}
	return nil
}

// span returns the part of an object of size bytes that is asked for, as HTTP has it (RFC 9110, 14.1.2): without a start
// its last bytes, and all of it when the end is before the start.
func (g *reading) span(size int64) (off, n int64, err error) {
	if !g.ranged || g.end >= 0 && g.end < g.start {
		g.ranged = false
		return 0, size, nil
	}
	off, last := g.start, g.end
	switch {
	case off < 0:
		off, last = max(size-g.end, 0), size-1
	case last < 0:
		last = size - 1
	}
	if off >= size || g.start < 0 && g.end == 0 {
		return 0, 0, errorOf(codeInvalidRange, "")
	}
	return off, min(last, size-1) + 1 - off, nil
}

// ok is the status of an answer that says nothing more.
func ok() status { return status{http.StatusOK, "OK"} }
