package s3api

import (
	"net/url"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

// WebSeed says what a .torrent tells of the object's own URL as a web seed (BEP 19).
type WebSeed string

const (
	// WebSeedOff lists none: clients fetch from a web seed beside their peers, so that a crowd costs more copies.
	WebSeedOff WebSeed = "off"
	// WebSeedOn lists it.
	WebSeedOn WebSeed = "on"
	// WebSeedGoverned lists it, and refuses it while the peers of the torrent have a whole copy.
	WebSeedGoverned WebSeed = "governed"
)

const (
	// webSeedParameter marks the requests that a web seed URL brings; its value is the kind of the torrent.
	webSeedParameter = "x-shoal-webseed"
	// webSeedPause is how many seconds a refused client is told to leave the web seed alone.
	webSeedPause = "120"
)

// webSeeds returns the URLs to list in a torrent. That of a prefix lists none: clients make URLs of its names, which are
// not the keys.
func (h *Handler) webSeeds(c *call, t *object.Torrent) []string {
	if h.o.WebSeed != WebSeedOn && h.o.WebSeed != WebSeedGoverned || t.IsPrefix() {
		return nil
	}
	q := url.Values{webSeedParameter: {t.Kind.String()}}
	if c.query.has("versionId") || h.publicByID(c, t) {
		q.Set("versionId", t.Version.ClientID())
	}
	return []string{c.locationOf(t.Version.Key) + "?" + q.Encode()}
}

// publicByID reports whether everybody may read the version of t by its id, so that its URL holds when another one is
// put over it.
func (h *Handler) publicByID(c *call, t *object.Torrent) bool {
	v := t.Version
	return !v.Null && access.PublicTorrent(t.Bucket.Access(), v.Key, v.Access(), v.ClientID(), c.peer(h.o.Now()))
}

// yieldToCrowd refuses a web seed's request while the peers of its torrent can serve each other. The clients
// that honour Retry-After come back when it is over.
func (h *Handler) yieldToCrowd(c *call) error {
	if h.o.WebSeed != WebSeedGoverned || !c.query.has(webSeedParameter) {
		return nil
	}
	kind, err := torrent.ParseKind(c.query.get(webSeedParameter))
	if err != nil {
		return nil // not one of our URLs
	}
	t, err := h.objects.KnownTorrent(c.ctx, c.version, kind)
	switch {
	case fault.Is(err, fault.NoTorrent):
		return nil
	case err != nil:
		return err
	case h.o.Replicated(t.InfoHash):
		return errorOf(codeSlowDown, "The peers of this torrent have a whole copy: fetch it from them.").
			withHeader("Retry-After", webSeedPause)
	}
	return nil
}
