package account

import (
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
)

func sampleUser() User {
	return User{
		Name: "Alice", CanonicalID: someID, DisplayName: "A. Lice", Email: "a@example.com",
		Role: access.RoleUserPlus, Account: someID, Created: time.UnixMilli(1_700_000_000_123).UTC(),
		AccessKeyIDs: []string{"k1", "k2"},
	}
}

func sampleKey() AccessKey {
	return AccessKey{ID: "k1", Secret: "secretsecret", UserName: "Alice", Created: time.UnixMilli(5).UTC(), Active: true}
}

func TestRecords(t *testing.T) {
	unknown := protowire.AppendFixed64(protowire.AppendTag(nil, 100, protowire.Fixed64Type), 7)
	unknown = protowire.AppendString(protowire.AppendTag(unknown, 101, protowire.BytesType), "new")
	for _, extra := range [][]byte{nil, unknown} {
		if got, err := decodeUser(append(encodeUser(sampleUser()), extra...)); err != nil || !reflect.DeepEqual(got, sampleUser()) {
			t.Errorf("user: got %+v, %v", got, err)
		}
		if got, err := decodeKey(append(encodeKey(sampleKey()), extra...)); err != nil || got != sampleKey() {
			t.Errorf("key: got %q, %v", got.ID, err)
		}
	}
	bad := map[string][]byte{
		"empty":        {},
		"version":      append([]byte{recordVersion + 1}, encodeUser(sampleUser())[1:]...),
		"cut":          encodeUser(sampleUser())[:10],
		"no fields":    {recordVersion},
		"unknown role": appendUint(encodeUser(sampleUser()), userRole, 3),
		"huge role":    appendUint(encodeUser(sampleUser()), userRole, 256),
	}
	for name, b := range bad {
		if got, err := decodeUser(b); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(encodeUser(sampleUser()))
	f.Add(append(encodeUser(sampleUser()), byte(userKeyID)<<3|byte(protowire.BytesType), 0)) // an empty id
	f.Add(encodeKey(sampleKey()))
	f.Add(encodeUse(sampleUse()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if u, err := decodeUser(data); err == nil {
			if again, err := decodeUser(encodeUser(u)); err != nil || !reflect.DeepEqual(u, again) {
				t.Fatalf("user: %+v, then %+v, %v", u, again, err)
			}
		}
		if k, err := decodeKey(data); err == nil {
			if again, err := decodeKey(encodeKey(k)); err != nil || k != again {
				t.Fatalf("key: %v", err)
			}
		}
		if u, err := decodeUse(data); err == nil {
			if again, err := decodeUse(encodeUse(u)); err != nil || u != again {
				t.Fatalf("use: %+v, then %+v, %v", u, again, err)
			}
		}
	})
}
