package iamapi

import (
	"strings"
	"time"
	"unicode"

	"shoal/core/account"
)

// maxPath is how long a path is, in characters.
const maxPath = 512

// The shapes of the API reference, by the names of the API's model. None is ever written.
var (
	userNameType         = shape{least: 1, most: 64, rule: nameRule}
	existingUserNameType = shape{most: 128, rule: nameRule}
	groupNameType        = shape{least: 1, most: 128, rule: nameRule}
	roleNameType         = shape{least: 1, most: 64, rule: nameRule}
	policyNameType       = shape{least: 1, most: 128, rule: nameRule}

	pathType       = shape{least: 1, most: maxPath, rule: test{"It must begin and end with / and contain only alphanumeric characters and/or / characters.", isPath}}
	pathPrefixType = shape{rule: test{"It must begin with the / character and contain only alphanumeric characters and/or / characters.", isPathPrefix}}

	accessKeyIDType = shape{least: 16, most: 128, rule: test{"It must contain only alphanumeric characters.", onlyOf("")}}
	statusType      = shape{values: []string{"Active", "Inactive"}}

	policyDocumentType = shape{least: 1, most: 131072, rule: test{"It must contain only printable ASCII characters.", isDocument}}
	arnType            = shape{least: 20, most: 2048}

	policyDescriptionType = shape{most: 1000}
	policyVersionIDType   = shape{pattern: test{`v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`, isVersionID}}
	policyScopeType       = shape{values: []string{"All", "AWS", "Local"}}
	entityType            = shape{values: []string{"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"}}
	booleanType           = shape{boolean: true}

	providerURLType = shape{least: 1, most: 255}
	clientIDType    = shape{least: 1, most: 255}

	sessionNameType   = shape{least: 2, most: 64, pattern: test{`[\w+=,.@-]*`, onlyOf("_+=,.@-")}}
	webTokenType      = shape{least: 4, most: maxWebToken}
	sessionPolicyType = shape{least: 1, most: 2048}
	roleDurationType  = shape{number: true, least: int(account.MinSession / time.Second), most: int(account.MaxRoleSession / time.Second)}

	descriptionType = shape{most: 1000, pattern: test{`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`, isDescription}}
	maxSessionType  = shape{number: true, least: int(account.MinRoleSession / time.Second), most: int(account.MaxRoleSession / time.Second)}

	tagKeyType     = shape{least: 1, most: 128, pattern: test{`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`, isTagText}}
	tagValueType   = shape{most: 256, pattern: test{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, isTagText}}
	tagListType    = shape{most: account.MaxTags, fields: []parameter{{"Key", required, tagKeyType}, {"Value", required, tagValueType}}}
	tagKeyListType = shape{most: account.MaxTags, members: &tagKeyType}

	maxItemsType = shape{number: true, least: 1, most: maxPage}

	nameRule = test{"It must contain only alphanumeric characters and/or the following: +=,.@_-", func(s string) bool { return s != "" && onlyOf("+=,.@_-")(s) }}
)

// orEmpty is a shape that an empty value has, too: it stands for none.
func orEmpty(s shape) shape {
	holds := s.rule.holds
	s.least, s.rule.holds = 0, func(value string) bool { return value == "" || holds(value) }
	return s
}

// paged are the parameters of every listing.
func paged(more ...parameter) []parameter {
	return append(more, parameter{name: "MaxItems", shape: maxItemsType})
}

// onlyOf returns whether a value is of ASCII letters, digits and more.
func onlyOf(more string) func(string) bool {
	return func(s string) bool {
		return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"+more) == ""
	}
}

// isPath: "/", or visible ASCII between slashes.
func isPath(s string) bool {
	return isPathPrefix(s) && strings.HasSuffix(s, "/") && !strings.Contains(s, "//")
}

func isPathPrefix(s string) bool {
	return strings.HasPrefix(s, "/") && len(s) <= maxPath && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// isDocument: [\u0009\u000A\u000D\u0020-\u00FF]+
func isDocument(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r", r) || r > 0xff }) < 0
}

func isDescription(s string) bool {
	return isDocument(s) && strings.IndexFunc(s, func(r rune) bool { return r >= 0x7f && r <= 0xa0 }) < 0
}

func isTagText(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r)
	}) < 0
}

// isVersionID: v and a number, and perhaps a label.
func isVersionID(s string) bool {
	number, label, _ := strings.Cut(strings.TrimPrefix(s, "v"), ".")
	return strings.HasPrefix(s, "v") && number != "" && number[0] != '0' && strings.Trim(number, "0123456789") == "" && onlyOf("-")(label)
}
