package fileblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/blob"
	"shoal/storage/durable"
)

// writeCategory names the writes in Pebble's disk statistics, where the file system keeps them.
const writeCategory vfs.DiskWriteCategory = "shoal-blob"

// errUsed says that an id was used before, which a random one never is.
var errUsed = errors.New("id is already used")

// Put stores r as id.
func (s *Store) Put(ctx context.Context, id blob.ID, r io.Reader) (blob.Info, error) {
	if err := s.claim(id); err != nil {
		return blob.Info{}, fmt.Errorf("fileblob: put %v: %w", id, err)
	}
	defer s.unclaim(id)
	info, err := s.put(ctx, id, r)
	if err != nil {
		return blob.Info{}, fmt.Errorf("fileblob: put %v: %w", id, spaceError(err))
	}
	return info, nil
}

// claim makes sure that id is new: vfs.FS.Create would replace a file.
func (s *Store) claim(id blob.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.writing[id]; ok {
		return errUsed
	}
	if _, err := s.fs.Stat(s.path(id)); err == nil {
		return errUsed
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.writing[id] = struct{}{}
	return nil
}

func (s *Store) unclaim(id blob.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.writing, id)
}

func (s *Store) put(ctx context.Context, id blob.ID, r io.Reader) (blob.Info, error) {
	if err := s.space.Take(trailerBytes); err != nil {
		return blob.Info{}, err
	}
	f, err := s.fs.Create(s.path(id), writeCategory)
	if err != nil {
		return blob.Info{}, err
	}
	info, err := s.fill(ctx, f, r)
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.folder(id).sync(s.fs)
	}
	if err != nil {
		s.discard(id)
		return blob.Info{}, err
	}
	return info, nil
}

// fill writes data, leaves and trailer, and syncs them.
func (s *Store) fill(ctx context.Context, f vfs.File, r io.Reader) (blob.Info, error) {
	size, leaves, err := s.stream(ctx, f, r)
	if err != nil {
		return blob.Info{}, err
	}
	raw := make([]byte, 0, len(leaves)*len(blob.Leaf{})+trailerBytes)
	for i := range leaves {
		raw = append(raw, leaves[i][:]...)
	}
	t := trailer{info: blob.Info{Size: size, Root: blob.Root(leaves)}, leavesCRC: crc(raw)}
	if err := writeAll(f, t.append(raw)); err != nil {
		return blob.Info{}, err
	}
	return t.info, f.Sync()
}

// discard removes what a Put wrote that did not end well.
func (s *Store) discard(id blob.ID) {
	err := s.fs.Remove(s.path(id))
	if err == nil {
		err = s.folder(id).sync(s.fs)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// The caller has the cause; this is about the rest on the disk, which the collector will find.
		s.log.Warn("blob could not be removed after a failed put", "blob", id.String(), "error", err)
	}
}

// spaceError adds blob.ErrNoSpace to an error of a full disk. A short write is one: nothing else stops a
// file from growing.
func spaceError(err error) error {
	if durable.IsFull(err) || errors.Is(err, io.ErrShortWrite) {
		return fmt.Errorf("%w: %w", blob.ErrNoSpace, err)
	}
	return err
}

func writeAll(f vfs.File, b []byte) error {
	n, err := f.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
