package access

import (
	"fmt"
	"testing"
	"time"
)

func TestMayDeliverLog(t *testing.T) {
	const statement = `{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":%s,"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/%s","Condition":%s}]}`
	account := ownerID.AccountID()
	service := `{"Service":"logging.s3.amazonaws.com"}`
	policy := func(effect Effect, principal, resource, condition string) func(*Bucket) {
		return func(b *Bucket) {
			t.Helper()
			var err error
			if b.Policy, err = ParsePolicy([]byte(fmt.Sprintf(statement, effect.String(), principal, resource, condition)), "logs"); err != nil {
				t.Fatal(err)
			}
		}
	}
	grants := func(permissions ...Permission) func(*Bucket) {
		return func(b *Bucket) {
			for _, p := range permissions {
				b.ACL.Grants = append(b.ACL.Grants, Grant{Grantee{Group: LogDelivery}, p})
			}
		}
	}
	enforced := func(b *Bucket) { b.Ownership = BucketOwnerEnforced }
	// As the policy of the user guide has it.
	of := func(source string) string {
		return fmt.Sprintf(`{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::%s"},"StringEquals":{"aws:SourceAccount":%q}}`, source, account)
	}
	tests := []struct {
		name string
		set  []func(*Bucket)
		want bool
	}{
		{"nothing given", nil, false},
		{"by ACL", []func(*Bucket){grants(Write, ReadACP)}, true},
		{"full control", []func(*Bucket){grants(FullControl)}, true},
		{"write alone", []func(*Bucket){grants(Write)}, false},
		{"read the ACL alone", []func(*Bucket){grants(ReadACP, Read)}, false},
		{"ACLs are off", []func(*Bucket){grants(Write, ReadACP), enforced}, false},
		{"by policy", []func(*Bucket){policy(Allow, service, "pond/*", of("pond")), enforced}, true},
		{"another prefix", []func(*Bucket){policy(Allow, service, "lake/*", of("pond"))}, false},
		{"another source", []func(*Bucket){policy(Allow, service, "pond/*", of("lake"))}, false},
		{"another service", []func(*Bucket){policy(Allow, `{"Service":"delivery.logs.amazonaws.com"}`, "pond/*", of("pond"))}, false},
		{"everybody", []func(*Bucket){policy(Allow, `"*"`, "*", of("pond"))}, true},
		{"another account", []func(*Bucket){policy(Allow, fmt.Sprintf(`{"AWS":%q}`, account), "*", of("pond"))}, false},
		{"denied", []func(*Bucket){policy(Deny, service, "*", of("pond")), grants(Write, ReadACP)}, false},
		{"denied to plain HTTP", []func(*Bucket){policy(Deny, `"*"`, "*", `{"Bool":{"aws:SecureTransport":"false"}}`), grants(FullControl)}, true},
		{"denied but to services", []func(*Bucket){policy(Deny, `"*"`, "*", `{"Bool":{"aws:PrincipalIsAWSService":"false"}}`), grants(FullControl)}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := Bucket{Name: "logs", Owner: ownerID, ACL: ACL{Owner: Owner{ID: ownerID}}, Ownership: BucketOwnerPreferred}
			for _, set := range tt.set {
				set(&b)
			}
			if got := MayDeliverLog(b, "pond/2026-11-26-00-00-00-UNIQUE", "pond", time.Unix(1_800_000_000, 0)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
