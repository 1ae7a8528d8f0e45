package pebblekv

import (
	"hash/maphash"
	"math/bits"
	"sync"

	"shoal/storage/kv"
)

// stripeCount is far above the number of commits under way, so that two on different keys rarely meet.
const stripeCount = 256

type stripes [stripeCount]sync.RWMutex

// stripeSet is one bit per stripe.
type stripeSet [stripeCount / 64]uint64

func (s *stripeSet) add(i uint64)      { s[i/64] |= 1 << (i % 64) }
func (s *stripeSet) has(i uint64) bool { return s[i/64]&(1<<(i%64)) != 0 }

// each calls f for every stripe of s in ascending order: the order that excludes a deadlock.
func (s *stripeSet) each(f func(i uint64)) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			f(uint64(w*64 + bits.TrailingZeros64(word)))
		}
	}
}

// lock holds the stripes of c, exclusively where c writes, shared where it only checks, so that checks of
// one guard row do not wait for each other. It returns the unlock.
func (e *Engine) lock(c kv.Commit) (unlock func()) {
	var all, exclusive stripeSet
	for _, w := range c.Writes {
		i := maphash.Bytes(e.seed, w.Key) % stripeCount
		all.add(i)
		exclusive.add(i)
	}
	for _, k := range c.Checks {
		all.add(maphash.Bytes(e.seed, k.Key) % stripeCount)
	}
	all.each(func(i uint64) {
		if exclusive.has(i) {
			e.stripes[i].Lock()
		} else {
			e.stripes[i].RLock()
		}
	})
	return func() {
		all.each(func(i uint64) {
			if exclusive.has(i) {
				e.stripes[i].Unlock()
			} else {
				e.stripes[i].RUnlock()
			}
		})
	}
}
