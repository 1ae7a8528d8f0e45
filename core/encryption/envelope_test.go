package encryption

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testKeys(t *testing.T, text string) *KeyFile {
	t.Helper()
	keys, err := parseKeys([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &KeyFile{path: "keys", keys: keys}
}

const (
	oneKey = "s3 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\naws/s3 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"
	newKey = "s3 AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n"
)

func TestEnvelopes(t *testing.T) {
	ctx, keys, place := context.Background(), testKeys(t, oneKey), Place{[8]byte{1}, "k"}
	mine := NewKey()
	for _, c := range []Choice{
		{Mode: S3},
		{Mode: KMS, KMSKeyID: "alias/aws/s3", Context: `{"a":"b"}`, BucketKey: true},
		{Mode: KMS, KMSKeyID: "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3"},
		{Mode: Customer, Customer: mine},
	} {
		key := NewKey()
		e, err := Enclose(ctx, keys, c, place, key)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if got, err := e.Open(ctx, keys, place, c.Customer); err != nil || *got != *key {
			t.Errorf("%+v: open: %v", c, err)
		}
		for name, change := range map[string]func(*Envelope, *Place){
			"bucket":  func(_ *Envelope, p *Place) { p.Bucket[0] = 2 },
			"key":     func(_ *Envelope, p *Place) { p.Key = "l" },
			"context": func(e *Envelope, _ *Place) { e.Context += " " },
			"bytes": func(e *Envelope, _ *Place) {
				e.Wrapped = bytes.Clone(e.Wrapped)
				e.Wrapped[len(e.Wrapped)-1] ^= 1
			},
			"length": func(e *Envelope, _ *Place) { e.Wrapped = e.Wrapped[1:] },
		} {
			e, place := e, place
			change(&e, &place)
			if _, err := e.Open(ctx, keys, place, c.Customer); !errors.Is(err, ErrDamaged) {
				t.Errorf("%+v with another %s: %v", c, name, err)
			}
		}
	}
}

func TestWrongAndMissingKeys(t *testing.T) {
	ctx, keys, place := context.Background(), testKeys(t, oneKey), Place{Key: "k"}
	theirs, err := Enclose(ctx, nil, Choice{Mode: Customer, Customer: NewKey()}, place, NewKey())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Open(ctx, keys, place, NewKey()); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another customer's key: %v", err)
	}
	if _, err := theirs.Open(ctx, keys, place, nil); !errors.Is(err, ErrNoSuchKey) {
		t.Errorf("no customer's key: %v", err)
	}
	if _, err := Enclose(ctx, keys, Choice{Mode: KMS, KMSKeyID: "unknown"}, place, NewKey()); !errors.Is(err, ErrNoSuchKey) {
		t.Errorf("unknown KMS key: %v", err)
	}
	ours, err := Enclose(ctx, keys, Choice{Mode: S3}, place, NewKey())
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]Keys{"none": nil, "another": testKeys(t, newKey)} {
		if _, err := ours.Open(ctx, other, place, nil); !errors.Is(err, ErrNoSuchKey) {
			t.Errorf("%s key file: %v", name, err)
		}
	}
}

func TestRotation(t *testing.T) {
	ctx, place := context.Background(), Place{Key: "k"}
	before, after := testKeys(t, oneKey), testKeys(t, oneKey+newKey)
	old, err := Enclose(ctx, before, Choice{Mode: S3}, place, NewKey())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Open(ctx, after, place, nil); err != nil {
		t.Errorf("the old key does not unwrap: %v", err)
	}
	fresh, err := Enclose(ctx, after, Choice{Mode: S3}, place, NewKey())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.Open(ctx, before, place, nil); !errors.Is(err, ErrNoSuchKey) {
		t.Errorf("the newest key does not wrap: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path+".tmp", []byte("what a crash left"), 0o644); err != nil {
		t.Fatal(err)
	}
	made, err := OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{masterName, DefaultKMSKey} {
		if len(made.keys[name]) != 1 || *made.keys[name][0].key != *again.keys[name][0].key {
			t.Errorf("%s is not the same when it is read again", name)
		}
	}
}

func TestKeyFileFaults(t *testing.T) {
	for name, text := range map[string]string{
		"no key": "s3\n", "short": "s3 AQEB\n", "not base64": "s3 ****\n", "three fields": strings.TrimSpace(newKey) + " more\n",
		"long name": strings.Repeat("n", maxKeyName+1) + newKey[2:],
	} {
		if _, err := parseKeys([]byte("# one\n\n" + text)); err == nil || !strings.HasPrefix(err.Error(), "line 3:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysDoNotShow(t *testing.T) {
	key := &Key{0xf1, 0xf2, 0xf3}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", *key, "pointer", key)
	for _, text := range []string{fmt.Sprint(*key), fmt.Sprintf("%v %+v %#v %s", key, *key, *key, key), log.String()} {
		if strings.Contains(text, "241") || strings.Contains(text, "f1") || strings.Contains(text, "\xf1") {
			t.Errorf("shown: %s", text)
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	by := &Key{1}
	f.Add(wrap(by, []byte("place"), &Key{2}), []byte("place"))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, wrapped, bound []byte) {
		if _, err := unwrap(by, bound, wrapped); err == nil && (!bytes.Equal(bound, []byte("place")) || len(wrapped) != wrappedSize) {
			t.Errorf("unwrapped %x for %q", wrapped, bound)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(oneKey + newKey))
	f.Add([]byte("# comment\n\ns3 x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseKeys(data)
		for name, list := range keys {
			if err != nil || name == "" || len(list) == 0 {
				t.Errorf("key %q: %d, %v", name, len(list), err)
			}
		}
	})
}
