package s3api

import (
	"time"

	"shoal/core/object"
	"shoal/wire/torrent"
)

// announceTokenFor is how long a private .torrent can be used: as long as a URL can be presigned at most.
const announceTokenFor = 7 * 24 * time.Hour

// answerPrivate is the .torrent of t, which is private, for the requester: its announce URLs have a token that lets
// clients in on his behalf. There is no magnet link and no web seed, which clients take for ways around the tracker.
func (h *Handler) answerPrivate(c *call, t *object.Torrent) (*response, error) {
	token, err := h.accounts.AnnounceToken(c.ctx, c.claim.AccessKeyID, t.InfoHash, h.o.Now().Add(announceTokenFor))
	if err != nil {
		return nil, err
	}
	out, err := h.torrentFile(c, t, torrent.Metainfo{}, h.o.PrivateAnnounce(c.serverHost(), token))
	if err != nil {
		return nil, err
	}
	nameInfohashes(out.header, t)
	out.header.Set("Cache-Control", "private, no-store") // the token is the requester's
	return out, nil
}
