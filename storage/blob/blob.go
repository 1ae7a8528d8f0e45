package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"os"
)

// Errors of a Store. They are wrapped; test with errors.Is.
var (
	// ErrGone says that there is no such blob.
	ErrGone = errors.New("blob: gone")
	// ErrCorrupt says that stored bytes do not match their leaves, or a trailer is damaged.
	ErrCorrupt = errors.New("blob: corrupt")
	// ErrNoSpace says that the store has no room to write; reads and deletes go on.
	ErrNoSpace = errors.New("blob: no space")
)

// LeafSize is the bytes covered by one Leaf, the block of BEP 52. The last leaf of a blob covers what is left.
const LeafSize = 16 << 10

// Leaf is the SHA-256 of one LeafSize block (BEP 52).
type Leaf [32]byte

// ID names a blob. It is random and never reused.
type ID [16]byte

// NewID returns a fresh random ID.
func NewID() ID {
	var id ID
	rand.Read(id[:]) // never fails (crypto/rand)
	return id
}

// String returns 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Info is what a Store knows of a blob without reading its data.
type Info struct {
	Size int64 // bytes of data
	Root Leaf  // root of the merkle tree over the leaves, padded with zero leaves to a power of two (BEP 52); zero for an empty blob
}

// Entry is one blob of a List.
type Entry struct {
	ID   ID
	Size int64 // bytes at rest, with leaves and trailer
}

// Store keeps immutable blobs. There is no rename, append, overwrite or conditional put, so that any
// object store can stand behind it. All methods are safe for concurrent use. See blobtest for the
// contract as tests.
type Store interface {
	// Put reads r to its end and stores it as id, which must be new. Leaves are hashed on the way,
	// beside the write. When it returns nil, data, leaves and name are durable. On any error, also one
	// from r (returned wrapped), nothing is left under id. It does not close r.
	Put(ctx context.Context, id ID, r io.Reader) (Info, error)
	// Stat returns what the trailer says, or ErrGone.
	Stat(ctx context.Context, id ID) (Info, error)
	// Open returns the n bytes from off; the range must lie in the blob. A short read is an error.
	// The caller closes it.
	Open(ctx context.Context, id ID, off, n int64) (io.ReadCloser, error)
	// Leaves returns n leaves from the index first, as stored at Put.
	Leaves(ctx context.Context, id ID, first, n int64) ([]Leaf, error)
	// Delete removes blobs durably; an absent one is fine.
	Delete(ctx context.Context, ids ...ID) error
	// List returns up to n blobs with an ID greater than after, in order of ID. For scrubbing; it may be slow.
	List(ctx context.Context, after ID, n int) ([]Entry, error)
	Close() error
}

// Reader is the optional ability to read at random without an allocation per read, for the seeder.
type Reader interface {
	// OpenAt returns a random-access reader of the blob's data. The caller closes it; it may be
	// shared by goroutines until then.
	OpenAt(ctx context.Context, id ID) (ReaderAtCloser, error)
}

// ReaderAtCloser reads the data of one blob, as if it were the whole file.
type ReaderAtCloser interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// FileSection is the optional ability to hand out a range as a part of a file, so that the kernel
// sends it (sendfile). The caller closes the file, which is positioned at the range's start.
type FileSection interface {
	Section(ctx context.Context, id ID, off, n int64) (*os.File, error)
}
