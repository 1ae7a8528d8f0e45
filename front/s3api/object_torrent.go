package s3api

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

// createdBy is the "created by" of a torrent.
const createdBy = "Shoal"

// kindParameter of GET ?torrent picks another kind than the default: "1", "hybrid" or "2".
const kindParameter = "v"

// getObjectTorrent answers GET ?torrent. The first one hashes the object, which takes as long as it takes to
// read it; the others are lookups, of whatever kind.
func (h *Handler) getObjectTorrent(c *call) (*response, error) {
	v := c.version
	if v.DeleteMarker {
		return nil, c.markerError()
	}
	kind, err := h.torrentKind(c)
	if err != nil {
		return nil, err
	}
	t, err := h.objects.Torrent(c.ctx, c.bucket, v, kind, nil)
	if err != nil {
		return nil, torrentGone(err)
	}
	answer := h.answerTorrent
	if !t.OpenTo(c.peer(h.o.Now())) {
		if c.principal.Kind == access.Anonymous {
			return nil, errAccessDenied() // what let him in, such as TLS or a referer, no peer has
		}
		if t, err = h.objects.PrivateTorrent(c.ctx, c.bucket, v, kind); err != nil {
			return nil, torrentGone(err)
		}
		answer = h.answerPrivate
	}
	out, err := answer(c, t)
	if err == nil {
		c.setVersionID(out.header, v)
	}
	return out, err
}

// getPrefixTorrent answers GET ?torrent&prefix of a bucket, for who may list it: the names of the objects are in the
// torrent. What is in it, everybody may read.
func (h *Handler) getPrefixTorrent(c *call) (*response, error) {
	if err := c.checkNames("prefix"); err != nil {
		return nil, err
	}
	kind, err := h.torrentKind(c)
	if err != nil {
		return nil, err
	}
	t, err := h.objects.PrefixTorrent(c.ctx, c.bucket, c.query.get("prefix"), kind, nil)
	if err != nil {
		return nil, torrentGone(err)
	}
	return h.answerTorrent(c, t)
}

// answerTorrent is the .torrent of t.
func (h *Handler) answerTorrent(c *call, t *object.Torrent) (*response, error) {
	m := torrent.Metainfo{URLList: h.webSeeds(c, t)}
	if h := t.Version.Replaced; !h.IsZero() && h != t.As(torrent.V1).InfoHash {
		m.Similar = []torrent.InfoHash{h}
	}
	out, err := h.torrentFile(c, t, m, h.announceURLs(c))
	if err != nil {
		return nil, err
	}
	nameInfohashes(out.header, t)
	out.header.Set("X-Shoal-Magnet", h.magnet(c, t))
	h.o.TorrentGiven(t)
	return out, nil
}

// torrentKind returns the kind of torrent that is asked for.
func (h *Handler) torrentKind(c *call) (torrent.Kind, error) {
	if !c.query.has(kindParameter) {
		return h.o.TorrentKind, nil
	}
	text := c.query.get(kindParameter)
	kind, err := torrent.ParseKind(text)
	if err != nil {
		return kind, invalidArgument("The version of a torrent must be 1, 2 or hybrid", kindParameter, text)
	}
	return kind, nil
}

// torrentGone says of an object that went while its torrent was made what a GET would say of it.
func torrentGone(err error) error {
	if fault.Is(err, fault.NoTorrent) || fault.Is(err, fault.NoSuchVersion) {
		return fault.New("get torrent", "", fault.NoSuchKey, err)
	}
	return err
}

// torrentFile answers m, completed, as the .torrent of t with these trackers. Bucket and key stay outside the info
// dictionary, so that equal objects share a swarm.
func (h *Handler) torrentFile(c *call, t *object.Torrent, m torrent.Metainfo, trackers []string) (*response, error) {
	var err error
	if m.InfoRaw, err = h.objects.Info(c.ctx, t); err != nil {
		return nil, torrentGone(err)
	}
	if m.PieceLayer, err = h.objects.PieceLayer(c.ctx, t); err != nil {
		return nil, torrentGone(err)
	}
	m.Info = t.Outline()
	m.CreatedBy, m.CreationDate, m.Bucket, m.Key = createdBy, t.Version.Modified, c.bucket.Name, t.Version.Key
	if len(trackers) > 0 {
		m.Announce = trackers[0]
		m.AnnounceList = [][]string{trackers} // BEP 12: one tier, they lead to one tracker
	}
	raw, err := m.Append(make([]byte, 0, len(m.InfoRaw)+len(m.PieceLayer)+metainfoSpare))
	if err != nil {
		return nil, err
	}
	head := http.Header{}
	head.Set("Content-Type", torrent.MediaType)
	head.Set("Content-Disposition", torrentDisposition(t.Name))
	return &response{raw: raw, header: head}, nil
}

// metainfoSpare is room for what a .torrent holds beside its info and its layer, in bytes.
const metainfoSpare = 4 << 10

// announceURLs names the tracker under the host that the client reached us by; of a virtual host, under its
// domain, since the bucket's own name need not resolve for peers.
func (h *Handler) announceURLs(c *call) []string { return h.o.Announce(c.serverHost()) }

// serverHost returns the host that the client reached us by, without the bucket of a virtual host.
func (c *call) serverHost() string {
	host := hostName(c.http.Host)
	if c.target.hosted {
		host = host[len(c.target.bucket)+1:]
	}
	return host
}

// setTorrentHeader names the default torrent of a version that everybody may have, if it has one.
func (h *Handler) setTorrentHeader(c *call, head http.Header) error {
	t, err := h.objects.KnownTorrent(c.ctx, c.version, h.o.TorrentKind)
	if fault.Is(err, fault.NoTorrent) {
		return nil
	}
	if err != nil {
		return err
	}
	if t.OpenTo(c.peer(h.o.Now())) {
		nameInfohashes(head, t)
		head.Set("X-Shoal-Magnet", h.magnet(c, t))
	}
	return nil
}

// peer is the client as a BitTorrent peer would be known.
func (c *call) peer(now time.Time) (peer access.Context) {
	peer.SetSourceIP(remoteAddr(c.http.RemoteAddr))
	peer.SetTime(now)
	return peer
}

// nameInfohashes adds the infohashes of t. The infohash that t has none of is that of the torrent of the other version
// alone; the two are then of different swarms, and a magnet link has but t's.
func nameInfohashes(head http.Header, t *object.Torrent) {
	v1, v2 := t, t
	if !t.Kind.HasV1() {
		v1 = t.As(torrent.V1)
	}
	if !t.Kind.HasV2() {
		v2 = t.As(torrent.V2)
	}
	head.Set("X-Shoal-Infohash", v1.InfoHash.String())
	head.Set("X-Shoal-Infohash-V2", v2.InfoHashV2.String())
}

// magnet returns the magnet link of t for the client of c.
func (h *Handler) magnet(c *call, t *object.Torrent) string {
	m := t.Magnet()
	m.Trackers = h.announceURLs(c)
	m.Peers = h.o.Peers(c.serverHost())
	m.WebSeeds = h.webSeeds(c, t)
	return m.String()
}

// torrentDisposition is `attachment; filename=NAME.torrent` for a plain name. Any other is quoted, and given
// again as RFC 6266 has it when it is not ASCII. S3 wrote a semicolon behind it, for which aria2 ignores the
// whole field and then saves the torrent under the name of the object itself.
func torrentDisposition(name string) string {
	name += ".torrent"
	if isPlain(name) {
		return "attachment; filename=" + name
	}
	ascii := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r > '~':
			return '_'
		case r == '"' || r == '\\' || r == '%': // browsers differ on these
			return '_'
		}
		return r
	}, name)
	value := `attachment; filename="` + ascii + `"`
	if ascii != name {
		value += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return value
}

// isPlain reports whether name is a token (RFC 9110, 5.6.2) that every client reads alike.
func isPlain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}%'*`, r)
	})
}
