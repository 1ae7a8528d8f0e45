package iamapi

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shoal/core/access"
	"shoal/core/account"
)

const (
	formType = "application/x-www-form-urlencoded"
	// maxForm bounds a request in bytes: a policy document of 131,072 characters (IAM), percent-encoded, and the rest.
	maxForm = 512 << 10
	// maxParameters bounds how many there are: fifty tags of two, and a dozen more.
	maxParameters = 256
	// maxMembers bounds a list; those that the API bounds are held to less.
	maxMembers = account.MaxClientIDs + 1
)

var errForm = errors.New("not a form of distinct parameters")

// form is the parameters of a request. Each is there once.
type form map[string]string

// parseForm reads the body of a POST or the query of a GET.
func parseForm(text string) (form, error) {
	if len(text) > maxForm || strings.Count(text, "&") >= maxParameters {
		return nil, errForm
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, errForm
	}
	f := make(form, len(values))
	for name, v := range values {
		if len(v) != 1 || !utf8.ValidString(v[0]) || !utf8.ValidString(name) {
			return nil, errForm
		}
		f[name] = v[0]
	}
	return f, nil
}

// readForm reads and hashes the whole body.
func (h *Handler) readForm(c *call) error {
	if c.http.Method == http.MethodGet {
		return c.takeForm(c.http.URL.RawQuery)
	}
	if c.http.URL.RawQuery != "" && c.http.URL.Query().Has("Action") {
		return errorOf(codeMalformedQuery, "The parameters stand in the body or in the query, not in both.")
	}
	_ = c.control.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(io.LimitReader(c.http.Body, maxForm+1))
	if err != nil {
		return errorOf(codeMalformedQuery, "The body could not be read.")
	}
	c.bodySum = sha256.Sum256(body)
	return c.takeForm(string(body))
}

func (c *call) takeForm(text string) (err error) {
	if c.form, err = parseForm(text); err != nil {
		return errorOf(codeMalformedQuery, "The request is not a form of at most "+strconv.Itoa(maxParameters)+" parameters, each given once.")
	}
	return nil
}

func (f form) get(name string) string { return f[name] }

// need returns a parameter that has to be there.
func (f form) need(name string) (string, error) {
	if f[name] == "" {
		return "", missing(name)
	}
	return f[name], nil
}

// number returns a parameter within bounds, or fallback when it is not there.
func (f form) number(name string, fallback, low, high int) (int, error) {
	if !f.has(name) {
		return fallback, nil
	}
	if err := f.check([]parameter{{name: name, shape: shape{number: true, least: low, most: high}}}); err != nil {
		return 0, err
	}
	return strconv.Atoi(f[name])
}

// list returns the values of name.member.1 and so on, each with suffix.
func (f form) list(name, suffix string) ([]string, error) {
	var values []string
	for n := 1; ; n++ {
		v, ok := f[member(name, n)+suffix]
		if !ok {
			return values, nil
		}
		if n > maxMembers {
			return nil, invalid(name, "Member must have length less than or equal to "+strconv.Itoa(maxMembers))
		}
		values = append(values, v)
	}
}

// tags returns the tags of a request, whose keys are distinct: those of users and roles have no case.
func (c *call) tags() ([]access.Tag, error) {
	keys, err := c.form.list("Tags", ".Key")
	if err != nil {
		return nil, err
	}
	same, words := strings.EqualFold, "Duplicate tag keys found. Please note that Tag keys are case insensitive."
	if c.action.exactTags {
		same, words = func(a, b string) bool { return a == b }, "Duplicate tag keys found."
	}
	var tags []access.Tag
	for n, key := range keys {
		if slices.ContainsFunc(tags, func(t access.Tag) bool { return same(t.Key, key) }) {
			return nil, errorOf(codeInvalidInput, words)
		}
		tags = append(tags, access.Tag{Key: key, Value: c.form[member("Tags", n+1)+".Value"]})
	}
	return tags, nil
}

// has reports whether there is a parameter of that name, or a list or structure.
func (f form) has(name string) bool {
	for k := range f {
		if k == name || strings.HasPrefix(k, name+".") {
			return true
		}
	}
	return false
}

// printable returns what a message can repeat of a parameter.
func printable(s string) string {
	const most = 128
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
