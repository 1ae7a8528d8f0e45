package tracker

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"shoal/wire/tracker"
)

const (
	announcePath = "/announce"
	scrapePath   = "/scrape"
)

// ServeHTTP answers GET /announce and /scrape; one more path segment, a token of another tracker's URL, is
// ignored. Bounds of header and time are those of the http.Server around it.
func (t *Tracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve := t.route(r.URL.Path)
	if serve == nil {
		http.NotFound(w, r)
		return
	}
	x := t.pool.Get().(*exchange)
	defer t.pool.Put(x)
	x.out = x.out[:0]
	c, ok := callerOf(r)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		x.fail(failure{reason: "announce and scrape are GET requests"})
	case !ok:
		x.fail(failure{reason: "unknown source address"})
	default:
		serve(r, x, c)
	}
	h := w.Header()
	h.Set("Content-Type", tracker.MediaType)
	h.Set("Cache-Control", "no-store") // another peer's list, by the same URL, is no answer
	h.Set("Content-Length", strconv.Itoa(len(x.out)))
	_, _ = w.Write(x.out) // the peer went away
}

// route returns what answers a path, nil when nothing does.
func (t *Tracker) route(path string) func(*http.Request, *exchange, caller) {
	switch {
	case under(announcePath, path):
		return t.httpAnnounce
	case under(scrapePath, path):
		return t.httpScrape
	}
	return nil
}

// under reports whether path is prefix with at most one segment more.
func under(prefix, path string) bool {
	token, ok := strings.CutPrefix(path, prefix)
	return ok && (token == "" || token[0] == '/' && !strings.Contains(token[1:], "/"))
}

func (t *Tracker) httpAnnounce(r *http.Request, x *exchange, c caller) {
	a, err := tracker.ParseAnnounce(r.URL.RawQuery)
	if err != nil {
		x.fail(failure{reason: err.Error()})
		return
	}
	var answer tracker.Answer
	if err := t.announce(r.Context(), x, c, &a, &answer); err != nil {
		x.fail(t.refuse(r.Context(), err))
		return
	}
	x.out = tracker.AppendAnswer(x.out, &answer, a.Form())
}

func (t *Tracker) httpScrape(r *http.Request, x *exchange, c caller) {
	var err error
	if x.hashes, err = tracker.ParseScrape(x.hashes[:0], r.URL.RawQuery); err != nil {
		x.fail(failure{reason: err.Error()})
		return
	}
	if len(x.hashes) == 0 { // BEP 48: the whole tracker; that would list what is in the store
		x.fail(failure{reason: "a scrape must name an info_hash"})
		return
	}
	if err := t.scrape(r.Context(), x, c, false); err != nil {
		x.fail(t.refuse(r.Context(), err))
		return
	}
	x.out = tracker.AppendScrape(x.out, x.files, 0)
}

func (x *exchange) fail(f failure) { x.out = tracker.AppendFailure(x.out[:0], f.reason, f.retry) }

// callerOf says who sent r. Headers that a proxy would add are claims like any other.
func callerOf(r *http.Request) (c caller, ok bool) {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return c, false
	}
	c = caller{addr: unmap(addr), host: r.Host}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		c.local = unmap(local.AddrPort()).Addr()
	}
	return c, true
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
