package account

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

const (
	readAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
)

// iamStore is a store with one account, alice, whose counts are checked when the test ends.
func iamStore(t *testing.T, now func() time.Time) (*Store, User) {
	t.Helper()
	s := New(newEngine(t), Options{Now: now})
	alice, _ := create(t, s, NewUser{Name: "alice", Role: access.RoleUserPlus})
	t.Cleanup(func() { checkIAM(t, s, alice.CanonicalID) })
	return s, alice
}

// checkIAM holds the rows of an account against each other: keys, members of groups, attachments of policies.
func checkIAM(t *testing.T, s *Store, account access.CanonicalID) {
	t.Helper()
	ctx := context.Background() // the test's own is over
	members, attached, boundaries := map[string]int{}, map[string]int{}, map[string]int{}
	for _, kind := range []IdentityKind{IAMUser, IAMGroup, IAMRole} {
		all, err := s.Identities(ctx, kind, account)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range all {
			for _, g := range i.Groups {
				members[g]++
			}
			for _, arn := range i.Attached {
				attached[arn]++
			}
			if i.Boundary != "" {
				boundaries[i.Boundary]++
			}
			for _, id := range i.AccessKeyIDs {
				keys, err := s.readKeys(ctx, "check", []string{id})
				if err != nil || len(keys) != 1 || keys[0].UserName != i.Name || keys[0].Account != account {
					t.Errorf("key %s of %s: %+v, %v", id, i.Name, keys, err)
				}
			}
			if kind == IAMGroup && i.Members != members[i.Name] {
				t.Errorf("group %s counts %d users, has %d", i.Name, i.Members, members[i.Name])
			}
		}
	}
	policies, err := s.Policies(ctx, account)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies {
		if p.Attachments != attached[p.ARN()] || p.Boundaries != boundaries[p.ARN()] {
			t.Errorf("%s counts %d and %d, has %d and %d", p.ARN(), p.Attachments, p.Boundaries, attached[p.ARN()], boundaries[p.ARN()])
		}
	}
	checkUses(t, s)
}

// checkUses finds uses of access keys and roles that are gone.
func checkUses(t *testing.T, s *Store) {
	t.Helper()
	there := map[string]bool{}
	for _, kind := range []byte{kindKey, kindIAMRole} {
		err := s.eachRow(context.Background(), []byte{prefix, kind}, kv.ScanOptions{}, func(row kv.Row) error {
			if i, err := decodeIdentity(IAMRole, row.Value); kind == kindIAMRole {
				there[string(useKey(i.ID))] = true
				return err
			}
			there[string(useKey(tuple.NewDecoder(row.Key[2:]).Str()))] = true
			return nil
		})
		must(t, err)
	}
	must(t, s.eachRow(context.Background(), []byte{prefix, kindUse}, kv.ScanOptions{}, func(row kv.Row) error {
		if !there[string(row.Key)] {
			t.Errorf("a use without its holder: %q", row.Key)
		}
		return nil
	}))
}

func makeIdentity(t *testing.T, s *Store, i Identity) Identity {
	t.Helper()
	made, err := s.CreateIdentity(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
	}
}

// effect is what the policies of who signs with a key say about reading an object.
func effect(t *testing.T, s *Store, accessKey string) access.Effect {
	t.Helper()
	c, err := s.Caller(t.Context(), accessKey, "")
	must(t, err)
	q := access.Query{Principal: c.Principal, Action: access.GetObject, Bucket: access.Bucket{Name: "b"}, Key: "k"}
	return access.Evaluate(c.Principal.Identity.Policies, q.Request()).Effect
}

// TestIAMUser takes a user through his life. Every change of what binds him counts at the next request.
func TestIAMUser(t *testing.T) {
	s, alice := iamStore(t, nil)
	a := alice.CanonicalID
	bob := makeIdentity(t, s, Identity{Kind: IAMUser, Account: a, Name: "Bob", Path: "/staff/"})
	if want := "arn:aws:iam::" + a.AccountID() + ":user/staff/Bob"; bob.ARN() != want || !regexp.MustCompile(`^AIDA[A-Z2-7]{17}$`).MatchString(bob.ID) {
		t.Errorf("got %s with id %s, want %s", bob.ARN(), bob.ID, want)
	}
	_, err := s.CreateIdentity(t.Context(), Identity{Kind: IAMUser, Account: a, Name: "bOB"})
	wantKind(t, "the same name", err, fault.AlreadyExists)
	k, err := s.CreateAccessKey(t.Context(), a, "bob")
	must(t, err)
	c, err := s.Caller(t.Context(), k.ID, "")
	if err != nil || c.Principal.ARN != bob.ARN() || c.Principal.Kind != access.User || c.Account.Name != "alice" || c.Principal.CanonicalID != a {
		t.Errorf("caller: got %+v, %v", c.Principal, err)
	}
	if found, err := s.AccessKey(t.Context(), alice, k.ID); err != nil || found.UserName != "Bob" || !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(k.ID) {
		t.Errorf("key %s: got %+v, %v", k.ID, found, err)
	}
	dave, own := create(t, s, NewUser{Name: "dave"})
	if found, err := s.AccessKey(t.Context(), dave, own.ID); err != nil || found.UserName != "dave" {
		t.Errorf("key of an account: got %+v, %v", found, err)
	}
	_, err = s.AccessKey(t.Context(), dave, k.ID)
	wantKind(t, "another account's user", err, fault.NoSuchEntity)
	_, err = s.AccessKey(t.Context(), alice, own.ID)
	wantKind(t, "another account", err, fault.NoSuchEntity)
	makeIdentity(t, s, Identity{Kind: IAMGroup, Account: a, Name: "staff"})
	p, err := s.CreatePolicy(t.Context(), ManagedPolicy{Account: a, Name: "p"}, readAll)
	must(t, err)
	steps := []struct {
		name string
		do   func() error
		want access.Effect
	}{
		{"nothing", func() error { return nil }, access.None},
		{"inline", func() error {
			return s.PutInlinePolicy(t.Context(), IAMUser, a, "bob", InlinePolicy{"i", readAll})
		}, access.Allow},
		{"group", func() error { return s.AddToGroup(t.Context(), a, "staff", "bob") }, access.Allow},
		{"group denies", func() error {
			return s.PutInlinePolicy(t.Context(), IAMGroup, a, "staff", InlinePolicy{"d", denyAll})
		}, access.Deny},
		{"out of the group", func() error { return s.RemoveFromGroup(t.Context(), a, "staff", "bob") }, access.Allow},
		{"inline gone", func() error { return s.DeleteInlinePolicy(t.Context(), IAMUser, a, "bob", "i") }, access.None},
		{"attached", func() error { return s.Attach(t.Context(), IAMUser, a, "bob", p.ARN()) }, access.Allow},
		{"new version", func() error {
			_, err := s.AddPolicyVersion(t.Context(), a, p.ARN(), denyAll, true)
			return err
		}, access.Deny},
		{"back to the old one", func() error { return s.SetDefaultVersion(t.Context(), a, p.ARN(), 1) }, access.Allow},
		{"another name", func() error { return s.MoveIdentity(t.Context(), IAMUser, a, "bob", "Robert", "/x/") }, access.Allow},
		{"detached", func() error { return s.Detach(t.Context(), IAMUser, a, "robert", p.ARN()) }, access.None},
	}
	for _, step := range steps {
		must(t, step.do())
		if got := effect(t, s, k.ID); got != step.want {
			t.Errorf("%s: got %v, want %v", step.name, got, step.want)
		}
	}
	must(t, s.SetAccessKeyActive(t.Context(), a, "robert", k.ID, false))
	_, err = s.Caller(t.Context(), k.ID, "")
	wantKind(t, "inactive key", err, fault.NoSuchAccessKey)
	wantKind(t, "delete with a key", s.DeleteIdentity(t.Context(), IAMUser, a, "robert"), fault.DeleteConflict)
	must(t, s.DeleteAccessKey(t.Context(), a, "robert", k.ID))
	must(t, s.DeleteIdentity(t.Context(), IAMUser, a, "robert"))
	_, err = s.Identity(t.Context(), IAMUser, a, "robert")
	wantKind(t, "deleted", err, fault.NoSuchEntity)
}

// TestIAMConflicts: nothing that something else needs can be deleted, and no quota be passed.
func TestIAMConflicts(t *testing.T) {
	s, alice := iamStore(t, nil)
	a := alice.CanonicalID
	makeIdentity(t, s, Identity{Kind: IAMUser, Account: a, Name: "bob"})
	makeIdentity(t, s, Identity{Kind: IAMGroup, Account: a, Name: "staff"})
	p, err := s.CreatePolicy(t.Context(), ManagedPolicy{Account: a, Name: "p", Path: "/x/"}, readAll)
	must(t, err)
	must(t, s.AddToGroup(t.Context(), a, "staff", "bob"))
	must(t, s.AddToGroup(t.Context(), a, "STAFF", "bob")) // twice is once
	must(t, s.SetBoundary(t.Context(), IAMUser, a, "bob", p.ARN()))
	wantKind(t, "group with users", s.DeleteIdentity(t.Context(), IAMGroup, a, "staff"), fault.DeleteConflict)
	wantKind(t, "rename of it", s.MoveIdentity(t.Context(), IAMGroup, a, "staff", "team", ""), fault.DeleteConflict)
	wantKind(t, "user in a group", s.DeleteIdentity(t.Context(), IAMUser, a, "bob"), fault.DeleteConflict)
	wantKind(t, "policy that is a boundary", s.DeletePolicy(t.Context(), a, p.ARN()), fault.DeleteConflict)
	wantKind(t, "default version", s.DeletePolicyVersion(t.Context(), a, p.ARN(), 1), fault.DeleteConflict)
	wantKind(t, "attach a wrong path", s.Attach(t.Context(), IAMUser, a, "bob", strings.Replace(p.ARN(), "/x/", "/", 1)), fault.NoSuchEntity)
	wantKind(t, "attach another account's", s.Attach(t.Context(), IAMUser, a, "bob", strings.Replace(p.ARN(), a.AccountID(), "123456789012", 1)), fault.NoSuchEntity)
	for n := 2; n <= MaxPolicyVersions; n++ {
		_, err := s.AddPolicyVersion(t.Context(), a, p.ARN(), readAll, false)
		must(t, err)
	}
	_, err = s.AddPolicyVersion(t.Context(), a, p.ARN(), readAll, false)
	wantKind(t, "sixth version", err, fault.LimitExceeded)
	for n := range MaxGroupsOfUser - 1 {
		name := fmt.Sprint("g", n)
		makeIdentity(t, s, Identity{Kind: IAMGroup, Account: a, Name: name})
		must(t, s.AddToGroup(t.Context(), a, name, "bob"))
	}
	makeIdentity(t, s, Identity{Kind: IAMGroup, Account: a, Name: "more"})
	wantKind(t, "eleventh group", s.AddToGroup(t.Context(), a, "more", "bob"), fault.LimitExceeded)
	long := strings.Replace(readAll, `"*"`, `"arn:aws:s3:::`+strings.Repeat("x", maxUserInline)+`"`, 1)
	wantKind(t, "long inline policy", s.PutInlinePolicy(t.Context(), IAMUser, a, "bob", InlinePolicy{"l", long}), fault.LimitExceeded)
	half := strings.Replace(readAll, `"*"`, `"arn:aws:s3:::`+strings.Repeat("x", maxUserInline/2)+`"`, 1)
	must(t, s.PutInlinePolicy(t.Context(), IAMUser, a, "bob", InlinePolicy{"one", half}))
	must(t, s.PutInlinePolicy(t.Context(), IAMUser, a, "bob", InlinePolicy{"one", half})) // replaced, not added
	wantKind(t, "two of them", s.PutInlinePolicy(t.Context(), IAMUser, a, "bob", InlinePolicy{"two", half}), fault.LimitExceeded)
	for range MaxAccessKeys {
		_, err := s.CreateAccessKey(t.Context(), a, "bob")
		must(t, err)
	}
	_, err = s.CreateAccessKey(t.Context(), a, "bob")
	wantKind(t, "third key", err, fault.LimitExceeded)
}

func TestIAMRefuses(t *testing.T) {
	s, alice := iamStore(t, nil)
	bad := []struct {
		i    Identity
		want fault.Kind
	}{
		{Identity{Kind: IAMUser, Name: ""}, fault.InvalidArgument},
		{Identity{Kind: IAMUser, Name: "a/b"}, fault.InvalidArgument},
		{Identity{Kind: IAMUser, Name: strings.Repeat("a", 65)}, fault.InvalidArgument},
		{Identity{Kind: IAMUser, Name: "a", Path: "x"}, fault.InvalidArgument},
		{Identity{Kind: IAMUser, Name: "a", Path: "/x"}, fault.InvalidArgument},
		{Identity{Kind: IAMUser, Name: "a", Path: "/" + strings.Repeat("x", maxPath) + "/"}, fault.InvalidArgument},
		{Identity{Kind: IAMUser, Name: "a", Tags: []access.Tag{{Key: "aws:x"}}}, fault.InvalidArgument},
		{Identity{Kind: IAMUser, Name: "a", Tags: []access.Tag{{Key: "k"}, {Key: "K"}}}, fault.InvalidArgument},
		{Identity{Kind: IAMUser, Name: "a", Boundary: "arn:aws:iam::aws:policy/None"}, fault.NoSuchEntity},
		{Identity{Kind: IAMRole, Name: "a", Trust: readAll, MaxSession: time.Hour}, fault.MalformedPolicy},
		{Identity{Kind: IAMRole, Name: "a", Trust: "{}", MaxSession: time.Minute}, fault.InvalidArgument},
	}
	for _, tt := range bad {
		tt.i.Account = alice.CanonicalID
		_, err := s.CreateIdentity(t.Context(), tt.i)
		wantKind(t, fmt.Sprintf("%+v", tt.i), err, tt.want)
	}
	_, err := s.Identity(t.Context(), IAMUser, alice.CanonicalID, strings.Repeat("a", kv.MaxKey))
	wantKind(t, "endless name", err, fault.NoSuchEntity)
}

// TestAccountGoneWithItsUsers: nothing of an account's IAM outlives it, nor comes back with one of the same id.
func TestAccountGoneWithItsUsers(t *testing.T) {
	s := New(newEngine(t), Options{})
	create(t, s, NewUser{Name: "alice", CanonicalID: someID})
	makeIdentity(t, s, Identity{Kind: IAMUser, Account: someID, Name: "bob"})
	makeIdentity(t, s, Identity{Kind: IAMGroup, Account: someID, Name: "staff"})
	k, err := s.CreateAccessKey(t.Context(), someID, "bob")
	must(t, err)
	_, err = s.CreatePolicy(t.Context(), ManagedPolicy{Account: someID, Name: "p"}, readAll)
	must(t, err)
	must(t, s.DeleteUser(t.Context(), "alice"))
	_, err = s.Caller(t.Context(), k.ID, "")
	wantKind(t, "key of a user of a deleted account", err, fault.NoSuchAccessKey)
	rows, _, err := s.engine.Scan(t.Context(), []byte{prefix}, []byte{prefix + 1}, kv.ScanOptions{})
	must(t, err)
	if len(rows) != 0 {
		t.Errorf("%d rows are left", len(rows))
	}
	// What a crash between the two has left does not count for the next one either.
	s.engine.Commit(t.Context(), kv.Commit{Writes: []kv.Write{{
		Key:   identityKey(IAMUser, someID, "bob"),
		Value: encodeIdentity(Identity{Name: "bob", Path: "/", ID: "AIDAOLD", Account: someID}),
	}}})
	create(t, s, NewUser{Name: "alice", CanonicalID: someID})
	_, err = s.Identity(t.Context(), IAMUser, someID, "bob")
	wantKind(t, "left over", err, fault.NoSuchEntity)
}

func sampleIdentity() Identity {
	return Identity{
		Kind: IAMRole, Account: someID, Name: "r", Path: "/a/", ID: "AROA1", Created: time.UnixMilli(7).UTC(),
		Inline: []InlinePolicy{{"i", readAll}}, Attached: []string{"arn"}, Boundary: "b", Tags: []access.Tag{{Key: "k", Value: ""}},
		Groups: []string{"g"}, AccessKeyIDs: []string{"k"}, Members: 2, Trust: "t", Description: "d", MaxSession: 2 * time.Hour,
	}
}

func samplePolicy() ManagedPolicy {
	return ManagedPolicy{
		Account: someID, Name: "p", Path: "/", ID: "ANPA1", Description: "d", Created: time.UnixMilli(7).UTC(), Updated: time.UnixMilli(8).UTC(),
		Attachments: 1, Boundaries: 2, LastVersion: 3, Default: 2, Tags: []access.Tag{{Key: "k", Value: "v"}},
		Versions: []PolicyVersion{{2, readAll, time.UnixMilli(7).UTC()}, {3, denyAll, time.UnixMilli(8).UTC()}},
	}
}

func TestIAMRecords(t *testing.T) {
	if got, err := decodeIdentity(IAMRole, encodeIdentity(sampleIdentity())); err != nil || !reflect.DeepEqual(got, sampleIdentity()) {
		t.Errorf("identity: got %+v, %v", got, err)
	}
	if got, err := decodePolicy(encodePolicy(samplePolicy())); err != nil || !reflect.DeepEqual(got, samplePolicy()) {
		t.Errorf("policy: got %+v, %v", got, err)
	}
}

func FuzzIAMRecords(f *testing.F) {
	f.Add(encodeIdentity(sampleIdentity()))
	f.Add(encodePolicy(samplePolicy()))
	f.Add(encodeSession(sampleSession()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if i, err := decodeIdentity(IAMUser, data); err == nil {
			if again, err := decodeIdentity(IAMUser, encodeIdentity(i)); err != nil || !reflect.DeepEqual(i, again) {
				t.Fatalf("identity: %+v, then %+v, %v", i, again, err)
			}
		}
		if p, err := decodePolicy(data); err == nil {
			if again, err := decodePolicy(encodePolicy(p)); err != nil || !reflect.DeepEqual(p, again) {
				t.Fatalf("policy: %+v, then %+v, %v", p, again, err)
			}
		}
		if s, err := decodeSession(data); err == nil {
			if again, err := decodeSession(encodeSession(s)); err != nil || !reflect.DeepEqual(s, again) {
				t.Fatalf("session: %+v, then %+v, %v", s, again, err)
			}
		}
	})
}
