package access

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	ownerID CanonicalID = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	otherID CanonicalID = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func user(id CanonicalID, name string) Principal {
	return Principal{Kind: User, CanonicalID: id, UserName: name, ARN: UserARN(name)}
}

func principals() map[string]Principal {
	return map[string]Principal{
		"root":      {Kind: Root, CanonicalID: "cc", UserName: "root", Role: RoleAdmin},
		"owner":     user(ownerID, "owner"),
		"other":     user(otherID, "other"),
		"anonymous": {CanonicalID: ownerID, UserName: "owner"}, // what it carries must not count
	}
}

func ownedBucket() Bucket {
	acl, _ := BucketACL(CannedPrivate, Owner{ID: ownerID})
	return Bucket{Name: "bucket", Owner: ownerID, ACL: acl, Ownership: BucketOwnerPreferred}
}

func ownedObject(canned CannedACL) *Object {
	acl, err := ObjectACL(canned, Owner{ID: ownerID}, Owner{ID: ownerID})
	if err != nil {
		panic(err)
	}
	return &Object{Owner: ownerID, ACL: acl}
}

func mustPolicy(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := ParsePolicy([]byte(text), "bucket")
	if err != nil {
		t.Fatalf("policy %s: %v", text, err)
	}
	return p
}

// stmt returns a policy of one statement for everyone.
func stmt(effect, action, resource, more string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":"*","Action":%q,"Resource":%s%s}]}`,
		effect, action, resource, more)
}

const wholeBucket = `["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]`

// TestMatrix walks every action of S3 x principals x {none, allow, deny} by policy.
func TestMatrix(t *testing.T) {
	policies := map[string]*Policy{
		"none":  nil,
		"allow": mustPolicy(t, stmt("Allow", "s3:*", wholeBucket, "")),
		"deny": mustPolicy(t, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":`+wholeBucket+`},
			{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":`+wholeBucket+`}]}`),
	}
	for action, scope := range actionScopes {
		for who, p := range principals() {
			for says, policy := range policies {
				q := Query{Principal: p, Action: action, Bucket: ownedBucket()}
				q.Bucket.Policy = policy
				if scope == ScopeObject {
					q.Key, q.Object = "key", ownedObject(CannedPrivate)
				}
				if got, want := Decide(q).Allowed, matrixWant(action, scope, who, says); got != want {
					t.Errorf("%s by %s, policy %s: got %v, want %v", action, who, says, got, want)
				}
			}
		}
	}
}

func matrixWant(action Action, scope Scope, who, says string) bool {
	switch {
	case who == "root":
		return true
	case action == CreateBucket:
		return false // nobody here is userplus, and no policy grants it
	case scope == ScopeService:
		return who != "anonymous"
	case managesPolicy(action):
		return who == "owner" // the others are of no account or another one
	case says == "deny":
		return false
	case who == "owner":
		return true
	}
	return says == "allow"
}

func TestUnknownActionIsRefused(t *testing.T) {
	q := Query{Principal: user(ownerID, "owner"), Action: "s3:NoSuchThing", Bucket: ownedBucket()}
	if d := Decide(q); d.Allowed {
		t.Errorf("got %+v, want a refusal", d)
	}
	if d := Decide(Query{}); d.Allowed {
		t.Errorf("zero query: got %+v, want a refusal", d)
	}
	q = Query{Principal: Principal{Kind: User}, Action: GetObject, Bucket: Bucket{Name: "b"}, Key: "k"}
	if d := Decide(q); d.Allowed {
		t.Errorf("empty ids: got %+v, want a refusal", d)
	}
}

func TestRoles(t *testing.T) {
	for _, role := range Roles() {
		p := user(otherID, "other")
		if p.Role = role; role == RoleAdmin {
			p.Kind = Root
		}
		got := Decide(Query{Principal: p, Action: CreateBucket}).Allowed
		if want := role != RoleUser; got != want {
			t.Errorf("%s creates a bucket: got %v, want %v", role, got, want)
		}
		back, ok := ParseRole(role.String())
		if !ok || back != role {
			t.Errorf("ParseRole(%q) = %v, %v", role.String(), back, ok)
		}
	}
	if Decide(Query{Principal: Principal{Role: RoleUserPlus}, Action: CreateBucket}).Allowed {
		t.Error("an anonymous principal created a bucket")
	}
}

// TestACL walks canned ACLs: which of read, list, write, delete and the ACL actions they open to whom.
func TestACL(t *testing.T) {
	actions := []Action{
		GetObject, GetObjectVersion, GetObjectTorrent, GetObjectVersionTorrent, GetObjectACL, PutObjectACL,
		GetObjectTagging, PutObject, DeleteObject, DeleteObjectVersion, ListBucket, ListBucketVersions,
		ListBucketMultipartUploads, GetBucketACL, PutBucketACL, DeleteBucket, GetBucketLocation,
	}
	read := []Action{GetObject, GetObjectVersion, GetObjectTorrent, GetObjectVersionTorrent}
	list := []Action{ListBucket, ListBucketVersions, ListBucketMultipartUploads}
	readAll := slices.Concat(read, list)
	tests := []struct {
		canned           CannedACL
		anonymous, other []Action
	}{
		{CannedPrivate, nil, nil},
		{CannedPublicRead, readAll, readAll},
		{CannedPublicReadWrite, slices.Concat(readAll, []Action{PutObject, DeleteObject}), slices.Concat(readAll, []Action{PutObject, DeleteObject})},
		{CannedAuthenticatedRead, nil, readAll},
		{CannedBucketOwnerRead, nil, nil},
		{CannedBucketOwnerFullControl, nil, nil},
		{CannedAWSExecRead, nil, nil},
	}
	for _, tt := range tests {
		for _, a := range actions {
			for who, want := range map[string][]Action{"anonymous": tt.anonymous, "other": tt.other} {
				q := Query{Principal: principals()[who], Action: a, Bucket: ownedBucket()}
				q.Bucket.ACL, _ = BucketACL(tt.canned, Owner{ID: ownerID})
				if a.Scope() == ScopeObject {
					q.Key, q.Object = "key", ownedObject(tt.canned)
				}
				if got := Decide(q).Allowed; got != slices.Contains(want, a) {
					t.Errorf("%s: %s by %s: got %v", tt.canned, a, who, got)
				}
				q.Bucket.Block.IgnorePublicAcls = true
				if Decide(q).Allowed {
					t.Errorf("%s: %s by %s with IgnorePublicAcls: allowed", tt.canned, a, who)
				}
				q.Bucket.Block.IgnorePublicAcls, q.Bucket.Ownership = false, BucketOwnerEnforced
				if Decide(q).Allowed {
					t.Errorf("%s: %s by %s with BucketOwnerEnforced: allowed", tt.canned, a, who)
				}
			}
		}
	}
}

func TestGrantsToOneUser(t *testing.T) {
	acl := func(p Permission) ACL {
		return ACL{Owner: Owner{ID: ownerID}, Grants: []Grant{{Grantee{ID: otherID}, p}, {Grantee{Group: LogDelivery}, FullControl}}}
	}
	tests := []struct {
		p      Permission
		object []Action
		bucket []Action
	}{
		{Read, []Action{GetObject}, []Action{ListBucket}},
		{Write, nil, []Action{PutObject, DeleteObject}},
		{ReadACP, []Action{GetObjectACL}, []Action{GetBucketACL}},
		{WriteACP, []Action{PutObjectACL}, []Action{PutBucketACL}},
		{FullControl, []Action{GetObject, GetObjectACL, PutObjectACL}, []Action{ListBucket, PutObject, DeleteObject, GetBucketACL, PutBucketACL}},
	}
	for _, tt := range tests {
		for _, a := range []Action{GetObject, GetObjectACL, PutObjectACL} {
			q := Query{Principal: user(otherID, "other"), Action: a, Bucket: ownedBucket(), Key: "k", Object: &Object{Owner: ownerID, ACL: acl(tt.p)}}
			if got := Decide(q).Allowed; got != slices.Contains(tt.object, a) {
				t.Errorf("object %s: %s: got %v", tt.p, a, got)
			}
			q.Principal = Principal{CanonicalID: otherID}
			if Decide(q).Allowed {
				t.Errorf("object %s: %s: an anonymous principal used a grant to a user", tt.p, a)
			}
		}
		for _, a := range []Action{ListBucket, PutObject, DeleteObject, GetBucketACL, PutBucketACL} {
			q := Query{Principal: user(otherID, "other"), Action: a, Bucket: ownedBucket()}
			q.Bucket.ACL = acl(tt.p)
			if got := Decide(q).Allowed; got != slices.Contains(tt.bucket, a) {
				t.Errorf("bucket %s: %s: got %v", tt.p, a, got)
			}
		}
	}
}

// TestForeignObject: an object of another account in the owner's bucket.
func TestForeignObject(t *testing.T) {
	private, _ := ObjectACL(CannedPrivate, Owner{ID: otherID}, Owner{ID: ownerID})
	shared, _ := ObjectACL(CannedBucketOwnerFullControl, Owner{ID: otherID}, Owner{ID: ownerID})
	allowAll := mustPolicy(t, stmt("Allow", "s3:*", wholeBucket, ""))
	tests := []struct {
		name   string
		who    Principal
		action Action
		acl    ACL
		own    Ownership
		policy *Policy
		want   bool
	}{
		{"bucket owner reads", user(ownerID, "owner"), GetObject, private, ObjectWriter, nil, false},
		{"bucket owner reads by its policy", user(ownerID, "owner"), GetObject, private, ObjectWriter, allowAll, false},
		{"bucket owner reads when shared", user(ownerID, "owner"), GetObject, shared, ObjectWriter, nil, true},
		{"bucket owner reads when enforced", user(ownerID, "owner"), GetObject, private, BucketOwnerEnforced, nil, true},
		{"bucket owner deletes", user(ownerID, "owner"), DeleteObject, private, ObjectWriter, nil, true},
		{"object owner reads", user(otherID, "other"), GetObject, private, ObjectWriter, nil, true},
		{"object owner reads its acl", user(otherID, "other"), GetObjectACL, ACL{Owner: Owner{ID: otherID}}, ObjectWriter, nil, true},
		{"object owner when enforced", user(otherID, "other"), GetObject, private, BucketOwnerEnforced, nil, false},
		{"public by the bucket's policy", Principal{}, GetObject, private, ObjectWriter, allowAll, false},
	}
	for _, tt := range tests {
		q := Query{Principal: tt.who, Action: tt.action, Bucket: ownedBucket(), Key: "k", Object: &Object{Owner: otherID, ACL: tt.acl}}
		q.Bucket.Ownership, q.Bucket.Policy = tt.own, tt.policy
		if got := Decide(q); got.Allowed != tt.want {
			t.Errorf("%s: got %+v, want %v", tt.name, got, tt.want)
		}
	}
	q := Query{Principal: user(ownerID, "owner"), Action: GetObject, Bucket: ownedBucket(), Key: "k", Object: &Object{Owner: AnonymousID}}
	if !Decide(q).Allowed {
		t.Error("the bucket owner cannot read what an anonymous principal wrote")
	}
}

func TestUploadInitiator(t *testing.T) {
	for _, a := range []Action{AbortMultipartUpload, ListMultipartUploadParts} {
		q := Query{Principal: user(otherID, "other"), Action: a, Bucket: ownedBucket(), Key: "k", Object: &Object{Owner: otherID}}
		if !Decide(q).Allowed {
			t.Errorf("%s: the initiator was refused", a)
		}
		q.Object = &Object{Owner: ownerID}
		if Decide(q).Allowed {
			t.Errorf("%s: a stranger was let in", a)
		}
	}
}

func TestRestrictPublicBuckets(t *testing.T) {
	public := mustPolicy(t, stmt("Allow", "s3:GetObject", `"arn:aws:s3:::bucket/*"`, ""))
	named := mustPolicy(t, `{"Statement":{"Effect":"Allow","Principal":{"CanonicalUser":"`+string(otherID)+`"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}`)
	tests := []struct {
		who    string
		policy *Policy
		want   bool
	}{
		{"owner", public, true},
		{"other", public, false},
		{"anonymous", public, false},
		{"root", public, true},
		{"other", named, true},
		{"anonymous", named, false},
	}
	for _, tt := range tests {
		q := Query{Principal: principals()[tt.who], Action: GetObject, Bucket: ownedBucket(), Key: "k", Object: ownedObject(CannedPrivate)}
		q.Bucket.Policy, q.Bucket.Block = tt.policy, PublicAccessBlock{RestrictPublicBuckets: true}
		if got := Decide(q); got.Allowed != tt.want {
			t.Errorf("%s: got %+v, want %v", tt.who, got, tt.want)
		}
	}
}

func TestRequesterPays(t *testing.T) {
	open := mustPolicy(t, stmt("Allow", "s3:*", wholeBucket, ""))
	tests := []struct {
		who     string
		action  Action
		pays    bool
		want    bool
		charged bool
	}{
		{"owner", GetObject, false, true, false},
		{"owner", GetObject, true, true, false},
		{"root", GetObject, false, true, false},
		{"other", GetObject, false, false, false},
		{"other", GetObject, true, true, true},
		{"other", ListBucket, false, false, false},
		{"other", ListBucket, true, true, true},
		{"anonymous", GetObject, false, false, false},
		{"anonymous", GetObject, true, false, false},
		{"owner", GetObjectTorrent, true, false, false},
		{"root", GetObjectTorrent, false, false, false},
		{"other", GetObjectVersionTorrent, true, false, false},
	}
	for _, tt := range tests {
		q := Query{Principal: principals()[tt.who], Action: tt.action, Bucket: ownedBucket(), Key: "k", Object: ownedObject(CannedPublicRead), Pays: tt.pays}
		q.Bucket.Policy, q.Bucket.RequesterPays = open, true
		got := Decide(q).Allowed
		if got != tt.want || got && q.Charged() != tt.charged {
			t.Errorf("%s, %s, pays %v: got %v, charged %v", tt.who, tt.action, tt.pays, got, q.Charged())
		}
		if PublicTorrent(q.Bucket, q.Key, *q.Object, "", Context{}) {
			t.Error("the swarm of a Requester Pays bucket is open")
		}
	}
}

func TestMayKnowAbsence(t *testing.T) {
	get := Query{Action: GetObject, Bucket: ownedBucket(), Key: "absent"}
	tests := []struct {
		name   string
		who    string
		policy string
		want   bool
	}{
		{"owner", "owner", "", true},
		{"stranger", "other", "", false},
		{"may get only", "anonymous", stmt("Allow", "s3:GetObject", wholeBucket, ""), false},
		{"may list", "anonymous", stmt("Allow", "s3:ListBucket", wholeBucket, ""), true},
		{"owner may not list", "owner", stmt("Deny", "s3:ListBucket", wholeBucket, ""), false},
	}
	for _, tt := range tests {
		q := get
		if q.Principal = principals()[tt.who]; tt.policy != "" {
			q.Bucket.Policy = mustPolicy(t, tt.policy)
		}
		if got := MayKnowAbsence(q); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestDenyWins: whatever else a policy and the ACLs say, an explicit deny of the request refuses it.
func TestDenyWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		action := rapid.SampledFrom(objectActions()).Draw(t, "action")
		key := rapid.StringMatching(`[a-z/]{1,12}`).Draw(t, "key")
		allow := `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bucket/*"}`
		deny := fmt.Sprintf(`{"Effect":"Deny","Principal":"*","Action":%q,"Resource":"arn:aws:s3:::bucket/%s*"}`,
			action, key[:rapid.IntRange(0, len(key)).Draw(t, "prefix")])
		list := rapid.Permutation([]string{allow, deny, allow}).Draw(t, "order")
		policy, err := ParsePolicy([]byte(`{"Statement":[`+list[0]+","+list[1]+","+list[2]+`]}`), "bucket")
		if err != nil {
			t.Fatal(err)
		}
		q := Query{Action: action, Bucket: ownedBucket(), Key: key, Object: ownedObject(CannedPublicReadWrite)}
		q.Bucket.ACL, _ = BucketACL(CannedPublicReadWrite, Owner{ID: ownerID})
		q.Bucket.Policy = policy
		for _, who := range []string{"owner", "other", "anonymous"} {
			q.Principal = principals()[who]
			if d := Decide(q); d.Allowed || d.Reason != ByPolicy {
				t.Fatalf("%s: got %+v, want a refusal by policy", who, d)
			}
		}
	})
}

// TestEncryptedObject: a KMS key is for those who sign, whatever a policy says, and its objects are no torrents.
func TestEncryptedObject(t *testing.T) {
	o := ownedObject(CannedPublicRead)
	o.SignedOnly, o.NoTorrent = true, true
	b := ownedBucket()
	b.Policy = mustPolicy(t, stmt("Allow", "s3:*", wholeBucket, ""))
	for _, tt := range []struct {
		who    string
		action Action
		want   bool
	}{
		{"anonymous", GetObject, false},
		{"anonymous", GetObjectVersion, false},
		{"anonymous", GetObjectTorrent, false},
		{"anonymous", GetObjectTagging, true},
		{"other", GetObject, true},
		{"owner", GetObject, true},
		{"root", GetObject, true},
	} {
		q := Query{Principal: principals()[tt.who], Action: tt.action, Bucket: b, Key: "k", Object: o}
		if got := Decide(q); got.Allowed != tt.want {
			t.Errorf("%s, %s: got %+v", tt.who, tt.action, got)
		}
	}
	for _, version := range []string{"", "v1"} {
		if PublicTorrent(b, "k", *o, version, Context{}) || MayTorrent(principals()["owner"], b, "k", *o, version, Context{}) {
			t.Errorf("version %q: the swarm is open", version)
		}
	}
}

func TestPublicTorrent(t *testing.T) {
	at := func(addr string) (c Context) {
		c.SetSourceIP(netip.MustParseAddr(addr))
		c.SetTime(time.Unix(1_700_000_000, 0))
		return c
	}
	allow := func(more string) string { return stmt("Allow", "s3:GetObject", wholeBucket, more) }
	plus := func(more string) string {
		return `{"Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":` + wholeBucket + `},` + more + `]}`
	}
	deny := func(action, more string) string {
		return `{"Effect":"Deny","Principal":"*","Action":"` + action + `","Resource":` + wholeBucket + more + `}`
	}
	inRange := `,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`
	notInRange := `,"Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`
	ofV1 := `,"Condition":{"StringEquals":{"s3:VersionId":"v1"}}`
	before := `,"Condition":{"DateLessThan":{"aws:CurrentTime":"2100-01-01T00:00:00Z"}}`
	tests := []struct {
		name    string
		acl     CannedACL
		policy  string
		version string
		c       Context
		want    bool
	}{
		{"private", CannedPrivate, "", "", at("10.1.1.1"), false},
		{"public acl", CannedPublicRead, "", "", Context{}, true},
		{"public acl, version", CannedPublicRead, "", "v1", Context{}, true},
		{"authenticated", CannedAuthenticatedRead, "", "", Context{}, false},
		{"public policy", CannedPrivate, allow(""), "", Context{}, true},
		{"public policy, version", CannedPrivate, allow(""), "v1", Context{}, false},
		{"torrent denied", CannedPrivate, plus(deny("s3:GetObjectTorrent", "")), "", Context{}, false},
		{"torrent denied, acl public", CannedPublicRead, plus(deny("s3:GetObjectTorrent", "")), "", Context{}, false},
		{"torrent denied, version", CannedPrivate, plus(deny("s3:GetObjectTorrent", "")), "v1", Context{}, true},
		{"version torrent denied", CannedPrivate, plus(deny("s3:GetObjectVersionTorrent", "")), "v1", Context{}, false},
		{"that version denied", CannedPrivate, plus(deny("s3:GetObjectVersion", ofV1)), "v1", Context{}, false},
		{"another version denied", CannedPrivate, plus(deny("s3:GetObjectVersion", ofV1)), "v2", Context{}, true},
		{"get denied, acl public", CannedPublicRead, plus(deny("s3:GetObject", "")), "", Context{}, false},
		{"address allowed", CannedPrivate, allow(inRange), "", at("10.1.1.1"), true},
		{"address allowed, mapped", CannedPrivate, allow(inRange), "", at("::ffff:10.1.1.1"), true},
		{"other address", CannedPrivate, allow(inRange), "", at("11.1.1.1"), false},
		{"no address", CannedPrivate, allow(inRange), "", Context{}, false},
		{"no address, negated", CannedPrivate, allow(notInRange), "", Context{}, false},
		{"address, negated", CannedPrivate, allow(notInRange), "", at("11.1.1.1"), true},
		{"address denied", CannedPublicRead, plus(deny("s3:GetObject", inRange)), "", at("10.1.1.1"), false},
		{"other address denied", CannedPublicRead, plus(deny("s3:GetObject", inRange)), "", at("11.1.1.1"), true},
		{"no address, address denied", CannedPublicRead, plus(deny("s3:GetObject", inRange)), "", Context{}, false},
		{"no address, torrent denied by address", CannedPublicRead, plus(deny("s3:GetObjectTorrent", inRange)), "", Context{}, false},
		{"in time", CannedPrivate, allow(before), "", at("10.1.1.1"), true},
		{"no time", CannedPrivate, allow(before), "", Context{}, false},
		{"tls demanded", CannedPublicRead, plus(deny("s3:*", `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`)), "", at("10.1.1.1"), false},
		{"referer demanded", CannedPrivate, allow(`,"Condition":{"StringLike":{"aws:Referer":"https://a.example/*"}}`), "", at("10.1.1.1"), false},
	}
	for _, tt := range tests {
		b := ownedBucket()
		if tt.policy != "" {
			b.Policy = mustPolicy(t, tt.policy)
		}
		if got := PublicTorrent(b, "k", *ownedObject(tt.acl), tt.version, tt.c); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	b := ownedBucket()
	b.Block.IgnorePublicAcls = true
	if PublicTorrent(b, "k", *ownedObject(CannedPublicRead), "", Context{}) {
		t.Error("IgnorePublicAcls left the swarm open")
	}
}
