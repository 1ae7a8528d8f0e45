package iamapi

import (
	"slices"

	"shoal/core/account"
)

func groupActions() []action {
	group := ofIdentity(account.IAMGroup, "GroupName")
	return []action{
		{name: "CreateGroup", service: serviceIAM, resource: ofNew("group", "GroupName"), serve: (*Handler).createGroup, state: yes},
		{name: "GetGroup", service: serviceIAM, resource: group, serve: (*Handler).getGroup, state: yes},
		{name: "ListGroups", service: serviceIAM, serve: (*Handler).listGroups, state: yes},
		{name: "UpdateGroup", service: serviceIAM, resource: group, serve: (*Handler).updateGroup, state: partial, note: "a group that has users keeps its name"},
		{name: "DeleteGroup", service: serviceIAM, resource: group, serve: (*Handler).deleteGroup, state: yes},
		{name: "AddUserToGroup", service: serviceIAM, resource: group, serve: (*Handler).addUserToGroup, state: yes},
		{name: "RemoveUserFromGroup", service: serviceIAM, resource: group, serve: (*Handler).removeUserFromGroup, state: yes},
	}
}

type groupXML struct {
	Path       string
	GroupName  string
	GroupID    string `xml:"GroupId"`
	ARN        string `xml:"Arn"`
	CreateDate timestamp
}

func toGroup(i account.Identity) groupXML {
	return groupXML{i.Path, i.Name, i.ID, i.ARN(), timestamp(i.Created)}
}

func (h *Handler) createGroup(c *call) (any, error) {
	name, err := c.form.need("GroupName")
	if err != nil {
		return nil, err
	}
	i, err := h.accounts.CreateIdentity(c.ctx, account.Identity{
		Kind: account.IAMGroup, Account: c.account(), Name: name, Path: c.form.get("Path"),
	})
	if err != nil {
		return nil, err
	}
	return struct{ Group groupXML }{toGroup(i)}, nil
}

func (h *Handler) getGroup(c *call) (any, error) {
	name, err := c.form.need("GroupName")
	if err != nil {
		return nil, err
	}
	g, err := h.accounts.Identity(c.ctx, account.IAMGroup, c.account(), name)
	if err != nil {
		return nil, err
	}
	all, err := h.accounts.Identities(c.ctx, account.IAMUser, c.account())
	if err != nil {
		return nil, err
	}
	members := slices.DeleteFunc(all, func(i account.Identity) bool { return !slices.Contains(i.Groups, g.Name) })
	users, more, err := page(c, members, nameOf)
	if err != nil {
		return nil, err
	}
	return struct {
		Group groupXML
		Users list[userXML]
		pageXML
	}{toGroup(g), convert(users, toListed), more}, nil
}

func (h *Handler) listGroups(c *call) (any, error) {
	all, err := h.accounts.Identities(c.ctx, account.IAMGroup, c.account())
	if err != nil {
		return nil, err
	}
	groups, more, err := page(c, below(c, all, pathOf), nameOf)
	if err != nil {
		return nil, err
	}
	return struct {
		Groups list[groupXML]
		pageXML
	}{convert(groups, toGroup), more}, nil
}

func (h *Handler) updateGroup(c *call) (any, error) {
	name, err := c.form.need("GroupName")
	if err != nil {
		return nil, err
	}
	return nil, h.move(c, account.IAMGroup, name, c.form.get("NewGroupName"))
}

func (h *Handler) deleteGroup(c *call) (any, error) {
	name, err := c.form.need("GroupName")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.DeleteIdentity(c.ctx, account.IAMGroup, c.account(), name)
}

func (h *Handler) addUserToGroup(c *call) (any, error) {
	group, user, err := c.namedMember()
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.AddToGroup(c.ctx, c.account(), group, user)
}

func (h *Handler) removeUserFromGroup(c *call) (any, error) {
	group, user, err := c.namedMember()
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.RemoveFromGroup(c.ctx, c.account(), group, user)
}

func (c *call) namedMember() (group, user string, err error) {
	if group, err = c.form.need("GroupName"); err != nil {
		return "", "", err
	}
	user, err = c.form.need("UserName")
	return group, user, err
}
