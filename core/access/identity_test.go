package access

import (
	"testing"
)

// iamUser returns an IAM user of an account with policies of these statements.
func iamUser(t testing.TB, account CanonicalID, statements ...string) Principal {
	t.Helper()
	id := &Identity{Tags: []Tag{{"team", "red"}}}
	for _, s := range statements {
		id.Policies = append(id.Policies, mustIdentity(t, `{"Version":"2012-10-17","Statement":{`+s+`}}`))
	}
	return Principal{
		Kind: User, CanonicalID: account, AccountID: account.AccountID(), UserName: "bob",
		ARN: "arn:aws:iam::" + account.AccountID() + ":user/staff/bob", UserID: "AIDABOB", Role: RoleUserPlus, Identity: id,
	}
}

const (
	allowAll = `"Effect":"Allow","Action":"*","Resource":"*"`
	allowGet = `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"`
	denyGet  = `"Effect":"Deny","Action":"s3:GetObject","Resource":"*"`
)

// TestDecideIdentity walks the order of AWS: a deny anywhere, the limits, then either side within one account and both
// sides across two.
func TestDecideIdentity(t *testing.T) {
	limited := func(statements ...string) Principal {
		p := iamUser(t, ownerID, allowAll)
		list := []*Policy{}
		for _, s := range statements {
			list = append(list, mustIdentity(t, `{"Version":"2012-10-17","Statement":{`+s+`}}`))
		}
		p.Identity.Limits = []Limit{{BySession, list}}
		return p
	}
	bob := iamUser(t, ownerID).ARN
	other := iamUser(t, otherID).ARN
	allow := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}`
	}
	deny := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}`
	account := `{"AWS":"arn:aws:iam::` + ownerID.AccountID() + `:root"}`
	tests := []struct {
		name   string
		who    Principal
		bucket string // its policy
		canned CannedACL
		want   bool
	}{
		{"no policies", iamUser(t, ownerID), "", CannedPrivate, false},
		{"own policy", iamUser(t, ownerID, allowGet), "", CannedPrivate, true},
		{"own policy with a variable", iamUser(t, ownerID, `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::bucket/${aws:username}"`), "", CannedPrivate, true},
		{"own policy by tag", iamUser(t, ownerID, allowGet+`,"Condition":{"StringEquals":{"aws:PrincipalTag/TEAM":"red"}}`), "", CannedPrivate, true},
		{"own policy by another tag", iamUser(t, ownerID, allowGet+`,"Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`), "", CannedPrivate, false},
		{"deny beside allow", iamUser(t, ownerID, allowAll, denyGet), "", CannedPrivate, false},
		{"deny against the bucket's allow", iamUser(t, ownerID, denyGet), allow(`{"AWS":"` + bob + `"}`), CannedPublicRead, false},
		{"the bucket's deny", iamUser(t, ownerID, allowAll), deny, CannedPublicRead, false},
		{"the bucket names him", iamUser(t, ownerID), allow(`{"AWS":"` + bob + `"}`), CannedPrivate, true},
		{"the bucket names everybody", iamUser(t, ownerID), allow(`"*"`), CannedPrivate, true},
		{"the bucket names his account", iamUser(t, ownerID), allow(account), CannedPrivate, false},
		{"the bucket names his account, he may", iamUser(t, ownerID, allowGet), allow(account), CannedPrivate, true},
		{"the bucket names an account of his name", iamUser(t, ownerID), allow(`{"AWS":"arn:aws:iam:::user/bob"}`), CannedPrivate, false},
		{"the bucket names his canonical id", iamUser(t, ownerID), allow(`{"CanonicalUser":"` + string(ownerID) + `"}`), CannedPrivate, false},
		{"all but his account", iamUser(t, ownerID), `{"Statement":{"Effect":"Allow","NotPrincipal":` + account + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}`, CannedPrivate, false},
		{"public by ACL", iamUser(t, ownerID), "", CannedPublicRead, true},
		{"across accounts by his policy", iamUser(t, otherID, allowAll), "", CannedPrivate, false},
		{"across accounts by the bucket", iamUser(t, otherID), allow(`{"AWS":"` + other + `"}`), CannedPrivate, false},
		{"across accounts by both", iamUser(t, otherID, allowGet), allow(`{"AWS":"` + other + `"}`), CannedPrivate, true},
		{"across accounts, public", iamUser(t, otherID), "", CannedPublicRead, false},
		{"across accounts, public, he may", iamUser(t, otherID, allowGet), "", CannedPublicRead, true},
		{"within a limit", limited(allowGet), "", CannedPrivate, true},
		{"a limit of nothing", limited(), allow(`{"AWS":"` + bob + `"}`), CannedPublicRead, false},
		{"a limit of another action", limited(`"Effect":"Allow","Action":"s3:PutObject","Resource":"*"`), "", CannedPrivate, false},
		{"a limit that denies", limited(allowAll, denyGet), "", CannedPrivate, false},
	}
	for _, tt := range tests {
		q := Query{Principal: tt.who, Action: GetObject, Bucket: ownedBucket(), Key: "bob", Object: ownedObject(tt.canned)}
		if tt.bucket != "" {
			q.Bucket.Policy = mustPolicy(t, tt.bucket)
		}
		if got := Decide(q); got.Allowed != tt.want {
			t.Errorf("%s: got %+v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestACLThatIsNeeded: an ACL is the reason only where nothing else would have allowed it (aclRequired of the access log).
func TestACLThatIsNeeded(t *testing.T) {
	tests := []struct {
		name   string
		who    Principal
		canned CannedACL
		want   Reason
	}{
		{"everybody", Principal{}, CannedPublicRead, ByACL},
		{"the owner", user(ownerID, "owner"), CannedPublicRead, ByOwner},
		{"a user of the owner's without policies", iamUser(t, ownerID), CannedPublicRead, ByACL},
		{"a user of the owner's who may", iamUser(t, ownerID, allowGet), CannedPublicRead, ByIdentity},
		{"a user of another account who may", iamUser(t, otherID, allowGet), CannedPublicRead, ByACL},
	}
	for _, tt := range tests {
		q := Query{Principal: tt.who, Action: GetObject, Bucket: ownedBucket(), Key: "bob", Object: ownedObject(tt.canned)}
		if got := Decide(q); !got.Allowed || got.Reason != tt.want {
			t.Errorf("%s: got %+v, want allowed by %s", tt.name, got, tt.want)
		}
	}
}

// TestIdentityOnAccount: what no bucket grants needs the account's role and the identity's policy.
func TestIdentityOnAccount(t *testing.T) {
	create := `"Effect":"Allow","Action":"s3:CreateBucket","Resource":"arn:aws:s3:::bucket"`
	poor := iamUser(t, ownerID, allowAll)
	poor.Role = RoleUser
	tests := []struct {
		name   string
		who    Principal
		action Action
		want   bool
	}{
		{"nothing", iamUser(t, ownerID), CreateBucket, false},
		{"the bucket that may be made", iamUser(t, ownerID, create), CreateBucket, true},
		{"another bucket", iamUser(t, ownerID, `"Effect":"Allow","Action":"s3:CreateBucket","Resource":"arn:aws:s3:::x"`), CreateBucket, false},
		{"more than the account may", poor, CreateBucket, false},
		{"list", poor, ListAllMyBuckets, true},
		{"list without a policy", iamUser(t, ownerID), ListAllMyBuckets, false},
		{"the bucket's policy, by an account", user(ownerID, "owner"), PutBucketPolicy, true},
		{"the bucket's policy, by its user", iamUser(t, ownerID, allowGet), PutBucketPolicy, false},
	}
	for _, tt := range tests {
		q := Query{Principal: tt.who, Action: tt.action, Bucket: Bucket{Name: "bucket"}}
		if tt.action.Scope() == ScopeBucket && tt.action != CreateBucket {
			q.Bucket = ownedBucket()
		}
		if got := Decide(q).Allowed; got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestIdentityTorrents: a private swarm is closed to whom a policy of his own denies the object or its torrent.
func TestIdentityTorrents(t *testing.T) {
	for _, tt := range []struct {
		name       string
		statements []string
		want       bool
	}{
		{"none", nil, false},
		{"reads", []string{allowGet}, true},
		{"reads, but no torrents", []string{allowGet, `"Effect":"Deny","Action":"s3:GetObjectTorrent","Resource":"*"`}, false},
	} {
		if got := MayTorrent(iamUser(t, ownerID, tt.statements...), ownedBucket(), "k", *ownedObject(CannedPrivate), "", Context{}); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func mustTrust(t testing.TB, principal, more string) *Policy {
	t.Helper()
	p, err := ParseTrustPolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"` + more + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMayAssume(t *testing.T) {
	may := `"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/r"`
	root := `{"AWS":"arn:aws:iam::` + ownerID.AccountID() + `:root"}`
	him := `{"AWS":"` + iamUser(t, ownerID).ARN + `"}`
	tests := []struct {
		name  string
		who   Principal
		trust *Policy
		want  bool
	}{
		{"named", iamUser(t, ownerID), mustTrust(t, him, ""), true},
		{"named and denied", iamUser(t, ownerID, `"Effect":"Deny","Action":"sts:*","Resource":"*"`), mustTrust(t, him, ""), false},
		{"his account", iamUser(t, ownerID), mustTrust(t, root, ""), false},
		{"his account, and he may", iamUser(t, ownerID, may), mustTrust(t, root, ""), true},
		{"he may, nobody trusts", iamUser(t, ownerID, may), mustTrust(t, `{"AWS":"999999999999"}`, ""), false},
		{"of another account, named", iamUser(t, otherID), mustTrust(t, `{"AWS":"`+iamUser(t, otherID).ARN+`"}`, ""), false},
		{"of another account, named, and he may", iamUser(t, otherID, may), mustTrust(t, `{"AWS":"`+iamUser(t, otherID).ARN+`"}`, ""), true},
		{"a condition that is not met", iamUser(t, ownerID, may), mustTrust(t, root, `,"Condition":{"StringEquals":{"sts:ExternalId":"x"}}`), false},
		{"a token of the provider", Principal{Kind: User, Federated: "arn:aws:iam::1:oidc-provider/h"}, mustTrust(t, `{"Federated":"arn:aws:iam::1:oidc-provider/h"}`, ""), true},
		{"a token of another provider", Principal{Kind: User, Federated: "arn:aws:iam::1:oidc-provider/x"}, mustTrust(t, `{"Federated":"arn:aws:iam::1:oidc-provider/h"}`, ""), false},
		{"a user where a provider is trusted", iamUser(t, ownerID, may), mustTrust(t, `{"Federated":"arn:aws:iam::1:oidc-provider/h"}`, ""), false},
	}
	for _, tt := range tests {
		r := Request{Principal: tt.who, Action: "sts:AssumeRole", Resource: "arn:aws:iam::" + ownerID.AccountID() + ":role/r", ResourceOwner: ownerID}
		if got := MayAssume(r, tt.trust); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestParseTrustPolicyRefuses(t *testing.T) {
	for _, statement := range []string{
		`"Effect":"Allow","Action":"sts:AssumeRole"`,
		`"Effect":"Allow","Principal":"*","Action":"s3:GetObject"`,
		`"Effect":"Allow","Principal":"*","Action":"*"`,
		`"Effect":"Allow","Principal":"*","NotAction":"sts:AssumeRole"`,
		`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"`,
		`"Effect":"Allow","Principal":{"AWS":"bob"},"Action":"sts:AssumeRole"`,
	} {
		if _, err := ParseTrustPolicy([]byte(`{"Version":"2012-10-17","Statement":{` + statement + `}}`)); err == nil {
			t.Errorf("%s is taken", statement)
		}
	}
}

// TestAccountsMayOnlyTheirOwn: Allows is about things of one account.
func TestAccountsMayOnlyTheirOwn(t *testing.T) {
	tests := []struct {
		name string
		who  Principal
		want bool
	}{
		{"anonymous", Principal{}, false},
		{"the account", user(ownerID, "owner"), true},
		{"another account", user(otherID, "other"), false},
		{"a user without policies", iamUser(t, ownerID), false},
		{"a user who may", iamUser(t, ownerID, allowAll), true},
		{"a user of another account who may", iamUser(t, otherID, allowAll), false},
	}
	for _, tt := range tests {
		r := Request{Principal: tt.who, Action: "iam:CreateUser", Resource: "arn:aws:iam::1:user/x", ResourceOwner: ownerID}
		if got := DecideOwn(r).Allowed; got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func FuzzParseTrustPolicy(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}`))
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::1:oidc-provider/h"},"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"h:aud":"x"}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		trust, err := ParseTrustPolicy(data)
		if err != nil {
			return
		}
		if MayAssume(Request{Action: "sts:AssumeRole", ResourceOwner: ownerID}, trust) && !trust.statements[0].principals.everyone && !trust.statements[0].principals.not && len(trust.statements) == 1 {
			t.Fatalf("nobody may assume by a policy that names somebody: %s", data)
		}
		if MayAssume(Request{Principal: iamUser(t, otherID), Action: "s3:GetObject", ResourceOwner: ownerID}, trust) {
			t.Fatalf("a trust policy gives an action of S3: %s", data)
		}
	})
}
