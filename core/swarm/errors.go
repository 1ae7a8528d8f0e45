package swarm

import "errors"

// ErrPolicyChanged is why a member is closed that was told of everything, after its torrent is no longer seeded so. It may
// come again at once.
var ErrPolicyChanged = errors.New("the seeding policy changed")

// The causes inside the faults of this package, for the log.
var (
	errTooManySwarms     = errors.New("too many live swarms")
	errTooManyMembers    = errors.New("too many connections to one swarm")
	errTooManyFromPrefix = errors.New("too many connections from one address")
	errNotPublic         = errors.New("not public, or gone")
	errUnverified        = errors.New("could not be verified to be public")
	errIdle              = errors.New("idle")
	errNotGuest          = errors.New("not a guest of a private torrent")
	errTooManyGuests     = errors.New("too many guests of one private torrent")
)
