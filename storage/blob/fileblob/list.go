package fileblob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"shoal/storage/blob"
)

// Delete removes files, then syncs their folders, also of the absent ones: a removal by somebody else may
// not be durable yet.
func (s *Store) Delete(ctx context.Context, ids ...blob.ID) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("fileblob: delete: %w", err)
	}
	touched := make(map[*folder]struct{})
	for _, id := range ids {
		if err := s.fs.Remove(s.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("fileblob: delete %v: %w", id, err)
		}
		touched[s.folder(id)] = struct{}{}
	}
	for f := range touched {
		if err := f.sync(s.fs); err != nil {
			return fmt.Errorf("fileblob: delete: %w", err)
		}
	}
	return nil
}

// List reads folders in order. An incomplete file of a Put under way, or of one before a crash, is listed too.
func (s *Store) List(ctx context.Context, after blob.ID, n int) ([]blob.Entry, error) {
	var out []blob.Entry
	for i := int(after[0]); i < folderCount && len(out) < n; i++ {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("fileblob: list: %w", err)
		}
		ids, err := s.idsIn(i, after)
		if err != nil {
			return nil, fmt.Errorf("fileblob: list: %w", err)
		}
		for _, id := range ids {
			if len(out) == n {
				break
			}
			info, err := s.fs.Stat(s.path(id))
			if errors.Is(err, fs.ErrNotExist) {
				continue // deleted since
			}
			if err != nil {
				return nil, fmt.Errorf("fileblob: list: %w", err)
			}
			out = append(out, blob.Entry{ID: id, Size: info.Size()})
		}
	}
	return out, nil
}

// idsIn returns the ids in folder i after after, in order. Other names are not ours and are left alone.
func (s *Store) idsIn(i int, after blob.ID) ([]blob.ID, error) {
	names, err := s.fs.List(s.folders[i].path)
	if err != nil {
		return nil, err
	}
	var ids []blob.ID
	for _, name := range names {
		id, err := blob.ParseID(name)
		if err == nil && int(id[0]) == i && bytes.Compare(id[:], after[:]) > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b blob.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids, nil
}
