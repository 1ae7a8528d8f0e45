package object

import (
	"errors"
	"net/netip"
	"strings"
)

// Bounds of a bucket name (S3 user guide, bucket naming rules).
const (
	minBucketName = 3
	maxBucketName = 63
)

// CheckBucketName holds name against the S3 rules for general purpose buckets, by which every bucket was made.
func CheckBucketName(name string) error {
	if len(name) < minBucketName || len(name) > maxBucketName {
		return errors.New("bucket names have 3 to 63 characters")
	}
	for i := range len(name) {
		if c := name[i]; !isLowerAlnum(c) && c != '.' && c != '-' {
			return errors.New("bucket names consist of lower-case letters, digits, dots and hyphens")
		}
	}
	if !isLowerAlnum(name[0]) || !isLowerAlnum(name[len(name)-1]) {
		return errors.New("bucket names begin and end with a letter or a digit")
	}
	if strings.Contains(name, "..") {
		return errors.New("bucket names have no two dots in a row")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return errors.New("bucket names are not formatted as IP addresses")
	}
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			return errors.New("bucket names do not begin with " + prefix)
		}
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			return errors.New("bucket names do not end with " + suffix)
		}
	}
	return nil
}

func isLowerAlnum(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
