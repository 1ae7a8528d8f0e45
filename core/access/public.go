package access

import (
	"net/netip"
	"strings"
)

// PublicAccessBlock holds the four settings of S3 Block Public Access. The two Block settings refuse
// writes, which the caller does with ACL.IsPublic and Policy.IsPublic; Decide obeys the other two.
type PublicAccessBlock struct {
	BlockPublicAcls       bool
	IgnorePublicAcls      bool
	BlockPublicPolicy     bool
	RestrictPublicBuckets bool
}

// Ownership is the object ownership setting of a bucket.
type Ownership string

const (
	BucketOwnerEnforced  Ownership = "BucketOwnerEnforced" // ACLs are off; the bucket's owner owns every object
	BucketOwnerPreferred Ownership = "BucketOwnerPreferred"
	ObjectWriter         Ownership = "ObjectWriter"
)

// Valid reports whether o is one of the three settings.
func (o Ownership) Valid() bool {
	return o == BucketOwnerEnforced || o == BucketOwnerPreferred || o == ObjectWriter
}

// Broad networks count as the public (S3 user guide: an aws:SourceIp range wider than these).
const (
	minPrefixIPv4 = 8
	minPrefixIPv6 = 32
)

// public reports whether s allows the public in: it is an allow that is not for listed principals
// only, and no condition holds it to fixed values.
func (s statement) public() bool {
	if s.effect != Allow || (!s.principals.not && !s.principals.everyone) {
		return false
	}
	for _, c := range s.conditions {
		if c.narrows() {
			return false
		}
	}
	return true
}

// narrows reports whether c holds requests to fixed values of a key that the public cannot choose.
// Negated, IfExists and ForAllValues conditions are also met by those without the key.
func (c condition) narrows() bool {
	if c.op.negated || c.ifExists || c.quantity == forAll {
		return false
	}
	switch c.key {
	case "aws:sourceip":
		return c.op.family == ipFamily && c.narrowNetworks()
	case "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
		"aws:userid", "aws:username", "aws:principalarn", "aws:principalaccount",
		"aws:principalorgid", "s3:dataaccesspointaccount",
		"s3:x-amz-server-side-encryption-aws-kms-key-id":
		return c.fixedText()
	case "s3:dataaccesspointarn":
		return c.fixedText() || c.fixedAccount()
	}
	return false
}

// fixedAccount: of the ARN of an access point only the account has to be fixed (S3 user guide).
func (c condition) fixedAccount() bool {
	if c.op.family != likeFamily && c.op.family != arnFamily {
		return false
	}
	for _, v := range c.operands {
		// arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME
		if len(v.text) == 0 || v.text[0].kind != literal || strings.Count(v.text[0].text, ":") < 5 {
			return false
		}
	}
	return true
}

func (c condition) fixedText() bool {
	switch c.op.family {
	case stringFamily, foldFamily, likeFamily, arnFamily:
	default:
		return false
	}
	for _, v := range c.operands {
		if v.text.has(star, anyChar, variable) {
			return false
		}
	}
	return true
}

func (c condition) narrowNetworks() bool {
	for _, v := range c.operands {
		if broad(v.prefix) {
			return false
		}
	}
	return true
}

func broad(p netip.Prefix) bool {
	if p.Addr().Is4() {
		return p.Bits() < minPrefixIPv4
	}
	return p.Bits() < minPrefixIPv6
}
