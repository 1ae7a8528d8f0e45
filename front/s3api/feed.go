package s3api

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

const (
	feedType      = "application/rss+xml"
	feedNamespace = "http://xmlns.ezrss.it/0.1/" // BEP 36
	feedItems     = 100                          // readers fetch a feed again and again; they want what is new
	// feedScan bounds the keys that one feed looks through for the newest, so that it costs no more than a few
	// listings: of a larger bucket a feed is asked for by prefix.
	feedScan = 10 * object.MaxList
	// feedCandidates bounds the objects whose ACL is read to see whether they are public.
	feedCandidates = 5 * feedItems
)

// getBucketFeed answers GET ?rss of a bucket: the newest torrents below a prefix (BEP 36).
func (h *Handler) getBucketFeed(c *call) (*response, error) {
	if err := c.checkNames("prefix"); err != nil {
		return nil, err
	}
	newest, err := h.newestObjects(c)
	if err != nil {
		return nil, err
	}
	x := startXML("rss", ` version="2.0" xmlns:torrent="`+feedNamespace+`"`)
	x.open("channel")
	x.text("title", c.bucket.Name+"/"+c.query.get("prefix"))
	x.text("link", c.location())
	x.text("description", "The newest torrents of "+c.bucket.Name)
	items := 0
	for _, listed := range newest {
		t, err := h.feedTorrent(c, listed)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		h.feedItem(c, x, t)
		if items++; items == feedItems {
			break
		}
	}
	x.close("channel")
	return &response{raw: x.bytes(), header: http.Header{"Content-Type": {feedType}}}, nil
}

// newestObjects returns the latest of the objects below the prefix, newest first.
func (h *Handler) newestObjects(c *call) ([]*object.Version, error) {
	var found []*object.Version
	r := object.ListRequest{Bucket: c.bucket, Prefix: c.query.get("prefix"), Max: object.MaxList}
	for scanned := 0; scanned < feedScan; scanned += object.MaxList {
		page, err := h.objects.List(c.ctx, r)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			found = append(found, e.Version)
			r.After = e.Version.Key
		}
		if !page.More {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b *object.Version) int { return b.Modified.Compare(a.Modified) })
	return found[:min(len(found), feedCandidates)], nil
}

// feedTorrent returns the torrent of an object that everybody may have; nil of one that is not public or
// went meanwhile. One that nobody asked for yet has no infohash.
func (h *Handler) feedTorrent(c *call, listed *object.Version) (*object.Torrent, error) {
	b, v, err := h.objects.Lookup(c.ctx, c.bucket.Name, listed.Key, object.VersionRef{})
	switch {
	case fault.Is(err, fault.NoSuchKey), fault.Is(err, fault.NoSuchBucket):
		return nil, nil
	case err != nil:
		return nil, err
	case v.DeleteMarker || !access.PublicTorrent(b.Access(), v.Key, v.Access(), "", c.peer(h.o.Now())):
		return nil, nil
	}
	t, err := h.objects.KnownTorrent(c.ctx, v, h.o.TorrentKind)
	if fault.Is(err, fault.NoTorrent) {
		return &object.Torrent{Bucket: b, Version: v, Kind: h.o.TorrentKind, Name: torrent.NameFromKey(v.Key), Length: v.Size}, nil
	}
	return t, err
}

// feedItem writes one item.
func (h *Handler) feedItem(c *call, x *xmlWriter, t *object.Torrent) {
	at := c.locationOf(t.Version.Key)
	x.open("item")
	x.text("title", t.Version.Key)
	x.text("link", at)
	x.openWith("guid", ` isPermaLink="false"`)
	x.buf = appendEscaped(x.buf, at+"#"+string(t.Version.ETag))
	x.close("guid")
	x.text("pubDate", t.Version.Modified.UTC().Format(time.RFC1123Z))
	url := appendEscaped(nil, at+"?torrent") // a Host header may have an "&"
	enclosure := ` url="` + string(url) + `" length="` + strconv.FormatInt(t.InfoSize, 10) + `" type="` + torrent.MediaType + `"`
	x.openWith("enclosure", enclosure)
	x.close("enclosure")
	x.int("torrent:contentLength", t.Length)
	if t.InfoSize > 0 {
		x.text("torrent:fileName", t.Name)
		if t.Kind.HasV1() {
			x.text("torrent:infoHash", t.InfoHash.String())
		}
		x.text("torrent:magnetURI", h.magnet(c, t))
	}
	x.close("item")
}
