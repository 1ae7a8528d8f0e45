package account

import (
	"encoding/hex"
	"maps"
	"testing"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/quota"
	"shoal/storage/kv"
)

func TestQuotas(t *testing.T) {
	s := New(newEngine(t), Options{})
	u, _, err := s.CreateUser(t.Context(), NewUser{Name: "ann", Role: access.RoleUserPlus})
	if err != nil {
		t.Fatal(err)
	}
	set := func(change func(*quota.Limits)) {
		t.Helper()
		if got, _, err := s.SetQuota(t.Context(), "Ann", change); err != nil || got.Name != "ann" {
			t.Fatalf("set quota: %+v, %v", got, err)
		}
	}
	want := func(l quota.Limits) {
		t.Helper()
		all := map[string]quota.Limits{}
		if l != (quota.Limits{}) {
			all[string(u.CanonicalID)] = l
		}
		got, err := s.Quotas(t.Context())
		one, oneErr := s.Quota(t.Context(), u.CanonicalID)
		if err != nil || oneErr != nil || !maps.Equal(got, all) || one != l {
			t.Errorf("quotas %v and %v, %v %v, want %v", got, one, err, oneErr, all)
		}
	}
	want(quota.Limits{})
	set(func(l *quota.Limits) { l.Bytes, l.Egress = 1<<40, 7 })
	want(quota.Limits{Bytes: 1 << 40, Egress: 7})
	set(func(l *quota.Limits) { l.Bytes, l.Objects = 0, 3 })
	want(quota.Limits{Objects: 3, Egress: 7})
	if _, _, err := s.SetQuota(t.Context(), "ann", func(l *quota.Limits) { l.Objects = -1 }); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("a negative quota: %v", err)
	}
	if _, _, err := s.SetQuota(t.Context(), "bob", func(*quota.Limits) {}); !fault.Is(err, fault.NoSuchUser) {
		t.Errorf("the quota of nobody: %v", err)
	}
	if err := s.DeleteUser(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	want(quota.Limits{})
}

// TestQuotaRecord reads the bytes that earlier programs wrote.
func TestQuotaRecord(t *testing.T) {
	const golden = "01088080808080800110e80718ffffffff0f"
	row, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := quota.Limits{Bytes: 1 << 42, Objects: 1000, Egress: 1<<32 - 1}
	if got := hex.EncodeToString(encodeQuota(want)); got != golden {
		t.Errorf("encode: got %s, want %s", got, golden)
	}
	got, err := quotaOf(kv.Row{Value: row, Version: kv.Version("1")})
	if err != nil || got != want {
		t.Errorf("decode: got %+v, %v, want %+v", got, err, want)
	}
}
