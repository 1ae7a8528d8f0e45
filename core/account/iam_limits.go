package account

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"shoal/core/access"
)

// Quotas of IAM ("IAM and AWS STS quotas" in the IAM user guide). Those of an account count what was there before a
// creation began.
const (
	MaxIAMUsers        = 5000 // of an account
	MaxIAMGroups       = 300
	MaxIAMRoles        = 1000
	MaxManagedPolicies = 1500
	MaxProviders       = 100

	MaxAccessKeys     = 2  // of a user
	MaxGroupsOfUser   = 10 // of a user
	MaxAttached       = 10 // managed policies of an identity
	MaxPolicyVersions = 5
	MaxTags           = 50
	MaxClientIDs      = 100 // of a provider
	MaxThumbprints    = 5   // of a provider

	maxManagedSize = 6144  // characters of a managed policy, white space not counted
	maxUserInline  = 2048  // characters of all inline policies of a user, likewise
	maxGroupInline = 5120  // of a group
	maxRoleInline  = 10240 // of a role
	maxTrust       = 2048  // of a trust policy

	maxIdentityName = 64 // of a user or role
	maxPolicyName   = 128
	maxPath         = 512
	maxDescription  = 1000
	maxTagKey       = 128
	maxTagValue     = 256
	maxProviderURL  = 255
	maxClientID     = 255
	thumbprintSize  = 40

	// MinRoleSession and MaxRoleSession bound the longest session that a role allows.
	MinRoleSession = time.Hour
	MaxRoleSession = 12 * time.Hour
)

func checkIAMName(what, name string, limit int) error {
	if name == "" || len(name) > limit || strings.Trim(name, nameChars) != "" {
		return fmt.Errorf("the %s must have 1 to %d characters of letters, digits and +=,.@_- only", what, limit)
	}
	return nil
}

// checkPath: "/", or "/" and visible ASCII that ends in "/".
func checkPath(path string) error {
	if len(path) > maxPath || !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") || !graphic(path) || strings.Contains(path, "//") {
		return fmt.Errorf("the path must begin and end with / and have at most %d visible ASCII characters", maxPath)
	}
	return nil
}

func checkDescription(text string) error {
	if utf8.RuneCountInString(text) > maxDescription || !utf8.ValidString(text) {
		return fmt.Errorf("the description is longer than %d characters", maxDescription)
	}
	return nil
}

func checkTags(tags []access.Tag) error {
	for i, t := range tags {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > maxTagKey || !printable(t.Key) || strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return fmt.Errorf("a tag key must not begin with aws: and have 1 to %d printable characters", maxTagKey)
		case utf8.RuneCountInString(t.Value) > maxTagValue || !printable(t.Value):
			return fmt.Errorf("a tag value must be at most %d printable characters", maxTagValue)
		case i > 0 && hasTag(tags[:i], t.Key):
			return errors.New("duplicate tag keys found: tag keys are case insensitive")
		}
	}
	return nil
}

func hasTag(tags []access.Tag, key string) bool {
	for _, t := range tags {
		if strings.EqualFold(t.Key, key) {
			return true
		}
	}
	return false
}

// inlineLimit is how many characters the inline policies of an identity have together.
func (k IdentityKind) inlineLimit() int {
	switch k {
	case IAMUser:
		return maxUserInline
	case IAMGroup:
		return maxGroupInline
	}
	return maxRoleInline
}

func (k IdentityKind) nameLimit() int {
	if k == IAMGroup {
		return maxPolicyName
	}
	return maxIdentityName
}

func (k IdentityKind) quota() int {
	switch k {
	case IAMUser:
		return MaxIAMUsers
	case IAMGroup:
		return MaxIAMGroups
	}
	return MaxIAMRoles
}

// policySize is the size of a document as IAM counts it: characters without white space.
func policySize(document string) (n int) {
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
