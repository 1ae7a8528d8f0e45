package object

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
	"shoal/wire/torrent"
)

const (
	// MaxPrefixObjects is the most objects under a prefix that there is a torrent of, the private ones included. It
	// bounds the rows that a request reads, and those that are read again twice a second while a swarm is live.
	MaxPrefixObjects = torrent.MaxFiles
	// MaxPrefixTorrents is the most prefix torrents of a bucket, so that nobody fills the store by asking for those of
	// all prefixes. Those of which an object is gone make room after prefixCheckEvery.
	MaxPrefixTorrents = 1000
)

var (
	errTooManyPrefixes = fmt.Errorf("the bucket has %d torrents of prefixes", MaxPrefixTorrents)
	errPrefixChanged   = errors.New("an object changed while its torrent was made")
)

// PrefixTorrent returns the torrent of that kind of the objects whose keys start with prefix and that everybody may
// have by BitTorrent, as they are now. Names in it are those behind the last "/" of prefix; the
// torrent's own is that of the folder before it, or of the bucket. Empty objects whose keys end with "/" are folders, and
// left out. A torrent of the same objects that is kept is looked up; otherwise it is made as by Torrent.
// Kinds: NoSuchKey (no object), AccessDenied (none that everybody may have), TorrentRefused (they do not fit into
// one), SlowDown (one of them changed meanwhile; too many at once; too many of the bucket).
func (s *Store) PrefixTorrent(ctx context.Context, b *Bucket, prefix string, kind torrent.Kind, progress func(done, total int64)) (*Torrent, error) {
	const op = "make torrent of prefix"
	name := resource(b, prefix)
	p, err := s.listPrefix(ctx, b, prefix)
	if err != nil {
		return nil, fail(op, name, err)
	}
	id := p.id()
	_, ok, err := s.torrentRecord(ctx, b.ID, id)
	if err == nil && !ok {
		if err = s.mayMakePrefix(ctx, p); err == nil {
			_, err = s.torrents.do(ctx, s.makingOfPrefix(p, id), progress)
		}
	}
	if err != nil {
		return nil, fail(op, name, err)
	}
	t, err := s.loadPrefix(ctx, b.ID, id, kind)
	if err != nil {
		return nil, fail(op, name, err)
	}
	if t == nil || !t.prefix.open {
		return nil, fault.New(op, name, fault.SlowDown, errPrefixChanged)
	}
	return t, nil
}

// prefixListing is the objects of a prefix torrent before it is made.
type prefixListing struct {
	bucket *Bucket
	folder string // what the keys of all files start with: "" or ending with "/"
	files  []File // in order; without roots and offsets
}

// listPrefix finds the objects of a torrent and gives them their paths.
func (s *Store) listPrefix(ctx context.Context, b *Bucket, prefix string) (*prefixListing, error) {
	const op = "list prefix"
	p := &prefixListing{bucket: b, folder: prefix[:strings.LastIndexByte(prefix, '/')+1]}
	facts := b.Access()
	objects := 0
	from := headKey(b.ID, prefix)
	err := s.eachRow(ctx, from, tuple.PrefixEnd(from), false, func(row kv.Row) error {
		id, objectKey, err := parseHeadKey(row.Key)
		if err != nil {
			return err
		}
		v, err := decodeVersion(id, objectKey, row.Value)
		if err != nil || v.DeleteMarker || v.Size == 0 && strings.HasSuffix(objectKey, "/") {
			return err
		}
		if objects++; objects > MaxPrefixObjects {
			return fault.New(op, resource(b, prefix), fault.TorrentRefused, fmt.Errorf("over %d objects", MaxPrefixObjects))
		}
		if !openToAll(facts, v) {
			return nil
		}
		return p.add(v)
	})
	switch {
	case err != nil:
		return nil, err
	case objects == 0:
		return nil, fault.New(op, resource(b, prefix), fault.NoSuchKey, nil)
	case len(p.files) == 0:
		return nil, fault.New(op, resource(b, prefix), fault.AccessDenied, errors.New("no object that everybody may read"))
	}
	return p, p.arrange()
}

// openToAll reports whether everybody may have v by BitTorrent, from whatever address and at whatever time.
func openToAll(b access.Bucket, v *Version) bool {
	return access.PublicTorrent(b, v.Key, v.Access(), "", access.Context{})
}

func (p *prefixListing) add(v *Version) error {
	path, ok := torrent.PathFromKey(v.Key[len(p.folder):])
	if !ok {
		return fault.New("list prefix", v.Key, fault.TorrentRefused, fmt.Errorf("over %d folders in %q", torrent.MaxPathDepth, v.Key))
	}
	p.files = append(p.files, File{key: v.Key, version: v.ID, path: path, Length: v.Size})
	return nil
}

// arrange puts the files into the order of a torrent. TorrentRefused when they cannot be in one folder.
func (p *prefixListing) arrange() error {
	slices.SortFunc(p.files, func(a, b File) int { return slices.Compare(a.path, b.path) })
	for i := range p.files[1:] {
		if err := torrent.CheckNeighbours(p.files[i].path, p.files[i+1].path); err != nil {
			return fault.New("list prefix", p.folder, fault.TorrentRefused,
				fmt.Errorf("%q and %q cannot be files of one folder", p.files[i].key, p.files[i+1].key))
		}
	}
	return nil
}

// name is the name of the torrent.
func (p *prefixListing) name() string {
	if p.folder == "" {
		return torrent.NameFromKey(p.bucket.Name)
	}
	return torrent.NameFromKey(p.folder)
}

func (p *prefixListing) lengths() []int64 {
	list := make([]int64, len(p.files))
	for i, f := range p.files {
		list[i] = f.Length
	}
	return list
}
