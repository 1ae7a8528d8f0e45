package access

import (
	"strings"
	"testing"
)

// TestRefusal: who acts in the account of the bucket learns which policies refuse, nobody else.
func TestRefusal(t *testing.T) {
	bounded := func(reason Reason, statement string) Principal {
		p := iamUser(t, ownerID, allowAll)
		p.Identity.Limits = []Limit{{reason, []*Policy{mustIdentity(t, `{"Version":"2012-10-17","Statement":{`+statement+`}}`)}}}
		return p
	}
	deny := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}`
	const allowPut = `"Effect":"Allow","Action":"s3:PutObject","Resource":"*"`
	none := "because no identity-based policy allows the s3:GetObject action"
	tests := []struct {
		name   string
		who    Principal
		policy string
		action Action
		want   string // the end of the message, "" for none
	}{
		{"nothing allows it", iamUser(t, ownerID), "", GetObject, `s3:GetObject on resource: "arn:aws:s3:::bucket/key" ` + none},
		{"a policy denies it", iamUser(t, ownerID, allowAll, denyGet), "", GetObject, "with an explicit deny in an identity-based policy"},
		{"the bucket denies it", iamUser(t, ownerID, allowAll), deny, GetObject, "with an explicit deny in a resource-based policy"},
		{"both deny it", iamUser(t, ownerID, denyGet), deny, GetObject, "with an explicit deny in a resource-based policy"},
		{"boundary", bounded(ByBoundary, allowPut), "", GetObject, "because no permissions boundary allows the s3:GetObject action"},
		{"boundary denies it", bounded(ByBoundary, denyGet), "", GetObject, "with an explicit deny in a permissions boundary"},
		{"session", bounded(BySession, allowPut), "", GetObject, "because no session policy allows the s3:GetObject action"},
		{"session denies it", bounded(BySession, denyGet), "", GetObject, "with an explicit deny in a session policy"},
		{"the account", iamUser(t, ownerID), "", ListAllMyBuckets, `s3:ListAllMyBuckets on resource: "arn:aws:s3:::*" because no identity-based policy allows the s3:ListAllMyBuckets action`},
		{"another account's user", iamUser(t, otherID), "", GetObject, ""},
		{"another account", Principal{Kind: User, CanonicalID: otherID}, "", GetObject, ""},
		{"nobody", Principal{}, deny, GetObject, ""},
	}
	for _, tt := range tests {
		q := Query{Principal: tt.who, Action: tt.action, Key: "key", Bucket: Bucket{Name: "bucket", Owner: ownerID}}
		if tt.policy != "" {
			q.Bucket.Policy = mustPolicy(t, tt.policy)
		}
		d := Decide(q)
		got := q.Refusal(d)
		if d.Allowed || !strings.HasSuffix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: got %+v %q, want %q", tt.name, d, got, tt.want)
		}
		if got != "" && !strings.HasPrefix(got, "User: "+tt.who.ARN+" is not authorized to perform: ") {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}
