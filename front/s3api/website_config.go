package s3api

import (
	"fmt"
	"net/http"
	"strings"

	"shoal/core/object"
)

const maxRoutingRules = 50 // (S3)

// websiteConfiguration is the body of PutBucketWebsite.
type websiteConfiguration struct {
	Index *struct {
		Suffix string `xml:"Suffix"`
	} `xml:"IndexDocument"`
	Error *struct {
		Key string `xml:"Key"`
	} `xml:"ErrorDocument"`
	All *struct {
		Host     string `xml:"HostName"`
		Protocol string `xml:"Protocol"`
	} `xml:"RedirectAllRequestsTo"`
	Rules []routingRule `xml:"RoutingRules>RoutingRule"`
}

type routingRule struct {
	Condition *routingCondition `xml:"Condition"`
	Redirect  *routingRedirect  `xml:"Redirect"`
}

type routingCondition struct {
	Prefix *string `xml:"KeyPrefixEquals"`
	Status *int    `xml:"HttpErrorCodeReturnedEquals"`
}

type routingRedirect struct {
	Protocol      string  `xml:"Protocol"`
	Host          string  `xml:"HostName"`
	ReplacePrefix *string `xml:"ReplaceKeyPrefixWith"`
	ReplaceKey    *string `xml:"ReplaceKeyWith"`
	Status        *int    `xml:"HttpRedirectCode"`
}

// check refuses what AWS does.
func (cfg *websiteConfiguration) check() error {
	switch {
	case cfg.All != nil && (cfg.Index != nil || cfg.Error != nil || len(cfg.Rules) > 0):
		return errorOf(codeMalformedXML, "") // the schema has one or the others
	case cfg.All != nil && !isHostName(cfg.All.Host):
		return errorOf(codeInvalidRequest, "HostName in RedirectAllRequestsTo is not valid.")
	case cfg.All != nil:
		return checkProtocol(cfg.All.Protocol)
	case cfg.Index == nil:
		return errorOf(codeInvalidArgument, "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty")
	case cfg.Index.Suffix == "" || strings.Contains(cfg.Index.Suffix, "/") || len(cfg.Index.Suffix) > maxKeyBytes:
		return invalidArgument("The IndexDocument Suffix is not well formed", "IndexDocument", cfg.Index.Suffix)
	case cfg.Error != nil && (cfg.Error.Key == "" || len(cfg.Error.Key) > maxKeyBytes):
		return invalidArgument("The ErrorDocument Key is not well formed", "ErrorDocument", cfg.Error.Key)
	case len(cfg.Rules) > maxRoutingRules:
		return errorOf(codeInvalidRequest, fmt.Sprintf("%d routing rules provided, the number of routing rules in a website configuration is limited to %d.", len(cfg.Rules), maxRoutingRules))
	}
	for i := range cfg.Rules {
		if err := cfg.Rules[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *routingRule) check() error {
	to := r.Redirect
	switch {
	case to == nil || *to == (routingRedirect{}), r.Condition != nil && *r.Condition == (routingCondition{}):
		return errorOf(codeMalformedXML, "")
	case r.Condition != nil && r.Condition.Status != nil && !isErrorStatus(*r.Condition.Status):
		return errorOf(codeInvalidRequest, fmt.Sprintf("The provided HTTP error code (%d) is not valid. Valid codes are 4XX or 5XX.", *r.Condition.Status))
	case to.Status != nil && !isRedirectStatus(*to.Status):
		return errorOf(codeInvalidRequest, fmt.Sprintf("The provided HTTP redirect code (%d) is not valid. Valid codes are 3XX except 300.", *to.Status))
	case to.ReplaceKey != nil && to.ReplacePrefix != nil:
		return errorOf(codeInvalidRequest, "You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
	case to.Host != "" && !isHostName(to.Host):
		return errorOf(codeInvalidRequest, "HostName in Redirect is not valid.")
	}
	return checkProtocol(to.Protocol)
}

// isErrorStatus and isRedirectStatus know the statuses of HTTP/1.1 (RFC 2616), and 308, as AWS does.
func isErrorStatus(n int) bool { return n >= 400 && n <= 417 || n >= 500 && n <= 505 }

func isRedirectStatus(n int) bool { return n >= 301 && n <= 308 && n != 306 }

func checkProtocol(p string) error {
	if p == "" || p == "http" || p == "https" {
		return nil
	}
	return errorOf(codeInvalidRequest, "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.")
}

// isHostName keeps whatever would change the meaning of a Location header out of it.
func isHostName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") == ""
}

// site is where a request for a website came in, and with which query.
type site struct{ protocol, host, query string }

// location is the URL of key at s, with what a redirect says of protocol and host. The query goes along.
func (s site) location(protocol, host, key string) string {
	if protocol == "" {
		protocol = s.protocol
	}
	if host == "" {
		host = s.host
	}
	to := protocol + "://" + host + "/" + string(appendPercent(nil, key))
	if s.query != "" {
		to += "?" + s.query
	}
	return to
}

// route returns the redirect of the first rule for key; status is that of the error that key ended in, 0 before it
// was looked for: then the rules about errors are passed over, and afterwards all others.
func (cfg *websiteConfiguration) route(s site, key string, status int) *response {
	for i := range cfg.Rules {
		r := &cfg.Rules[i]
		prefix, wanted := "", 0
		if r.Condition != nil && r.Condition.Prefix != nil {
			prefix = *r.Condition.Prefix
		}
		if r.Condition != nil && r.Condition.Status != nil {
			wanted = *r.Condition.Status
		}
		if wanted == status && strings.HasPrefix(key, prefix) {
			return r.Redirect.response(s, key, prefix)
		}
	}
	return nil
}

func (to *routingRedirect) response(s site, key, prefix string) *response {
	switch {
	case to.ReplaceKey != nil:
		key = *to.ReplaceKey
	case to.ReplacePrefix != nil:
		key = *to.ReplacePrefix + strings.TrimPrefix(key, prefix)
	}
	status := http.StatusMovedPermanently
	if to.Status != nil {
		status = *to.Status
	}
	return redirect(status, s.location(to.Protocol, to.Host, key))
}

func redirect(status int, to string) *response {
	return &response{status: status, header: http.Header{"Location": {to}}}
}

// indexed returns the key of the document that stands for key: in a folder, its index.
func (cfg *websiteConfiguration) indexed(key string) string {
	if key == "" || strings.HasSuffix(key, "/") {
		return key + cfg.Index.Suffix
	}
	return key
}

// websiteOf returns the website of c's bucket; NoSuchWebsiteConfiguration when it has none.
func (h *Handler) websiteOf(c *call) (*websiteConfiguration, error) {
	cfg, err := h.websites.read(c.ctx, h.objects, c.bucket, object.WebsiteDocument, "WebsiteConfiguration")
	if err == nil && cfg == nil {
		err = errorOf(codeNoSuchWebsite, "", element{"BucketName", c.bucket.Name})
	}
	return cfg, err
}
