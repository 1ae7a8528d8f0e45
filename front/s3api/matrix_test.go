package s3api

import (
	"strings"
	"testing"
)

// Requesters of the matrix beside those of a testServer: an IAM user of owner's account, and a session of his.
const (
	low     = "low"
	session = "session"
)

// regime is what policies say of the actions that a request needs.
type regime string

const (
	silent         regime = "no policy"
	bucketAllows   regime = "bucket policy allows"
	bucketDenies   regime = "bucket policy allows and denies"
	bucketForgets  regime = "bucket policy allows all but one action"
	identityAllows regime = "identity policy allows"
	identityDenies regime = "bucket policy allows, identity policy denies"
)

// regimes in the order of the test.
var regimes = []regime{silent, bucketAllows, bucketDenies, bucketForgets, identityAllows, identityDenies}

// mayDo is who may do what in owner's bucket, written out after "Policy evaluation logic" of the IAM user guide, so that
// the engine is not held against itself. The administrator is bound by nothing.
var mayDo = map[regime]string{
	silent:         "operator owner",
	bucketAllows:   "operator owner other low session anonymous",
	bucketDenies:   "operator",
	bucketForgets:  "operator owner",
	identityAllows: "operator owner low session",
	identityDenies: "operator owner other anonymous",
}

// mayDoInAccount is who may do what to their own account, of which no bucket policy knows.
var mayDoInAccount = map[regime]string{
	silent:         "operator owner other",
	identityAllows: "operator owner other low session",
	identityDenies: "operator owner other",
}

// mayDoWithPolicy is who may do what to the policy of owner's bucket: he cannot lock himself out, and another account
// is told that it may not at all (S3 API reference, PutBucketPolicy).
var mayDoWithPolicy = map[regime]string{
	silent:         "operator owner",
	bucketAllows:   "operator owner low session",
	bucketDenies:   "operator owner",
	identityAllows: "operator owner low session",
	identityDenies: "operator owner",
}

// mayNotOfAnotherAccount returns who would be allowed what only an account's own may do.
func mayNotOfAnotherAccount(r regime) []string {
	if r == bucketAllows || r == identityDenies {
		return []string{other, anonymous}
	}
	return nil
}

// TestAuthorisationMatrix (S7) sends a request of every operation by everybody under all kinds of policies. What is refused
// is AccessDenied, says nothing of the object and changes no row.
func TestAuthorisationMatrix(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range matrixRows() {
		seen[row.op] = true
		t.Run(row.op, func(t *testing.T) {
			t.Parallel()
			m := newMatrix(t, row)
			for _, r := range regimes {
				m.under(r)
			}
		})
	}
	for _, o := range operations() {
		if !seen[o.name] {
			t.Errorf("%s has no row in the matrix", o.name)
		}
	}
}

// TestAbsenceIsForThoseWhoMayList (S15; MinIO CVE-2024-36107): of an object that is not there, only who may list the
// bucket is told so; to everybody else it is as one that he may not read (S3 API reference, GetObject).
func TestAbsenceIsForThoseWhoMayList(t *testing.T) {
	for _, row := range matrixRows() {
		if row.of != ofObject && row.of != ofTorrent {
			continue
		}
		needs := row.needs
		row.request = strings.Replace(row.request, "frog", "absent", 1)
		t.Run(row.op, func(t *testing.T) {
			t.Parallel()
			m := newMatrix(t, row)
			for allowed, know := range map[string]string{
				"GetBucketLocation": mayDo[silent], needs: mayDo[silent],
				"ListBucket": mayDo[bucketAllows], "ListBucket " + needs: mayDo[bucketAllows],
			} {
				m.row.needs = allowed
				m.build(bucketAllows, "")
				m.tellsOnly(know, allowed)
			}
		})
	}
}
