package iamapi

import (
	"slices"

	"shoal/core/account"
)

func toVersion(p account.ManagedPolicy, v account.PolicyVersion) policyVersionXML {
	return policyVersionXML{VersionID: versionID(v.Number), IsDefaultVersion: v.Number == p.Default, CreateDate: timestamp(v.Created)}
}

func (h *Handler) createPolicyVersion(c *call) (any, error) {
	makeDefault := c.form.get("SetAsDefault") == "true"
	v, err := h.accounts.AddPolicyVersion(c.ctx, c.account(), c.form.get("PolicyArn"), c.form.get("PolicyDocument"), makeDefault)
	if err != nil {
		return nil, err
	}
	x := policyVersionXML{VersionID: versionID(v.Number), IsDefaultVersion: makeDefault, CreateDate: timestamp(v.Created)}
	return struct{ PolicyVersion policyVersionXML }{x}, nil
}

func (h *Handler) getPolicyVersion(c *call) (any, error) {
	number := c.versionNumber()
	p, err := h.policy(c)
	if err != nil {
		return nil, err
	}
	v, ok := p.Version(number)
	if !ok {
		return nil, errorOf(codeNoSuchEntity, "Policy "+p.ARN()+" version "+versionID(number)+" does not exist or is not attachable.")
	}
	x := toVersion(p, v)
	x.Document = escapeDocument(v.Document)
	return struct{ PolicyVersion policyVersionXML }{x}, nil
}

func (h *Handler) listPolicyVersions(c *call) (any, error) {
	p, err := h.policy(c)
	if err != nil {
		return nil, err
	}
	versions := slices.Clone(p.Versions)
	slices.Reverse(versions) // the newest first; at most account.MaxPolicyVersions: always one page
	return struct {
		Versions list[policyVersionXML]
		pageXML
	}{convert(versions, func(v account.PolicyVersion) policyVersionXML { return toVersion(p, v) }), pageXML{}}, nil
}

func (h *Handler) setDefaultPolicyVersion(c *call) (any, error) {
	return nil, h.accounts.SetDefaultVersion(c.ctx, c.account(), c.form.get("PolicyArn"), c.versionNumber())
}

func (h *Handler) deletePolicyVersion(c *call) (any, error) {
	return nil, h.accounts.DeletePolicyVersion(c.ctx, c.account(), c.form.get("PolicyArn"), c.versionNumber())
}

type policyUserXML struct {
	UserName string
	UserID   string `xml:"UserId"`
}

type policyGroupXML struct {
	GroupName string
	GroupID   string `xml:"GroupId"`
}

type policyRoleXML struct {
	RoleName string
	RoleID   string `xml:"RoleId"`
}

func (h *Handler) listEntitiesForPolicy(c *call) (any, error) {
	p, err := h.policy(c)
	if err != nil {
		return nil, err
	}
	holders := map[account.IdentityKind][]account.Identity{}
	filter := c.form.get("EntityFilter")
	for kind, name := range map[account.IdentityKind]string{account.IAMUser: "User", account.IAMGroup: "Group", account.IAMRole: "Role"} {
		if filter != "" && filter != name {
			continue
		}
		all, err := h.accounts.Identities(c.ctx, kind, c.account())
		if err != nil {
			return nil, err
		}
		holders[kind] = slices.DeleteFunc(all, func(i account.Identity) bool {
			return !slices.Contains(i.Attached, p.ARN()) && i.Boundary != p.ARN()
		})
	}
	return struct {
		PolicyGroups list[policyGroupXML]
		PolicyUsers  list[policyUserXML]
		PolicyRoles  list[policyRoleXML]
		pageXML
	}{
		convert(holders[account.IAMGroup], func(i account.Identity) policyGroupXML { return policyGroupXML{i.Name, i.ID} }),
		convert(holders[account.IAMUser], func(i account.Identity) policyUserXML { return policyUserXML{i.Name, i.ID} }),
		convert(holders[account.IAMRole], func(i account.Identity) policyRoleXML { return policyRoleXML{i.Name, i.ID} }),
		pageXML{},
	}, nil
}
