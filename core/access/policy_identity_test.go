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
		{"no action", `"Effect":"Allow","Resource":"*"`, "Missing required field Action"},
		{"no resource", `"Effect":"Allow","Action":"s3:GetObject"`, "Missing required field Resource"},
		{"action without service", `"Effect":"Allow","Action":"GetObject","Resource":"*"`, string(errAction)},
		{"service with wildcard", `"Effect":"Allow","Action":"s*:GetObject","Resource":"*"`, string(errAction)},
		{"resource", `"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket/*"`, string(errResource)},
		{"short arn", `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3"`, string(errResource)},
		{"condition key", `"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"prefix":"x"}}`, string(errConditionKey)},
	}
	for _, tt := range tests {
		_, err := ParseIdentityPolicy([]byte(`{"Version":"2012-10-17","Statement":{` + tt.statement + `}}`))
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != fault.MalformedPolicy || e.Err.Error() != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
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
