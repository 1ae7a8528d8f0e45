package s3api

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"shoal/core/object"
	"shoal/wire/sigv4"
)

// authenticateForm is authenticate for a browser's POST: the fields in front of the file carry the signature, and
// a policy that says what else they may hold. From then on the request reads like a PUT of the file.
func (h *Handler) authenticateForm(c *call) error {
	if c.claim.Mechanism != sigv4.Anonymous {
		return errorOf(codeNotImplemented, "A POST of a form is signed by the form's fields.")
	}
	source := &stallReader{src: c.http.Body, control: c.control}
	c.body = body{Reader: source, source: source, size: -1}
	f, err := readForm(c.http.Header.Get("Content-Type"), source)
	if err != nil {
		return err
	}
	lowest, highest := int64(0), int64(maxSinglePut)
	if f.isSigned() {
		p, err := h.verifyForm(c, f)
		if err != nil {
			return err
		}
		lowest, highest = p.length()
	}
	c.form = f
	c.target.key = f.fields["key"]
	if len(c.target.key) > maxKeyBytes {
		return errorOf(codeKeyTooLong, "")
	}
	c.http = c.http.WithContext(c.ctx)
	c.http.Header = f.header(c.http.Header)
	if err := f.setTags(c.http.Header); err != nil {
		return err
	}
	c.body.Reader = &boundedFile{r: f.file, lowest: lowest, highest: highest}
	h.describeRequest(c)
	return c.readIntegrity(nil, nil)
}

// verifyForm checks the signature of a form and holds its fields against its policy.
func (h *Handler) verifyForm(c *call, f *form) (*postPolicy, error) {
	text, hasPolicy := f.fields["policy"]
	claim, err := h.verifier.ParseForm(sigv4.Form{
		Algorithm: f.fields["x-amz-algorithm"], Credential: f.fields["x-amz-credential"], Date: f.fields["x-amz-date"],
		Signature: f.fields["x-amz-signature"], SecurityToken: f.fields["x-amz-security-token"], Policy: text,
	})
	if hasPolicy && strings.TrimSpace(text) == "" {
		_, err = parsePostPolicy(text)
	}
	if err != nil {
		return nil, err
	}
	claim.Query, c.claim = c.claim.Query, claim
	if _, err := h.verify(c); err != nil {
		return nil, err
	}
	p, err := parsePostPolicy(text)
	if err != nil {
		return nil, err
	}
	fields := maps.Clone(f.fields)
	fields["bucket"] = c.target.bucket // whatever a field of that name says
	return p, p.check(fields, h.o.Now())
}

// postObject answers a browser's POST of a form.
func (h *Handler) postObject(c *call) (*response, error) {
	n, err := h.newObject(c)
	if err != nil {
		return nil, err
	}
	// The form is longer than the file in it; of one of unknown length the file may be as long as a file can.
	size := c.http.ContentLength
	if size < 0 {
		size = maxSinglePut
	}
	done, err := h.admitObject(c, size, &n.header)
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	v, err := h.putBody(c, n, -1, object.ObjectCreatedPost)
	if err != nil {
		return nil, err
	}
	answer := c.formAnswer(v)
	answer.header.Set("ETag", quoteETag(v.ETag))
	setChecksum(answer.header, v.Checksum)
	c.setMade(answer.header, v.Encryption)
	c.setVersionID(answer.header, v)
	h.setExpiration(c, answer.header, v)
	return answer, nil
}

// formAnswer is the answer that the form asks for: a redirect, or one of three statuses.
func (c *call) formAnswer(v *object.Version) *response {
	if to, err := url.Parse(c.form.fields["success_action_redirect"]); err == nil && to.IsAbs() {
		q := to.Query()
		q.Set("bucket", c.bucket.Name)
		q.Set("key", v.Key)
		q.Set("etag", quoteETag(v.ETag))
		to.RawQuery = q.Encode()
		return &response{status: http.StatusSeeOther, header: http.Header{"Location": {to.String()}}}
	}
	answer := &response{status: http.StatusNoContent, header: http.Header{}}
	switch c.form.fields["success_action_status"] {
	case "200":
		answer.status = http.StatusOK
	case "201":
		x := newXML("PostResponse")
		x.text("Location", c.location())
		x.text("Bucket", c.bucket.Name)
		x.text("Key", v.Key)
		x.etag(v.ETag)
		answer = x.response()
		answer.status = http.StatusCreated
	}
	answer.header.Set("Location", c.location())
	return answer
}
