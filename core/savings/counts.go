package savings

import "math"

// Counts are what is counted of one object in one month. None is negative.
type Counts struct {
	OriginBytes  int64 // payload that the origin sent to peers: exactly what was metered
	OriginPieces int64 // requests that were metered for it

	// As peers say when they announce themselves: bounded, but anybody can say it.
	ClaimedBytes int64 // payload received, from whomever
	Completions  int64 // downloads that they say are complete, one of each address and port while it stays

	// As the seeder sees its connections: pieces that a peer announced and that the origin did not send it.
	ObservedBytes int64
}

// add returns the sums of c and d.
func (c Counts) add(d Counts) Counts {
	return Counts{
		OriginBytes: plus(c.OriginBytes, d.OriginBytes), OriginPieces: plus(c.OriginPieces, d.OriginPieces),
		ClaimedBytes: plus(c.ClaimedBytes, d.ClaimedBytes), Completions: plus(c.Completions, d.Completions),
		ObservedBytes: plus(c.ObservedBytes, d.ObservedBytes),
	}
}

// plus returns a+b, neither negative, at most the largest int64: peers can say anything for as long as they like.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// ClaimedCrowdBytes is what peers received from each other if all of them told the tracker the truth.
func (c Counts) ClaimedCrowdBytes() int64 { return max(0, c.ClaimedBytes-c.OriginBytes) }
