package iamapi

import (
	"encoding/xml"
	"slices"
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

// named returns the identity and another parameter.
func (p policiesOf) named(c *call, other string) (name, value string, err error) {
	if name, err = c.form.need(p.parameter); err != nil {
		return "", "", err
	}
	value, err = c.form.need(other)
	return name, value, err
}

func (p policiesOf) put(h *Handler, c *call) (any, error) {
	name, policy, err := p.named(c, "PolicyName")
	if err != nil {
		return nil, err
	}
	document, err := c.form.need("PolicyDocument")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.PutInlinePolicy(c.ctx, p.kind, c.account(), name, account.InlinePolicy{Name: policy, Document: document})
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
	name, policy, err := p.named(c, "PolicyName")
	if err != nil {
		return nil, err
	}
	i, err := h.accounts.Identity(c.ctx, p.kind, c.account(), name)
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
	name, err := c.form.need(p.parameter)
	if err != nil {
		return nil, err
	}
	i, err := h.accounts.Identity(c.ctx, p.kind, c.account(), name)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(i.Inline, func(a, b account.InlinePolicy) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
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
	name, policy, err := p.named(c, "PolicyName")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.DeleteInlinePolicy(c.ctx, p.kind, c.account(), name, policy)
}

func (p policiesOf) attach(h *Handler, c *call) (any, error) {
	name, arn, err := p.named(c, "PolicyArn")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.Attach(c.ctx, p.kind, c.account(), name, arn)
}

func (p policiesOf) detach(h *Handler, c *call) (any, error) {
	name, arn, err := p.named(c, "PolicyArn")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.Detach(c.ctx, p.kind, c.account(), name, arn)
}

type attachedXML struct {
	PolicyName string
	PolicyARN  string `xml:"PolicyArn"`
}

func (p policiesOf) listAttached(h *Handler, c *call) (any, error) {
	name, err := c.form.need(p.parameter)
	if err != nil {
		return nil, err
	}
	i, err := h.accounts.Identity(c.ctx, p.kind, c.account(), name)
	if err != nil {
		return nil, err
	}
	// At most account.MaxAttached: always one page.
	return struct {
		AttachedPolicies list[attachedXML]
		pageXML
	}{convert(i.Attached, func(arn string) attachedXML { return attachedXML{arn[strings.LastIndexByte(arn, '/')+1:], arn} }), pageXML{}}, nil
}
