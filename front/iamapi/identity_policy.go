package iamapi

import (
	"encoding/xml"
	"strings"

	"shoal/core/account"
)

// identityPolicyActions are the actions on the policies of users, groups and roles, which differ by the name only.
func identityPolicyActions() []action {
	var rows []action
	inline, managed := parameter{"PolicyName", required, policyNameType}, parameter{"PolicyArn", required, arnType}
	for _, of := range []struct {
		kind  account.IdentityKind
		name  string
		shape shape
	}{{account.IAMUser, "User", existingUserNameType}, {account.IAMGroup, "Group", groupNameType}, {account.IAMRole, "Role", roleNameType}} {
		p := policiesOf{of.kind, of.name, of.name + "Name"}
		row := func(name string, serve func(*Handler, *call) (any, error), more ...parameter) action {
			takes := append([]parameter{{p.parameter, required, of.shape}}, more...)
			return action{name: name, service: serviceIAM, resource: ofIdentity(p.kind, p.parameter), serve: serve, takes: takes, state: yes}
		}
		rows = append(rows,
			row("Put"+of.name+"Policy", p.put, inline, parameter{"PolicyDocument", required, policyDocumentType}),
			row("Get"+of.name+"Policy", p.get, inline), row("List"+of.name+"Policies", p.list, paged()...),
			row("Delete"+of.name+"Policy", p.delete, inline),
			row("Attach"+of.name+"Policy", p.attach, managed), row("Detach"+of.name+"Policy", p.detach, managed),
			row("ListAttached"+of.name+"Policies", p.listAttached, paged(parameter{"PathPrefix", optional, pathPrefixType})...),
		)
	}
	return rows
}

// policiesOf serves the policies of one kind of identity.
type policiesOf struct {
	kind      account.IdentityKind
	name      string // User
	parameter string // UserName
}

// holder is the name of the identity that a request is about.
func (p policiesOf) holder(c *call) string { return c.form.get(p.parameter) }

func (p policiesOf) put(h *Handler, c *call) (any, error) {
	policy := account.InlinePolicy{Name: c.form.get("PolicyName"), Document: c.form.get("PolicyDocument")}
	return nil, h.accounts.PutInlinePolicy(c.ctx, p.kind, c.account(), p.holder(c), policy)
}

// inlineXML is an inline policy. Its owner's element is named for the kind.
type inlineXML struct {
	Owner          ownerXML
	PolicyName     string
	PolicyDocument string
}

type ownerXML struct {
	XMLName xml.Name
	Name    string `xml:",chardata"`
}

func (p policiesOf) get(h *Handler, c *call) (any, error) {
	policy := c.form.get("PolicyName")
	i, err := h.accounts.Identity(c.ctx, p.kind, c.account(), p.holder(c))
	if err != nil {
		return nil, err
	}
	for _, own := range i.Inline {
		if own.Name == policy {
			return inlineXML{ownerXML{xml.Name{Local: p.parameter}, i.Name}, own.Name, escapeDocument(own.Document)}, nil
		}
	}
	return nil, account.NoSuchInlinePolicy(p.kind, policy)
}

func (p policiesOf) list(h *Handler, c *call) (any, error) {
	i, err := h.accounts.Identity(c.ctx, p.kind, c.account(), p.holder(c))
	if err != nil {
		return nil, err
	}
	own, more, err := page(c, i.Inline, func(p account.InlinePolicy) string { return p.Name })
	if err != nil {
		return nil, err
	}
	return struct {
		PolicyNames list[string]
		pageXML
	}{convert(own, func(p account.InlinePolicy) string { return p.Name }), more}, nil
}

func (p policiesOf) delete(h *Handler, c *call) (any, error) {
	return nil, h.accounts.DeleteInlinePolicy(c.ctx, p.kind, c.account(), p.holder(c), c.form.get("PolicyName"))
}

func (p policiesOf) attach(h *Handler, c *call) (any, error) {
	return nil, h.accounts.Attach(c.ctx, p.kind, c.account(), p.holder(c), c.form.get("PolicyArn"))
}

func (p policiesOf) detach(h *Handler, c *call) (any, error) {
	return nil, h.accounts.Detach(c.ctx, p.kind, c.account(), p.holder(c), c.form.get("PolicyArn"))
}

type attachedXML struct {
	PolicyName string
	PolicyARN  string `xml:"PolicyArn"`
}

func (p policiesOf) listAttached(h *Handler, c *call) (any, error) {
	i, err := h.accounts.Identity(c.ctx, p.kind, c.account(), p.holder(c))
	if err != nil {
		return nil, err
	}
	// At most account.MaxAttached: always one page.
	return struct {
		AttachedPolicies list[attachedXML]
		pageXML
	}{convert(i.Attached, func(arn string) attachedXML { return attachedXML{arn[strings.LastIndexByte(arn, '/')+1:], arn} }), pageXML{}}, nil
}
