package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/budget"
)

// Budgets say which action is in force for a bucket and the account that pays; budget.Keeper is the one in the binary.
type Budgets interface {
	InForce(account, bucket string) budget.Action
}

// What an anonymous client is told while a budget is used up. It is AccessDenied, as when a budget of AWS has attached a
// policy that denies ("Configuring budget actions" in the AWS Cost Management user guide): clients do not try it again, as
// they would a 503, and it may be a month until it helps.
const (
	textTorrentsOnly = "The budget of this bucket is used up: get this object by BitTorrent, from the torrent that GET ?torrent answers."
	textStopped      = "The budget of this bucket is used up: it sends nothing to anonymous clients until it has one again."
)

// refusal returns the action in force that refuses c the content of its version, None when none does.
func (h *Handler) refusal(c *call) budget.Action {
	if !c.anonymous() {
		return budget.None
	}
	action := h.o.Budgets.InForce(c.bucket.Owner, c.bucket.Name)
	if action == budget.TorrentsOnly && !h.hasTorrent(c) {
		return budget.None
	}
	return action
}

// budgetAllows refuses an anonymous client the content of an object while a budget says so.
func (h *Handler) budgetAllows(c *call) error {
	switch h.refusal(c) {
	case budget.StopAnonymousEgress:
		return errorOf(codeAccessDenied, textStopped)
	case budget.TorrentsOnly:
		e := errorOf(codeAccessDenied, textTorrentsOnly)
		if !c.website { // which has no ?torrent
			e.extra = append(e.extra, element{"Torrent", h.torrentURL(c)})
		}
		head := http.Header{}
		if err := h.setTorrentHeader(c, head); err != nil {
			return err
		}
		for name := range head {
			e = e.withHeader(name, head.Get(name))
		}
		return e
	}
	return nil
}

// hasTorrent reports whether the client of c can have the version as a peer.
func (h *Handler) hasTorrent(c *call) bool {
	v, version := c.version, ""
	if c.query.has("versionId") {
		version = v.ClientID()
	}
	return access.PublicTorrent(c.bucket.Access(), v.Key, v.Access(), version, c.peer(h.o.Now()))
}

// torrentURL returns where the torrent of the version of c is.
func (h *Handler) torrentURL(c *call) string {
	u := c.locationOf(c.version.Key) + "?torrent"
	if c.query.has("versionId") {
		u += "&versionId=" + c.version.ClientID()
	}
	return u
}
