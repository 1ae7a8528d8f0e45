package sigv4

import (
	"container/list"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"log/slog"
	"sync"
)

// signingKey is a key derived from a secret for one scope.
type signingKey [sha256.Size]byte

// String keeps the key out of logs.
func (signingKey) String() string { return "[redacted]" }

// GoString keeps the key out of %#v.
func (signingKey) GoString() string { return "[redacted]" }

// LogValue keeps the key out of structured logs.
func (signingKey) LogValue() slog.Value { return slog.StringValue("[redacted]") }

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

func deriveKey(secret string, scope Scope) signingKey {
	k := mac([]byte("AWS4"+secret), scope.Date)
	k = mac(k, scope.Region)
	k = mac(k, scope.Service)
	return signingKey(mac(k, terminal))
}

// sign returns the signature of text in hex.
func (k signingKey) sign(text string) string {
	return hex.EncodeToString(mac(k[:], text))
}

// sameSignature compares two hex signatures in a time that does not depend on where they differ.
func sameSignature(got, want string) bool {
	return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

type keyID struct {
	accessKeyID string
	scope       Scope
}

type keyEntry struct {
	id     keyID
	secret [sha256.Size]byte // hash of the secret: a key whose secret was changed must not stay good
	key    signingKey
}

// keyCache remembers the derived keys that were used last. It holds no secrets.
type keyCache struct {
	limit int

	mu      sync.Mutex // guards entries, recent
	entries map[keyID]*list.Element
	recent  *list.List // of *keyEntry, the last used in front
}

func newKeyCache(limit int) *keyCache {
	return &keyCache{limit: limit, entries: make(map[keyID]*list.Element), recent: list.New()}
}

func (c *keyCache) get(accessKeyID, secret string, scope Scope) signingKey {
	id := keyID{accessKeyID, scope}
	sum := sha256.Sum256([]byte(secret))
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.entries[id]; ok {
		e := el.Value.(*keyEntry)
		if subtle.ConstantTimeCompare(e.secret[:], sum[:]) == 1 {
			c.recent.MoveToFront(el)
			return e.key
		}
		c.remove(el)
	}
	e := &keyEntry{id: id, secret: sum, key: deriveKey(secret, scope)}
	c.entries[id] = c.recent.PushFront(e)
	if c.recent.Len() > c.limit {
		c.remove(c.recent.Back())
	}
	return e.key
}

func (c *keyCache) remove(el *list.Element) {
	delete(c.entries, c.recent.Remove(el).(*keyEntry).id)
}
