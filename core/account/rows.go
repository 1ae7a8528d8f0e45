package account

import (
	"shoal/core/access"
	"shoal/storage/kv/tuple"
)

// Row kinds: every key of this package starts with prefix and one of them (docs/format/account.md).
const (
	prefix = 'a'

	kindUser      = 'u' // folded name -> user record
	kindKey       = 'k' // access key -> key record
	kindCanonical = 'i' // canonical id -> folded name
	kindEmail     = 'e' // folded email -> folded name
)

func rowKey(kind byte, field string) []byte {
	return tuple.AppendString([]byte{prefix, kind}, field)
}

func userKey(name string) []byte                { return rowKey(kindUser, fold(name)) }
func keyKey(id string) []byte                   { return rowKey(kindKey, id) }
func canonicalKey(id access.CanonicalID) []byte { return rowKey(kindCanonical, string(id)) }
func emailKey(email string) []byte              { return rowKey(kindEmail, fold(email)) }
