package iamapi

import (
	"shoal/core/access"
	"shoal/core/account"
)

func userActions() []action {
	user := ofIdentity(account.IAMUser, "UserName")
	named := parameter{"UserName", required, existingUserNameType}
	return []action{
		{name: "CreateUser", service: serviceIAM, resource: ofNew("user", "UserName"), serve: (*Handler).createUser, tagging: "iam:TagUser", state: yes, takes: []parameter{
			{"UserName", required, userNameType}, {"Path", optional, pathType}, {"PermissionsBoundary", optional, arnType}, {"Tags", optional, tagListType},
		}},
		{name: "GetUser", service: serviceIAM, resource: user, serve: (*Handler).getUser, state: yes, takes: []parameter{{"UserName", optional, orEmpty(existingUserNameType)}}},
		{name: "ListUsers", service: serviceIAM, serve: (*Handler).listUsers, state: yes, takes: paged(parameter{"PathPrefix", optional, pathPrefixType})},
		{name: "UpdateUser", service: serviceIAM, resource: user, serve: (*Handler).updateUser, state: yes, takes: []parameter{
			named, {"NewUserName", optional, userNameType}, {"NewPath", optional, pathType},
		}},
		{name: "DeleteUser", service: serviceIAM, resource: user, serve: (*Handler).deleteUser, state: yes, takes: []parameter{named}},
		{name: "TagUser", service: serviceIAM, resource: user, serve: tagIdentity(account.IAMUser, "UserName"), state: yes, takes: []parameter{named, {"Tags", required, tagListType}}},
		{name: "UntagUser", service: serviceIAM, resource: user, serve: untagIdentity(account.IAMUser, "UserName"), state: yes, takes: []parameter{named, {"TagKeys", required, tagKeyListType}}},
		{name: "ListUserTags", service: serviceIAM, resource: user, serve: identityTags(account.IAMUser, "UserName"), state: yes, takes: paged(named)},
		{name: "PutUserPermissionsBoundary", service: serviceIAM, resource: user, serve: putBoundary(account.IAMUser, "UserName"), state: yes, takes: []parameter{named, {"PermissionsBoundary", required, arnType}}},
		{name: "DeleteUserPermissionsBoundary", service: serviceIAM, resource: user, serve: deleteBoundary(account.IAMUser, "UserName"), state: yes, takes: []parameter{named}},
		{name: "ListGroupsForUser", service: serviceIAM, resource: user, serve: (*Handler).listGroupsForUser, state: yes, takes: paged(named)},
	}
}

type userXML struct {
	Path                string
	UserName            string `xml:",omitempty"`
	UserID              string `xml:"UserId"`
	ARN                 string `xml:"Arn"`
	CreateDate          timestamp
	PermissionsBoundary *boundaryXML
	Tags                *list[tagXML]
}

type boundaryXML struct {
	PermissionsBoundaryType string
	PermissionsBoundaryARN  string `xml:"PermissionsBoundaryArn"`
}

type tagXML struct{ Key, Value string }

func toUser(i account.Identity) userXML {
	return userXML{i.Path, i.Name, i.ID, i.ARN(), timestamp(i.Created), toBoundary(i.Boundary), toTags(i.Tags)}
}

// toListed is toUser as listings have it: without what is asked for one by one.
func toListed(i account.Identity) userXML {
	return userXML{Path: i.Path, UserName: i.Name, UserID: i.ID, ARN: i.ARN(), CreateDate: timestamp(i.Created)}
}

func toBoundary(arn string) *boundaryXML {
	if arn == "" {
		return nil
	}
	return &boundaryXML{"Policy", arn}
}

// toTags returns tags as an entity shows them, nothing when it has none.
func toTags(tags []access.Tag) *list[tagXML] {
	if len(tags) == 0 {
		return nil
	}
	l := convert(tags, toTag)
	return &l
}

func toTag(t access.Tag) tagXML { return tagXML{t.Key, t.Value} }

func (h *Handler) createUser(c *call) (any, error) {
	tags, err := c.tags()
	if err != nil {
		return nil, err
	}
	i, err := h.accounts.CreateIdentity(c.ctx, account.Identity{
		Kind: account.IAMUser, Account: c.account(), Name: c.form.get("UserName"), Path: c.form.get("Path"),
		Boundary: c.form.get("PermissionsBoundary"), Tags: tags,
	})
	if err != nil {
		return nil, err
	}
	return struct{ User userXML }{toUser(i)}, nil
}

// getUser answers with the signer when no user is named; an account itself is shown as AWS shows its root.
func (h *Handler) getUser(c *call) (any, error) {
	name, ok := c.userName()
	if !ok {
		owner := c.who.Account
		return struct{ User userXML }{userXML{Path: "/", UserID: c.accountID(), ARN: principalARN(c.who), CreateDate: timestamp(owner.Created)}}, nil
	}
	i, err := h.accounts.Identity(c.ctx, account.IAMUser, c.account(), name)
	if err != nil {
		return nil, err
	}
	return struct{ User userXML }{toUser(i)}, nil
}

func (h *Handler) listUsers(c *call) (any, error) {
	all, err := h.accounts.Identities(c.ctx, account.IAMUser, c.account())
	if err != nil {
		return nil, err
	}
	users, more, err := page(c, below(c, all, pathOf), nameOf)
	if err != nil {
		return nil, err
	}
	return struct {
		Users list[userXML]
		pageXML
	}{convert(users, toListed), more}, nil
}

func nameOf(i account.Identity) string { return i.Name }
func pathOf(i account.Identity) string { return i.Path }

func (h *Handler) updateUser(c *call) (any, error) {
	return nil, h.move(c, account.IAMUser, c.form.get("UserName"), c.form.get("NewUserName"))
}

// move gives a user or a group its new name or path. Who asks must be allowed for the old ARN and for the new one.
func (h *Handler) move(c *call, kind account.IdentityKind, name, newName string) error {
	i, err := h.accounts.Identity(c.ctx, kind, c.account(), name)
	if err != nil {
		return err
	}
	if arn := c.moved(kind, i.Name, i.Path); arn != "" {
		if err := c.allowed(c.request(arn)); err != nil {
			return err
		}
	}
	return h.accounts.MoveIdentity(c.ctx, kind, c.account(), name, newName, c.form.get("NewPath"))
}

func (h *Handler) deleteUser(c *call) (any, error) {
	return nil, h.accounts.DeleteIdentity(c.ctx, account.IAMUser, c.account(), c.form.get("UserName"))
}

func (h *Handler) listGroupsForUser(c *call) (any, error) {
	i, err := h.accounts.Identity(c.ctx, account.IAMUser, c.account(), c.form.get("UserName"))
	if err != nil {
		return nil, err
	}
	var groups []account.Identity
	for _, name := range i.Groups { // at most account.MaxGroupsOfUser: always one page
		g, err := h.accounts.Identity(c.ctx, account.IAMGroup, c.account(), name)
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return struct {
		Groups list[groupXML]
		pageXML
	}{convert(groups, toGroup), pageXML{}}, nil
}
