package seeder

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"shoal/core/accesslog"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/wire/peer"
)

const (
	// holdPieces is how long what is sent of a piece may wait for the rest of it, so that most pieces are one record of
	// the access log: short enough that a quota on egress, which counts it only then, ends a swarm within a second.
	holdPieces = 500 * time.Millisecond
	// maxHeld is how many pieces of a connection wait; a peer asks for blocks of a few at a time.
	maxHeld = 16
)

// defaultRegion is that of a bucket without one.
const defaultRegion = "us-east-1"

// pieceLog holds what one connection was sent of pieces of a bucket with an access log. Counts and lines leave together.
type pieceLog struct {
	c         *conn  // of which it reads what is set before the writer starts
	requestID uint64 // of piece 0; those of the others follow

	mu     sync.Mutex
	held   []heldPiece // guarded by mu; in the order in which they began
	timer  *time.Timer // guarded by mu; releases them
	closed bool        // guarded by mu
}

// heldPiece is what was sent of one piece, in one go.
type heldPiece struct {
	torrent   *object.Torrent
	piece     uint32
	first     bool // its request is counted
	at, until time.Time
	recorded  time.Time // what meter and log have for at
	bytes     int64
	spans     []sentSpan // one for each object that it is of
}

type sentSpan struct {
	object.Span
	bytes int64
}

func newPieceLog(c *conn) *pieceLog {
	var id [8]byte
	rand.Read(id[:]) // crypto/rand: never fails
	return &pieceLog{c: c, requestID: binary.BigEndian.Uint64(id[:])}
}

// hold takes in the payload among the n bytes of b that the socket took, of a torrent whose bucket has an access log,
// and returns how many pieces this connection was not sent before.
func (c *conn) hold(b *batch, n int64, now time.Time) (pieces int64) {
	w := &c.writing
	if w.log == nil {
		w.log = newPieceLog(c)
	}
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	b.sentBlocks(n, func(k peer.Block, payload int64) {
		h := w.log.piece(w.torrent, k.Piece, now)
		if w.charged.Set(k.Piece) {
			h.first = true
			pieces++
		}
		h.add(offset(k, c.pieceLength), payload, now)
	})
	w.log.releaseWhole()
	return pieces
}

// piece returns what is held of a piece of t. l.mu is held.
func (l *pieceLog) piece(t *object.Torrent, piece uint32, now time.Time) *heldPiece {
	for i := range l.held {
		if h := &l.held[i]; h.piece == piece && h.torrent.Bucket == t.Bucket && h.torrent.Version.ID == t.Version.ID {
			return h
		}
	}
	if len(l.held) == maxHeld {
		l.release(&l.held[0])
		l.held = append(l.held[:0], l.held[1:]...)
	}
	if len(l.held) == 0 {
		l.wake(holdPieces)
	}
	l.held = append(l.held, heldPiece{torrent: t, piece: piece, at: now, recorded: l.c.s.o.Now()})
	return &l.held[len(l.held)-1]
}

func (h *heldPiece) add(off, payload int64, now time.Time) {
	h.bytes += payload
	h.until = now
	for payload > 0 {
		s := h.torrent.SpanAt(off)
		part := min(payload, s.End-off)
		h.span(s).bytes += part
		off += part
		payload -= part
	}
}

func (h *heldPiece) span(s object.Span) *sentSpan {
	for i := range h.spans {
		if h.spans[i].Key == s.Key {
			return &h.spans[i]
		}
	}
	h.spans = append(h.spans, sentSpan{Span: s})
	return &h.spans[len(h.spans)-1]
}

// wake releases what is held after d. l.mu is held.
func (l *pieceLog) wake(d time.Duration) {
	if l.timer == nil {
		l.timer = time.AfterFunc(d, l.releaseOld)
		return
	}
	l.timer.Reset(d)
}

// releaseOld records the pieces that have waited long enough.
func (l *pieceLog) releaseOld() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.releaseIf(func(h *heldPiece) bool { return l.closed || now.Sub(h.at) >= holdPieces })
	if len(l.held) > 0 {
		l.wake(l.held[0].at.Add(holdPieces).Sub(now))
	}
}

// releaseWhole records the pieces of which all was sent. l.mu is held.
func (l *pieceLog) releaseWhole() {
	l.releaseIf(func(h *heldPiece) bool {
		return h.bytes >= min(l.c.pieceLength, l.c.size-int64(h.piece)*l.c.pieceLength)
	})
}

func (l *pieceLog) releaseIf(due func(*heldPiece) bool) {
	kept := l.held[:0]
	for i := range l.held {
		if h := &l.held[i]; due(h) {
			l.release(h)
		} else {
			kept = append(kept, *h)
		}
	}
	clear(l.held[len(kept):])
	l.held = kept
}

// end records everything; nothing is held any more.
func (l *pieceLog) end() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.releaseIf(func(*heldPiece) bool { return true })
}

// release records a piece: counts and lines in one event, at the time when it began. l.mu is held; the recorder does no
// I/O.
func (l *pieceLog) release(h *heldPiece) {
	s, bucket := l.c.s, h.torrent.Bucket
	e := meter.Event{At: h.recorded, BytesOut: h.bytes}
	if h.first {
		e.Requests = 1
	}
	lines, _ := s.logLines.Get().(*[]byte)
	if lines == nil {
		lines = new([]byte)
	}
	defer s.logLines.Put(lines)
	*lines = (*lines)[:0]
	for i := range h.spans {
		r := l.record(h, &h.spans[i], h.first && i == 0)
		*lines = r.Append(*lines)
	}
	e.Log = meter.Log{Lines: *lines, Target: bucket.Config.Logging}
	s.recordSent(h.torrent, e)
}

// record is what the access log says of what an object has of h. Only the first record of a piece stands for its
// request (docs/protocol/access-log.md). It has no HostID, by which readers know it from what a client of S3 makes up.
func (l *pieceLog) record(h *heldPiece, of *sentSpan, first bool) accesslog.Record {
	bucket := h.torrent.Bucket
	r := accesslog.Record{
		BucketOwner: bucket.Owner, Bucket: bucket.Name, Time: h.recorded, RemoteIP: l.c.remote.Addr(),
		RequestID: fmt.Sprintf("%016X", l.requestID+uint64(h.piece)), Operation: "REST.GET.OBJECT", Key: of.Key,
		Status: http.StatusPartialContent, BytesSent: of.bytes, ObjectSize: of.Size, TotalTime: h.until.Sub(h.at),
		UserAgent: l.c.clientName(), Region: cmp.Or(bucket.Region, defaultRegion), ChargedTo: bucket.Owner,
	}
	if !h.torrent.Current {
		r.VersionID = h.torrent.Version.ClientID()
	}
	r.Request = accesslog.RequestURI{Method: http.MethodGet, URI: l.requestURI(h, of, r.VersionID, first), Proto: "HTTP/1.1"}
	return r
}

// requestURI is a piece as a request to S3, which passes over what begins with "x-".
func (l *pieceLog) requestURI(h *heldPiece, of *sentSpan, versionID string, first bool) string {
	var b strings.Builder
	b.WriteByte('/')
	b.WriteString(h.torrent.Bucket.Name)
	b.WriteString((&url.URL{Path: "/" + of.Key}).EscapedPath())
	b.WriteByte('?')
	if versionID != "" {
		b.WriteString("versionId=" + url.QueryEscape(versionID) + "&")
	}
	b.WriteString("x-bittorrent=" + l.c.infoHash.String() + "&x-piece=" + strconv.FormatUint(uint64(h.piece), 10))
	if !first {
		b.WriteString("&x-continued=1")
	}
	return b.String()
}

// clientName is what the peer calls itself, or what its peer id tells.
func (c *conn) clientName() string {
	if name := c.client.Load(); name != nil {
		return *name
	}
	return peer.ClientName(c.peerID)
}

// noteClient keeps the name of the peer where there is a log for it.
func (c *conn) noteClient(name string) {
	if name != "" && c.swarm.Torrent().Bucket.Config.Logging != nil {
		c.client.Store(&name)
	}
}
