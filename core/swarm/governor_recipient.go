package swarm

import "time"

// recipient is a member as the governor knows it.
type recipient struct {
	id      int
	traits  Traits
	joined  time.Duration
	has     bitset
	told    bitset // offered once, and not taken back
	count   int    // pieces it has
	offers  []offer
	waiting int // offers that it has not begun to request
	holds   int // pieces that only it has, by us

	given      int // pieces from us
	passed     int // pieces that it got from us and others from it
	faults     int // pieces it did not pass on in time
	sent       rate
	spread     rate
	gains      rate    // pieces
	mostGains  float64 // a second; 0 is not known
	spreadTime mean
	firstGiven time.Duration // when it had its first piece from us
	lastSent   time.Duration
	lastGain   time.Duration
	gained     int // pieces in this round
	gainedHere int // of them, from us

	complete bool
	asleep   bool          // takes nothing of what it is offered
	late     bool          // has far less than most
	open     bool          // served directly, because it cannot get pieces from others
	trickle  bool          // fed just enough to stay
	reached  time.Duration // when it last got a piece from another; negative is never
	poor     int           // rounds in which it could not get pieces from others
	allowed  int           // extra copies for it in this round

	orders orders
	cursor uint32 // where the next search for a piece begins
}

type orders struct {
	have, dontHave []uint32
	paced          bool // trickle changed
}

// offer is a piece that a recipient may have from us and has not got yet.
type offer struct {
	piece     uint32
	requested bool
	extra     bool // not a first copy
	sent      int64
	since     time.Duration
}

// find returns the position of the offer of p, -1 when there is none.
func (x *recipient) find(p uint32) int {
	for i := range x.offers {
		if x.offers[i].piece == p {
			return i
		}
	}
	return -1
}
