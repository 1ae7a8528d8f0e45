package access

import (
	"slices"
	"strings"
)

// The messages of IAM about a policy of an identity, where they are not those of S3 about one of a bucket.
const (
	errIdentitySyntax malformed = "Syntax errors in policy."
	errNoActions      malformed = "Policy statement must contain actions."
	errNoResources    malformed = "Policy statement must contain resources."
	errVendor         malformed = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	errLegacy         malformed = "The policy failed legacy parsing"
)

// missingField is the message about an element that a policy or a statement has to have.
func missingField(name string) malformed { return malformed("Missing required field " + name) }

// identityWords gives a message of S3 as IAM has it: what is no policy at all is told as that.
func identityWords(err error) error {
	m, ok := err.(malformed)
	switch {
	case !ok:
		return err
	case m == missingField("Action"):
		return errNoActions
	case m == missingField("Resource"):
		return errNoResources
	case m == errConditionKey:
		return errVendor
	case slices.Contains([]malformed{errJSON, errVersion, errStatement, errSyntax, errAction, errResource}, m),
		strings.HasPrefix(string(m), string(missingField(""))), strings.HasPrefix(string(m), unknownField), strings.HasPrefix(string(m), invalidEffect):
		return errIdentitySyntax
	}
	return err
}

// partitionError is the message about an ARN whose partition there is not. Its parts that are missing are told as "*".
func partitionError(parts []string) error {
	told := append([]string{"arn"}, parts[1:]...)
	for len(told) < arnParts {
		told = append(told, "*")
	}
	return malformed(`Partition "` + told[1] + `" is not valid for resource "` + strings.Join(told, ":") + `".`)
}
