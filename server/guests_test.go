package server

import (
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/storage/kv/pebblekv"
	"shoal/wire/torrent"
)

func TestGuests(t *testing.T) {
	engine, err := pebblekv.Open(t.TempDir(), pebblekv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	now := time.Unix(1_800_000_000, 0)
	accounts := account.New(engine, account.Options{Now: func() time.Time { return now }})
	var users []account.User
	var keys []account.AccessKey
	for _, name := range []string{"owner", "reader"} {
		u, k, err := accounts.CreateUser(t.Context(), account.NewUser{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		users, keys = append(users, u), append(keys, k)
	}
	hash := torrent.InfoHash{1}
	private := func(policy string) *object.Torrent {
		b := &object.Bucket{Name: "bucket", Owner: string(users[0].CanonicalID)}
		if policy != "" {
			p, err := access.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[`+policy+`]}`), b.Name)
			if err != nil {
				t.Fatal(err)
			}
			b.Config.Policy = p
		}
		v := &object.Version{Key: "key", Owner: access.Owner{ID: users[0].CanonicalID}}
		return &object.Torrent{Bucket: b, Version: v, Current: true, Private: true, InfoHash: hash}
	}
	token := func(k account.AccessKey, h torrent.InfoHash) string {
		text, err := accounts.AnnounceToken(t.Context(), k.ID, h, now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	const resource = `"Principal":{"AWS":"arn:aws:iam:::user/reader"},"Resource":"arn:aws:s3:::bucket/*"}`
	const allow = `{"Effect":"Allow","Action":"s3:GetObject",` + resource
	const deny = `{"Effect":"Deny","Action":"s3:GetObjectTorrent",` + resource
	owner, reader := token(keys[0], hash), token(keys[1], hash)
	steps := []struct {
		name, token, policy string
		before              func() error
		ok                  bool
	}{
		{"owner", owner, "", nil, true},
		{"who may not read", reader, "", nil, false},
		{"who may read", reader, allow, nil, true},
		{"who may read, but not by torrent", reader, allow + "," + deny, nil, false},
		{"no token", "", "", nil, false},
		{"junk", "junk", "", nil, false},
		{"token of another torrent", token(keys[0], torrent.InfoHash{2}), "", nil, false},
		{"user deleted", reader, allow, func() error { return accounts.DeleteUser(t.Context(), "reader") }, false},
		{"token over", owner, "", func() error { now = now.Add(time.Hour); return nil }, false},
	}
	for _, step := range steps {
		if step.before != nil {
			if err := step.before(); err != nil {
				t.Fatal(err)
			}
		}
		var peer access.Context
		peer.SetTime(now)
		err := guests{accounts}.MayJoin(t.Context(), step.token, private(step.policy), peer)
		if (err == nil) != step.ok || err != nil && !fault.Is(err, fault.AccessDenied) {
			t.Errorf("%s: got %v, want welcome: %t", step.name, err, step.ok)
		}
	}
}
