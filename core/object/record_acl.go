package object

import "shoal/core/access"

// Fields of an ACL message and of a grant in it.
const (
	aclFieldOwnerID = iota + 1
	aclFieldOwnerName
	aclFieldGrant
)

const (
	grantFieldID = iota + 1
	grantFieldName
	grantFieldGroup
	grantFieldPermission
)

func canonicalID(f field) access.CanonicalID { return access.CanonicalID(f.data) }

func encodeACL(a access.ACL) []byte {
	var b []byte
	b = appendText(b, aclFieldOwnerID, a.Owner.ID)
	b = appendText(b, aclFieldOwnerName, a.Owner.DisplayName)
	for _, g := range a.Grants {
		b = appendMessage(b, aclFieldGrant, encodeGrant(g))
	}
	return b
}

func encodeGrant(g access.Grant) []byte {
	b := appendText([]byte(nil), grantFieldID, g.Grantee.ID)
	b = appendText(b, grantFieldName, g.Grantee.DisplayName)
	b = appendText(b, grantFieldGroup, g.Grantee.Group)
	return appendText(b, grantFieldPermission, g.Permission)
}

func decodeACL(b []byte) (a access.ACL, err error) {
	err = readFields(b, func(f field) error {
		switch f.num {
		case aclFieldOwnerID:
			a.Owner.ID = canonicalID(f)
		case aclFieldOwnerName:
			a.Owner.DisplayName = f.string()
		case aclFieldGrant:
			g, err := decodeGrant(f.data)
			a.Grants = append(a.Grants, g)
			return err
		}
		return nil
	})
	return a, err
}

func decodeGrant(b []byte) (g access.Grant, err error) {
	err = readFields(b, func(f field) error {
		switch f.num {
		case grantFieldID:
			g.Grantee.ID = canonicalID(f)
		case grantFieldName:
			g.Grantee.DisplayName = f.string()
		case grantFieldGroup:
			g.Grantee.Group = access.Group(f.data)
		case grantFieldPermission:
			g.Permission = access.Permission(f.data)
		}
		return nil
	})
	return g, err
}
