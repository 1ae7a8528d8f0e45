package access

import (
	"errors"
	"testing"

	"shoal/core/fault"
)

func mustIdentity(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := ParseIdentityPolicy([]byte(text))
	if err != nil {
		t.Fatalf("policy %s: %v", text, err)
	}
	return p
}

func TestParseIdentityPolicyRefuses(t *testing.T) {
	tests := []struct{ name, statement, want string }{
		{"principal", `"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`, string(errIdentityPrincipal)},
		{"not principal", `"Effect":"Allow","NotPrincipal":"*","Action":"*","Resource":"*"`, string(errIdentityPrincipal)},
		{"no effect", `"Action":"s3:GetObject","Resource":"*"`, "Syntax errors in policy."},
		{"effect", `"Effect":"Maybe","Action":"s3:GetObject","Resource":"*"`, "Syntax errors in policy."},
		{"unknown element", `"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Actions":"*"`, "Syntax errors in policy."},
		{"no action", `"Effect":"Allow","Resource":"*"`, "Policy statement must contain actions."},
		{"empty actions", `"Effect":"Allow","NotAction":[],"Resource":"*"`, "Policy statement must contain actions."},
		{"number for an action", `"Effect":"Allow","Action":1,"Resource":"*"`, "Syntax errors in policy."},
		{"no resource", `"Effect":"Allow","Action":"s3:GetObject"`, "Policy statement must contain resources."},
		{"empty resources", `"Effect":"Allow","Action":"s3:GetObject","Resource":[]`, "Policy statement must contain resources."},
		{"action without service", `"Effect":"Allow","Action":"GetObject","Resource":"*"`, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{"service with wildcard", `"Effect":"Allow","Action":"S*:GetObject","Resource":"*"`, "Vendor S* is not valid"},
		{"no service", `"Effect":"Allow","Action":":GetObject","Resource":"*"`, "Vendor  is not valid"},
		{"resource", `"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket/*"`, `Resource bucket/* must be in ARN format or "*".`},
		{"short arn", `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3"`, "The policy failed legacy parsing"},
		{"no arn", `"Effect":"Allow","Action":"s3:GetObject","Resource":"s3::bucket/*"`, `Partition "" is not valid for resource "arn::bucket/*:*:*:*".`},
		{"partition", `"Effect":"Allow","Action":"s3:GetObject","NotResource":"arn:aws2:s3:::b/a:b"`, `Partition "aws2" is not valid for resource "arn:aws2:s3:::b/a:b".`},
		{"condition key", `"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"prefix":"x"}}`, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
	}
	check := func(name, policy, want string) {
		t.Helper()
		_, err := ParseIdentityPolicy([]byte(policy))
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != fault.MalformedPolicy || e.Err.Error() != want {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	for _, tt := range tests {
		check(tt.name, `{"Version":"2012-10-17","Statement":{`+tt.statement+`}}`, tt.want)
	}
	for _, policy := range []string{`{not`, `[]`, `{}`, `{"Version":"2020-01-01","Statement":[]}`, `{"Statement":null}`, `{"Statement":[]}`, `{"Statement":"x"}`, `{"Statement":[{}],"Id":1}`} {
		check(policy, policy, "Syntax errors in policy.")
	}
}

// TestLoadIdentityPolicy: what was taken once keeps a user readable.
func TestLoadIdentityPolicy(t *testing.T) {
	old := []byte(`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws2:s3:::b/*","arn:aws:s3:::b/*","arn:*:s3:::c"]}]}`)
	if _, err := ParseIdentityPolicy(old); !fault.Is(err, fault.MalformedPolicy) {
		t.Errorf("put: got %v, want MalformedPolicy", err)
	}
	p, err := LoadIdentityPolicy(old)
	if err != nil {
		t.Fatal(err)
	}
	get := Query{Principal: user(otherID, "other"), Action: GetObject, Bucket: Bucket{Name: "b"}, Key: "k"}
	if got := Evaluate([]*Policy{p}, get.Request()); got.Effect != Allow {
		t.Errorf("got %v, want it allowed", got)
	}
}

func TestEvaluate(t *testing.T) {
	allow := func(elements string) *Policy {
		return mustIdentity(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+elements+`}}`)
	}
	deny := mustIdentity(t, `{"Statement":{"Sid":"no","Effect":"Deny","Action":"s3:Get*","Resource":"*"}}`)
	home := allow(`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/${aws:username}/*"`)
	get := Query{Principal: user(otherID, "other"), Action: GetObject, Bucket: ownedBucket(), Key: "other/k"}
	create := Query{Principal: user(otherID, "other"), Action: CreateBucket, Bucket: Bucket{Name: "bucket"}}
	role := Request{Principal: user(otherID, "other"), Action: "sts:AssumeRole", Resource: "arn:aws:iam::123456789012:role/r"}
	tests := []struct {
		name     string
		policies []*Policy
		r        Request
		want     Effect
	}{
		{"none", nil, get.Request(), None},
		{"nil", []*Policy{nil}, get.Request(), None},
		{"variable", []*Policy{home}, get.Request(), Allow},
		{"a deny behind", []*Policy{home, deny}, get.Request(), Deny},
		{"a deny before", []*Policy{deny, nil, home}, get.Request(), Deny},
		{"deny of another action", []*Policy{deny, allow(`"Action":"*","Resource":"*"`)}, create.Request(), Allow},
		{"bucket", []*Policy{allow(`"Action":"s3:CreateBucket","Resource":"arn:aws:s3:::bucket"`)}, create.Request(), Allow},
		{"another bucket", []*Policy{allow(`"Action":"s3:CreateBucket","Resource":"arn:aws:s3:::b"`)}, create.Request(), None},
		{"account", []*Policy{allow(`"Action":"s3:ListAllMyBuckets","Resource":"*"`)}, Query{Action: ListAllMyBuckets}.Request(), Allow},
		{"another service", []*Policy{allow(`"Action":"sts:Assume*","Resource":"arn:aws:iam::*:role/r"`)}, role, Allow},
		{"not this service", []*Policy{allow(`"Action":"s3:*","Resource":"*"`)}, role, None},
	}
	for _, tt := range tests {
		if got := Evaluate(tt.policies, tt.r).Effect; got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if got := Evaluate([]*Policy{home, deny}, get.Request()); got.Sid != "no" || got.Statement != 0 {
		t.Errorf("got %+v, want the statement called no", got)
	}
}

func FuzzParseIdentityPolicy(f *testing.F) {
	f.Add([]byte(`{"Statement":{"Effect":"Allow","NotAction":["iam:*","*"],"NotResource":["arn:aws:s3:::b/*","*"],"Condition":{"Bool":{"x:y":true}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseIdentityPolicy(data)
		if err != nil {
			if !fault.Is(err, fault.MalformedPolicy) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		Evaluate([]*Policy{p}, getRequest(Context{}))
	})
}
