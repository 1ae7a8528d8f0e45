package access

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Each test is named after the advisory whose mistake it guards against.

// rule is a statement as the second evaluator of TestCVE_2022_24842_TwoEvaluatorsAgree has it.
type rule struct {
	deny, notAction, notResource bool
	principal                    string // "*", or a name of principals()
	action, resource             string // patterns
	operator, value              string // of a condition on aws:UserAgent; "" is none
}

func drawRule(t *rapid.T) rule {
	pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	return rule{
		deny: rapid.Bool().Draw(t, "deny"), notAction: rapid.IntRange(0, 4).Draw(t, "notAction") == 0, notResource: rapid.IntRange(0, 4).Draw(t, "notResource") == 0,
		principal: pick("principal", "*", "*", "owner", "other"),
		action:    pick("action", "s3:*", "s3:Get*", "s3:GetObject", "s3:getobject", "s3:PutObject", "s3:?etObject", "s3:*Object"),
		resource:  pick("resource", "*", "a*", "a?", "ab", "A*", "a*b", ""),
		operator:  pick("operator", "", "", "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIfExists", "StringEqualsIgnoreCase", "Null"),
		value:     pick("value", "x", "X", "y*", "y1"),
	}
}

// json is the statement as policies have it.
func (r rule) json() map[string]any {
	s := map[string]any{"Effect": "Allow", "Principal": "*"}
	if r.deny {
		s["Effect"] = "Deny"
	}
	if r.principal != "*" {
		s["Principal"] = map[string]string{"AWS": UserARN(r.principal)}
	}
	element := func(name, value string, not bool) {
		if not {
			name = "Not" + name
		}
		s[name] = value
	}
	element("Action", r.action, r.notAction)
	element("Resource", "arn:aws:s3:::bucket/"+r.resource, r.notResource)
	value := r.value
	if r.operator == "Null" {
		value = "true"
	}
	if r.operator != "" {
		s["Condition"] = map[string]any{r.operator: map[string]string{"aws:UserAgent": value}}
	}
	return s
}

// covers reports whether the statement is about a request, by the words of the IAM user guide and none of the engine's
// code: agent is "" when the request has none.
func (r rule) covers(who, action, key, agent string) bool {
	like := func(pattern, text string) bool {
		quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		return regexp.MustCompile("^(?s:" + quoted + ")$").MatchString(text)
	}
	if r.principal != "*" && r.principal != who {
		return false
	}
	if like(strings.ToLower(r.action), strings.ToLower(action)) == r.notAction || like(r.resource, key) == r.notResource {
		return false
	}
	switch r.operator {
	case "StringEquals":
		return agent == r.value
	case "StringNotEquals":
		return agent != r.value
	case "StringLike":
		return agent != "" && like(r.value, agent)
	case "StringNotLike":
		return agent == "" || !like(r.value, agent)
	case "StringEqualsIfExists":
		return agent == "" || agent == r.value
	case "StringEqualsIgnoreCase":
		return strings.EqualFold(agent, r.value)
	case "Null":
		return agent == ""
	}
	return true
}

// TestCVE_2022_24842_TwoEvaluatorsAgree (S8; MinIO, also RustFS CVE-2026-22042 and -45043): the engine decides like a
// second one of forty lines, on random bucket policies and requests: a deny always wins, an allow adds to what the
// owner has.
func TestCVE_2022_24842_TwoEvaluatorsAgree(t *testing.T) {
	outcomes := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfN(rapid.Custom(drawRule), 1, 4).Draw(t, "rules")
		var statements []any
		for _, r := range rules {
			statements = append(statements, r.json())
		}
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
		if err != nil {
			t.Fatal(err)
		}
		policy, err := ParsePolicy(text, "bucket")
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		action := rapid.SampledFrom([]Action{GetObject, PutObject, DeleteObject}).Draw(t, "request")
		key := rapid.SampledFrom([]string{"a", "ab", "b", "axb", "AB"}).Draw(t, "key")
		agent := rapid.SampledFrom([]string{"", "x", "y1", "z"}).Draw(t, "agent")
		for _, who := range []string{"owner", "other", "anonymous"} {
			covering := func(deny bool) bool {
				return slices.ContainsFunc(rules, func(r rule) bool { return r.deny == deny && r.covers(who, string(action), key, agent) })
			}
			want := !covering(true) && (who == "owner" || covering(false))
			q := Query{Principal: principals()[who], Action: action, Bucket: ownedBucket(), Key: key, Object: ownedObject(CannedPrivate)}
			q.Bucket.Policy = policy
			if agent != "" {
				q.Context.Set(KeyUserAgent, agent)
			}
			if got := Decide(q); got.Allowed != want {
				t.Fatalf("%s of %q by %s with agent %q: got %+v, want %t\n%s", action, key, who, agent, got, want, text)
			}
			outcomes[want]++
		}
	})
	if few := min(outcomes[true], outcomes[false]); 20*few < outcomes[true]+outcomes[false] {
		t.Errorf("outcomes %v: the draw is one-sided", outcomes)
	}
}

// TestCVE_2026_22043_DenyAloneAllowsNothing (S8; RustFS): who has policies that only deny has leave for nothing, in
// particular not for what they do not name.
func TestCVE_2026_22043_DenyAloneAllowsNothing(t *testing.T) {
	const denyDelete = `"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"`
	for action, scope := range actionScopes {
		q := Query{Action: action, Bucket: ownedBucket()}
		if scope == ScopeObject {
			q.Key, q.Object = "key", ownedObject(CannedPrivate)
		}
		q.Principal = iamUser(t, ownerID, denyDelete)
		if d := Decide(q); d.Allowed {
			t.Errorf("%s by an identity policy: %+v", action, d)
		}
		q.Principal = user(otherID, "other")
		q.Bucket.Policy = mustPolicy(t, stmt("Deny", "s3:DeleteObject", `"arn:aws:s3:::bucket/*"`, ""))
		if d := Decide(q); d.Allowed && scope != ScopeService {
			t.Errorf("%s by a bucket policy: %+v", action, d)
		}
		q.Principal = iamUser(t, ownerID, denyDelete, allowAll)
		q.Bucket.Policy = nil
		if d := Decide(q); d.Allowed != (action != DeleteObject) {
			t.Errorf("%s with an allow beside: %+v", action, d)
		}
	}
}

// TestCVE_2025_62506_SessionsStayInTheirPolicies (S8; MinIO GHSA-jjjj-jwhf-8rgr, CVE-2024-24747): whoever makes a session
// for less than he may himself does not get the rest back by it.
func TestCVE_2025_62506_SessionsStayInTheirPolicies(t *testing.T) {
	for action, scope := range actionScopes {
		q := Query{Principal: iamUser(t, ownerID, allowAll), Action: action, Bucket: ownedBucket()}
		if scope == ScopeObject {
			q.Key, q.Object = "key", ownedObject(CannedPrivate)
		}
		q.Principal.Identity.Limits = []Limit{{BySession, []*Policy{mustIdentity(t, `{"Statement":{`+allowGet+`}}`)}}}
		if d := Decide(q); d.Allowed != (action == GetObject) {
			t.Errorf("%s: %+v, want but s3:GetObject allowed", action, d)
		}
	}
}

// TestGHSA_v9cp_NegatedForAllValues (S8; MinIO): ForAllValues with a negated operator holds when no value of the request
// is one of the policy's, not when some is none.
func TestGHSA_v9cp_NegatedForAllValues(t *testing.T) {
	tests := []struct {
		tags []string
		want bool
	}{{[]string{"secret"}, false}, {[]string{"open", "secret"}, false}, {[]string{"secret", "open"}, false}, {[]string{"open"}, true}, {nil, true}}
	for _, tt := range tests {
		q := Query{Principal: user(otherID, "other"), Action: PutBucketTagging, Bucket: ownedBucket()}
		q.Bucket.Policy = mustPolicy(t, stmt("Allow", "s3:PutBucketTagging", `"arn:aws:s3:::bucket"`, `,"Condition":{"ForAllValues:StringNotEquals":{"aws:TagKeys":["secret"]}}`))
		if len(tt.tags) > 0 {
			q.Context.Set("aws:TagKeys", tt.tags...)
		}
		if got := Decide(q).Allowed; got != tt.want {
			t.Errorf("tags %v: got %t, want %t", tt.tags, got, tt.want)
		}
	}
}
