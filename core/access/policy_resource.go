package access

import "strings"

// resources reads Resource or NotResource. The bucket part of each ARN, up to the first slash, must
// match this bucket; it may have wildcards but no variable.
func (pp policyParser) resources(n node) ([]pattern, error) {
	values, ok := n.oneOrMany(false)
	switch {
	case !ok && pp.identity && n.emptyList():
		return nil, missingField("Resource")
	case !ok:
		return nil, errResource
	case pp.identity:
		return pp.anyResources(values)
	}
	var resources []pattern
	for _, v := range values {
		rest, ok := strings.CutPrefix(v, arnPrefix)
		bucket, _, _ := strings.Cut(rest, "/")
		if !ok || strings.Contains(bucket, "${") ||
			!compilePattern(bucket, patternSyntax{wildcards: true}).match(pp.bucket) {
			return nil, errResource
		}
		resources = append(resources, compilePattern(v, patternSyntax{wildcards: true, variables: pp.variables}))
	}
	return resources, nil
}

// reaches reports whether resource pattern r can name things of the scope in this bucket.
func (pp policyParser) reaches(r pattern, scope Scope) bool {
	switch scope {
	case ScopeBucket:
		return !r.has(variable) && r.match(arnPrefix+pp.bucket)
	case ScopeObject:
		// Either there is a slash, or a star that runs over it.
		for _, t := range r {
			if t.kind != anyChar && (t.kind == star || t.kind == variable || strings.Contains(t.text, "/")) {
				return true
			}
		}
	}
	return false
}

// actionsApply refuses a statement in which an action has no resource that it could be done to. The
// Not forms name what is excepted, so nothing can be said about them.
func (pp policyParser) actionsApply(s statement) error {
	if pp.identity || s.notAction || s.notRes {
		return nil
	}
	reached := make(map[Scope]bool)
	for _, r := range s.resources {
		for _, scope := range []Scope{ScopeBucket, ScopeObject} {
			reached[scope] = reached[scope] || pp.reaches(r, scope)
		}
	}
	for _, a := range s.actions {
		applies := false
		for _, action := range matchedActions(a) {
			applies = applies || reached[action.Scope()]
		}
		if !applies {
			return errApply
		}
	}
	return nil
}
