package fileblob

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/blob"
	"shoal/storage/durable"
)

const (
	// defaultReserveBytes is larger than the reserve of the metadata store, which shares the disk: blobs stop
	// first, and then deletes still find room for their rows.
	defaultReserveBytes = 256 << 20

	formatName  = "FORMAT"
	formatText  = "shoal blobs 1\n"
	formatLimit = 64 // bytes of the file
	folderCount = 256
)

// Options of Open. The zero value works.
type Options struct {
	FS           vfs.FS       // default vfs.Default, the real disk
	Logger       *slog.Logger // default: discard
	ReserveBytes int64        // free bytes below which Put answers blob.ErrNoSpace; default 256 MiB, negative: none
}

// Store is a blob.Store, blob.Reader and blob.FileSection. Create it with Open.
type Store struct {
	fs      vfs.FS
	dir     string
	log     *slog.Logger
	space   *durable.Space
	onDisk  bool // fs is the real disk, so that a file can be had as *os.File
	folders [folderCount]folder
	chunks  sync.Pool // of *chunk

	mu      sync.Mutex           // guards writing
	writing map[blob.ID]struct{} // ids of the Puts under way
}

var (
	_ blob.Store       = (*Store)(nil)
	_ blob.Reader      = (*Store)(nil)
	_ blob.FileSection = (*Store)(nil)
)

// Open opens the store in dir, which is created when missing. Only one Store may be open on a directory.
func Open(dir string, o Options) (*Store, error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = defaultReserveBytes
	}
	s := &Store{
		fs: o.FS, dir: dir, log: o.Logger,
		space:   durable.NewSpace(o.FS, dir, o.ReserveBytes),
		onDisk:  vfs.Root(o.FS) == vfs.Default,
		writing: make(map[blob.ID]struct{}),
	}
	for i := range s.folders {
		s.folders[i].path = o.FS.PathJoin(dir, fmt.Sprintf("%02x", i))
	}
	if err := s.format(); err != nil {
		return nil, fmt.Errorf("fileblob: open %s: %w", dir, err)
	}
	return s, nil
}

// format makes the folders, once; the format file is written after them.
func (s *Store) format() error {
	if err := durable.MkdirAll(s.fs, s.dir); err != nil {
		return err
	}
	name := s.fs.PathJoin(s.dir, formatName)
	text, err := durable.ReadFile(s.fs, name, formatLimit)
	if err == nil && string(text) != formatText {
		return fmt.Errorf("format %q is not %q", strings.TrimSpace(string(text)), strings.TrimSpace(formatText))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for i := range s.folders {
		if err := s.fs.MkdirAll(s.folders[i].path, folderPerm); err != nil {
			return err
		}
	}
	if err := durable.SyncDir(s.fs, s.dir); err != nil {
		return err
	}
	return durable.WriteFile(s.fs, name, []byte(formatText))
}

// Close ends the store. Every Put and Delete that returned is durable already.
func (s *Store) Close() error { return nil }

func (s *Store) path(id blob.ID) string { return s.fs.PathJoin(s.folder(id).path, id.String()) }

func (s *Store) folder(id blob.ID) *folder { return &s.folders[id[0]] }
