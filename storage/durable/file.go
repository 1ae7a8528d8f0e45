package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TempSuffix ends the name under which WriteFile prepares a file. A crash may leave one behind; the next
// WriteFile of the same name replaces it.
const TempSuffix = ".tmp"

// dirPerm is for the owner alone: the data directory holds secrets and private objects.
const dirPerm = 0o700

// WriteFile replaces name by data. When it returns nil, the file holds data after any crash; when it
// returns an error, or power is lost on the way, it holds either the old content (or is absent) or the
// whole of data, never a part. Calls on one name must not overlap. data is not kept.
func WriteFile(fsys vfs.FS, name string, data []byte) error {
	temp := name + TempSuffix
	if err := writeSynced(fsys, temp, data); err != nil {
		_ = fsys.Remove(temp) // best effort: the next WriteFile replaces it
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := fsys.Rename(temp, name); err != nil {
		_ = fsys.Remove(temp)
		return fmt.Errorf("write %s: %w", name, err)
	}
	return SyncDir(fsys, fsys.PathDir(name))
}

func writeSynced(fsys vfs.FS, name string, data []byte) error {
	f, err := fsys.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	n, err := f.Write(append([]byte(nil), data...)) // vfs: Write may change its argument
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// ReadFile returns the content of name, of at most limit bytes. The error of an absent file is
// fs.ErrNotExist.
func ReadFile(fsys vfs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read %s: more than %d bytes", name, limit)
	}
	return data, nil
}

// SyncDir makes the names in dir durable: files created, renamed or removed before the call stay so
// after a crash.
func SyncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

// MkdirAll creates dir and its missing parents with mode 0700. When it returns nil, dir survives a crash, also one that
// was there: a process may have been killed between the creation and the sync.
func MkdirAll(fsys vfs.FS, dir string) error {
	var missing []string // the deepest first
	for at := dir; ; at = fsys.PathDir(at) {
		info, err := fsys.Stat(at)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("create directory %s: %w", dir, &os.PathError{Op: "mkdir", Path: at, Err: fs.ErrExist})
		}
		if err == nil {
			// Best effort: what was there before the first start is in a directory that may not be ours to open.
			_ = SyncDir(fsys, fsys.PathDir(at))
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("create directory %s: %w", dir, err)
		}
		missing = append(missing, at)
		if at == fsys.PathDir(at) {
			break
		}
	}
	for _, at := range slices.Backward(missing) { // each is durable before there is one in it
		if err := fsys.MkdirAll(at, dirPerm); err != nil {
			return fmt.Errorf("create directory %s: %w", dir, err)
		}
		if err := SyncDir(fsys, fsys.PathDir(at)); err != nil {
			return err
		}
	}
	return nil
}
