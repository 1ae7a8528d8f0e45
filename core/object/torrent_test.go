package object

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

const testPiece = torrent.MinPieceLength

var scanAll = kv.ScanOptions{}

// everyKind are the kinds, each with its own torrent of a version.
var everyKind = []torrent.Kind{torrent.V1, torrent.Hybrid, torrent.V2}

// wantInfo builds the info dictionary of one file by the letter of BEP 3 and BEP 52, with nothing of ours.
func wantInfo(kind torrent.Kind, name string, content []byte, pieceLength int) (info, layer []byte) {
	var pieces []byte
	for off := 0; off < len(content); off += pieceLength {
		h := sha1.Sum(content[off:min(off+pieceLength, len(content))])
		pieces = append(pieces, h[:]...)
	}
	root := ""
	if len(content) > 0 {
		level := make([][32]byte, 0)
		for off := 0; off < len(content); off += 16384 {
			level = append(level, sha256.Sum256(content[off:min(off+16384, len(content))]))
		}
		width := 1
		if len(content) > pieceLength {
			width = pieceLength / 16384
		}
		for len(level)%width != 0 || len(level)&(len(level)-1) != 0 {
			level = append(level, [32]byte{})
		}
		for covered := 16384; len(level) > 1; covered *= 2 {
			if covered == pieceLength && len(content) > pieceLength {
				for i := range (len(content) + pieceLength - 1) / pieceLength {
					layer = append(layer, level[i][:]...)
				}
			}
			for i := range len(level) / 2 {
				level[i] = sha256.Sum256(append(level[2*i][:], level[2*i+1][:]...))
			}
			level = level[:len(level)/2]
		}
		root = fmt.Sprintf("11:pieces root32:%s", level[0][:])
	}
	tree := fmt.Sprintf("9:file treed%d:%sd0:d6:lengthi%de%seee", len(name), name, len(content), root)
	length := fmt.Sprintf("6:lengthi%de", len(content))
	meta := "12:meta versioni2e"
	rest := fmt.Sprintf("4:name%d:%s12:piece lengthi%de", len(name), name, pieceLength)
	v1 := fmt.Sprintf("6:pieces%d:%s", len(pieces), pieces)
	switch kind {
	case torrent.V1:
		return []byte("d" + length + rest + v1 + "e"), nil
	case torrent.V2:
		return []byte("d" + tree + meta + rest + "e"), layer
	}
	return []byte("d" + tree + length + meta + rest + v1 + "e"), layer
}

// checkTorrent holds everything that tor and the torrents of the other kinds answer against an independent
// computation.
func (s *testStore) checkTorrent(t *testing.T, tor *Torrent, name string, content []byte) {
	t.Helper()
	for _, kind := range everyKind {
		s.checkTorrentOf(t, tor.As(kind), kind, name, content)
	}
}

func (s *testStore) checkTorrentOf(t *testing.T, tor *Torrent, kind torrent.Kind, name string, content []byte) {
	t.Helper()
	info, layer := wantInfo(kind, name, content, int(tor.PieceLength))
	want1, want2 := torrent.InfoHash(sha1.Sum(info)), torrent.InfoHashV2(sha256.Sum256(info))
	names := []torrent.InfoHash{want1}
	magnet := torrent.Magnet{InfoHash: want1, InfoHashV2: want2, Name: name, Length: int64(len(content))}
	switch kind {
	case torrent.V1:
		want2, magnet.InfoHashV2 = torrent.InfoHashV2{}, torrent.InfoHashV2{}
	case torrent.V2:
		want1, magnet.InfoHash = want2.Truncate(), torrent.InfoHash{}
		names = []torrent.InfoHash{want1}
	case torrent.Hybrid:
		names = append(names, want2.Truncate())
	}
	if tor.Kind != kind || tor.InfoHash != want1 || tor.InfoHashV2 != want2 {
		t.Errorf("got kind %v, infohashes %s and %s, want %v, %s and %s", tor.Kind, tor.InfoHash, tor.InfoHashV2, kind, want1, want2)
	}
	if got := tor.InfoHashes(); !slices.Equal(got, names) {
		t.Errorf("kind %v: peers name it %v, want %v", kind, got, names)
	}
	if got, want := tor.Magnet(), magnet; got.String() != want.String() {
		t.Errorf("kind %v: got %s, want %s", kind, got.String(), want.String())
	}
	got, err := s.Info(t.Context(), tor)
	if err != nil || !bytes.Equal(got, info) || tor.InfoSize != int64(len(info)) {
		t.Errorf("info dictionary: got %d bytes (size %d), error %v, want %d bytes", len(got), tor.InfoSize, err, len(info))
	}
	got, err = s.PieceLayer(t.Context(), tor)
	if err != nil || !bytes.Equal(got, layer) {
		t.Errorf("piece layer: got %x, error %v, want %x", got, err, layer)
	}
	total := leafCount(tor.Length)
	file, _ := tor.FileOf(tor.Root)
	for first := int64(0); first < total; first += 3 {
		n := min(3, total-first)
		leaves, err := s.Leaves(t.Context(), tor, file, first, n)
		if err != nil || int64(len(leaves)) != n {
			t.Fatalf("leaves %d+%d: got %d, error %v", first, n, len(leaves), err)
		}
		for i, leaf := range leaves {
			off := (int(first) + i) * 16384
			if leaf != sha256.Sum256(content[off:min(off+16384, len(content))]) {
				t.Errorf("leaf %d differs", int(first)+i)
			}
		}
	}
	_, err = s.Leaves(t.Context(), tor, file, total, 1)
	wantKind(t, err, fault.InvalidRange)
}

func TestTorrentOfSizes(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	for _, size := range []int{
		0, 1, InlineMax, InlineMax + 1, 16384, 16385, testPiece - 1, testPiece, testPiece + 1,
		2 * testPiece, 5*testPiece + 16384 + 3, 3 << 20,
	} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			content := randomContent(uint64(size), size)
			key := fmt.Sprintf("dir/file-%d.bin", size)
			v := s.put(t, b, key, content)
			if _, err := s.KnownTorrent(t.Context(), v, torrent.V1); !fault.Is(err, fault.NoTorrent) {
				t.Errorf("known torrent before the first: got %v, want no torrent", err)
			}
			var last, total int64
			tor, err := s.Torrent(t.Context(), b, v, torrent.Hybrid, func(d, n int64) { last, total = d, n })
			if err != nil {
				t.Fatalf("torrent: %v", err)
			}
			if size > 0 && (last != int64(size) || total != int64(size)) {
				t.Errorf("progress ended at %d of %d, want %d", last, total, size)
			}
			s.checkTorrent(t, tor, fmt.Sprintf("file-%d.bin", size), content)
			for _, kind := range everyKind {
				again, err := s.KnownTorrent(t.Context(), s.lookup(t, b, key), kind)
				if err != nil || again.Kind != kind || again.InfoHash != tor.As(kind).InfoHash || !again.Current {
					t.Errorf("known torrent of kind %v: got %+v, error %v", kind, again, err)
				}
			}
		})
	}
}

// uploadParts makes an object of parts of the sizes given.
func (s *testStore) uploadParts(t testing.TB, b *Bucket, key string, sizes ...int) (*Version, []byte) {
	t.Helper()
	u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: key, Owner: testOwner})
	if err != nil {
		t.Fatalf("create upload: %v", err)
	}
	var content []byte
	var parts []CompletePart
	for i, size := range sizes {
		body := randomContent(uint64(1000*i+size), size)
		content = append(content, body...)
		p, err := s.PutPart(t.Context(), PutPartRequest{Upload: u, Number: i + 1, Body: bytes.NewReader(body), Size: int64(size)})
		if err != nil {
			t.Fatalf("put part %d: %v", i+1, err)
		}
		parts = append(parts, CompletePart{Number: i + 1, ETag: p.ETag})
	}
	v, err := s.CompleteUpload(t.Context(), CompleteRequest{Bucket: b, Upload: u, Parts: parts, Size: -1})
	if err != nil {
		t.Fatalf("complete upload: %v", err)
	}
	return v, content
}

func TestTorrentOfParts(t *testing.T) {
	const minPart = 5 << 20
	tests := []struct {
		name string
		kept bool // leaves of the PUT serve
		size []int
	}{
		{"aligned", true, []int{minPart, minPart + 16384, 100}},
		{"aligned, last full", true, []int{minPart, minPart}},
		{"odd", false, []int{minPart + 1, minPart + 777, 12345}},
		{"odd last but one", false, []int{minPart, minPart + 3, 1}},
		{"one", true, []int{77}},
	}
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, content := s.uploadParts(t, b, tt.name, tt.size...)
			if kept, err := s.leavesKept(t.Context(), v); err != nil || kept != tt.kept {
				t.Errorf("leaves kept: got %v, error %v, want %v", kept, err, tt.kept)
			}
			tor, err := s.Torrent(t.Context(), b, v, torrent.Hybrid, nil)
			if err != nil {
				t.Fatalf("torrent: %v", err)
			}
			s.checkTorrent(t, tor, tt.name, content)
		})
	}
}

// TestTorrentGolden pins the infohashes, as mktorrent 1.1 and libtorrent 2.0.8 compute them for the same file: a
// change of them breaks every link that is out.
func TestTorrentGolden(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	v := s.put(t, b, "quotes/Nelson", bytes.Repeat([]byte("England expects\n"), 20_000))
	for _, tt := range []struct {
		kind   torrent.Kind
		v1, v2 string
	}{
		{torrent.V1, "1b3103e8ca679770af43eff0e435f658ade01e8a", torrent.InfoHashV2{}.String()},
		{torrent.Hybrid, "54545cac6900500fa53c8485a00e31d257905cd2", "a3e844c31a4be8378c405afc1ffa620472095d33c7406aa30261b23e184d96b3"},
		{torrent.V2, "abf7aeaae34b6ff9bdb45d9ede6fb8e5fd047fd7", "abf7aeaae34b6ff9bdb45d9ede6fb8e5fd047fd7cb3c421039238353f66349b0"},
	} {
		tor, err := s.Torrent(t.Context(), b, v, tt.kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tor.InfoHash.String() != tt.v1 || tor.InfoHashV2.String() != tt.v2 {
			t.Errorf("kind %v: got infohashes %s and %s, want %s and %s", tt.kind, tor.InfoHash, tor.InfoHashV2, tt.v1, tt.v2)
		}
	}
}

// TestLargeTorrentRestsInBlob covers data over torrentInlineMax, kept and dropped.
func TestLargeTorrentRestsInBlob(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	v := s.put(t, b, "key", randomContent(9, 100_000))
	h := contentHashes{pieces: make([]byte, 20*60_000), layer: make([]byte, 32*60_000), root: torrent.Hash{1}}
	fake := *v
	fake.Size = 60_000 * testPiece // described, never read
	rec, data, err := describe(&fake, testPiece, h)
	if err != nil {
		t.Fatal(err)
	}
	rec, err = s.keepTorrentBytes(t.Context(), rec, data, func(rec torrentRecord, data []byte) (torrentRecord, error) {
		return s.keepTorrent(t.Context(), v, rec, data)
	})
	if err != nil || rec.blob == (blob.ID{}) {
		t.Fatalf("keep: got blob %v, error %v", rec.blob, err)
	}
	tor, err := s.KnownTorrent(t.Context(), s.lookup(t, b, "key"), torrent.Hybrid)
	if err != nil {
		t.Fatal(err)
	}
	tor.Length = fake.Size
	for _, kind := range everyKind {
		of := tor.As(kind)
		of.Length = fake.Size
		info, err := s.Info(t.Context(), of)
		if err != nil || int64(len(info)) != of.InfoSize || torrent.HashInfo(info) != of.InfoHash && torrent.HashInfoV2(info) != of.InfoHashV2 {
			t.Errorf("info of kind %v: got %d bytes, error %v, want %d of %s", kind, len(info), err, of.InfoSize, of.InfoHash)
		}
	}
	layer, err := s.PieceLayer(t.Context(), tor)
	if err != nil || !bytes.Equal(layer, h.layer) {
		t.Errorf("layer: got %d bytes, error %v, want %d", len(layer), err, len(h.layer))
	}
	if c := s.collect(t); c.Blobs != 0 {
		t.Errorf("collected %d blobs of a live torrent", c.Blobs)
	}
	if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key"}); err != nil {
		t.Fatal(err)
	}
	if c := s.collect(t); c.Blobs != 2 {
		t.Errorf("after the delete: got %d blobs collected, want 2", c.Blobs)
	}
	_, err = s.Info(t.Context(), tor)
	wantKind(t, err, fault.NoTorrent)
}

// gateStore counts the reads of content and holds each until the gate is open.
type gateStore struct {
	blob.Store
	opened chan struct{} // gets one per read
	gate   chan struct{}
}

func (g *gateStore) Open(ctx context.Context, id blob.ID, off, n int64) (io.ReadCloser, error) {
	g.opened <- struct{}{}
	<-g.gate
	return g.Store.Open(ctx, id, off, n)
}

// waiters returns how many callers wait for the torrent of v.
func (f *torrentFlights) waiters(v *Version) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	flight := f.flights[v.ID]
	if flight == nil {
		return 0
	}
	flight.mu.Lock()
	defer flight.mu.Unlock()
	return len(flight.waiting)
}

// TestTorrentHashedOnce: nine callers share one read of the content, and the one who began it may leave.
func TestTorrentHashedOnce(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	v := s.put(t, b, "key", randomContent(3, 3<<20))
	sound := s.blobs
	defer func() { s.blobs = sound }()
	g := &gateStore{Store: sound, opened: make(chan struct{}, 100), gate: make(chan struct{})}
	s.blobs = g
	ctx, cancel := context.WithCancel(t.Context())
	leaver := make(chan error, 1)
	go func() { _, err := s.Torrent(ctx, b, v, torrent.V1, nil); leaver <- err }()
	<-g.opened
	const others = 8
	results := make(chan error, others)
	for i := range others {
		go func() {
			_, err := s.Torrent(context.Background(), b, v, everyKind[i%len(everyKind)], nil)
			results <- err
		}()
	}
	for deadline := time.Now().Add(30 * time.Second); s.torrents.waiters(v) < 1+others; {
		if time.Now().After(deadline) {
			t.Fatalf("%d callers wait, want %d", s.torrents.waiters(v), 1+others)
		}
		runtime.Gosched()
	}
	cancel()
	wantKind(t, <-leaver, fault.Canceled)
	close(g.gate)
	for range others {
		if err := <-results; err != nil {
			t.Errorf("a caller who stayed: %v", err)
		}
	}
	if n := len(g.opened); n != 0 {
		t.Errorf("the content was read %d times more", n)
	}
}

func TestTorrentRefused(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	v := s.put(t, b, "key", []byte("x"))
	marker := *v
	marker.DeleteMarker = true
	_, err := s.Torrent(t.Context(), b, &marker, torrent.V1, nil)
	wantKind(t, err, fault.TorrentRefused)
	s.put(t, b, "key", []byte("y"))
	_, err = s.Torrent(t.Context(), b, v, torrent.Hybrid, nil)
	if !fault.Is(err, fault.NoSuchVersion) && !fault.Is(err, fault.NoSuchKey) {
		t.Errorf("torrent of a replaced version: got %v, want no such version", err)
	}
	s.Close()
	_, err = s.Torrent(t.Context(), b, s.lookup(t, b, "key"), torrent.V1, nil)
	wantKind(t, err, fault.SlowDown)
}

// rivalEngine lets a rival act once, right before a commit that writes key.
type rivalEngine struct {
	kv.Engine
	key   []byte
	rival func()
}

func (e *rivalEngine) Commit(ctx context.Context, c kv.Commit) error {
	for _, w := range c.Writes {
		if rival := e.rival; rival != nil && bytes.Equal(w.Key, e.key) {
			e.rival = nil
			rival()
		}
	}
	return e.Engine.Commit(ctx, c)
}

// TestTorrentRacesDelete puts the delete between reading and commit of the torrent, and the other way
// around: a version that is gone has no torrent rows.
func TestTorrentRacesDelete(t *testing.T) {
	for _, deleteFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("delete first %v", deleteFirst), func(t *testing.T) {
			s := newTestStore(t)
			b := s.bucket(t, "bucket")
			v := s.put(t, b, "key", []byte("content"))
			makeTorrent := func() error { _, err := s.makeTorrent(t.Context(), v, func(int64, int64) {}); return err }
			remove := func() error {
				_, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key"})
				return err
			}
			e := &rivalEngine{Engine: s.kv}
			s.kv = e
			if deleteFirst {
				e.key = torrentKey(b.ID, v.ID)
				e.rival = func() {
					if err := remove(); err != nil {
						t.Errorf("delete: %v", err)
					}
				}
				wantKind(t, makeTorrent(), fault.NoSuchVersion)
			} else {
				e.key = headKey(b.ID, "key")
				e.rival = func() {
					if err := makeTorrent(); err != nil {
						t.Errorf("torrent: %v", err)
					}
				}
				if err := remove(); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
			if e.rival != nil {
				t.Error("the rival never acted")
			}
			for _, kind := range []byte{kindHead, kindTorrent, kindTorrentData, kindInfohash} {
				if rows := s.rows(t, kind); len(rows) > 0 {
					t.Errorf("got %d rows of kind %q, want none", len(rows), kind)
				}
			}
		})
	}
}

func fullTorrent() torrentRecord {
	return torrentRecord{
		key: "a/key", name: "key", pieceLength: testPiece, root: torrent.Hash{3}, piecesSize: 40, layerSize: 64, blob: blob.ID{4},
		kinds: [torrent.NumKinds]torrentID{
			{infoHash: torrent.InfoHash{1}, infoSize: 1000},
			{infoHash: torrent.InfoHash{2}, infoHashV2: torrent.InfoHashV2{2}, infoSize: 1100},
			{infoHashV2: torrent.InfoHashV2{3}, infoSize: 100},
		},
	}
}

// privateTorrent is fullTorrent with its private ones.
func privateTorrent() torrentRecord {
	r := fullTorrent()
	r.private = privateTorrents{salt: privateSalt{7}, kinds: r.kinds}
	return r
}

// downloadedTorrent is privateTorrent of which two were downloaded.
func downloadedTorrent() torrentRecord {
	r := privateTorrent()
	r.kinds[torrent.Hybrid].downloads, r.private.kinds[torrent.V1].downloads = 7, 300
	return r
}

func FuzzDecodeTorrent(f *testing.F) {
	f.Add(encodeTorrent(fullTorrent()))
	f.Add(encodeTorrent(privateTorrent()))
	f.Add(encodeTorrent(downloadedTorrent()))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeTorrent(b)
		if err != nil {
			return
		}
		again, err := decodeTorrent(encodeTorrent(r))
		if err != nil || again != r {
			t.Errorf("round trip: got %+v, error %v, want %+v", again, err, r)
		}
	})
}
