package access

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"shoal/core/fault"
)

func TestParsePolicyRefuses(t *testing.T) {
	one := func(s string) string { return `{"Version":"2012-10-17","Statement":[` + s + `]}` }
	with := func(condition string) string {
		return one(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*","Condition":` + condition + `}`)
	}
	ok := `"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"`
	tests := []struct{ name, policy, want string }{
		{"empty", ``, string(errJSON)},
		{"list", `[]`, string(errJSON)},
		{"cut", `{"Statement":[`, string(errBadJSON)},
		{"two documents", `{"Statement":[{` + ok + `}]} {}`, string(errBadJSON)},
		{"bad utf-8", "{\"Id\":\"\xff\"}", string(errBadJSON)},
		{"double member", `{"Statement":[{` + ok + `,"Effect":"Deny"}]}`, string(errBadJSON)},
		{"double statement", `{"Statement":[{` + ok + `}],"Statement":[{` + ok + `}]}`, string(errBadJSON)},
		{"deep", `{"Id":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, string(errBadJSON)},
		{"version", `{"Version":"2020-01-01","Statement":[{` + ok + `}]}`, string(errVersion)},
		{"no statement", `{"Version":"2012-10-17"}`, "Missing required field Statement"},
		{"empty statement", `{"Statement":[]}`, string(errStatement)},
		{"statement of text", `{"Statement":["x"]}`, string(errSyntax)},
		{"unknown field", `{"Statement":[{` + ok + `}],"Foo":1}`, "Unknown field Foo"},
		{"unknown element", one(`{` + ok + `,"Resources":"x"}`), "Unknown field Resources"},
		{"case of element", one(`{"effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`), "Unknown field effect"},
		{"effect", one(`{"Effect":"allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`), "Invalid effect: allow"},
		{"no principal", one(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`), "Missing required field Principal"},
		{"no action", one(`{"Effect":"Allow","Principal":"*","Resource":"arn:aws:s3:::bucket/*"}`), "Missing required field Action"},
		{"no resource", one(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}`), "Missing required field Resource"},
		{"both principals", one(`{` + ok + `,"NotPrincipal":"*"}`), string(errSyntax)},
		{"both actions", one(`{` + ok + `,"NotAction":"s3:GetObject"}`), string(errSyntax)},
		{"sid twice", one(`{"Sid":"a",` + ok + `},{"Sid":"a",` + ok + `}`), string(errSid)},
		{"principal text", one(`{"Effect":"Allow","Principal":"x","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`), string(errPrincipal)},
		{"principal empty", one(`{"Effect":"Allow","Principal":{"AWS":[]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`), string(errPrincipal)},
		{"principal wildcard", one(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`), string(errPrincipal)},
		{"principal kind", one(`{"Effect":"Allow","Principal":{"Foo":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`), string(errPrincipal)},
		{"canonical user", one(`{"Effect":"Allow","Principal":{"CanonicalUser":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`), string(errPrincipal)},
		{"action empty", one(`{"Effect":"Allow","Principal":"*","Action":[],"Resource":"arn:aws:s3:::bucket/*"}`), string(errAction)},
		{"action unknown", one(`{"Effect":"Allow","Principal":"*","Action":"s3:GetThing","Resource":"arn:aws:s3:::bucket/*"}`), string(errAction)},
		{"action of another service", one(`{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"arn:aws:s3:::bucket/*"}`), string(errAction)},
		{"resource empty", one(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":[]}`), string(errResource)},
		{"resource star", one(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`), string(errResource)},
		{"resource of another bucket", one(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket2/*"}`), string(errResource)},
		{"one resource of another bucket", one(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::bucket/*","arn:aws:s3:::b/*"]}`), string(errResource)},
		{"variable in the bucket", one(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::${aws:username}/*"}`), string(errResource)},
		{"object action on the bucket", one(`{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket"}`), string(errApply)},
		{"bucket action on objects", one(`{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::bucket/*"}`), string(errApply)},
		{"condition type", with(`{"StringFoo":{"aws:Referer":"x"}}`), "Invalid Condition type : StringFoo"},
		{"null if exists", with(`{"NullIfExists":{"aws:Referer":"true"}}`), "Invalid Condition type : NullIfExists"},
		{"condition key", with(`{"StringEquals":{"s3:foo":"x"}}`), string(errConditionKey)},
		{"condition key without service", with(`{"StringEquals":{"foo":"x"}}`), string(errConditionKey)},
		{"condition empty", with(`{"StringEquals":{}}`), string(errSyntax)},
		{"condition of text", with(`"x"`), string(errSyntax)},
		{"values empty", with(`{"StringEquals":{"aws:Referer":[]}}`), string(errCondition)},
		{"value null", with(`{"StringEquals":{"aws:Referer":null}}`), string(errCondition)},
		{"address", with(`{"IpAddress":{"aws:SourceIp":"1.2.3"}}`), string(errConditionIP)},
		{"address for another operator", with(`{"Null":{"aws:SourceIp":"true"}}`), string(errConditionIP)},
		{"key of listings for uploads", one(`{"Effect":"Allow","Principal":"*","Action":"s3:ListBucketMultipartUploads","Resource":"arn:aws:s3:::bucket/*","Condition":{"StringEquals":{"s3:prefix":"x"}}}`), string(errConditionFit)},
		{"number", with(`{"NumericEquals":{"aws:MultiFactorAuthAge":"0x10"}}`), string(errCondition)},
		{"date", with(`{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}`), string(errCondition)},
		{"bool", with(`{"Bool":{"aws:SecureTransport":"yes"}}`), string(errCondition)},
		{"global condition key", with(`{"StringEquals":{"aws:foo":"x"}}`), string(errConditionKey)},
		{"condition key of another service", with(`{"StringEquals":{"ec2:Region":"x"}}`), string(errConditionKey)},
		{"tag without a name", with(`{"StringEquals":{"s3:ExistingObjectTag/":"x"}}`), string(errConditionKey)},
		{"tags of an object to be", one(`{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/a":"x"}}}`), string(errConditionFit)},
		{"key of writes", with(`{"StringEquals":{"s3:x-amz-acl":"public-read"}}`), string(errConditionFit)},
		{"key of versions", with(`{"StringEquals":{"s3:VersionId":"x"}}`), string(errConditionFit)},
		{"key of one of two actions", one(`{"Effect":"Allow","Principal":"*","Action":["s3:PutObject","s3:GetObject"],"Resource":"arn:aws:s3:::bucket/*","Condition":{"StringEquals":{"s3:x-amz-acl":"private"}}}`), string(errConditionFit)},
		{"key of listings", with(`{"StringEquals":{"s3:prefix":"x"}}`), string(errConditionFit)},
	}
	for _, tt := range tests {
		_, err := ParsePolicy([]byte(tt.policy), "bucket")
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != fault.MalformedPolicy || e.Err.Error() != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := ParsePolicy([]byte(one(`{`+ok+`}`)+strings.Repeat(" ", MaxPolicyBytes)), "bucket"); !fault.Is(err, fault.MalformedPolicy) {
		t.Errorf("over the size: got %v", err)
	}
}

func TestPrincipals(t *testing.T) {
	account := "123456789012"
	p := user(otherID, "other")
	p.AccountID = account
	tests := []struct {
		principal string // with its element
		who       Principal
		want      bool
	}{
		{`"Principal":"*"`, p, true},
		{`"Principal":{"AWS":"*"}`, Principal{}, true},
		{`"Principal":{"AWS":["` + account + `","arn:aws:iam::999999999999:root"]}`, p, true},
		{`"Principal":{"AWS":"arn:aws:iam::` + account + `:root"}`, p, true},
		{`"Principal":{"AWS":"arn:aws:iam::` + account + `:root"}`, Principal{AccountID: account}, false},
		{`"Principal":{"AWS":"arn:aws:iam::999999999999:root"}`, p, false},
		{`"Principal":{"AWS":"arn:aws:iam:::user/other"}`, p, true},
		{`"Principal":{"AWS":"arn:aws:iam:::user/OTHER"}`, p, false},
		{`"Principal":{"AWS":"arn:aws:iam::` + account + `:user/other"}`, p, true},
		{`"Principal":{"AWS":"arn:aws:iam::` + string(otherID) + `:user/other"}`, p, true},
		{`"Principal":{"AWS":"arn:aws:iam::999999999999:user/other"}`, p, false},
		{`"Principal":{"AWS":"arn:aws:iam:::user/other"}`, Principal{UserName: "other", ARN: UserARN("other")}, false},
		{`"Principal":{"CanonicalUser":"` + string(otherID) + `"}`, p, true},
		{`"Principal":{"CanonicalUser":"` + string(ownerID) + `"}`, p, false},
		{`"Principal":{"Service":"logging.s3.amazonaws.com"}`, p, false},
		{`"NotPrincipal":{"CanonicalUser":"` + string(otherID) + `"}`, p, false},
		{`"NotPrincipal":{"CanonicalUser":"` + string(ownerID) + `"}`, p, true},
		{`"NotPrincipal":"*"`, p, false},
	}
	for _, tt := range tests {
		policy := mustPolicy(t, `{"Statement":{"Effect":"Allow",`+tt.principal+`,"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}`)
		q := Query{Principal: tt.who, Action: GetObject, Bucket: ownedBucket(), Key: "k"}
		q.Bucket.Policy = policy
		if got := Decide(q).Allowed; got != tt.want {
			t.Errorf("%s for %+v: got %v, want %v", tt.principal, tt.who, got, tt.want)
		}
	}
}

func TestActionsAndResources(t *testing.T) {
	tests := []struct {
		elements string
		action   Action
		key      string
		want     bool
	}{
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"`, GetObject, "a/b", true},
		{`"Action":"S3:getobject","Resource":"arn:aws:s3:::bucket/*"`, GetObject, "a/b", true},
		{`"Action":"s3:Get*","Resource":"arn:aws:s3:::bucket/*"`, GetObjectTorrent, "a", true},
		{`"Action":"s3:Get*","Resource":"arn:aws:s3:::bucket/*"`, PutObject, "a", false},
		{`"Action":"s3:GetObjec?","Resource":"arn:aws:s3:::bucket/*"`, GetObject, "a", true},
		{`"Action":"*","Resource":"arn:aws:s3:::bucket/*"`, PutObject, "a", true},
		{`"NotAction":"s3:Put*","Resource":"arn:aws:s3:::bucket/*"`, GetObject, "a", true},
		{`"NotAction":"s3:Put*","Resource":"arn:aws:s3:::bucket/*"`, PutObject, "a", false},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/a*"`, GetObject, "b", false},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/?"`, GetObject, "ä", true},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/?"`, GetObject, "ab", false},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::buck*"`, GetObject, "ab", true},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::*/*"`, GetObject, "ab", true},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/A"`, GetObject, "a", false},
		{`"Action":"s3:GetObject","NotResource":"arn:aws:s3:::bucket/a/*"`, GetObject, "a/x", false},
		{`"Action":"s3:GetObject","NotResource":"arn:aws:s3:::bucket/a/*"`, GetObject, "b/x", true},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/${aws:username}/*"`, GetObject, "other/x", true},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/${aws:username}/*"`, GetObject, "owner/x", false},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/${nokey, 'def'}"`, GetObject, "def", true},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/${aws:nokey}"`, GetObject, "", false},
		{`"Action":"s3:GetObject","NotResource":"arn:aws:s3:::bucket/${aws:nokey}"`, GetObject, "x", false},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/${*}${?}${$}"`, GetObject, "*?$", true},
		{`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/${*}"`, GetObject, "x", false},
		{`"Action":"s3:ListBucket","Resource":"arn:aws:s3:::bucket"`, ListBucket, "", true},
		{`"Action":"s3:*","Resource":"arn:aws:s3:::bucket/*"`, ListBucket, "", false},
		{`"Action":"s3:*","Resource":"arn:aws:s3:::bucket"`, GetObject, "a", false},
	}
	for _, tt := range tests {
		policy := mustPolicy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*",`+tt.elements+`}}`)
		q := Query{Principal: user(otherID, "other"), Action: tt.action, Bucket: ownedBucket(), Key: tt.key}
		q.Bucket.Policy = policy
		if got := Decide(q).Allowed; got != tt.want {
			t.Errorf("%s: %s %q: got %v, want %v", tt.elements, tt.action, tt.key, got, tt.want)
		}
	}
	old := mustPolicy(t, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/${aws:username}"}}`)
	q := Query{Principal: user(otherID, "other"), Action: GetObject, Bucket: ownedBucket(), Key: "other"}
	if q.Bucket.Policy = old; Decide(q).Allowed {
		t.Error("a policy of 2008-10-17 expanded a variable")
	}
}

func TestVariableValueIsLiteral(t *testing.T) {
	policy := mustPolicy(t, stmt("Allow", "s3:GetObject", `"arn:aws:s3:::bucket/${aws:username}/*"`, ""))
	q := Query{Principal: user(otherID, "*"), Action: GetObject, Bucket: ownedBucket(), Key: "owner/secret"}
	q.Bucket.Policy = policy
	if Decide(q).Allowed {
		t.Error("a user called * read the files of another")
	}
}

func TestIsPublic(t *testing.T) {
	with := func(c string) string { return stmt("Allow", "s3:GetObject", wholeBucket, `,"Condition":`+c) }
	principal := func(p string) string {
		return `{"Statement":{"Effect":"Allow",` + p + `,"Action":"s3:GetObject","Resource":` + wholeBucket + `}}`
	}
	tests := []struct {
		name, policy string
		want         bool
	}{
		{"everyone", stmt("Allow", "s3:GetObject", wholeBucket, ""), true},
		{"deny", stmt("Deny", "s3:GetObject", wholeBucket, ""), false},
		{"named", principal(`"Principal":{"AWS":"123456789012"}`), false},
		{"named and everyone", principal(`"Principal":{"AWS":["123456789012","*"]}`), true},
		{"all but one", principal(`"NotPrincipal":{"AWS":"123456789012"}`), true},
		{"network", with(`{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`), false},
		{"all networks", with(`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`), true},
		{"a network and all of IPv6", with(`{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","::/0"]}}`), true},
		{"half of the network", with(`{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}`), true},
		{"not a network", with(`{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`), true},
		{"network if exists", with(`{"IpAddressIfExists":{"aws:SourceIp":"192.0.2.0/24"}}`), true},
		{"vpc", with(`{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`), false},
		{"vpc like", with(`{"StringLike":{"aws:SourceVpc":"vpc-*"}}`), true},
		{"vpc all values", with(`{"ForAllValues:StringEquals":{"aws:SourceVpc":"vpc-1"}}`), true},
		{"vpc any value", with(`{"ForAnyValue:StringEquals":{"aws:SourceVpc":"vpc-1"}}`), false},
		{"access point", with(`{"StringLike":{"s3:DataAccessPointArn":"arn:aws:s3:eu-west-1:123456789012:accesspoint/*"}}`), false},
		{"access point of anybody", with(`{"StringLike":{"s3:DataAccessPointArn":"arn:aws:s3:eu-west-1:*:accesspoint/x"}}`), true},
		{"tag of the object", with(`{"StringEquals":{"s3:ExistingObjectTag/a":"x"}}`), true},
		{"vpc variable", with(`{"StringEquals":{"aws:SourceVpc":"${aws:Referer}"}}`), true},
		{"referer", with(`{"StringLike":{"aws:Referer":"https://a.example/*"}}`), true},
	}
	for _, tt := range tests {
		if got := mustPolicy(t, tt.policy).IsPublic(); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if (*Policy)(nil).IsPublic() {
		t.Error("no policy is public")
	}
}

// TestMatchTime holds the worst patterns that fit in a policy to a bound far above linear time and far
// below exponential.
func TestMatchTime(t *testing.T) {
	key := strings.Repeat("a", 1024)
	for _, unit := range []string{"*a", "*?a", "*a?", "?*", "*aaaa?b"} {
		p := compilePattern(strings.Repeat(unit, MaxPolicyBytes/len(unit))+"b", patternSyntax{wildcards: true})
		start := time.Now()
		if p.match(key) || p.match(key+"b") && len(p) > len(key) {
			t.Errorf("%q...: unexpected match", unit)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%q...: took %v", unit, d)
		}
	}
}

// TestParseTime: a policy that is full of actions and resources is read in time about linear in its size.
func TestParseTime(t *testing.T) {
	half := MaxPolicyBytes/2 - 100
	actions := strings.Repeat(`"*",`, half/4) + `"*"`
	resources := strings.Repeat(`"arn:aws:s3:::*",`, half/17) + `"arn:aws:s3:::*"`
	policy := `{"Statement":{"Effect":"Allow","Principal":"*","Action":[` + actions + `],"Resource":[` + resources + `]}}`
	start := time.Now()
	mustPolicy(t, policy)
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestLoadPolicy: a stored policy with a key that is refused today still binds.
func TestLoadPolicy(t *testing.T) {
	text := []byte(stmt("Deny", "s3:GetObject", wholeBucket, `,"Condition":{"StringNotEquals":{"aws:KeyOfTomorrow":"x"}}`))
	if _, err := ParsePolicy(text, "bucket"); !fault.Is(err, fault.MalformedPolicy) {
		t.Errorf("put: got %v, want MalformedPolicy", err)
	}
	p, err := LoadPolicy(text, "bucket")
	if err != nil {
		t.Fatal(err)
	}
	if got := Evaluate([]*Policy{p}, getRequest(Context{})).Effect; got != Deny {
		t.Errorf("got %v, want Deny", got)
	}
}

func FuzzParsePolicy(f *testing.F) {
	seed, err := os.ReadFile("testdata/policy.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(stmt("Allow", "s3:*", wholeBucket, `,"Condition":{"ForAllValues:StringLikeIfExists":{"s3:prefix":["${aws:username, 'x'}*"]}}`)))
	f.Add([]byte(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"NotAction":"s3:Get*","NotResource":"arn:aws:s3:::bucket/?"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePolicy(data, "bucket")
		if err != nil {
			if !fault.Is(err, fault.MalformedPolicy) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if len(data) > MaxPolicyBytes || len(p.statements) == 0 {
			t.Fatalf("took %d bytes with %d statements", len(data), len(p.statements))
		}
		q := Query{Action: GetObject, Bucket: ownedBucket(), Key: "some/key", Object: ownedObject(CannedPrivate)}
		q.Bucket.Policy = p
		if Decide(q).Allowed && p.public == false && !conditioned(p) {
			t.Fatalf("a policy that is not public let an anonymous principal in: %s", data)
		}
		if _, err := LoadPolicy(data, "bucket"); err != nil {
			t.Fatalf("a policy that was taken cannot be loaded: %v", err)
		}
		PublicTorrent(q.Bucket, q.Key, *q.Object, "v1", Context{})
	})
}

func conditioned(p *Policy) bool {
	for _, s := range p.statements {
		if len(s.conditions) > 0 {
			return true
		}
	}
	return false
}

// TestDocumentedKeys: what the S3 user guide and the IAM user guide document is taken, with an action that has it.
func TestDocumentedKeys(t *testing.T) {
	tests := []struct {
		action, operator, value string
		keys                    []string
	}{
		{"s3:GetObject", "StringLike", "x", []string{
			"aws:UserAgent", "aws:Referer", "aws:userid", "aws:username", "aws:PrincipalType", "aws:PrincipalTag/team",
			"aws:SourceVpce", "aws:PrincipalOrgID", "s3:ExistingObjectTag/a", "s3:signatureversion", "s3:authType",
			"s3:x-amz-content-sha256", "s3:ResourceAccount", "s3:DataAccessPointAccount",
		}},
		{"s3:GetObjectVersion", "StringEquals", "x", []string{"s3:VersionId", "s3:versionid"}},
		{"s3:GetObject", "ArnLike", "arn:aws:iam::123456789012:role/r", []string{"aws:PrincipalArn", "aws:SourceArn"}},
		{"s3:GetObject", "IpAddress", "192.0.2.0/24", []string{"aws:SourceIp", "aws:VpcSourceIp"}},
		{"s3:GetObject", "Bool", "true", []string{"aws:SecureTransport", "aws:MultiFactorAuthPresent", "aws:PrincipalIsAWSService"}},
		{"s3:GetObject", "DateGreaterThan", "2020-01-01T00:00:00Z", []string{"aws:CurrentTime", "aws:TokenIssueTime"}},
		{"s3:GetObject", "NumericLessThan", "600000", []string{"aws:EpochTime", "s3:signatureAge", "s3:TlsVersion"}},
		{"s3:ListBucket", "StringEquals", "x", []string{"s3:prefix", "s3:delimiter"}},
		{"s3:ListBucket", "NumericLessThanEquals", "10", []string{"s3:max-keys"}},
		{"s3:PutObject", "StringEquals", "x", []string{
			"s3:x-amz-acl", "s3:x-amz-grant-read", "s3:x-amz-grant-write", "s3:x-amz-grant-read-acp", "s3:x-amz-grant-write-acp",
			"s3:x-amz-grant-full-control", "s3:x-amz-copy-source", "s3:x-amz-metadata-directive", "s3:x-amz-storage-class",
			"s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id",
			"s3:x-amz-server-side-encryption-customer-algorithm", "s3:x-amz-website-redirect-location", "s3:RequestObjectTag/a",
			"s3:RequestObjectTagKeys", "s3:object-lock-mode", "s3:object-lock-legal-hold", "s3:if-match", "s3:if-none-match",
		}},
		{"s3:PutObject", "DateLessThan", "2030-01-01T00:00:00Z", []string{"s3:object-lock-retain-until-date"}},
		{"s3:PutObject", "NumericLessThan", "30", []string{"s3:object-lock-remaining-retention-days"}},
		{"s3:PutObject", "Null", "true", []string{"s3:if-none-match"}},
		{"s3:PutObject", "Bool", "true", []string{"s3:ObjectCreationOperation"}},
		{"s3:PutBucketTagging", "StringEquals", "x", []string{"aws:RequestTag/a", "aws:TagKeys", "aws:ResourceTag/a"}},
	}
	for _, tt := range tests {
		for _, key := range tt.keys {
			text := stmt("Deny", tt.action, wholeBucket, `,"Condition":{"`+tt.operator+`":{"`+key+`":"`+tt.value+`"}}`)
			if _, err := ParsePolicy([]byte(text), "bucket"); err != nil {
				t.Errorf("%s with %s: %v", tt.action, key, err)
			}
		}
	}
}
