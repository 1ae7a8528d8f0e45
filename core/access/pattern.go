package access

import (
	"strings"
	"unicode/utf8"
)

// pattern is a string of a policy: literal text, wildcards and policy variables.
type pattern []token

type tokenKind uint8

const (
	literal  tokenKind = iota
	star               // any run of characters
	anyChar            // one character
	variable           // ${text}, with an optional default
)

type token struct {
	kind     tokenKind
	text     string // the literal, or the lower-case key of the variable
	fallback string // ${key, 'fallback'}
	hasFall  bool
}

// patternSyntax says which characters of a string are special where it stands.
type patternSyntax struct {
	wildcards bool
	variables bool // only policies of Version 2012-10-17 have them
}

// compilePattern reads s. Every string is a pattern: a "${" that is not closed is text.
func compilePattern(s string, syntax patternSyntax) pattern {
	var p pattern
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			p = append(p, token{kind: literal, text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case syntax.variables && c == '$' && strings.HasPrefix(s[i:], "${"):
			body, _, closed := strings.Cut(s[i+2:], "}")
			if !closed {
				lit.WriteString(s[i:])
				i = len(s)
				continue
			}
			if i += len("${}") + len(body); body == "*" || body == "?" || body == "$" {
				lit.WriteString(body)
				continue
			}
			flush()
			p = append(p, variableToken(body))
		case syntax.wildcards && c == '*':
			flush()
			if len(p) == 0 || p[len(p)-1].kind != star {
				p = append(p, token{kind: star})
			}
			i++
		case syntax.wildcards && c == '?':
			flush()
			p = append(p, token{kind: anyChar})
			i++
		default:
			lit.WriteByte(c)
			i++
		}
	}
	flush()
	return p
}

// variableToken reads the inside of ${key} or ${key, 'default'}.
func variableToken(body string) token {
	key, fallback, has := strings.Cut(body, ",")
	t := token{kind: variable, text: strings.ToLower(strings.TrimSpace(key)), hasFall: has}
	if has {
		t.fallback = strings.Trim(strings.TrimSpace(fallback), "'")
	}
	return t
}

// has reports whether p has a token of one of the kinds.
func (p pattern) has(kinds ...tokenKind) bool {
	for _, t := range p {
		for _, k := range kinds {
			if t.kind == k {
				return true
			}
		}
	}
	return false
}

// expand puts the values of variables into p: their text is literal, wildcards in it match only
// themselves. The truth is no when a variable has no single value, unknown when it is not known.
func (p pattern) expand(e *environment) (pattern, truth) {
	if !p.has(variable) {
		return p, yes
	}
	out := make(pattern, 0, len(p))
	for _, t := range p {
		if t.kind == variable {
			values, known := e.values(Key(t.text))
			switch {
			case !known:
				return nil, unknown
			case len(values) == 1:
				t = token{kind: literal, text: values[0]}
			case len(values) == 0 && t.hasFall:
				t = token{kind: literal, text: t.fallback}
			default:
				return nil, no
			}
		}
		out = append(out, t)
	}
	return out, yes
}

// text returns p without wildcards and variables as one string.
func (p pattern) text() string {
	if len(p) == 1 {
		return p[0].text
	}
	var b strings.Builder
	for _, t := range p {
		b.WriteString(t.text)
	}
	return b.String()
}

// match reports whether the expanded p covers all of s. A "?" is one character of UTF-8. After a
// mismatch only the last star is moved on, to the next place where the literal after it stands, so
// that time is at worst len(p)*len(s), both bounded, and close to linear in practice.
func (p pattern) match(s string) bool {
	if n := len(p); n > 0 && p[n-1].kind == literal && !strings.HasSuffix(s, p[n-1].text) {
		return false
	}
	i, at := 0, 0
	lastStar, starAt := -1, 0
	for {
		if i == len(p) && at == len(s) {
			return true
		}
		if i < len(p) {
			switch t := p[i]; {
			case t.kind == star:
				if i == len(p)-1 {
					return true
				}
				lastStar, starAt = i, at
				i++
				continue
			case t.kind == anyChar && at < len(s):
				at += runeLen(s[at:])
				i++
				continue
			case t.kind == literal && strings.HasPrefix(s[at:], t.text):
				at += len(t.text)
				i++
				continue
			}
		}
		if lastStar < 0 || starAt >= len(s) {
			return false
		}
		starAt += runeLen(s[starAt:])
		if next := p[lastStar+1]; next.kind == literal {
			skip := strings.Index(s[starAt:], next.text)
			if skip < 0 {
				return false
			}
			starAt += skip
		}
		i, at = lastStar+1, starAt
	}
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
