package object

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/encryption"
	"shoal/core/lifecycle"
	"shoal/core/quota"
	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

var update = flag.Bool("update", false, "write the golden records anew: only together with a new record version")

func fullVersion() *Version {
	return &Version{
		BucketID: BucketID{1}, Key: "a/key", ID: VersionID{2, 3}, Null: true, Size: 123_456, ETag: "0123456789abcdef-3",
		Modified: time.Unix(1_700_000_000, 5).UTC(), Owner: access.Owner{ID: "owner", DisplayName: "Owner"},
		ACL: access.ACL{
			Owner: access.Owner{ID: "owner"},
			Grants: []access.Grant{
				{Grantee: access.Grantee{ID: "someone", DisplayName: "Someone"}, Permission: access.FullControl},
				{Grantee: access.Grantee{Group: access.AllUsers}, Permission: access.Read},
			},
		},
		StorageClass: "STANDARD_IA", HasTorrent: true, PartCount: 3,
		Header: Header{
			ContentType: "text/plain", CacheControl: "no-cache", ContentDisposition: "inline", ContentEncoding: "gzip",
			ContentLanguage: "en", Expires: "never", WebsiteRedirectLocation: "/x", Meta: map[string]string{"a": "1", "b": ""},
		},
		Checksum: Checksum{Algorithm: CRC32, Type: Composite, Value: "AAAA-3"},
		Content:  Content{Manifest: ManifestID{9}, Chunks: 2, ChunkStarts: []int64{0, 70_000}, ExtentCount: 12},
	}
}

func fullBucket() *Bucket {
	return &Bucket{
		ID: BucketID{7}, Name: "bucket", Owner: "owner", Region: "eu-west-1", Created: time.Unix(1_600_000_000, 0).UTC(),
		Config: BucketConfig{
			ACL: access.ACL{Owner: access.Owner{ID: "owner"}}, Ownership: access.BucketOwnerPreferred,
			PublicAccessBlock: &access.PublicAccessBlock{BlockPublicAcls: true, RestrictPublicBuckets: true},
		},
	}
}

// notifyingBucket has notification rules.
func notifyingBucket() *Bucket {
	b := fullBucket()
	b.Config.Notification = []NotificationRule{
		{
			ID: "rule", ARN: "arn:shoal:sqs::hook:webhook", Target: "hook", Names: []string{"s3:ObjectCreated:*", "s3:ObjectRestore:*"},
			Events: ObjectCreatedPut | ObjectCreatedPost, Prefix: "in/", Suffix: ".jpg", Filters: FilterPrefix | FilterSuffix,
		},
		{ID: "2", Events: ObjectACLPut},
	}
	return b
}

// limitedBucket has a quota.
func limitedBucket() *Bucket {
	b := fullBucket()
	b.Config.Quota = quota.Limits{Bytes: 1 << 40, Objects: 1000, Egress: 1 << 41}
	return b
}

// loggedBucket has an access log.
func loggedBucket() *Bucket {
	b := fullBucket()
	b.Config.Logging = &accesslog.Target{Bucket: "logs", Prefix: "pond/", Format: accesslog.PartitionedByDelivery, FormatPut: true, Grants: []access.Grant{
		{Grantee: access.Grantee{ID: "someone", DisplayName: "Someone"}, Permission: access.Read},
		{Grantee: access.Grantee{Group: access.AuthenticatedUsers}, Permission: access.FullControl},
	}}
	return b
}

// fullEvent has no target, sequence and row: they are in the key.
func fullEvent() *Event {
	return &Event{
		Type: ObjectCreatedCopy, Rule: "rule", Time: time.Unix(1_700_000_000, 5).UTC(), Bucket: "bucket", BucketOwner: "owner",
		Key: "a/key", Size: 123_456, ETag: "0123456789abcdef-3", VersionID: "null",
		By: Requester{PrincipalID: "AIDAX", SourceIP: "192.0.2.1", RequestID: "R", HostID: "H"},
	}
}

// seededBucket has a seeding of its own, which the bucket of earlier programs has not.
func seededBucket() *Bucket {
	b := fullBucket()
	b.Config.Seeding = Seeding{Policy: "balanced", Rate: 10 << 20}
	return b
}

func fullLifecycle() *lifecycle.Configuration {
	return &lifecycle.Configuration{TransitionMinimum: "varies_by_storage_class", Rules: []lifecycle.Rule{
		{ID: "all", Disabled: true, Days: 1, NoncurrentDays: 2, NewerNoncurrent: 3, AbortDays: 4, Filter: lifecycle.Filter{
			Form: lifecycle.InAnd, HasPrefix: true, Prefix: "p", Tags: []access.Tag{{Key: "k", Value: "v"}, {Key: "e"}},
			HasLarger: true, Larger: 5, Smaller: 6,
		}},
		{ID: "date", Date: time.Unix(0, 0).UTC()},
		{ID: "marker", ExpiredMarker: true, Filter: lifecycle.Filter{Form: lifecycle.InRule}},
	}}
}

func fullExpiry() expiryPosition {
	return expiryPosition{day: time.Unix(1_700_000_000, 0).UTC(), done: true, bucket: "bucket", key: "a/key"}
}

func fullUpload() *uploadRecord {
	v := fullVersion()
	return &uploadRecord{
		Upload: Upload{
			ID: UploadID{4}, BucketID: v.BucketID, Key: v.Key, Initiated: v.Modified, Owner: v.Owner, ACL: v.ACL,
			Header: v.Header, StorageClass: v.StorageClass, Algorithm: SHA256, Type: Composite,
		},
		State: uploadSealed, Seal: [16]byte{8},
	}
}

func fullPart() *partRecord {
	return &partRecord{
		Part: Part{Number: 17, Size: 30, ETag: "00ff", Modified: time.Unix(1, 2).UTC(), Checksum: Checksum{Algorithm: SHA1, Value: "AA=="}},
		Extents: []Extent{
			{Blob: blob.ID{1}, Offset: 0, Length: 10}, {Blob: blob.ID{2}, Offset: 1 << 40, Length: 20},
		},
	}
}

func fullTask() taskRecord {
	task := taskRecord{Bucket: BucketID{3}, Key: "k", Done: true}
	task.keep(1)
	task.keep(10_000)
	return task
}

// TestGoldenRecords reads the bytes that earlier programs wrote, and writes them again.
func TestGoldenRecords(t *testing.T) {
	version, extents := fullVersion(), fullVersion()
	extents.Content = Content{Extents: fullPart().Extents, ExtentCount: 2}
	extents.ACL, extents.Header = access.ACL{}, Header{}
	tagged, taggedUpload := fullVersion(), fullUpload()
	tagged.Tags = []access.Tag{{Key: "colour", Value: "red"}, {Key: "empty"}}
	taggedUpload.Tags = tagged.Tags
	locked, lockedUpload, lockedBucket := fullVersion(), fullUpload(), fullBucket()
	locked.Lock = Lock{Retention{Compliance, time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)}, LegalHoldOff}
	lockedUpload.Lock = Lock{Retention{Governance, time.UnixMilli(1_900_000_000_001).UTC()}, LegalHoldOn}
	lockedBucket.Config.ObjectLock = ObjectLock{true, DefaultRetention{Mode: Governance, Years: 7}}
	expiring := fullBucket()
	expiring.Config.Lifecycle = fullLifecycle()
	paid := fullBucket()
	paid.Config.RequesterPays = true
	manifest, _ := encodeManifest([]partRecord{*fullPart(), *fullPart()})
	fallback := fullPart()
	fallback.Fallback = Checksum{Algorithm: CRC64NVME, Value: "AAAAAAAAAAE="}
	sealed, sealedUpload, sealedPart, sealing := fullVersion(), fullUpload(), fullPart(), fullBucket()
	sealed.Encryption = encryption.Envelope{Mode: encryption.KMS, KMSKeyID: "k", Context: "{}", BucketKey: true, Wrapped: []byte{1, 2, 3}}
	sealedUpload.Encryption = encryption.Envelope{Mode: encryption.Customer, Wrapped: []byte{1, 2, 3}}
	sealedPart.Extents = []Extent{{Blob: blob.ID{1}, Length: 30, Sealed: 30}}
	sealing.Config.Encryption = &BucketEncryption{Mode: encryption.S3, BucketKey: true, BlockedTypes: []string{"SSE-C"}}
	stored, storedPart, ended := fullVersion(), fullPart(), fullTask()
	stored.cell, storedPart.cell = versionCell(stored.StorageClass), partCell("GLACIER_IR")
	ended.Ended = time.Unix(1_700_000_000, 5).UTC()
	gone := deletedBucket{id: BucketID{7}, name: "bucket", owner: "owner", created: fullBucket().Created, deleted: 1_700_000_000}
	infohash := infohashRecord{"a/key", torrentForm{kind: torrent.V2}, false}
	private := infohashRecord{"a/key", torrentForm{torrent.V2, true}, false}
	tests := []struct {
		name    string
		encoded []byte
		want    any
		decode  func([]byte) (any, error)
	}{
		{"version", encodeVersion(version), version, func(b []byte) (any, error) { return decodeVersion(version.BucketID, version.Key, b) }},
		{"version-extents", encodeVersion(extents), extents, func(b []byte) (any, error) { return decodeVersion(version.BucketID, version.Key, b) }},
		{"version-tags", encodeVersion(tagged), tagged, func(b []byte) (any, error) { return decodeVersion(version.BucketID, version.Key, b) }},
		{"version-encrypted", encodeVersion(sealed), sealed, func(b []byte) (any, error) { return decodeVersion(version.BucketID, version.Key, b) }},
		{"upload-encrypted", encodeUpload(sealedUpload), sealedUpload, func(b []byte) (any, error) {
			return decodeUpload(version.BucketID, version.Key, UploadID{4}, b)
		}},
		{"part-encrypted", encodePart(sealedPart), *sealedPart, func(b []byte) (any, error) { return decodePart(b) }},
		{"bucket-encryption", encodeBucket(sealing), sealing, func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"version-lock", encodeVersion(locked), locked, func(b []byte) (any, error) { return decodeVersion(version.BucketID, version.Key, b) }},
		{"upload-lock", encodeUpload(lockedUpload), lockedUpload, func(b []byte) (any, error) {
			return decodeUpload(version.BucketID, version.Key, UploadID{4}, b)
		}},
		{"bucket-lock", encodeBucket(lockedBucket), lockedBucket, func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"bucket-lifecycle", encodeBucket(expiring), expiring, func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"expiry", encodeExpiry(fullExpiry()), fullExpiry(), func(b []byte) (any, error) { return decodeExpiry(b) }},
		{"upload-tags", encodeUpload(taggedUpload), taggedUpload, func(b []byte) (any, error) {
			return decodeUpload(version.BucketID, version.Key, UploadID{4}, b)
		}},
		{"document", encodeDocument([]byte("<x/>")), []byte("<x/>"), func(b []byte) (any, error) { return decodeDocument(b) }},
		{"bucket", encodeBucket(fullBucket()), fullBucket(), func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"bucket-requester-pays", encodeBucket(paid), paid, func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"bucket-seeding", encodeBucket(seededBucket()), seededBucket(), func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"bucket-notification", encodeBucket(notifyingBucket()), notifyingBucket(), func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"bucket-quota", encodeBucket(limitedBucket()), limitedBucket(), func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"bucket-logging", encodeBucket(loggedBucket()), loggedBucket(), func(b []byte) (any, error) { return decodeBucket("bucket", b) }},
		{"event", encodeEvent(fullEvent()), fullEvent(), func(b []byte) (any, error) { return decodeEvent(b) }},
		{"upload", encodeUpload(fullUpload()), fullUpload(), func(b []byte) (any, error) {
			return decodeUpload(version.BucketID, version.Key, UploadID{4}, b)
		}},
		{"part", encodePart(fullPart()), *fullPart(), func(b []byte) (any, error) { return decodePart(b) }},
		{"part-fallback", encodePart(fallback), *fallback, func(b []byte) (any, error) { return decodePart(b) }},
		{"part-class", encodePart(storedPart), *storedPart, func(b []byte) (any, error) { return decodePart(b) }},
		{"version-class", encodeVersion(stored), stored, func(b []byte) (any, error) { return decodeVersion(version.BucketID, version.Key, b) }},
		{"task-ended", encodeTask(ended), ended, func(b []byte) (any, error) { return decodeTask(b) }},
		{"deleted", encodeDeleted(fullBucket()), gone, func(b []byte) (any, error) {
			return decodeDeleted(kv.Row{Key: deletedKey(gone.deleted, gone.id), Value: b})
		}},
		{"manifest", manifest[0], []partRecord{*fullPart(), *fullPart()}, func(b []byte) (any, error) { return decodeManifest(b) }},
		{"task", encodeTask(fullTask()), fullTask(), func(b []byte) (any, error) { return decodeTask(b) }},
		{"torrent", encodeTorrent(fullTorrent()), fullTorrent(), func(b []byte) (any, error) { return decodeTorrent(b) }},
		{"torrent-private", encodeTorrent(privateTorrent()), privateTorrent(), func(b []byte) (any, error) { return decodeTorrent(b) }},
		{"torrent-downloads", encodeTorrent(downloadedTorrent()), downloadedTorrent(), func(b []byte) (any, error) { return decodeTorrent(b) }},
		{"infohash", encodeInfohash(infohash), infohash, func(b []byte) (any, error) { return decodeInfohash(b) }},
		{"infohash-private", encodeInfohash(private), private, func(b []byte) (any, error) { return decodeInfohash(b) }},
		{"intent", encodeIntent(intentRecord{[16]byte{5}, time.Unix(9, 0).UTC()}), intentRecord{[16]byte{5}, time.Unix(9, 0).UTC()}, func(b []byte) (any, error) { return decodeIntent(b) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join("testdata", tt.name+".v1.hex")
			if *update {
				if err := os.WriteFile(path, []byte(hex.EncodeToString(tt.encoded)+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			golden, err := hex.DecodeString(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := tt.decode(golden)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("decode: got %+v, %v, want %+v", got, err, tt.want)
			}
			if !bytes.Equal(tt.encoded, golden) {
				t.Errorf("encode: got %x, want %x", tt.encoded, golden)
			}
			later := append(bytes.Clone(golden), 0xfa, 0x3f, 1, 'x') // field 1023 of a later program
			if got, err := tt.decode(later); err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("with an unknown field: got %+v, %v", got, err)
			}
			golden[0]++
			if _, err := tt.decode(golden); err == nil {
				t.Errorf("a record of another version was read")
			}
		})
	}
}

// TestLaterRule: a rule with a part that this program does not know lets nothing go.
func TestLaterRule(t *testing.T) {
	rule := appendUint(encodeLifecycleRule(&lifecycle.Rule{ID: "a", Days: 1}), lifecycleRuleFieldAbortDays+1, 1)
	got, err := decodeLifecycle(appendMessage([]byte(nil), lifecycleFieldRule, rule))
	if err != nil || !got.Rules[0].Disabled {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestListedVersionHasNoDetail(t *testing.T) {
	v := fullVersion()
	got, err := decodeListed(v.BucketID, v.Key, encodeVersion(v))
	if err != nil {
		t.Fatal(err)
	}
	v.Header, v.ACL, v.Content = Header{}, access.ACL{}, Content{}
	if !reflect.DeepEqual(got, v) {
		t.Errorf("got %+v, want %+v", got, v)
	}
}

func TestKeysReadBack(t *testing.T) {
	id, vid, objectKey := BucketID{1, 2}, VersionID{3}, "a\x00\xff/ü"
	if b, k, err := parseHeadKey(headKey(id, objectKey)); b != id || k != objectKey || err != nil {
		t.Errorf("head: got %x %q %v", b, k, err)
	}
	for _, row := range [][]byte{versionKey(id, objectKey, vid), bodyKey(id, objectKey, vid), uploadKey(id, objectKey, UploadID(vid))} {
		if b, k, last, err := parseKeyedRow(row); b != id || k != objectKey || last != vid || err != nil {
			t.Errorf("row %q: got %x %q %x %v", row[0], b, k, last, err)
		}
	}
	if u, n, err := parsePartKey(partKey(UploadID{5}, MaxParts)); u != (UploadID{5}) || n != MaxParts || err != nil {
		t.Errorf("part: got %v %d %v", u, n, err)
	}
	want := refRow{Target: refBlob, ID: [16]byte{6}, By: byPart, Referrer: [16]byte{7}, Number: 9}
	if r, err := parseRefKey(partRefKey(blob.ID{6}, UploadID{7}, 9)); r != want || err != nil {
		t.Errorf("reference: got %+v %v", r, err)
	}
	if due, task, id, err := parseQueueKey(queueKey(1<<60, taskUpload, [16]byte{8})); due != 1<<60 || task != taskUpload || id != [16]byte{8} || err != nil {
		t.Errorf("queue: got %d %c %x %v", due, task, id, err)
	}
}

func FuzzRecords(f *testing.F) {
	manifest, _ := encodeManifest([]partRecord{*fullPart()})
	sealed, sealedPart := fullVersion(), fullPart()
	sealed.Encryption = encryption.Envelope{Mode: encryption.KMS, KMSKeyID: "k", Wrapped: []byte{1}}
	sealedPart.Extents[0].Sealed = 1 << 20
	for _, seed := range [][]byte{
		encodeVersion(sealed), encodePart(sealedPart),
		encodeVersion(fullVersion()), encodeBucket(fullBucket()), encodeBucket(notifyingBucket()), encodeEvent(fullEvent()), encodeUpload(fullUpload()), encodePart(fullPart()), manifest[0],
		encodeTask(fullTask()), encodeIntent(intentRecord{}), encodeRef(BucketID{1}, "k"),
		encodeLifecycle(fullLifecycle()), encodeExpiry(fullExpiry()),
		{},
		{recordVersion},
		{2, 0x7f, 0xff},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := decodeVersion(BucketID{}, "k", b); err == nil {
			// What was read is written and read again unchanged.
			again, err := decodeVersion(BucketID{}, "k", encodeVersion(v))
			if err != nil || !bytes.Equal(encodeVersion(again), encodeVersion(v)) {
				t.Errorf("version does not survive: %+v, %v", v, err)
			}
		}
		alone, aloneErr := decodeListed(BucketID{}, "k", b)
		var d listDecoder
		for range 2 { // the second time its strings are those of the first
			v, err := d.decode(BucketID{}, d.add([]byte("k")), b)
			if (err == nil) != (aloneErr == nil) || !reflect.DeepEqual(v, alone) {
				t.Errorf("listed with others: got %+v, %v, want %+v, %v", v, err, alone, aloneErr)
			}
		}
		decodeDocument(b)
		parseDocumentKey(b)
		decodeBucket("b", b)
		decodeEvent(b)
		parseEventKey(b)
		decodeLifecycle(b)
		decodeExpiry(b)
		decodeUpload(BucketID{}, "k", UploadID{}, b)
		decodeManifest(b)
		decodeTask(b)
		decodeIntent(b)
		decodeRef(b)
		if p, err := decodePart(b); err == nil {
			for _, e := range p.Extents {
				if e.Length <= 0 || e.Offset < 0 || e.Sealed > 0 && e.Sealed < e.Offset+e.Length {
					t.Errorf("extent %+v", e)
				}
			}
		}
		parseHeadKey(b)
		parseKeyedRow(b)
		parsePartKey(b)
		parseRefKey(b)
		parseQueueKey(b)
		parseIntentKey(b)
	})
}

// TestReplacedRecord: the infohash of what was replaced survives, and one of another length is refused.
func TestReplacedRecord(t *testing.T) {
	v := fullVersion()
	v.Replaced = torrent.InfoHash{1, 2, 3}
	record := encodeVersion(v)
	got, err := decodeVersion(v.BucketID, v.Key, record)
	if err != nil || got.Replaced != v.Replaced {
		t.Errorf("got %v, %v, want %v", got, err, v.Replaced)
	}
	short := appendMessage(encodeVersion(fullVersion()), versionFieldReplaced, []byte{1})
	if _, err := decodeVersion(v.BucketID, v.Key, short); err == nil {
		t.Error("an infohash of one byte was taken")
	}
}
