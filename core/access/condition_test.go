package access

import (
	"testing"
)

func TestConditions(t *testing.T) {
	set := func(key Key, values ...string) Context {
		var c Context
		c.Set(key, values...)
		return c
	}
	ref := func(values ...string) Context { return set(KeyReferer, values...) }
	tests := []struct {
		condition string
		c         Context
		want      bool // of an Allow; a Deny with it applies exactly then too
	}{
		{`{"StringEquals":{"aws:Referer":"a"}}`, ref("a"), true},
		{`{"StringEquals":{"AWS:referer":["x","a"]}}`, ref("a"), true},
		{`{"StringEquals":{"aws:Referer":"a"}}`, ref("A"), false},
		{`{"StringEquals":{"aws:Referer":"*"}}`, ref("a"), false},
		{`{"StringEquals":{"aws:Referer":"a"}}`, Context{}, false},
		{`{"StringEqualsIfExists":{"aws:Referer":"a"}}`, Context{}, true},
		{`{"StringEqualsIfExists":{"aws:Referer":"a"}}`, ref("b"), false},
		{`{"StringNotEquals":{"aws:Referer":["a","b"]}}`, ref("b"), false},
		{`{"StringNotEquals":{"aws:Referer":["a","b"]}}`, ref("c"), true},
		{`{"StringNotEquals":{"aws:Referer":"a"}}`, Context{}, true},
		{`{"StringEqualsIgnoreCase":{"aws:Referer":"Straße"}}`, ref("STRAßE"), true},
		{`{"StringNotEqualsIgnoreCase":{"aws:Referer":"a"}}`, ref("A"), false},
		{`{"StringLike":{"aws:Referer":"https://*.example/?"}}`, ref("https://a.b.example/x"), true},
		{`{"StringLike":{"aws:Referer":"https://*.example/?"}}`, ref("https://a.example/"), false},
		{`{"StringNotLike":{"aws:Referer":"a*"}}`, ref("abc"), false},
		{`{"NumericEquals":{"aws:MultiFactorAuthAge":"10"}}`, set("aws:MultiFactorAuthAge", "10.0"), true},
		{`{"NumericNotEquals":{"aws:MultiFactorAuthAge":10}}`, set("aws:MultiFactorAuthAge", "10"), false},
		{`{"NumericLessThan":{"aws:MultiFactorAuthAge":"10"}}`, set("aws:MultiFactorAuthAge", "9"), true},
		{`{"NumericLessThan":{"aws:MultiFactorAuthAge":"10"}}`, set("aws:MultiFactorAuthAge", "10"), false},
		{`{"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"10"}}`, set("aws:MultiFactorAuthAge", "10"), true},
		{`{"NumericGreaterThan":{"aws:MultiFactorAuthAge":"10"}}`, set("aws:MultiFactorAuthAge", "100"), true},
		{`{"NumericGreaterThanEquals":{"aws:MultiFactorAuthAge":"10"}}`, set("aws:MultiFactorAuthAge", "9"), false},
		{`{"NumericLessThan":{"aws:MultiFactorAuthAge":"10"}}`, set("aws:MultiFactorAuthAge", "junk"), false},
		{`{"DateEquals":{"aws:CurrentTime":"2024-01-02T00:00:00Z"}}`, set(KeyCurrentTime, "2024-01-02T01:00:00+01:00"), true},
		{`{"DateNotEquals":{"aws:CurrentTime":"2024-01-02"}}`, set(KeyCurrentTime, "2024-01-02T00:00:00Z"), false},
		{`{"DateLessThan":{"aws:CurrentTime":"2024-01-02T00:00:00Z"}}`, set(KeyCurrentTime, "2024-01-01T23:59:59Z"), true},
		{`{"DateLessThanEquals":{"aws:EpochTime":"100"}}`, set(KeyEpochTime, "101"), false},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2024-01-02T00:00:00Z"}}`, set(KeyCurrentTime, "2024-01-02T00:00:00Z"), false},
		{`{"DateGreaterThanEquals":{"aws:CurrentTime":"2024-01-02T00:00Z"}}`, set(KeyCurrentTime, "2024-01-02T00:00:00Z"), true},
		{`{"Bool":{"aws:SecureTransport":true}}`, set(KeySecureTransport, "true"), true},
		{`{"Bool":{"aws:SecureTransport":"True"}}`, set(KeySecureTransport, "false"), false},
		{`{"Bool":{"aws:SecureTransport":"false"}}`, Context{}, false},
		{`{"BoolIfExists":{"aws:SecureTransport":"false"}}`, Context{}, true},
		{`{"BinaryEquals":{"aws:RequestTag/x":"QUJD"}}`, set("aws:RequestTag/x", "QUJD"), true},
		{`{"BinaryEquals":{"aws:RequestTag/x":"QUJD"}}`, set("aws:RequestTag/x", "QUJE"), false},
		{`{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]}}`, set(KeySourceIP, "2001:db8::1"), true},
		{`{"IpAddress":{"aws:SourceIp":"10.1.2.3"}}`, set(KeySourceIP, "::ffff:10.1.2.3"), true},
		{`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, set(KeySourceIP, "11.0.0.1"), false},
		{`{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, set(KeySourceIP, "10.0.0.1"), false},
		{`{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, set(KeySourceIP, "11.0.0.1"), true},
		{`{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:123:t"}}`, set("aws:SourceArn", "arn:aws:sns:eu:123:t"), true},
		{`{"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:123:t"}}`, set("aws:SourceArn", "arn:aws:sns:eu:123:t"), false},
		{`{"Null":{"aws:Referer":"true"}}`, Context{}, true},
		{`{"Null":{"aws:Referer":"true"}}`, ref("a"), false},
		{`{"Null":{"aws:Referer":false}}`, ref("a"), true},
		{`{"Null":{"aws:Referer":false}}`, Context{}, false},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, set("aws:TagKeys", "a", "b"), true},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, set("aws:TagKeys", "a", "c"), false},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}`, Context{}, true},
		{`{"ForAnyValue:StringEquals":{"aws:TagKeys":["a"]}}`, set("aws:TagKeys", "c", "a"), true},
		{`{"ForAnyValue:StringEquals":{"aws:TagKeys":["a"]}}`, Context{}, false},
		{`{"ForAllValues:StringNotEquals":{"aws:TagKeys":["a"]}}`, set("aws:TagKeys", "b", "a"), false},
		{`{"ForAllValues:StringNotEquals":{"aws:TagKeys":["a"]}}`, set("aws:TagKeys", "b", "c"), true},
		{`{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}}`, set("aws:TagKeys", "b", "a"), true},
		{`{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}}`, set("aws:TagKeys", "a"), false},
		{`{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}}`, Context{}, false},
		{`{"StringEquals":{"aws:Referer":"a"},"Bool":{"aws:SecureTransport":"true"}}`, ref("a"), false},
		{`{"StringEquals":{"aws:username":"other"}}`, Context{}, true},
		{`{"StringEquals":{"aws:username":"evil"}}`, set("aws:username", "evil"), false},
		{`{"StringEquals":{"aws:Referer":"${aws:username}"}}`, ref("other"), true},
		{`{"StringEquals":{"aws:PrincipalType":"User","s3:ResourceAccount":"` + ownerID.AccountID() + `"}}`, Context{}, true},
		{`{}`, Context{}, true},
	}
	for _, tt := range tests {
		for _, effect := range []string{"Allow", "Deny"} {
			p := mustPolicy(t, stmt(effect, "s3:GetObject", wholeBucket, `,"Condition":`+tt.condition))
			r := getRequest(tt.c)
			got := Evaluate([]*Policy{p}, r).Effect.String() == effect
			if got != tt.want {
				t.Errorf("%s of %s with %v: got %v, want %v", effect, tt.condition, tt.c.values, got, tt.want)
			}
		}
	}
}

// TestUnknownValues: what the server does not know opens nothing and lifts no deny.
func TestUnknownValues(t *testing.T) {
	var c Context
	c.SetUnknown(KeyReferer)
	for _, condition := range []string{
		`{"StringEquals":{"aws:Referer":"a"}}`, `{"StringNotEquals":{"aws:Referer":"a"}}`,
		`{"StringEqualsIfExists":{"aws:Referer":"a"}}`, `{"Null":{"aws:Referer":"true"}}`,
		`{"Null":{"aws:Referer":"false"}}`, `{"ForAllValues:StringEquals":{"aws:Referer":"a"}}`,
		`{"StringNotEquals":{"aws:username":"${aws:Referer}"}}`,
		`{"StringNotEquals":{"aws:username":"${aws:absent}"}}`,
	} {
		allow := mustPolicy(t, stmt("Allow", "s3:GetObject", wholeBucket, `,"Condition":`+condition))
		if got := Evaluate([]*Policy{allow}, getRequest(c)).Effect; got != None {
			t.Errorf("allow with %s: got %v, want None", condition, got)
		}
		deny := mustPolicy(t, stmt("Deny", "s3:GetObject", wholeBucket, `,"Condition":`+condition))
		if got := Evaluate([]*Policy{deny}, getRequest(c)).Effect; got != Deny {
			t.Errorf("deny with %s: got %v, want Deny", condition, got)
		}
	}
}

// getRequest is a GetObject by another user than the owner, of an object with the tags colour and Colour.
func getRequest(c Context) Request {
	o := ownedObject(CannedPrivate)
	o.Tags = []Tag{{"colour", "red"}, {"Colour", "blue"}, {"size", "7"}}
	return Query{Principal: user(otherID, "other"), Action: GetObject, Bucket: ownedBucket(), Key: "k", Object: o, Context: c}.Request()
}

// TestTagConditions: the tags of the object and of the request decide, those of the object only as they are.
func TestTagConditions(t *testing.T) {
	var put Context
	put.SetRequestTags([]Tag{{"Project", "x"}, {"env", "test"}})
	var claimed Context
	claimed.Set("s3:ExistingObjectTag/size", "9")
	tests := []struct {
		action, condition string
		c                 Context
		want              bool
	}{
		{"s3:GetObject", `{"StringEquals":{"s3:ExistingObjectTag/size":"7"}}`, Context{}, true},
		{"s3:GetObject", `{"StringEquals":{"s3:existingobjecttag/SIZE":"7"}}`, Context{}, true},
		{"s3:GetObject", `{"StringEquals":{"s3:ExistingObjectTag/size":"9"}}`, claimed, false},
		{"s3:GetObject", `{"StringEquals":{"s3:ExistingObjectTag/colour":"blue"}}`, Context{}, true},
		{"s3:GetObject", `{"StringNotEquals":{"s3:ExistingObjectTag/colour":"blue"}}`, Context{}, false},
		{"s3:GetObject", `{"Null":{"s3:ExistingObjectTag/absent":"true"}}`, Context{}, true},
		{"s3:PutObject", `{"StringEquals":{"s3:RequestObjectTag/Project":"x"}}`, put, true},
		{"s3:PutObject", `{"StringEquals":{"s3:RequestObjectTag/Project":"y"}}`, put, false},
		{"s3:PutObject", `{"ForAllValues:StringEquals":{"s3:RequestObjectTagKeys":["Project","env"]}}`, put, true},
		{"s3:PutObject", `{"ForAllValues:StringEquals":{"s3:RequestObjectTagKeys":["Project"]}}`, put, false},
		{"s3:PutObject", `{"ForAnyValue:StringEquals":{"s3:RequestObjectTagKeys":["Project"]}}`, Context{}, false},
	}
	for _, tt := range tests {
		p := mustPolicy(t, stmt("Allow", tt.action, wholeBucket, `,"Condition":`+tt.condition))
		r := getRequest(tt.c)
		r.Action = Action(tt.action)
		if got := Evaluate([]*Policy{p}, r).Effect == Allow; got != tt.want {
			t.Errorf("%s with %s: got %v, want %v", tt.action, tt.condition, got, tt.want)
		}
	}
}
