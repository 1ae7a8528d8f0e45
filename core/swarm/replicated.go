package swarm

import "shoal/wire/torrent"

// Replicated reports whether the members of the swarm of h have a whole copy between them, the origin not
// counted.
func (r *Registry) Replicated(h torrent.InfoHash) bool {
	s := r.live(h)
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for piece := range s.replicas.pieces {
		if s.replicas.of(piece) == 0 {
			return false
		}
	}
	return true
}
