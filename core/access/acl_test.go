package access

import (
	"reflect"
	"strings"
	"testing"

	"shoal/core/fault"
)

func TestParseGrants(t *testing.T) {
	id := Grantee{ID: otherID}
	all := Grantee{Group: AllUsers}
	mail := Grantee{Email: "a@b.example"}
	tests := []struct {
		value string
		want  []Grantee // nil: InvalidArgument
	}{
		{`id="` + string(otherID) + `"`, []Grantee{id}},
		{`id=` + string(otherID), []Grantee{id}},
		{` ID = "` + string(otherID) + `" , uri="` + string(AllUsers) + `"`, []Grantee{id, all}},
		{`uri=` + string(AllUsers) + `,emailAddress=a@b.example`, []Grantee{all, mail}},
		{``, nil},
		{`id`, nil},
		{`id=""`, nil},
		{`id="x`, nil},
		{`id="x" y`, nil},
		{`id="x",`, nil},
		{`uri="http://x.example/"`, nil},
		{`name="x"`, nil},
		{strings.TrimSuffix(strings.Repeat(`id="x",`, MaxGrants+1), ","), nil},
	}
	for _, tt := range tests {
		got, err := ParseGrants(Read, tt.value)
		if tt.want == nil {
			if !fault.Is(err, fault.InvalidArgument) {
				t.Errorf("%q: got %v, %v, want InvalidArgument", tt.value, got, err)
			}
			continue
		}
		var grantees []Grantee
		for _, g := range got {
			grantees = append(grantees, g.Grantee)
		}
		if err != nil || !reflect.DeepEqual(grantees, tt.want) {
			t.Errorf("%q: got %v, %v, want %v", tt.value, grantees, err, tt.want)
		}
	}
}

func TestCannedACL(t *testing.T) {
	owner, bucketOwner := Owner{ID: otherID, DisplayName: "o"}, Owner{ID: ownerID, DisplayName: "b"}
	tests := []struct {
		name   CannedACL
		grants int
		public bool
	}{
		{"", 1, false},
		{CannedPrivate, 1, false},
		{CannedPublicRead, 2, true},
		{CannedPublicReadWrite, 3, true},
		{CannedAuthenticatedRead, 2, true},
		{CannedBucketOwnerRead, 2, false},
		{CannedBucketOwnerFullControl, 2, false},
		{CannedAWSExecRead, 2, false},
	}
	for _, tt := range tests {
		acl, err := ObjectACL(tt.name, owner, bucketOwner)
		if err != nil || len(acl.Grants) != tt.grants || acl.IsPublic() != tt.public || acl.Owner != owner {
			t.Errorf("%q: got %+v, %v", tt.name, acl, err)
		}
	}
	for _, name := range []CannedACL{CannedLogDeliveryWrite, "Private", "x"} {
		if _, err := ObjectACL(name, owner, bucketOwner); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%q on an object: got %v, want InvalidArgument", name, err)
		}
	}
	if acl, err := BucketACL(CannedLogDeliveryWrite, owner); err != nil || len(acl.Grants) != 3 {
		t.Errorf("log-delivery-write: got %+v, %v", acl, err)
	}
	if acl, err := BucketACL(CannedBucketOwnerRead, owner); err != nil || len(acl.Grants) != 1 {
		t.Errorf("bucket-owner-read on a bucket: got %+v, %v", acl, err)
	}
}

func FuzzParseGrants(f *testing.F) {
	f.Add(`id="x", uri=http://acs.amazonaws.com/groups/global/AllUsers`)
	f.Fuzz(func(t *testing.T, value string) {
		grants, err := ParseGrants(Write, value)
		if (err == nil) != (len(grants) > 0) || len(grants) > MaxGrants {
			t.Fatalf("%q: %d grants, %v", value, len(grants), err)
		}
	})
}
