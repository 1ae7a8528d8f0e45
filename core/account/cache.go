package account

import (
	"sync"
	"time"
)

const (
	// maxCached bounds the cache; beyond it the cache starts anew, which costs two reads per live key.
	maxCached = 4096
	// maxAge is how long a change made by another process can go unseen. Changes through this Store are
	// seen at once.
	maxAge = time.Second
)

// cache keeps what Caller found. Only keys that exist are kept, so that guesses cannot fill it.
type cache struct {
	mu         sync.Mutex        // guards the fields below
	generation uint64            // of this process's view; each change through the Store makes a new one
	entries    map[string]cached // by cacheKey
}

type cached struct {
	caller  Caller
	expires time.Time
}

// get returns the entry of id that is valid at now. generation is for put.
func (c *cache) get(id string, now time.Time) (e cached, generation uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok = c.entries[id]
	return e, c.generation, ok && now.Before(e.expires)
}

// put keeps what was read after get gave generation, unless something changed since.
func (c *cache) put(id string, e cached, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if c.entries == nil || len(c.entries) >= maxCached {
		c.entries = make(map[string]cached)
	}
	c.entries[id] = e
}

// invalidate drops everything and starts a new generation.
func (c *cache) invalidate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.entries = nil
}
