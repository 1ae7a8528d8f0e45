package s3api

import (
	"net/http"

	"shoal/core/object"
)

// getBucketWebsite answers GET ?website.
func (h *Handler) getBucketWebsite(c *call) (*response, error) {
	cfg, err := h.websiteOf(c)
	if err != nil {
		return nil, err
	}
	x := newXML("WebsiteConfiguration")
	if cfg.All != nil {
		x.open("RedirectAllRequestsTo")
		x.text("HostName", cfg.All.Host)
		x.textIf("Protocol", cfg.All.Protocol)
		x.close("RedirectAllRequestsTo")
	}
	if cfg.Index != nil {
		x.open("IndexDocument")
		x.text("Suffix", cfg.Index.Suffix)
		x.close("IndexDocument")
	}
	if cfg.Error != nil {
		x.open("ErrorDocument")
		x.text("Key", cfg.Error.Key)
		x.close("ErrorDocument")
	}
	if len(cfg.Rules) > 0 {
		x.open("RoutingRules")
		for i := range cfg.Rules {
			x.routingRule(&cfg.Rules[i])
		}
		x.close("RoutingRules")
	}
	return x.response(), nil
}

func (x *xmlWriter) routingRule(r *routingRule) {
	text := func(name string, s *string) {
		if s != nil {
			x.text(name, *s)
		}
	}
	number := func(name string, n *int) {
		if n != nil {
			x.int(name, int64(*n))
		}
	}
	x.open("RoutingRule")
	if c := r.Condition; c != nil {
		x.open("Condition")
		text("KeyPrefixEquals", c.Prefix)
		number("HttpErrorCodeReturnedEquals", c.Status)
		x.close("Condition")
	}
	x.open("Redirect")
	x.textIf("Protocol", r.Redirect.Protocol)
	x.textIf("HostName", r.Redirect.Host)
	text("ReplaceKeyPrefixWith", r.Redirect.ReplacePrefix)
	text("ReplaceKeyWith", r.Redirect.ReplaceKey)
	number("HttpRedirectCode", r.Redirect.Status)
	x.close("Redirect")
	x.close("RoutingRule")
}

// putBucketWebsite replaces the website of a bucket.
func (h *Handler) putBucketWebsite(c *call) (*response, error) {
	var cfg websiteConfiguration
	data, err := c.readXMLDocument(object.MaxDocument, "WebsiteConfiguration", &cfg)
	if err != nil {
		return nil, err
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return h.putDocument(c, object.WebsiteDocument, data, http.StatusOK)
}

// deleteBucketWebsite takes the website away.
func (h *Handler) deleteBucketWebsite(c *call) (*response, error) {
	return h.putDocument(c, object.WebsiteDocument, nil, http.StatusNoContent)
}
