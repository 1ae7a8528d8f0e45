package object

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
	"shoal/wire/torrent"
)

// prefixCheckEvery is how often a kept prefix torrent is looked at for objects that are gone.
const prefixCheckEvery = time.Hour

// mayMakePrefix refuses what would be in vain before it is hashed.
func (s *Store) mayMakePrefix(ctx context.Context, p *prefixListing) error {
	const op = "make torrent"
	rec := p.record()
	files := make([]torrent.File, len(p.files))
	for i, f := range p.files {
		if files[i] = f.wire(); f.Length > 0 {
			files[i].Root = torrent.Hash{1} // of the size of a real one
		}
	}
	info := rec.outline(torrentForm{kind: torrent.Hybrid}, rec.length, files)
	if info.Files == nil {
		info.Root = files[0].Root
	}
	info.Pieces = make([]byte, info.NumPieces()*torrent.PieceHashSize)
	dict, err := info.AppendInfo(nil)
	if err != nil {
		return fault.New(op, p.folder, fault.TorrentRefused, err)
	}
	if len(dict) > torrent.MaxInfoBytes {
		return fault.New(op, p.folder, fault.TorrentRefused, fmt.Errorf("the names of %d files are too long", len(files)))
	}
	prefix := prefixKey(p.bucket.ID, VersionID{})[:1+len(p.bucket.ID)]
	rows, _, err := s.kv.Scan(ctx, prefix, tuple.PrefixEnd(prefix), kv.ScanOptions{Rows: MaxPrefixTorrents, KeysOnly: true})
	if err == nil && len(rows) == MaxPrefixTorrents {
		err = fault.New(op, p.folder, fault.SlowDown, errTooManyPrefixes)
	}
	return err
}

// record is the record of p without what comes of hashing.
func (p *prefixListing) record() torrentRecord {
	lengths := p.lengths()
	rec := torrentRecord{key: p.folder, name: p.name(), pieceLength: torrent.FilesPieceLength(lengths)}
	rec.length = torrent.PaddedLength(lengths, rec.pieceLength)
	return rec
}

func (s *Store) makingOfPrefix(p *prefixListing, id VersionID) making {
	return making{id: id, name: p.folder, work: func(ctx context.Context, report func(done, total int64)) (torrentRecord, error) {
		rec, data, err := s.hashPrefix(ctx, p, report)
		if err != nil {
			return torrentRecord{}, err
		}
		return s.keepTorrentBytes(ctx, rec, data, func(rec torrentRecord, data []byte) (torrentRecord, error) {
			return s.keepPrefix(ctx, p.bucket.ID, id, rec, data)
		})
	}}
}

// hashPrefix reads every file of p once, one after the other, and returns the record and the bytes behind it:
// piece hashes, piece layers, list of files.
func (s *Store) hashPrefix(ctx context.Context, p *prefixListing, report func(done, total int64)) (torrentRecord, []byte, error) {
	rec := p.record()
	files := slices.Clone(p.files)
	var done, size, end int64
	last := 0 // no padding behind the last file that is not empty
	for i, f := range files {
		if size += f.Length; f.Length > 0 {
			last = i
		}
	}
	var pieces, layers []byte
	for i := range files {
		f := &files[i]
		end += f.Length
		var padding int64
		if f.Length > 0 && i < last {
			padding = torrent.Padding(end, 1, rec.pieceLength)
			end += padding
		}
		h, err := s.hashFile(ctx, p.bucket.ID, f, rec.pieceLength, padding, func(n, _ int64) { report(done+n, size) })
		if err != nil {
			return rec, nil, err
		}
		done += f.Length
		f.Root = h.root
		pieces, layers = append(pieces, h.pieces...), append(layers, h.layer...)
	}
	if len(files) == 1 && slices.Equal(files[0].path, []string{rec.name}) {
		rec.root = files[0].Root
	}
	list := encodeFiles(len(p.folder), files)
	rec.piecesSize, rec.layerSize, rec.filesSize = int64(len(pieces)), int64(len(layers)), int64(len(list))
	if err := rec.identify(rec.length, wireFiles(files), pieces); err != nil {
		return rec, nil, err
	}
	return rec, slices.Concat(pieces, layers, list), nil
}

func (s *Store) hashFile(ctx context.Context, id BucketID, f *File, pieceLength, padding int64, report func(done, total int64)) (contentHashes, error) {
	v, current, err := s.findVersion(ctx, id, f.key, f.version)
	if err != nil {
		return contentHashes{}, err
	}
	if v == nil || !current {
		return contentHashes{}, fault.New("make torrent", f.key, fault.SlowDown, errPrefixChanged)
	}
	h, err := s.hashContent(ctx, v, pieceLength, padding, report)
	if fault.Is(gone(err), fault.NoSuchVersion) {
		err = fault.New("make torrent", f.key, fault.SlowDown, errPrefixChanged)
	}
	return h, err
}

// keepPrefix is step 3 of the commit order (commit.go) for a prefix torrent, and asks the collector to look after it. It
// makes no condition of the objects: whoever reads the record holds it against their rows, and the
// id, which stands for their versions, is never used again.
func (s *Store) keepPrefix(ctx context.Context, bucket BucketID, id VersionID, rec torrentRecord, data []byte) (torrentRecord, error) {
	var kept torrentRecord
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		kept = rec
		rows, err := tx.Get(torrentKey(bucket, id))
		if err != nil {
			return err
		}
		if rows[0].Exists() {
			kept, err = decodeTorrent(rows[0].Value)
			return err
		}
		tx.Put(prefixKey(bucket, id), nil)
		s.enqueue(tx, taskPrefix, id, s.now().Add(prefixCheckEvery), taskRecord{Bucket: bucket})
		return s.putTorrentRows(tx, standIn(bucket, id, rec), rec, data)
	})
	return kept, err
}

// standIn is the version that stands for the objects of a prefix torrent.
func standIn(bucket BucketID, id VersionID, rec torrentRecord) *Version {
	return &Version{BucketID: bucket, ID: id, Key: rec.key, HasTorrent: true}
}

// sweepPrefix is taskPrefix: it drops the torrent when one of its objects is gone or replaced, and otherwise puts
// itself off, in one commit with the end of the task.
func (s *Store) sweepPrefix(ctx context.Context, bucket BucketID, id VersionID, task []byte, now time.Time) error {
	rec, ok, err := s.torrentRecord(ctx, bucket, id)
	if err != nil || !ok {
		return err
	}
	files, err := s.prefixList(ctx, bucket, id, rec)
	alive := err == nil
	if alive {
		alive, err = s.allCurrent(ctx, bucket, files)
	}
	if err != nil && !fault.Is(err, fault.NoTorrent) {
		return fmt.Errorf("sweep prefix torrent %x: %w", id, err)
	}
	return kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		if alive {
			tx.Delete(task)
			s.enqueue(tx, taskPrefix, id, now.Add(prefixCheckEvery), taskRecord{Bucket: bucket})
			return nil
		}
		// It is a condition, so that two sweeps do not queue the blob twice.
		rows, err := tx.Get(torrentKey(bucket, id))
		if err != nil || !rows[0].Exists() {
			return err
		}
		tx.Delete(prefixKey(bucket, id))
		return s.dropTorrent(tx, standIn(bucket, id, rec))
	})
}
