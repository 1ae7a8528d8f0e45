package server

import (
	"context"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/core/swarm"
)

// guests decides who may be in the swarm of a private torrent: the user on whose behalf the announce token was made,
// while his key is there and he may read the object.
type guests struct{ accounts *account.Store }

var _ swarm.Guests = guests{}

// MayJoin implements swarm.Guests.
func (g guests) MayJoin(ctx context.Context, token string, t *object.Torrent, peer access.Context) error {
	who, _, err := g.accounts.Announcer(ctx, token, t.InfoHash)
	if err != nil {
		return err
	}
	if !access.MayTorrent(who, t.Bucket.Access(), t.Version.Key, t.Version.Access(), t.NamedVersion(), peer) {
		return fault.New("join private swarm", t.InfoHash.String(), fault.AccessDenied, nil)
	}
	return nil
}
