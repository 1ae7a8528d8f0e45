package encryption

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/durable"
)

// Keys wraps the keys of objects under keys of the operator, by name: what S3 needs of a key management service.
type Keys interface {
	// Wrap seals key, bound to what has to be said again to Unwrap. ErrNoSuchKey.
	Wrap(ctx context.Context, name string, bound []byte, key *Key) ([]byte, error)
	// Unwrap is the inverse of Wrap; ErrNoSuchKey, ErrDamaged.
	Unwrap(ctx context.Context, name string, bound, wrapped []byte) (*Key, error)
}

// DefaultKMSKey is the KMS key of those who name none.
const DefaultKMSKey = "aws/s3"

// KMSKeyName is the name among Keys of a KMS key: what stands behind the last ":key/" or ":alias/" of an ARN, and behind
// "alias/".
func KMSKeyName(id string) string {
	for _, mark := range []string{":key/", ":alias/"} {
		if i := strings.LastIndex(id, mark); i >= 0 && strings.HasPrefix(id, "arn:") {
			return id[i+len(mark):]
		}
	}
	return strings.TrimPrefix(id, "alias/")
}

// KeyFile is the Keys of a text file: lines of a name and 32 bytes in base64. Of lines with one name the last one wraps,
// and those before it still unwrap.
type KeyFile struct {
	path string
	keys map[string][]fileKey // never written
}

// fileKey is a key with what tells it among those of its name.
type fileKey struct {
	key  *Key
	mark string // markSize bytes
}

// Bounds of a key file.
const (
	maxKeyFile = 1 << 20 // bytes
	maxKeyName = 256     // bytes
)

// markSize is the bytes of a mark.
const markSize = 8

// keyFilePerm is for the owner alone.
const keyFilePerm = 0o600

// OpenKeyFile reads the file, and makes one with a key for SSE-S3 and the default KMS key when there is none.
func OpenKeyFile(path string) (*KeyFile, error) {
	data, err := durable.ReadFile(vfs.Default, path, maxKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = makeKeyFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	keys, err := parseKeys(data)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return &KeyFile{path: path, keys: keys}, nil
}

// makeKeyFile writes a file that is whole under its name, or not there, whatever crashes.
func makeKeyFile(path string) ([]byte, error) {
	text := "# Keys of server-side encryption: NAME KEY. Without this file what they encrypted is lost.\n"
	for _, name := range []string{masterName, DefaultKMSKey} {
		text += name + " " + base64.StdEncoding.EncodeToString(NewKey()[:]) + "\n"
	}
	temp := path + durable.TempSuffix
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, keyFilePerm)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return nil, err
	}
	return []byte(text), durable.SyncDir(vfs.Default, filepath.Dir(path))
}

// parseKeys reads the lines of a key file. An error names the line and never what is in it.
func parseKeys(data []byte) (map[string][]fileKey, error) {
	keys := map[string][]fileKey{}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 || len(fields[0]) > maxKeyName {
			return nil, fmt.Errorf("line %d: want NAME KEY", number)
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(fields[1])
		if err != nil || len(raw) != KeySize {
			return nil, fmt.Errorf("line %d: want %d bytes in base64 behind the name", number, KeySize)
		}
		key := (*Key)(raw)
		keys[fields[0]] = append(keys[fields[0]], fileKey{key, string(key.derive(nil, "shoal mark", markSize))})
	}
	return keys, nil
}

// Wrap implements Keys: the mark of the key, then the wrapped key.
func (f *KeyFile) Wrap(_ context.Context, name string, bound []byte, key *Key) ([]byte, error) {
	list := f.keys[name]
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: %q in %s", ErrNoSuchKey, name, f.path)
	}
	by := list[len(list)-1]
	return append([]byte(by.mark), wrap(by.key, bound, key)...), nil
}

// Unwrap implements Keys.
func (f *KeyFile) Unwrap(_ context.Context, name string, bound, wrapped []byte) (*Key, error) {
	if len(wrapped) != markSize+wrappedSize {
		return nil, fmt.Errorf("%w: wrapped key of %d bytes", ErrDamaged, len(wrapped))
	}
	mark := string(wrapped[:markSize])
	for _, by := range f.keys[name] {
		if by.mark == mark {
			return unwrap(by.key, bound, wrapped[markSize:])
		}
	}
	return nil, fmt.Errorf("%w: %q with the mark %x in %s", ErrNoSuchKey, name, mark, f.path)
}
