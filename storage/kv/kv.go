package kv

import (
	"context"
	"errors"
)

// Limits that every engine holds, and that Update checks before it commits.
const (
	MaxKey         = 4 << 10   // bytes of one key
	MaxValue       = 64 << 10  // bytes of one value
	MaxCommitOps   = 100       // checks + writes of one commit
	MaxCommitBytes = 900 << 10 // keys + values of one commit
	MaxScanRows    = 10_000    // rows of one page
	MaxScanBytes   = 8 << 20   // keys + values of one page
)

// Errors of an Engine. They are wrapped; test with errors.Is.
var (
	// ErrConflict says that a check did not hold; nothing was written.
	ErrConflict = errors.New("kv: conflict")
	// ErrMaybe says that the outcome of a commit is unknown (the connection died after the send).
	ErrMaybe = errors.New("kv: commit outcome unknown")
	// ErrTooLarge says that a key, a value or a commit is over a limit; nothing was written.
	ErrTooLarge = errors.New("kv: over a limit")
	// ErrNoSpace says that the engine has no room to write; reads and deletes go on.
	ErrNoSpace = errors.New("kv: no space")
)

// Version is an opaque mark of one written state of one row: two reads gave the same Version
// exactly when the row was not written in between. nil means that the row is absent.
type Version []byte

// Row is one key with its value, as read. Key and Value belong to the caller.
type Row struct {
	Key     []byte
	Value   []byte  // nil when the row is absent
	Version Version // nil when the row is absent
}

// Exists reports whether the row was there.
func (r Row) Exists() bool { return r.Version != nil }

// Check demands that Key still has Version, or is still absent when Version is nil.
// An absence check is allowed only on a key that the same commit writes: an engine on SQL cannot
// lock a row that is not there.
type Check struct {
	Key     []byte
	Version Version
}

// Write puts Value at Key, or deletes Key (absent is fine) when Delete is set.
type Write struct {
	Key    []byte
	Value  []byte
	Delete bool
}

// CommitID names one commit for ever; it is random. An engine that may answer ErrMaybe keeps it.
type CommitID [16]byte

// Commit is a transaction as data: all Writes happen when all Checks hold, otherwise none.
// The engine does not keep or change the slices. A key stands at most once in Writes.
type Commit struct {
	ID     CommitID
	Checks []Check
	Writes []Write
	// Reserve lets the commit use the space that the engine keeps back for deletes on a full disk. It
	// is for commits that give space back but also write rows (a delete queue). A commit of which every
	// write is a Delete may use it without asking.
	Reserve bool
}

// ScanOptions bounds one page. Zero Rows or Bytes mean MaxScanRows and MaxScanBytes.
type ScanOptions struct {
	Rows     int
	Bytes    int // a page holds at least one row, whatever its size
	Reverse  bool
	KeysOnly bool // Value is left nil; Version is set
}

// Engine is an ordered key-value store with transactions. All methods are safe for concurrent use.
// See kvtest for the contract as tests.
type Engine interface {
	// Get returns one Row per key, in the order asked, read in one snapshot: linearizable, one round trip.
	Get(ctx context.Context, keys ...[]byte) ([]Row, error)
	// Scan returns one page of the rows with from <= key < to in key order (or the reverse), in one
	// snapshot. An empty to has no upper bound. A page is the last one exactly when more is false.
	Scan(ctx context.Context, from, to []byte, o ScanOptions) (rows []Row, more bool, err error)
	// Commit applies c, all or nothing. When it returns nil, c is durable.
	Commit(ctx context.Context, c Commit) error
	Close() error
}

// PrefixScanner is the optional ability to skip from prefix to prefix in one round trip, for
// delimiter listings. skip is asked at each row met: it returns the key to go on from (greater than
// the row's key), or nil to go on with the next row. Rows at which skip returned a key are in the page
// too; the caller tells them apart the same way.
type PrefixScanner interface {
	ScanSkip(ctx context.Context, from, to []byte, o ScanOptions, skip func(key []byte) (next []byte)) (rows []Row, more bool, err error)
}

// Ambiguous is the optional statement of an engine that Commit can answer ErrMaybe. Update then
// writes a marker row with each commit, by which it learns the outcome.
type Ambiguous interface {
	Ambiguous() bool
}
