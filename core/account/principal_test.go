package account

import (
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
)

// TestCheckPrincipals: a bucket policy names whom there is.
func TestCheckPrincipals(t *testing.T) {
	s, alice := iamStore(t, nil)
	number := alice.CanonicalID.AccountID()
	for _, kind := range []IdentityKind{IAMUser, IAMRole} {
		i := Identity{Kind: kind, Account: alice.CanonicalID, Name: "Bob", Path: "/a/", MaxSession: time.Hour}
		if kind == IAMRole {
			i.Trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`
		}
		if _, err := s.CreateIdentity(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	iam, sts := "arn:aws:iam::"+number+":", "arn:aws:sts::"+number+":"
	tests := map[string]bool{
		number: true, string(alice.CanonicalID): true, iam + "root": true, iam + "user/a/Bob": true, iam + "role/a/Bob": true,
		sts + "assumed-role/Bob/job": true, sts + "federated-user/guest": true, "arn:aws:iam:::user/alice": true,
		"000000000001": false, string(someID): false, "arn:aws:iam::000000000001:root": false, iam + "user/Bob": false,
		iam + "user/a/bob": false, iam + "user/a/none": false, iam + "role/Bob": false, sts + "assumed-role/bob/job": false,
		sts + "assumed-role/Bob": false, sts + "assumed-role/Bob/j": false, sts + "assumed-role/none/job": false,
		sts + "federated-user/" + strings.Repeat("g", 65): false, "arn:aws:iam:::user/none": false,
		iam + "user/" + strings.Repeat("u", 5000): false,
	}
	for principal, want := range tests {
		for _, own := range []access.CanonicalID{alice.CanonicalID, someID} {
			err := s.CheckPrincipals(t.Context(), own, []string{principal})
			if principal == someID.AccountID() || (err == nil) != want || err != nil && !fault.Is(err, fault.MalformedPolicy) {
				t.Errorf("%.100s: got %v, want taken %v", principal, err, want)
			}
		}
	}
}
