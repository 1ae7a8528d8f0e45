package tracker

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"shoal/core/fault"
	"shoal/wire/tracker"
)

const (
	announcePath = "/announce"
	scrapePath   = "/scrape"

	cacheControl = "no-store" // another peer's list, by the same URL, is no answer
)

// Bounds of the requests that ListenHTTP answers itself, and for the http.Server behind it.
const (
	// HeaderTimeout is how long the head of a request may take; an announce has no body.
	HeaderTimeout = 5 * time.Second
	// KeepAlive is how long a connection may be silent between two requests.
	KeepAlive = 2 * time.Minute
)

// question is what answers a request with a query, into x.out.
type question func(t *Tracker, ctx context.Context, x *exchange, c caller, rawQuery string)

// ServeHTTP answers GET /announce and /scrape, and WebSockets on / and /announce; one more path segment is the
// token of a private torrent. Bounds of header and time are those of the http.Server around it.
func (t *Tracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wantsWebSocket(r) {
		t.serveWebSocket(w, r)
		return
	}
	ask := questionAt(r.URL.Path)
	if ask == nil {
		http.NotFound(w, r)
		return
	}
	x := t.pool.Get().(*exchange)
	defer t.pool.Put(x)
	x.out = x.out[:0]
	c, ok := t.callerOf(r)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		x.fail(t.failed(malformed, "announce and scrape are GET requests"))
	case !ok:
		x.fail(t.failed(malformed, "unknown source address"))
	default:
		c.token = tokenIn(r.URL.Path)
		t.answerHTTP(r.Context(), ask, x, c, r.URL.RawQuery)
	}
	h := w.Header()
	h.Set("Content-Type", tracker.MediaType)
	h.Set("Cache-Control", cacheControl)
	h.Set("Content-Length", strconv.Itoa(len(x.out)))
	_, _ = w.Write(x.out) // the peer went away
}

// questionAt returns what answers a path, nil when nothing does.
func questionAt(path string) question {
	switch {
	case under(announcePath, path):
		return (*Tracker).httpAnnounce
	case under(scrapePath, path):
		return (*Tracker).httpScrape
	}
	return nil
}

// under reports whether path is prefix with at most one segment more.
func under(prefix, path string) bool {
	token, ok := strings.CutPrefix(path, prefix)
	return ok && (token == "" || token[0] == '/' && !strings.Contains(token[1:], "/"))
}

// tokenIn returns the token in the path of an announce URL, which may have a query behind it; empty when there is none.
func tokenIn(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if token, ok := strings.CutPrefix(path, announcePath+"/"); ok {
		return token
	}
	return ""
}

// answerHTTP answers what a caller asks, or that it asks too often.
func (t *Tracker) answerHTTP(ctx context.Context, ask question, x *exchange, c caller, rawQuery string) {
	x.out = x.out[:0]
	if !t.allow(c.addr.Addr(), c.now) {
		x.fail(failureOf(fault.SlowDown))
		return
	}
	ask(t, ctx, x, c, rawQuery)
}

func (t *Tracker) httpAnnounce(ctx context.Context, x *exchange, c caller, rawQuery string) {
	a, err := tracker.ParseAnnounce(rawQuery)
	if err != nil {
		x.fail(t.failed(malformed, err.Error()))
		return
	}
	var answer tracker.Answer
	if err := t.announce(ctx, x, c, &a, &answer); err != nil {
		x.fail(t.refuse(ctx, err))
		return
	}
	x.out = tracker.AppendAnswer(x.out, &answer, a.Form())
}

func (t *Tracker) httpScrape(ctx context.Context, x *exchange, c caller, rawQuery string) {
	var err error
	if x.hashes, err = tracker.ParseScrape(x.hashes[:0], rawQuery); err != nil {
		x.fail(t.failed(malformed, err.Error()))
		return
	}
	if len(x.hashes) == 0 { // BEP 48: the whole tracker; that would list what is in the store
		x.fail(t.failed(malformed, "a scrape must name an info_hash"))
		return
	}
	if err := t.scrape(ctx, x, c, false); err != nil {
		x.fail(t.refuse(ctx, err))
		return
	}
	x.out = tracker.AppendScrape(x.out, x.files, 0)
}

func (x *exchange) fail(f failure) { x.out = tracker.AppendFailure(x.out[:0], f.reason, f.retry) }

// callerOf says who sent r. Headers that a proxy would add are claims like any other.
func (t *Tracker) callerOf(r *http.Request) (c caller, ok bool) {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return c, false
	}
	c = caller{addr: unmap(addr), host: hostAddr(r.Host), now: t.o.Now()}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		c.local = unmap(local.AddrPort()).Addr()
	}
	return c, true
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
