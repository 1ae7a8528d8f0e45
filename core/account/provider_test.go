package account

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
)

func sampleProvider() Provider {
	return Provider{
		Account: someID, URL: "id.example.test/realm", Created: time.UnixMilli(7).UTC(), ClientIDs: []string{"app"},
		Thumbprints: []string{strings.Repeat("a0", 20)}, Tags: []access.Tag{{Key: "env", Value: ""}},
	}
}

// TestProviders: a provider is its account's, is named by its URL, and goes with the account.
func TestProviders(t *testing.T) {
	s, alice := iamStore(t, nil)
	p := Provider{Account: alice.CanonicalID, URL: "id.example.test", Thumbprints: []string{strings.Repeat("A0", 20)}}
	made, err := s.CreateProvider(t.Context(), p)
	if err != nil || made.Thumbprints[0] != strings.Repeat("a0", 20) || p.Thumbprints[0] != strings.Repeat("A0", 20) {
		t.Fatalf("got %+v of %+v, %v", made, p, err)
	}
	slash := p
	slash.URL += "/"
	if _, err := s.CreateProvider(t.Context(), slash); err != nil {
		t.Error(err)
	}
	if _, err := s.CreateProvider(t.Context(), p); !fault.Is(err, fault.AlreadyExists) {
		t.Errorf("again: got %v", err)
	}
	if _, err := s.Provider(t.Context(), someID, p.URL); !fault.Is(err, fault.NoSuchEntity) {
		t.Errorf("of another account: got %v", err)
	}
	err = s.ChangeProvider(t.Context(), alice.CanonicalID, p.URL, func(p *Provider) { p.ClientIDs = []string{"app"} })
	got, err2 := s.Provider(t.Context(), alice.CanonicalID, p.URL)
	if made.ClientIDs = []string{"app"}; err != nil || err2 != nil || !reflect.DeepEqual(got, made) {
		t.Errorf("changed: got %+v, %v, %v, want %+v", got, err, err2, made)
	}
	if all, err := s.Providers(t.Context(), alice.CanonicalID); err != nil || len(all) != 2 || all[1].URL != slash.URL {
		t.Errorf("got %+v, %v", all, err)
	}
	if err := s.DeleteProvider(t.Context(), alice.CanonicalID, slash.URL); err != nil {
		t.Error(err)
	}
	if err := s.DeleteProvider(t.Context(), alice.CanonicalID, slash.URL); !fault.Is(err, fault.NoSuchEntity) {
		t.Errorf("deleted again: got %v", err)
	}
	if err := s.DeleteUser(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Providers(t.Context(), alice.CanonicalID); err != nil || len(all) != 0 {
		t.Errorf("of an account that is gone: %+v, %v", all, err)
	}
}

func TestProviderBounds(t *testing.T) {
	s, alice := iamStore(t, nil)
	many := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("%040d", i))
		}
		return all
	}
	tests := []struct {
		name   string
		change func(*Provider)
		want   fault.Kind
	}{
		{"no url", func(p *Provider) { p.URL = "" }, fault.InvalidRequest},
		{"long url", func(p *Provider) { p.URL = strings.Repeat("u", maxProviderURL+1) }, fault.InvalidRequest},
		{"a space", func(p *Provider) { p.URL = "a b" }, fault.InvalidRequest},
		{"client ids", func(p *Provider) { p.ClientIDs = many(MaxClientIDs + 1) }, fault.LimitExceeded},
		{"client id", func(p *Provider) { p.ClientIDs = []string{strings.Repeat("c", maxClientID+1)} }, fault.InvalidRequest},
		{"thumbprints", func(p *Provider) { p.Thumbprints = many(MaxThumbprints + 1) }, fault.InvalidRequest},
		{"thumbprint", func(p *Provider) { p.Thumbprints = []string{"short"} }, fault.InvalidRequest},
		{"tags", func(p *Provider) { p.Tags = make([]access.Tag, MaxTags+1) }, fault.LimitExceeded},
	}
	for _, tt := range tests {
		p := Provider{Account: alice.CanonicalID, URL: "id.example.test", Thumbprints: many(1)}
		tt.change(&p)
		if _, err := s.CreateProvider(t.Context(), p); !fault.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	for n := range MaxProviders {
		p := Provider{Account: alice.CanonicalID, URL: fmt.Sprint(n, ".example.test"), Thumbprints: many(MaxThumbprints), ClientIDs: many(MaxClientIDs)}
		if _, err := s.CreateProvider(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.CreateProvider(t.Context(), Provider{Account: alice.CanonicalID, URL: "more.example.test", Thumbprints: many(1)}); !fault.Is(err, fault.LimitExceeded) {
		t.Errorf("one more: got %v", err)
	}
}

func FuzzProviderRecord(f *testing.F) {
	f.Add(encodeProvider(sampleProvider()))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodeProvider(data)
		if err != nil {
			return
		}
		if again, err := decodeProvider(encodeProvider(p)); err != nil || !reflect.DeepEqual(p, again) {
			t.Fatalf("%+v, then %+v, %v", p, again, err)
		}
	})
}
