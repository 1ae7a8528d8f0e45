package swarm

// OfferState is what an offer is decided by.
type OfferState struct {
	Complete  bool  // the member has every piece
	SentBytes int64 // payload sent to it on this connection
}

// Offer is what a member may have.
type Offer struct {
	Unchoke   bool // it may request
	AllPieces bool // every piece is announced to it
}

// Decide says what to offer to a member: everything to everyone. It is pure; whoever makes the origin
// seed less than that does it here, with more of the swarm in OfferState.
func Decide(OfferState) Offer { return Offer{Unchoke: true, AllPieces: true} }
