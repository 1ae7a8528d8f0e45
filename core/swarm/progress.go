package swarm

import "time"

// Progress is what the publisher of a torrent looks at: how far a swarm is, and what it spared.
type Progress struct {
	Policy      Policy
	Members     int     // connected to us
	Complete    int     // of them, and those that left with everything
	MinReplicas int     // of the rarest piece among the members
	SentBytes   int64   // payload by the origin
	Copies      float64 // SentBytes over the size
	HeldBytes   int64   // that members have, and those that left with everything had
	MovedBytes  int64   // that members got from each other
	// BoundCopies is the least that a fluid swarm would have cost until now: max(1, N - U T / F) for the N that came, by the
	// most U that they were seen to send each other.
	BoundCopies float64
}

// Progress returns the numbers of the moment. It costs O(pieces).
func (s *Swarm) Progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.Torrent()
	p := Progress{
		Policy: s.policy, Members: len(s.members), Complete: int(s.finished),
		SentBytes: s.sent.Load(), HeldBytes: s.finished * t.Length,
	}
	for m := range s.members {
		if m.have.complete() {
			p.Complete++
		}
		p.HeldBytes += min(s.replicas.held(&m.have)*t.PieceLength, t.Length)
	}
	if t.Length > 0 {
		p.Copies = float64(p.SentBytes) / float64(t.Length)
	}
	if s.governor != nil {
		p.MinReplicas = s.governor.minReplicas()
		p.MovedBytes = s.governor.moved
		p.BoundCopies = s.governor.boundCopies(s.now())
	}
	return p
}

// minReplicas returns how many members have the rarest piece.
func (g *Governor) minReplicas() int {
	if len(g.pieces) == 0 {
		return 0
	}
	least := g.pieces[0].replicas
	for i := range g.pieces {
		least = min(least, g.pieces[i].replicas)
	}
	return int(least)
}

// boundCopies is Progress.BoundCopies.
func (g *Governor) boundCopies(now time.Duration) float64 {
	if len(g.pieces) == 0 || g.came == 0 {
		return 0
	}
	return max(1, float64(g.came)-g.mostMoving*(now-g.begun).Seconds()/float64(len(g.pieces)))
}
