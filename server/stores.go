package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/meter"
	"shoal/core/object"
	"shoal/storage/blob/fileblob"
	"shoal/storage/durable"
	"shoal/storage/kv/pebblekv"
)

// stores are the two halves of the state at rest, below one data directory.
type stores struct {
	metadata *pebblekv.Engine // DATA/meta
	content  *fileblob.Store  // DATA/blobs
}

// openStores opens both below data, which is created when missing. After a crash at any moment it opens them again.
func openStores(fs vfs.FS, data string, log *slog.Logger) (*stores, error) {
	if err := durable.MkdirAll(fs, data); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	metadata, err := pebblekv.Open(filepath.Join(data, "meta"), pebblekv.Options{FS: fs, Logger: log})
	if errors.Is(err, syscall.EAGAIN) { // the lock of the directory
		return nil, fmt.Errorf("%s is in use by another shoal process: %w", data, err)
	}
	if err != nil {
		return nil, fmt.Errorf("metadata store: %w", err)
	}
	content, err := fileblob.Open(filepath.Join(data, "blobs"), fileblob.Options{FS: fs})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("content store: %w", err), metadata.Close())
	}
	return &stores{metadata: metadata, content: content}, nil
}

func (s *stores) close() error { return errors.Join(s.content.Close(), s.metadata.Close()) }

// storedBytes tells the meter what each bucket held.
type storedBytes struct{ objects *object.Store }

// Stored implements meter.StorageSource.
func (s storedBytes) Stored(ctx context.Context, q meter.StoredQuery) iter.Seq2[meter.Stored, error] {
	return func(yield func(meter.Stored, error) bool) {
		errStop := errors.New("stop")
		of := object.StoredQuery{From: q.From, To: q.To, Owner: q.Account, Bucket: q.Bucket}
		err := s.objects.EachStored(ctx, of, func(h *object.Stored) error {
			held := meter.Stored{
				Account: h.Owner, Bucket: h.Bucket, Class: h.Class, Parts: h.Parts, From: h.From, To: h.To,
				Bytes: h.Bytes, Objects: h.Objects, ByteSeconds: h.ByteSeconds, ObjectSeconds: h.ObjectSeconds,
			}
			if !yield(held, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(meter.Stored{}, err)
		}
	}
}
