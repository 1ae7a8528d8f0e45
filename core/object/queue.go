package object

import (
	"crypto/rand"
	"time"

	"shoal/storage/kv"
)

// enqueue asks the collector, in the commit of tx, to do task when due. A task queued twice is done twice,
// which is harmless.
func (s *Store) enqueue(tx *kv.Tx, task taskKind, id [16]byte, due time.Time, record taskRecord) {
	tx.Put(queueKey(due.UnixNano(), task, id), encodeTask(record))
}

// due is when content that lost a reference now may go.
func (s *Store) due() time.Time { return s.now().Add(s.o.Grace) }

func randomID() []byte {
	id := make([]byte, 16)
	rand.Read(id) // never fails (crypto/rand)
	return id
}
