package iamapi

import (
	"slices"

	"shoal/core/account"
)

func groupActions() []action {
	group, named := ofIdentity(account.IAMGroup, "GroupName"), parameter{"GroupName", required, groupNameType}
	member := []parameter{named, {"UserName", required, existingUserNameType}}
	return []action{
		{name: "CreateGroup", service: serviceIAM, resource: ofNew("group", "GroupName"), serve: (*Handler).createGroup, state: yes, takes: []parameter{named, {"Path", optional, pathType}}},
		{name: "GetGroup", service: serviceIAM, resource: group, serve: (*Handler).getGroup, state: yes, takes: paged(named)},
		{name: "ListGroups", service: serviceIAM, serve: (*Handler).listGroups, state: yes, takes: paged(parameter{"PathPrefix", optional, pathPrefixType})},
		{name: "UpdateGroup", service: serviceIAM, resource: group, serve: (*Handler).updateGroup, state: partial, note: "a group that has users keeps its name", takes: []parameter{
			named, {"NewGroupName", optional, groupNameType}, {"NewPath", optional, pathType},
		}},
		{name: "DeleteGroup", service: serviceIAM, resource: group, serve: (*Handler).deleteGroup, state: yes, takes: []parameter{named}},
		{name: "AddUserToGroup", service: serviceIAM, resource: group, serve: (*Handler).addUserToGroup, state: yes, takes: member},
		{name: "RemoveUserFromGroup", service: serviceIAM, resource: group, serve: (*Handler).removeUserFromGroup, state: yes, takes: member},
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
	i, err := h.accounts.CreateIdentity(c.ctx, account.Identity{
		Kind: account.IAMGroup, Account: c.account(), Name: c.form.get("GroupName"), Path: c.form.get("Path"),
	})
	if err != nil {
		return nil, err
	}
	return struct{ Group groupXML }{toGroup(i)}, nil
}

func (h *Handler) getGroup(c *call) (any, error) {
	g, err := h.accounts.Identity(c.ctx, account.IAMGroup, c.account(), c.form.get("GroupName"))
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
	return nil, h.move(c, account.IAMGroup, c.form.get("GroupName"), c.form.get("NewGroupName"))
}

func (h *Handler) deleteGroup(c *call) (any, error) {
	return nil, h.accounts.DeleteIdentity(c.ctx, account.IAMGroup, c.account(), c.form.get("GroupName"))
}

func (h *Handler) addUserToGroup(c *call) (any, error) {
	return nil, h.accounts.AddToGroup(c.ctx, c.account(), c.form.get("GroupName"), c.form.get("UserName"))
}

func (h *Handler) removeUserFromGroup(c *call) (any, error) {
	return nil, h.accounts.RemoveFromGroup(c.ctx, c.account(), c.form.get("GroupName"), c.form.get("UserName"))
}
