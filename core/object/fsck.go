package object

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// FindingKind says which promise of the store does not hold. The list is closed.
type FindingKind string

// The kinds of Finding.
const (
	BadRow            FindingKind = "malformed row"
	NoBucketRow       FindingKind = "row of a bucket that is not there"
	MissingBlob       FindingKind = "blob is missing"
	ShortBlob         FindingKind = "blob is shorter than its extent"
	DamagedBlob       FindingKind = "blob is damaged"
	OrphanBlob        FindingKind = "blob without reference, intent or delete task"
	MissingReference  FindingKind = "content without reference row"
	DanglingReference FindingKind = "reference row without referrer"
	WrongContent      FindingKind = "content does not add up to the size"
	NotNewest         FindingKind = "head is not the newest version"
	WrongNull         FindingKind = "null version is not where its row says"
	WrongGuard        FindingKind = "guard row is missing or has another versioning state or object lock than its bucket"
	WrongLock         FindingKind = "lock of a version that cannot have one"
	MissingBody       FindingKind = "inline body is missing or of another size"
	OrphanBody        FindingKind = "inline body without version"
	OrphanPart        FindingKind = "part without upload"
	OrphanManifest    FindingKind = "manifest without reference or delete task"
	MissingTorrent    FindingKind = "torrent of a version is incomplete"
	OrphanTorrent     FindingKind = "torrent row without version"
	MissingInfohash   FindingKind = "torrent without infohash row"
	OrphanInfohash    FindingKind = "infohash row without torrent"
	BadAccessLog      FindingKind = "access log row is malformed or a plan without its rows"
	WrongUsage        FindingKind = "usage is not the sum of the rows"
	WrongHistory      FindingKind = "history of the usage does not lead to the usage"
)

// Finding is one broken promise, and of what.
type Finding struct {
	Kind     FindingKind
	Resource string // a row or a blob, as an operator can find it
	Detail   string
}

// Report is what Fsck saw.
type Report struct {
	Findings  []Finding
	Truncated bool // there was more to suspect than is kept: not all findings are here
	Rows      int64
	Blobs     int64
	BlobBytes int64 // at rest
}

// Clean reports whether every promise holds.
func (r *Report) Clean() bool { return len(r.Findings) == 0 && !r.Truncated }

// FsckOptions tune Fsck. The zero value works.
type FsckOptions struct {
	Deep bool // read all data and hold it against its leaves
	// Recheck is how long Fsck waits before it looks again at what seemed wrong; default 250 ms. What a commit in
	// flight made look wrong is right by then.
	Recheck time.Duration
}

const (
	defaultRecheck = 250 * time.Millisecond
	// recheckRounds: a row moves at most twice on its way from intent to deleted, so that no race
	// outlasts three looks.
	recheckRounds = 3
	// maxSuspects bounds the memory of a check of a store that is broken all over.
	maxSuspects = 10_000
)

// Fsck proves, while the store works, that what docs/format/object.md promises holds: each reference has
// its blob, each blob and row what refers to it, each head is the newest version, each usage the sum of
// its rows. It repairs nothing. Memory is bounded. An error says that the check could not be done.
func (s *Store) Fsck(ctx context.Context, o FsckOptions) (Report, error) {
	if o.Recheck <= 0 {
		o.Recheck = defaultRecheck
	}
	c := &checker{s: s, deep: o.Deep}
	if err := c.firstLook(ctx); err != nil {
		return c.report, fault.New("check store", "", fault.Internal, err)
	}
	for round := 1; round <= recheckRounds && len(c.suspects) > 0; round++ {
		timer := time.NewTimer(o.Recheck * time.Duration(round))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return c.report, fault.New("check store", "", fault.Canceled, ctx.Err())
		}
		if err := c.lookAgain(ctx); err != nil {
			return c.report, fault.New("check store", "", fault.Internal, err)
		}
	}
	for _, suspect := range c.suspects {
		c.report.Findings = append(c.report.Findings, suspect.findings...)
	}
	return c.report, nil
}

// look examines one thing as it is now.
type look func(ctx context.Context) ([]Finding, error)

type suspect struct {
	look     look
	findings []Finding // of the last look
}

// checker is one run of Fsck. It is for one goroutine.
type checker struct {
	s        *Store
	deep     bool
	report   Report
	suspects []suspect

	queued    map[queuedTask]struct{} // as of the start of this look; see loadQueue
	manifests manifestCache
}

type queuedTask struct {
	task taskKind
	id   [16]byte
}

// maxQueued bounds the memory of the delete queue, about 60 bytes an entry.
const maxQueued = 1 << 20

// rowChecks is the examination of each kind of row.
func (c *checker) rowChecks() map[byte]func(context.Context, kv.Row) ([]Finding, error) {
	return map[byte]func(context.Context, kv.Row) ([]Finding, error){
		kindBucket:      c.checkBucket,
		kindBucketID:    c.checkBucketID,
		kindDocument:    c.checkDocument,
		kindHead:        c.checkHead,
		kindVersion:     c.checkOlder,
		kindNull:        c.checkNull,
		kindBody:        c.checkBody,
		kindManifest:    c.checkManifest,
		kindPart:        c.checkPart,
		kindIntent:      c.checkIntent,
		kindRef:         c.checkRef,
		kindQueue:       c.checkTask,
		kindTorrent:     c.checkTorrent,
		kindTorrentData: c.checkTorrentData,
		kindInfohash:    c.checkInfohash,
		kindPrefix:      c.checkPrefix,
		kindEvent:       c.checkEvent,
		kindAccessLog:   c.checkAccessLog,
		kindHistory:     c.checkHistoryRow,
		kindDeleted:     c.checkDeleted,
	}
}

func (c *checker) firstLook(ctx context.Context) error {
	if err := c.loadQueue(ctx); err != nil {
		return err
	}
	for kind, check := range c.rowChecks() {
		err := c.s.eachRow(ctx, []byte{kind}, []byte{kind + 1}, false, func(row kv.Row) error {
			c.report.Rows++
			return c.suspect(ctx, func(ctx context.Context) ([]Finding, error) { return check(ctx, row) },
				func(ctx context.Context) ([]Finding, error) { return c.checkAgain(ctx, row.Key, check) })
		})
		if err != nil {
			return fmt.Errorf("check rows of kind %q: %w", kind, err)
		}
	}
	if err := c.checkUsages(ctx); err != nil {
		return fmt.Errorf("check usage: %w", err)
	}
	if err := c.checkBlobs(ctx); err != nil {
		return fmt.Errorf("check blobs: %w", err)
	}
	return nil
}

// checkAgain examines a row as it is now; one that is gone promises nothing.
func (c *checker) checkAgain(ctx context.Context, key []byte, check func(context.Context, kv.Row) ([]Finding, error)) ([]Finding, error) {
	rows, err := c.s.kv.Get(ctx, key)
	if err != nil || !rows[0].Exists() {
		return nil, err
	}
	return check(ctx, rows[0])
}

// suspect remembers what the first look finds fault with, to be looked at again.
func (c *checker) suspect(ctx context.Context, first, again look) error {
	findings, err := readable(first(ctx))
	if err != nil || len(findings) == 0 {
		return err
	}
	if len(c.suspects) == maxSuspects {
		c.report.Truncated = true
		return nil
	}
	c.suspects = append(c.suspects, suspect{look: again, findings: findings})
	return nil
}

// lookAgain drops the suspects that are innocent by now.
func (c *checker) lookAgain(ctx context.Context) error {
	c.manifests.clear()
	if err := c.loadQueue(ctx); err != nil {
		return err
	}
	var left []suspect
	for _, suspect := range c.suspects {
		findings, err := readable(suspect.look(ctx))
		if err != nil {
			return err
		}
		if len(findings) > 0 {
			suspect.findings = findings
			left = append(left, suspect)
		}
	}
	c.suspects = left
	return nil
}

// loadQueue reads which blobs and rows are to be deleted.
func (c *checker) loadQueue(ctx context.Context) error {
	c.queued = make(map[queuedTask]struct{})
	return c.s.eachRow(ctx, []byte{kindQueue}, []byte{kindQueue + 1}, true, func(row kv.Row) error {
		_, task, id, err := parseQueueKey(row.Key)
		if err != nil {
			return nil // checkTask reports it
		}
		if len(c.queued) >= maxQueued {
			c.report.Truncated = true
			return nil
		}
		c.queued[queuedTask{task, id}] = struct{}{}
		return nil
	})
}

func (c *checker) isQueued(task taskKind, id [16]byte) bool {
	_, ok := c.queued[queuedTask{task, id}]
	return ok
}

// readable turns the error of a look that met a row it could not read, on its way, into a finding.
func readable(findings []Finding, err error) ([]Finding, error) {
	if errors.Is(err, errRecord) || errors.Is(err, tuple.ErrMalformed) {
		return append(findings, Finding{Kind: BadRow, Resource: "row that another refers to", Detail: err.Error()}), nil
	}
	return findings, err
}

// bad is the finding that a row does not read.
func bad(key []byte, err error) []Finding {
	return []Finding{{Kind: BadRow, Resource: rowName(key), Detail: err.Error()}}
}

// rowName prints a row's key: its kind and the rest quoted.
func rowName(key []byte) string { return fmt.Sprintf("row %q", key) }

func blobName(id blob.ID) string { return "blob " + id.String() }

func versionName(id BucketID, objectKey string, v VersionID) string {
	return fmt.Sprintf("version %x of %q in bucket id %x", v, objectKey, id)
}
