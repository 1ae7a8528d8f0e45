package iamapi

import (
	"net/url"
	"strings"
	"time"

	"shoal/core/account"
)

func roleActions() []action {
	named := parameter{"RoleName", required, roleNameType}
	row := func(name string, serve func(*Handler, *call) (any, error), takes ...parameter) action {
		return action{name: name, service: serviceIAM, takes: takes, resource: ofIdentity(account.IAMRole, "RoleName"), serve: serve, state: yes}
	}
	create := row("CreateRole", (*Handler).createRole, named, parameter{"AssumeRolePolicyDocument", required, policyDocumentType},
		parameter{"Path", optional, pathType}, parameter{"Description", optional, descriptionType}, parameter{"MaxSessionDuration", optional, maxSessionType},
		parameter{"PermissionsBoundary", optional, arnType}, parameter{"Tags", optional, tagListType})
	create.resource, create.tagging = ofNew("role", "RoleName"), "iam:TagRole"
	list := row("ListRoles", (*Handler).listRoles, paged(parameter{"PathPrefix", optional, pathPrefixType})...)
	list.resource = nil
	return []action{
		create, list,
		row("GetRole", (*Handler).getRole, parameter{"RoleName", mandatory, roleNameType}),
		row("UpdateRole", (*Handler).updateRole, named, parameter{"Description", optional, descriptionType}, parameter{"MaxSessionDuration", optional, maxSessionType}),
		row("UpdateRoleDescription", (*Handler).updateRoleDescription, named, parameter{"Description", required, descriptionType}),
		row("UpdateAssumeRolePolicy", (*Handler).updateAssumeRolePolicy, named, parameter{"PolicyDocument", required, policyDocumentType}),
		row("DeleteRole", (*Handler).deleteRole, parameter{"RoleName", mandatory, roleNameType}),
		row("TagRole", tagIdentity(account.IAMRole, "RoleName"), named, parameter{"Tags", required, tagListType}),
		row("UntagRole", untagIdentity(account.IAMRole, "RoleName"), named, parameter{"TagKeys", required, tagKeyListType}),
		row("ListRoleTags", identityTags(account.IAMRole, "RoleName"), paged(named)...),
		row("PutRolePermissionsBoundary", putBoundary(account.IAMRole, "RoleName"), named, parameter{"PermissionsBoundary", required, arnType}),
		row("DeleteRolePermissionsBoundary", deleteBoundary(account.IAMRole, "RoleName"), named),
	}
}

type roleXML struct {
	Path                     string
	RoleName                 string
	RoleID                   string `xml:"RoleId"`
	ARN                      string `xml:"Arn"`
	CreateDate               timestamp
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int64
	PermissionsBoundary      *boundaryXML
	Tags                     *list[tagXML]
	RoleLastUsed             *roleUsedXML
}

// roleUsedXML is empty of a role that was never used.
type roleUsedXML struct {
	LastUsedDate *timestamp
	Region       string `xml:",omitempty"`
}

func toRole(i account.Identity) roleXML {
	return roleXML{
		i.Path, i.Name, i.ID, i.ARN(), timestamp(i.Created), escapeDocument(i.Trust), i.Description,
		int64(i.MaxSession / time.Second), toBoundary(i.Boundary), toTags(i.Tags), nil,
	}
}

// escapeDocument returns a policy as answers have it: percent-encoded (RFC 3986).
func escapeDocument(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

type roleResult struct{ Role roleXML }

func (h *Handler) createRole(c *call) (any, error) {
	tags, err := c.tags()
	if err != nil {
		return nil, err
	}
	longest, err := c.maxSession()
	if err != nil {
		return nil, err
	}
	i, err := h.accounts.CreateIdentity(c.ctx, account.Identity{
		Kind: account.IAMRole, Account: c.account(), Name: c.form.get("RoleName"), Path: c.form.get("Path"),
		Trust:       c.form.get("AssumeRolePolicyDocument"),
		Description: c.form.get("Description"), MaxSession: longest, Boundary: c.form.get("PermissionsBoundary"), Tags: tags,
	})
	if err != nil {
		return nil, err
	}
	x := toRole(i)
	x.RoleLastUsed = &roleUsedXML{}
	return roleResult{x}, nil
}

// maxSession is MaxSessionDuration, an hour when it is not given.
func (c *call) maxSession() (time.Duration, error) {
	shortest, longest := int(account.MinRoleSession/time.Second), int(account.MaxRoleSession/time.Second)
	n, err := c.form.number("MaxSessionDuration", shortest, shortest, longest)
	return time.Duration(n) * time.Second, err
}

func (h *Handler) getRole(c *call) (any, error) {
	i, err := h.accounts.Identity(c.ctx, account.IAMRole, c.account(), c.form.get("RoleName"))
	if err != nil {
		return nil, err
	}
	used, err := h.accounts.LastUsed(c.ctx, i.ID)
	if err != nil {
		return nil, err
	}
	x := toRole(i)
	x.RoleLastUsed = &roleUsedXML{usedDate(used), used.Region}
	return roleResult{x}, nil
}

func (h *Handler) listRoles(c *call) (any, error) {
	all, err := h.accounts.Identities(c.ctx, account.IAMRole, c.account())
	if err != nil {
		return nil, err
	}
	roles, more, err := page(c, below(c, all, pathOf), nameOf)
	if err != nil {
		return nil, err
	}
	listed := func(i account.Identity) roleXML {
		x := toRole(i)
		x.Tags, x.PermissionsBoundary = nil, nil // as AWS: asked for one by one
		return x
	}
	return struct {
		Roles list[roleXML]
		pageXML
	}{convert(roles, listed), more}, nil
}

// changeRole changes the role that the request names.
func (h *Handler) changeRole(c *call, f func(*account.Identity) error) error {
	return h.accounts.ChangeIdentity(c.ctx, account.IAMRole, c.account(), c.form.get("RoleName"), f)
}

// updateRole changes what is given; its result is an empty element.
func (h *Handler) updateRole(c *call) (any, error) {
	longest, err := c.maxSession()
	if err != nil {
		return nil, err
	}
	err = h.changeRole(c, func(i *account.Identity) error {
		if c.form.has("MaxSessionDuration") {
			i.MaxSession = longest
		}
		if c.form.has("Description") {
			i.Description = c.form.get("Description")
		}
		return nil
	})
	return struct{}{}, err
}

func (h *Handler) updateRoleDescription(c *call) (any, error) {
	var changed account.Identity
	err := h.changeRole(c, func(i *account.Identity) error {
		i.Description = c.form.get("Description")
		changed = *i
		return nil
	})
	if err != nil {
		return nil, err
	}
	return roleResult{toRole(changed)}, nil
}

func (h *Handler) updateAssumeRolePolicy(c *call) (any, error) {
	return nil, h.changeRole(c, func(i *account.Identity) error {
		i.Trust = c.form.get("PolicyDocument")
		return nil
	})
}

func (h *Handler) deleteRole(c *call) (any, error) {
	return nil, h.accounts.DeleteIdentity(c.ctx, account.IAMRole, c.account(), c.form.get("RoleName"))
}
