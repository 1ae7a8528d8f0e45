package object

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

// keyedStore is a testStore with keys of the operator.
func keyedStore(t testing.TB) *testStore {
	t.Helper()
	s := newTestStore(t)
	keys, err := encryption.OpenKeyFile(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	s.o.Keys = keys
	return s
}

// choices is one of each mode.
func choices() map[string]encryption.Choice {
	return map[string]encryption.Choice{
		"none":     {},
		"S3":       {Mode: encryption.S3},
		"KMS":      {Mode: encryption.KMS, KMSKeyID: encryption.DefaultKMSKey, Context: `{"a":"b"}`},
		"customer": {Mode: encryption.Customer, Customer: encryption.NewKey()},
	}
}

func (s *testStore) putSealed(t testing.TB, b *Bucket, key string, content []byte, c encryption.Choice) *Version {
	t.Helper()
	_, err := s.Put(t.Context(), PutRequest{
		Bucket: b, Key: key, Body: bytes.NewReader(content), Size: int64(len(content)), Owner: testOwner, Encryption: c,
	})
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
	return s.unlocked(t, s.lookup(t, b, key), c)
}

// unlocked is v for reading.
func (s *testStore) unlocked(t testing.TB, v *Version, c encryption.Choice) *Version {
	t.Helper()
	v, err := s.Unlock(t.Context(), v, c.Customer)
	if err != nil {
		t.Fatalf("unlock %q: %v", v.Key, err)
	}
	return v
}

// atRest returns what of v is in blobs and in its body row.
func (s *testStore) atRest(t testing.TB, v *Version) []byte {
	t.Helper()
	var rest []byte
	if v.Content.Inline {
		b, err := s.inlineBytes(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, b...)
	}
	extents, err := s.extents(t.Context(), v, 0, v.Size)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extents {
		info, err := s.blobs.Stat(t.Context(), e.Blob)
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.readBlob(t.Context(), e.Blob, 0, info.Size)
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, b...)
	}
	return rest
}

// checkRead reads all of v, and ranges, by each kind of reader.
func (s *testStore) checkRead(t testing.TB, v *Version, want []byte) {
	t.Helper()
	if got := s.read(t, v, 0, v.Size); !bytes.Equal(got, want) {
		t.Errorf("%q: got %d bytes, want %d", v.Key, len(got), len(want))
	}
	at, err := s.OpenAt(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	for _, off := range []int{0, 1, 16383, 16384, 200_000, len(want) - 1} {
		if off < 0 || off >= len(want) {
			continue
		}
		n := min(40_000, len(want)-off)
		if got := s.read(t, v, int64(off), int64(n)); !bytes.Equal(got, want[off:off+n]) {
			t.Errorf("%q: %d bytes from %d are wrong", v.Key, n, off)
		}
		got := make([]byte, n)
		if _, err := at.ReadAt(got, int64(off)); err != nil && err != io.EOF || !bytes.Equal(got, want[off:off+n]) {
			t.Errorf("%q: read at %d: %v", v.Key, off, err)
		}
	}
}

func TestEncryptedReadBack(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	for name, c := range choices() {
		for _, size := range []int{0, 1, InlineMax, InlineMax + 1, 16384 * 20, 400_001} {
			content := randomContent(uint64(size), size)
			v := s.putSealed(t, b, name, content, c)
			s.checkRead(t, v, content)
			if plain := bytes.Equal(s.atRest(t, v), content); size > 0 && plain != (c.Mode == encryption.None) {
				t.Errorf("%s, %d bytes: at rest as they came: %v", name, size, plain)
			}
			isMD5 := v.ETag == md5ETag(content)
			if wantMD5 := c.Mode == encryption.None || c.Mode == encryption.S3; isMD5 != wantMD5 || len(v.ETag) != 32 {
				t.Errorf("%s: ETag %s, want the MD5: %v", name, v.ETag, wantMD5)
			}
		}
	}
}

func (s *testStore) sealedParts(t testing.TB, b *Bucket, key string, c encryption.Choice, bodies ...[]byte) *Version {
	t.Helper()
	u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: key, Owner: testOwner, Encryption: c})
	if err != nil {
		t.Fatal(err)
	}
	if u, err = s.Upload(t.Context(), b, key, u.ID); err != nil {
		t.Fatal(err)
	}
	if u, err = s.UnlockUpload(t.Context(), u, c.Customer); err != nil {
		t.Fatal(err)
	}
	var parts []CompletePart
	for i, body := range bodies {
		parts = append(parts, s.part(t, u, i+1, body))
	}
	if _, err := s.complete(t, b, u, parts...); err != nil {
		t.Fatal(err)
	}
	return s.unlocked(t, s.lookup(t, b, key), c)
}

func TestEncryptedParts(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	one, two := randomContent(1, MinPart+3), randomContent(2, 70_000)
	whole := append(bytes.Clone(one), two...)
	for name, c := range choices() {
		v := s.sealedParts(t, b, name, c, one, two)
		s.checkRead(t, v, whole)
		if got := s.read(t, v, MinPart-10, 30); !bytes.Equal(got, whole[MinPart-10:MinPart+20]) {
			t.Errorf("%s: a range over the edge of parts is wrong", name)
		}
	}
}

// TestMovedEncryption: the row of an object's key does not open at another place.
func TestMovedEncryption(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	v := s.putSealed(t, b, "a", randomContent(1, 20_000), encryption.Choice{Mode: encryption.S3})
	moved := *v
	moved.Key = "b"
	_, err := s.Open(t.Context(), &moved, 0, moved.Size)
	wantKind(t, err, fault.Internal)
	if !errors.Is(err, encryption.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func TestUnlock(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	mine, content := choices()["customer"], randomContent(1, 20_000)
	v := s.putSealed(t, b, "mine", content, mine)
	ours := s.putSealed(t, b, "ours", content, encryption.Choice{Mode: encryption.S3})
	locked := s.lookup(t, b, "mine")
	for _, tt := range []struct {
		name string
		v    *Version
		key  *encryption.Key
		want fault.Kind
	}{
		{"no key", locked, nil, fault.InvalidRequest},
		{"another key", locked, encryption.NewKey(), fault.AccessDenied},
		{"a key that is not needed", ours, mine.Customer, fault.InvalidRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.Unlock(t.Context(), tt.v, tt.key)
			wantKind(t, err, tt.want)
		})
	}
	_, err := s.Open(t.Context(), locked, 0, 1)
	wantKind(t, err, fault.InvalidRequest)
	_, err = s.Copy(t.Context(), CopyRequest{Source: locked, Bucket: b, Key: "copy", Owner: testOwner, Encryption: mine})
	wantKind(t, err, fault.InvalidRequest)
	s.checkRead(t, v, content)

	u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: "parts", Owner: testOwner, Encryption: mine})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.PutPart(t.Context(), PutPartRequest{Upload: u, Number: 1, Body: bytes.NewReader(content), Size: int64(len(content))})
	wantKind(t, err, fault.InvalidRequest)
	_, err = s.UnlockUpload(t.Context(), u, encryption.NewKey())
	wantKind(t, err, fault.AccessDenied)
}

func TestMissingKeys(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(1, 20_000)
	v := s.putSealed(t, b, "key", content, encryption.Choice{Mode: encryption.S3})
	put := func(c encryption.Choice) error {
		_, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: "new", Body: bytes.NewReader(content), Size: -1, Owner: testOwner, Encryption: c})
		return err
	}
	wantKind(t, put(encryption.Choice{Mode: encryption.KMS, KMSKeyID: "nobody's"}), fault.NoSuchEncryptionKey)
	right := s.o.Keys
	defer func() { s.o.Keys = right }()
	wrong, err := encryption.OpenKeyFile(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string]encryption.Keys{"wrong": wrong, "none": nil} {
		s.o.Keys = keys
		for _, n := range []int64{0, 1, v.Size} {
			if _, err := s.Open(t.Context(), v, 0, n); !errors.Is(err, encryption.ErrNoSuchKey) {
				t.Errorf("%s keys: open %d bytes: %v", name, n, err)
			}
		}
		if _, err := s.OpenAt(t.Context(), v); !errors.Is(err, encryption.ErrNoSuchKey) {
			t.Errorf("%s keys: open at random: %v", name, err)
		}
	}
	s.o.Keys = nil
	if err := put(encryption.Choice{Mode: encryption.S3}); !errors.Is(err, encryption.ErrNoSuchKey) {
		t.Errorf("put without keys: %v", err)
	}
}

// swappedStore gives out one blob for another.
type swappedStore struct {
	blob.Store
	swap map[blob.ID]blob.ID
}

func (s *swappedStore) Open(ctx context.Context, id blob.ID, off, n int64) (io.ReadCloser, error) {
	if other, ok := s.swap[id]; ok {
		id = other
	}
	return s.Store.Open(ctx, id, off, n)
}

// TestEncryptedTampering: neither changed nor exchanged blobs give a wrong byte.
func TestEncryptedTampering(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	c := encryption.Choice{Mode: encryption.S3}
	content := randomContent(1, 400_000)
	v, other := s.putSealed(t, b, "a", content, c), s.putSealed(t, b, "b", content, c)
	parts := s.sealedParts(t, b, "parts", c, randomContent(2, MinPart), randomContent(3, MinPart))
	extents, err := s.extents(t.Context(), parts, 0, parts.Size)
	if err != nil {
		t.Fatal(err)
	}
	sound, id := s.blobs, v.Content.Extents[0].Blob
	defer func() { s.blobs = sound }()
	for _, tt := range []struct {
		name  string
		v     *Version
		blobs blob.Store
	}{
		{"flipped bit", v, &rottenStore{Store: sound, rotten: id}},
		{"blob of another object", v, &swappedStore{sound, map[blob.ID]blob.ID{id: other.Content.Extents[0].Blob}}},
		{"parts exchanged", parts, &swappedStore{sound, map[blob.ID]blob.ID{extents[0].Blob: extents[1].Blob, extents[1].Blob: extents[0].Blob}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.blobs = sound
			want := s.read(t, tt.v, 0, tt.v.Size)
			s.blobs = tt.blobs
			var got bytes.Buffer
			r, err := s.Open(t.Context(), tt.v, 0, tt.v.Size)
			if err == nil {
				_, err = r.WriteTo(&got)
				err = errors.Join(err, r.Close())
			}
			if !errors.Is(err, encryption.ErrDamaged) || !bytes.HasPrefix(want, got.Bytes()) || int64(got.Len()) >= tt.v.Size {
				t.Errorf("read: %d bytes, %v", got.Len(), err)
			}
			if err := s.readAt(t, tt.v); !errors.Is(err, encryption.ErrDamaged) {
				t.Errorf("read at random: %v", err)
			}
		})
	}
}

// readAt reads all of v at random.
func (s *testStore) readAt(t testing.TB, v *Version) error {
	t.Helper()
	at, err := s.OpenAt(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	_, err = at.ReadAt(make([]byte, v.Size), 0)
	return err
}

// TestUnsealedContent: plain content in the place of encrypted is not given out, nor the other way round.
func TestUnsealedContent(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	plain := s.put(t, b, "plain", randomContent(1, 20_000))
	v := s.putSealed(t, b, "sealed", randomContent(2, 20_000), encryption.Choice{Mode: encryption.S3})
	one, two := *v, *plain
	one.Content, two.Content = plain.Content, v.Content
	for _, mixed := range []*Version{&one, &two} {
		if _, err := s.Open(t.Context(), mixed, 0, 1); !errors.Is(err, errRecord) {
			t.Errorf("%q: %v", mixed.Key, err)
		}
	}
}

func TestEncryptedTorrents(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(1, 700_000)
	for name, c := range choices() {
		v := s.putSealed(t, b, name, content, c)
		tor, err := s.Torrent(t.Context(), b, v, torrent.Hybrid, nil)
		if c.Mode == encryption.KMS || c.Mode == encryption.Customer {
			wantKind(t, err, fault.TorrentRefused)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.checkTorrent(t, tor, name, content)
	}
}

// TestFsckNeedsNoKeys: lengths of encrypted content are held against the blobs without a key.
func TestFsckNeedsNoKeys(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	for name, c := range choices() {
		s.putSealed(t, b, name, randomContent(1, 400_000), c)
		s.putSealed(t, b, "small "+name, randomContent(1, 10), c)
		s.sealedParts(t, b, "parts "+name, c, randomContent(2, MinPart), randomContent(3, 10))
	}
	s.o.Keys = nil
	if got := s.fsck(t, FsckOptions{Deep: true}); len(got) > 0 {
		t.Errorf("findings %q", got)
	}
	for _, key := range []string{"S3", "parts S3"} {
		head := headKey(b.ID, key)
		rows, err := s.kv.Get(t.Context(), head)
		if err != nil {
			t.Fatal(err)
		}
		plain := s.lookup(t, b, key)
		plain.Encryption = encryption.Envelope{}
		s.commit(t, kv.Write{Key: head, Value: encodeVersion(plain)})
		if got := s.fsck(t, FsckOptions{}); !slices.Equal(got, []FindingKind{WrongContent}) {
			t.Errorf("%s without its envelope: findings %q", key, got)
		}
		s.commit(t, kv.Write{Key: head, Value: rows[0].Value})
	}
}
