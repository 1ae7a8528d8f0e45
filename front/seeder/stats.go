package seeder

import "sync/atomic"

// Stats is what a Seeder has done since it was made.
type Stats struct {
	Conns      int               // connections now
	SentBytes  int64             // payload bytes that sockets took
	Blocks     int64             // blocks begun
	Pieces     int64             // (connection, piece) pairs: the requests of the meter
	Encrypted  int64             // connections whose payload is RC4
	ReadErrors int64             // batches with blocks that could not be read
	Closed     [numReasons]int64 // connections ended, by Reason
}

// counters are the live Stats.
type counters struct {
	sent, blocks, pieces, readErrors, encrypted atomic.Int64
	closed                                      [numReasons]atomic.Int64
}

// Stats returns the counts.
func (s *Seeder) Stats() Stats {
	st := Stats{
		Conns: s.doors.inside(), SentBytes: s.counts.sent.Load(), Blocks: s.counts.blocks.Load(),
		Pieces: s.counts.pieces.Load(), Encrypted: s.counts.encrypted.Load(),
		ReadErrors: s.counts.readErrors.Load(),
	}
	for i := range st.Closed {
		st.Closed[i] = s.counts.closed[i].Load()
	}
	return st
}
