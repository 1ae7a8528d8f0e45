package fileblob

import (
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/durable"
)

// folderPerm is for the owner alone, as everything in the data directory.
const folderPerm = 0o700

// folder is one of the directories of blobs. Its sync is shared: those who ask while one is under way
// wait for it and then share the next.
type folder struct {
	path string
	mu   sync.Mutex // guards running and next
	// running is set while a sync is under way; next is the one that late comers wait for.
	running bool
	next    *folderSync
}

type folderSync struct {
	done chan struct{}
	err  error // valid once done is closed
}

// sync makes the names in the folder durable, as of the call.
func (f *folder) sync(fsys vfs.FS) error {
	f.mu.Lock()
	if f.running {
		if f.next == nil {
			f.next = &folderSync{done: make(chan struct{})}
		}
		mine := f.next
		f.mu.Unlock()
		<-mine.done
		return mine.err
	}
	f.running = true
	f.mu.Unlock()
	err := durable.SyncDir(fsys, f.path)
	f.serve(fsys)
	return err
}

// serve runs the syncs that others wait for, one after the other, until nobody does.
func (f *folder) serve(fsys vfs.FS) {
	for {
		f.mu.Lock()
		batch := f.next
		if f.next = nil; batch == nil {
			f.running = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		batch.err = durable.SyncDir(fsys, f.path)
		close(batch.done)
	}
}
