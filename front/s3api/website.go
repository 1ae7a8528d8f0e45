package s3api

import (
	"errors"
	"net/http"
	"strings"

	"shoal/core/access"
	"shoal/core/meter"
	"shoal/wire/sigv4"
)

// websiteOperation is what a request to a website counts as. It is not in the table: a website knows no queries and
// no signatures, only GET and HEAD by everyone (S3 user guide, "Website endpoints").
func websiteOperation() operation {
	return operation{
		name: "WebsiteGetObject", method: http.MethodGet, scope: objectScope, action: access.GetObject,
		usage: meter.WebsiteGetObject, tier: meter.Tier2, logAs: "WEBSITE.GET.OBJECT", state: yes,
	}
}

// serveWebsite answers a request to BUCKET.DOMAIN of a website domain.
func (h *Handler) serveWebsite(c *call, bucket string) (*response, error) {
	c.website, c.operation = true, &h.website
	c.claim = &sigv4.Request{Mechanism: sigv4.Anonymous}
	err := c.checkSize()
	if err != nil {
		return nil, err
	}
	c.target, err = target{scope: bucketScope, bucket: bucket, hosted: true}.withKey(strings.TrimPrefix(c.http.URL.EscapedPath(), "/"))
	if err != nil {
		return nil, err
	}
	if c.http.Method != http.MethodGet && c.http.Method != http.MethodHead {
		return nil, c.methodNotAllowed().withHeader("Allow", "GET, HEAD")
	}
	h.describeRequest(c)
	if c.bucket, err = h.objects.Bucket(c.ctx, bucket); err != nil {
		return nil, err
	}
	cfg, err := h.websiteOf(c)
	if err != nil {
		return nil, err
	}
	return h.browse(c, cfg)
}

// browse answers what cfg has for the key of c: a redirect, a document, or an error in its own way.
func (h *Handler) browse(c *call, cfg *websiteConfiguration) (*response, error) {
	at, key := c.site(), c.target.key
	if cfg.All != nil {
		return redirect(http.StatusMovedPermanently, at.location(cfg.All.Protocol, cfg.All.Host, key)), nil
	}
	if to := cfg.route(at, key, 0); to != nil {
		return to, nil
	}
	answer, err := h.webDocument(c, cfg.indexed(key))
	if err == nil {
		return answer, nil
	}
	status := describe(c, err).status()
	if status < http.StatusBadRequest || status >= http.StatusInternalServerError {
		return nil, err
	}
	if h.isFolder(c, cfg, key) {
		return redirect(http.StatusFound, "/"+string(appendPercent(nil, key))+"/"), nil
	}
	if to := cfg.route(at, key, status); to != nil {
		return to, nil
	}
	return h.errorDocument(c, cfg, err)
}

// site is where c came in.
func (c *call) site() site {
	s := site{"http", c.http.Host, c.http.URL.RawQuery}
	if c.http.TLS != nil {
		s.protocol = "https"
	}
	return s
}

// webDocument answers with the object of a key, or the redirect that it stands for.
func (h *Handler) webDocument(c *call, key string) (*response, error) {
	if err := h.findDocument(c, key); err != nil {
		return nil, err
	}
	if to := c.version.Header.WebsiteRedirectLocation; to != "" {
		return redirect(http.StatusMovedPermanently, to), nil
	}
	if c.http.Method == http.MethodHead {
		return h.headObject(c)
	}
	return h.getObject(c)
}

// findDocument makes key the target of c, if everyone may read it.
func (h *Handler) findDocument(c *call, key string) error {
	var err error
	if c.target, err = c.target.at(key); err != nil {
		return err
	}
	if err := h.load(c); err != nil {
		return err
	}
	if err := h.authorise(c); err != nil {
		return err
	}
	if c.version.DeleteMarker {
		return c.markerError()
	}
	return nil
}

// isFolder reports whether key, which is no document, is the name of a folder that has an index.
func (h *Handler) isFolder(c *call, cfg *websiteConfiguration, key string) bool {
	if key == "" || strings.HasSuffix(key, "/") {
		return false
	}
	probe := *c
	return h.findDocument(&probe, cfg.indexed(key+"/")) == nil
}

// errorDocument answers err with the error document of the website, as a whole and without conditions; where there
// is none, err itself is rendered.
func (h *Handler) errorDocument(c *call, cfg *websiteConfiguration, err error) (*response, error) {
	if cfg.Error == nil {
		return nil, err
	}
	page := *c
	page.http = c.http.Clone(c.ctx)
	for _, name := range []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		page.http.Header.Del(name)
	}
	answer, failed := h.webDocument(&page, cfg.Error.Key)
	if failed != nil {
		e := *describe(c, err)
		e.err = errors.Join(e.err, failed)
		e.pageFailed = describe(&page, failed)
		return nil, &e
	}
	if answer.status == http.StatusMovedPermanently {
		return answer, nil
	}
	e := describe(c, err)
	answer.status, answer.code = e.status(), e.code
	e.nameIn(answer.header)
	return answer, nil
}
