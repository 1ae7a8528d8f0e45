package s3api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	maxCORSRules  = 100 // (S3)
	maxCORSRuleID = 255 // characters (S3)
)

// corsConfiguration is the body of PutBucketCors.
type corsConfiguration struct {
	Rules []corsRule `xml:"CORSRule"`
}

type corsRule struct {
	ID      string   `xml:"ID"`
	Headers []string `xml:"AllowedHeader"`
	Methods []string `xml:"AllowedMethod"`
	Origins []string `xml:"AllowedOrigin"`
	Expose  []string `xml:"ExposeHeader"`
	MaxAge  *int     `xml:"MaxAgeSeconds"`
}

// check refuses what AWS does.
func (cfg *corsConfiguration) check() error {
	switch {
	case len(cfg.Rules) == 0:
		return errorOf(codeMalformedXML, "")
	case len(cfg.Rules) > maxCORSRules:
		return errorOf(codeInvalidRequest, "The number of CORS rules should not exceed allowed limit of 100 rules.")
	}
	for i := range cfg.Rules {
		if err := cfg.Rules[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *corsRule) check() error {
	texts := append([]string{r.ID}, r.Origins...)
	if len(r.Origins) == 0 || len(r.Methods) == 0 || len(r.ID) > maxCORSRuleID ||
		slices.ContainsFunc(texts, func(s string) bool { return strings.ContainsFunc(s, isControl) }) {
		return errorOf(codeMalformedXML, "")
	}
	for _, m := range r.Methods {
		if !slices.Contains(corsMethods, m) {
			return errorOf(codeInvalidRequest, "Found unsupported HTTP method in CORS config. Unsupported method is "+m)
		}
	}
	for _, name := range slices.Concat(r.Headers, r.Expose) {
		if !isHeaderName(name) {
			return errorOf(codeInvalidRequest, `AllowedHeader "`+name+`" contains invalid character.`) // of ExposeHeader, too
		}
	}
	twice := func(s string) bool { return strings.Count(s, "*") > 1 }
	if i := slices.IndexFunc(r.Origins, twice); i >= 0 {
		return errorOf(codeInvalidRequest, `AllowedOrigin "`+r.Origins[i]+`" can not have more than one wildcard.`)
	}
	if i := slices.IndexFunc(r.Headers, twice); i >= 0 {
		return errorOf(codeInvalidRequest, `AllowedHeader "`+r.Headers[i]+`" can not have more than one wildcard.`)
	}
	if i := slices.IndexFunc(r.Expose, func(s string) bool { return strings.Contains(s, "*") }); i >= 0 {
		return errorOf(codeInvalidRequest, `ExposeHeader "`+r.Expose[i]+`" contains wildcard. We currently do not support wildcard for ExposeHeader.`)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7F }

// isHeaderName reports whether s is a token (RFC 9110, 5.6.2). A star is one, so that patterns are.
func isHeaderName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// corsMethods are the methods that a rule may allow. Never written.
var corsMethods = []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodHead}

// corsQuestion is what a browser asks of a request that crosses origins.
type corsQuestion struct {
	origin, method string
	headers        []string // of Access-Control-Request-Headers, as they came; none is blank
}

// check refuses methods that no rule can allow, and what is no name of a header.
func (q corsQuestion) check() error {
	if !slices.Contains(corsMethods, q.method) {
		return errorOf(codeBadRequest, "Invalid Access-Control-Request-Method: "+q.method)
	}
	for _, name := range q.headers {
		if !isHeaderName(strings.TrimSpace(name)) {
			return errorOf(codeBadRequest, `Access-Control-Request-Headers "`+name+`" contains invalid character.`)
		}
	}
	return nil
}

// answer returns the headers by the first rule that allows q; nil when none does.
func (cfg *corsConfiguration) answer(q corsQuestion) http.Header {
	for i := range cfg.Rules {
		r := &cfg.Rules[i]
		origin := slices.IndexFunc(r.Origins, func(pattern string) bool { return oneStar(pattern, q.origin) })
		if origin >= 0 && slices.Contains(r.Methods, q.method) && r.allowsHeaders(q.headers) {
			return r.header(q, r.Origins[origin] == "*")
		}
	}
	return nil
}

func (r *corsRule) allowsHeaders(names []string) bool {
	for _, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.ContainsFunc(r.Headers, func(pattern string) bool { return oneStar(strings.ToLower(pattern), name) }) {
			return false
		}
	}
	return true
}

func (r *corsRule) header(q corsQuestion, anyOrigin bool) http.Header {
	h := http.Header{}
	h.Set("Access-Control-Allow-Origin", "*")
	if !anyOrigin {
		h.Set("Access-Control-Allow-Origin", q.origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(r.Methods, ", "))
	if len(q.headers) > 0 {
		h.Set("Access-Control-Allow-Headers", headerList(q.headers))
	}
	if len(r.Expose) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(r.Expose, ", "))
	}
	if r.MaxAge != nil {
		h.Set("Access-Control-Max-Age", strconv.Itoa(*r.MaxAge))
	}
	h.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
	return h
}

// headerList joins names of headers, in lower case.
func headerList(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strings.ToLower(strings.TrimSpace(name))
	}
	return strings.Join(out, ", ")
}

// oneStar reports whether s is pattern, in which one star stands for anything.
func oneStar(pattern, s string) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	return len(s) >= len(before)+len(after) && strings.HasPrefix(s, before) && strings.HasSuffix(s, after)
}
