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
	kindAccount   = 'n' // account id -> folded name
	kindIAMUser   = 'U' // account id, folded name -> identity record
	kindIAMGroup  = 'G' // account id, folded name -> identity record
	kindIAMRole   = 'R' // account id, folded name -> identity record
	kindPolicy    = 'P' // account id, folded name -> policy record
	kindProvider  = 'O' // account id, URL without scheme -> provider record
	kindSealing   = 's' // the key of session tokens
	kindQuota     = 'q' // canonical id -> quota record
	kindUse       = 'l' // access key or unique id of a role -> use record
	kindBudgets   = 'B' // canonical id -> budgets record
	kindAlarms    = 'W' // canonical id, name of a budget -> alarms record
)

func rowKey(kind byte, field string) []byte {
	return tuple.AppendString([]byte{prefix, kind}, field)
}

func userKey(name string) []byte                { return rowKey(kindUser, fold(name)) }
func keyKey(id string) []byte                   { return rowKey(kindKey, id) }
func canonicalKey(id access.CanonicalID) []byte { return rowKey(kindCanonical, string(id)) }
func accountKey(id access.CanonicalID) []byte   { return rowKey(kindAccount, id.AccountID()) }
func emailKey(email string) []byte              { return rowKey(kindEmail, fold(email)) }

// row is the kind of row of an identity.
func (k IdentityKind) row() byte {
	switch k {
	case IAMUser:
		return kindIAMUser
	case IAMGroup:
		return kindIAMGroup
	}
	return kindIAMRole
}

func identityKey(k IdentityKind, account access.CanonicalID, name string) []byte {
	return identityRow(k, account.AccountID(), name)
}

func identityRow(k IdentityKind, accountID, name string) []byte {
	return tuple.AppendString(rowKey(k.row(), accountID), fold(name))
}

func policyKey(accountID, name string) []byte {
	return tuple.AppendString(rowKey(kindPolicy, accountID), fold(name))
}

func providerKey(accountID, url string) []byte {
	return tuple.AppendString(rowKey(kindProvider, accountID), url)
}

func quotaKey(id access.CanonicalID) []byte { return rowKey(kindQuota, string(id)) }

func budgetsKey(account string) []byte { return rowKey(kindBudgets, account) }

func alarmsKey(account, budget string) []byte {
	return tuple.AppendString(rowKey(kindAlarms, account), budget)
}

func useKey(id string) []byte { return rowKey(kindUse, id) }

func sealingKey() []byte { return []byte{prefix, kindSealing} }
