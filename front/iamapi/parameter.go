package iamapi

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parameter is one row of what an action takes, as its page of the API reference says.
type parameter struct {
	name  string // UserName
	need  need
	shape shape
}

// need says what becomes of a request that lacks a parameter.
type need uint8

const (
	optional  need = iota
	required       // the constraint that a member is not null is broken
	mandatory      // MissingParameter, before anything else is looked at
)

// shape is what a value has to be. The constraints of the API's model, which are the fields up to members, are told all at
// once; the rule is one of the service itself, looked at when they hold. The zero shape is any text.
type shape struct {
	number      bool
	boolean     bool
	least, most int      // characters; of a number its value; of a list how many members; most 0: no bound
	values      []string // the only ones
	pattern     test     // words: the regular expression
	members     *shape   // of a list of values: what each has to be
	fields      []parameter
	rule        test // words: what the value must be
}

// test is a condition on a value and how it is told; the zero test always holds.
type test struct {
	words string
	holds func(string) bool
}

func (t test) fails(value string) bool { return t.holds != nil && !t.holds(value) }

const notNull = "Member must not be null"

// validate holds the parameters of a request against what its action takes.
func (h *Handler) validate(c *call) error { return c.form.check(c.action.takes) }

// check returns what is wrong with the parameters, in the words and the order of IAM. Rows are told in the order given.
func (f form) check(takes []parameter) error {
	for _, p := range takes {
		if p.need == mandatory && !f.has(p.name) {
			return errorOf(codeMissingParameter, "The request must contain the parameter "+p.name+".")
		}
	}
	var broken []string
	for _, p := range takes {
		if f.has(p.name) && !p.shape.parses(f[p.name]) {
			return errorOf(codeMalformedInput, "")
		}
		broken = append(broken, p.broken(f, p.name, lowerFirst(p.name))...)
	}
	if len(broken) > 0 {
		return violation(broken...)
	}
	for _, p := range takes {
		if f.has(p.name) && p.shape.rule.fails(f[p.name]) {
			return errorOf(codeValidation, "The specified value for "+lowerFirst(p.name)+" is invalid. "+p.shape.rule.words)
		}
	}
	return nil
}

// parses reports whether a value is of the type that the model has for it.
func (s shape) parses(value string) bool {
	switch {
	case s.number:
		_, err := strconv.Atoi(value)
		return err == nil
	case s.boolean:
		return value == "true" || value == "false"
	}
	return true
}

// broken returns the constraints that a parameter breaks. It is called name in the form and told in messages.
func (p parameter) broken(f form, name, told string) []string {
	switch {
	case !f.has(name) && p.need == optional:
		return nil
	case !f.has(name):
		return []string{constraint(told, notNull)}
	case p.shape.fields != nil:
		return p.shape.brokenStructures(f, name, told)
	case p.shape.members != nil:
		return p.shape.brokenMembers(f, name, told)
	}
	var broken []string
	for _, words := range p.shape.broken(f[name]) {
		broken = append(broken, constraint(told, words))
	}
	if v := p.shape.values; v != nil && !slices.Contains(v, f[name]) {
		broken = append(broken, "Value '"+printable(f[name])+"' at '"+told+"' failed to satisfy constraint: Member must satisfy enum value set: ["+strings.Join(v, ", ")+"]")
	}
	return broken
}

// brokenStructures looks into a list of structures: Tags.member.1.Key is told as tags.1.member.key.
func (s shape) brokenStructures(f form, name, told string) (broken []string) {
	for n := 1; f.has(member(name, n)); n++ {
		if n > s.most {
			return []string{constraint(told, s.mostWords())}
		}
		for _, field := range s.fields {
			broken = append(broken, field.broken(f, member(name, n)+"."+field.name, told+"."+strconv.Itoa(n)+".member."+lowerFirst(field.name))...)
		}
	}
	return broken
}

// brokenMembers looks into a list of values, of which the model tells no more than that one breaks a constraint.
func (s shape) brokenMembers(f form, name, told string) []string {
	bad := false
	for n := 1; f.has(member(name, n)); n++ {
		if n > s.most {
			return []string{constraint(told, s.mostWords())}
		}
		bad = bad || len(s.members.broken(f[member(name, n)])) > 0
	}
	if !bad {
		return nil
	}
	each := []string{s.members.mostWords(), s.members.leastWords(), s.members.patternWords(), notNull}
	return []string{constraint(told, "Member must satisfy constraint: ["+strings.Join(each, ", ")+"]")}
}

// broken returns the constraints on size and pattern that a single value breaks.
func (s shape) broken(value string) (broken []string) {
	size := utf8.RuneCountInString(value)
	if s.number {
		size, _ = strconv.Atoi(value) // check has seen that it is one
	}
	if s.most > 0 && size > s.most {
		broken = append(broken, s.mostWords())
	}
	if size < s.least {
		broken = append(broken, s.leastWords())
	}
	if s.pattern.fails(value) {
		broken = append(broken, s.patternWords())
	}
	return broken
}

func (s shape) mostWords() string {
	return "Member must have " + s.measure() + " less than or equal to " + strconv.Itoa(s.most)
}

func (s shape) leastWords() string {
	return "Member must have " + s.measure() + " greater than or equal to " + strconv.Itoa(s.least)
}

func (s shape) measure() string {
	if s.number {
		return "value"
	}
	return "length"
}

func (s shape) patternWords() string {
	return "Member must satisfy regular expression pattern: " + s.pattern.words
}

// constraint words one constraint that is broken.
func constraint(told, words string) string {
	return "Value at '" + told + "' failed to satisfy constraint: " + words
}

// violation is the error of a request that breaks constraints of the API's model.
func violation(broken ...string) error {
	noun := " validation errors detected: "
	if len(broken) == 1 {
		noun = " validation error detected: "
	}
	return errorOf(codeValidation, strconv.Itoa(len(broken))+noun+strings.Join(broken, "; "))
}

func missing(name string) error { return invalid(name, notNull) }

func invalid(name, why string) error { return violation(constraint(lowerFirst(name), why)) }

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// member is the name of the nth member of a list, from 1.
func member(name string, n int) string { return name + ".member." + strconv.Itoa(n) }
