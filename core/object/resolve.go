package object

import (
	"context"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
	"shoal/wire/torrent"
)

// maxCandidates bounds the versions that one Resolve looks at. Equal objects of one name share an
// infohash; when more than that many are private, later public ones are not found.
const maxCandidates = 1000

// candidatePage is read at once: nearly every infohash has one version.
const candidatePage = 16

// Resolve returns the torrent, of the kind that h names, of the first version, in order of bucket id and
// version id, that has an infohash h and is public for peer, or fault.NoTorrent: the same for a hash that nobody has, and for one
// of private or deleted objects only. A private torrent is returned whoever asks: see Torrent.Private. h is a v1 or truncated v2 infohash, or the SHA-1 by which an
// encrypted handshake names either.
func (s *Store) Resolve(ctx context.Context, h torrent.InfoHash, peer access.Context) (*Torrent, error) {
	const op = "resolve infohash"
	prefix := infohashPrefix(h)
	from, to := prefix, tuple.PrefixEnd(prefix)
	for range maxCandidates / candidatePage {
		rows, more, err := s.kv.Scan(ctx, from, to, kv.ScanOptions{Rows: candidatePage})
		if err != nil {
			return nil, fail(op, h.String(), err)
		}
		for _, row := range rows {
			t, err := s.candidate(ctx, row)
			if err != nil {
				return nil, fail(op, h.String(), err)
			}
			if t != nil && (t.Private || t.OpenTo(peer)) {
				return t, nil
			}
		}
		if !more || len(rows) == 0 {
			break
		}
		from = append(rows[len(rows)-1].Key, 0)
	}
	return nil, fault.New(op, h.String(), fault.NoTorrent, nil)
}

// candidate loads the torrent that an infohash row names; nil when the version went meanwhile.
func (s *Store) candidate(ctx context.Context, row kv.Row) (*Torrent, error) {
	_, id, version, err := parseInfohashKey(row.Key)
	if err != nil {
		return nil, err
	}
	rec, err := decodeInfohash(row.Value)
	if err != nil {
		return nil, err
	}
	if rec.prefix {
		return s.loadPrefix(ctx, id, version, rec.kind)
	}
	return s.loadTorrent(ctx, id, rec.key, version, rec.torrentForm)
}

// Reload returns t with bucket and version as they are now, or fault.NoTorrent when the version is gone; of a prefix
// torrent when one of its objects is. A prefix torrent of which nothing changed is returned itself.
// It says nothing of who may have it: see OpenTo.
func (s *Store) Reload(ctx context.Context, t *Torrent) (*Torrent, error) {
	const op = "reload torrent"
	if t.prefix != nil {
		return s.reloadPrefix(ctx, t)
	}
	v, current, err := s.findVersion(ctx, t.Version.BucketID, t.Version.Key, t.Version.ID)
	if err != nil {
		return nil, fail(op, t.InfoHash.String(), err)
	}
	if v == nil {
		return nil, fault.New(op, t.InfoHash.String(), fault.NoTorrent, nil)
	}
	b, err := s.bucketByID(ctx, v.BucketID)
	if err != nil {
		return nil, fail(op, t.InfoHash.String(), noTorrent(err))
	}
	return newTorrent(b, v, current, t.record, t.form()), nil
}

// noTorrent turns the absence of what a torrent rests on into NoTorrent.
func noTorrent(err error) error {
	if fault.Is(err, fault.NoSuchBucket) || fault.Is(gone(err), fault.NoSuchVersion) {
		return fault.New("read torrent", "", fault.NoTorrent, err)
	}
	return err
}

// Access returns the facts about v that core/access decides by.
func (v *Version) Access() access.Object {
	return access.Object{
		Owner: v.Owner.ID, ACL: v.ACL, Tags: v.Tags,
		SignedOnly: v.Encryption.Mode == encryption.KMS, NoTorrent: v.torrentRefusal() != nil,
	}
}

// Access returns the facts that core/access decides by.
func (b *Bucket) Access() access.Bucket {
	facts := access.Bucket{
		Name: b.Name, Owner: access.CanonicalID(b.Owner), ACL: b.Config.ACL,
		Policy: b.Config.Policy, Ownership: b.Config.Ownership,
		RequesterPays: b.Config.RequesterPays,
	}
	if block := b.Config.PublicAccessBlock; block != nil {
		facts.Block = *block
	}
	return facts
}
