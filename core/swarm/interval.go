package swarm

import "time"

const (
	// youngAge: in its first minutes a swarm gains most of its peers, and who came first knows few of them. While it
	// grows, they ask again within crowdMin to crowdMax; libtorrent does not (below), others do.
	youngAge           = 2 * time.Minute
	youngInterval      = time.Minute
	crowdMin, crowdMax = 15 * time.Second, 30 * time.Second

	// adolescentAge and -Interval: libtorrent raises anything below 300 s to it.
	adolescentAge      = 10 * time.Minute
	adolescentInterval = 5 * time.Minute

	// minInterval is how soon a peer may ask again by itself, when it lacks peers.
	minInterval = time.Minute

	// minPeerTTL: clients may raise a short interval to 300 s; two of those and some slack.
	minPeerTTL = 11 * time.Minute

	growthWindow = time.Minute
)

// growth counts how many peers came in the current and the last window.
type growth struct {
	window        time.Time // start of the current one
	current, last int
}

// note counts one arrival.
func (g *growth) note(now time.Time) {
	g.advance(now)
	g.current++
}

func (g *growth) advance(now time.Time) {
	switch age := now.Sub(g.window); {
	case age >= 2*growthWindow:
		*g = growth{window: now}
	case age >= growthWindow:
		*g = growth{window: g.window.Add(growthWindow), last: g.current}
	}
}

// fast reports whether size grew by more than a tenth in about a minute; the first peer is growth.
func (g *growth) fast(now time.Time, size int) bool {
	g.advance(now)
	return 10*max(g.current, g.last) > size || size == 0
}

// intervalFor returns when a peer of a swarm of that age is to announce again. jitter, in [0,1), spreads the
// peers that came together over 90 to 110 percent, or over crowdMin to crowdMax.
func intervalFor(age time.Duration, growing bool, steady time.Duration, jitter float64) time.Duration {
	d := steady
	switch {
	case age < youngAge && growing:
		return min(crowdMin+time.Duration(jitter*float64(crowdMax-crowdMin)), steady)
	case age < youngAge:
		d = youngInterval
	case age < adolescentAge, growing:
		d = adolescentInterval
	}
	d = min(d, steady)
	return max(d*9/10+time.Duration(jitter*float64(d)/5), min(minInterval, steady))
}

// peerTTL returns how long a peer that was told interval is kept: two of them, so that one lost announce
// does not remove it.
func peerTTL(interval time.Duration) time.Duration { return max(2*interval, minPeerTTL) }
