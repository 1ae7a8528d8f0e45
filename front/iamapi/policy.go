package iamapi

import (
	"slices"
	"strconv"
	"strings"

	"shoal/core/account"
)

func policyActions() []action {
	return []action{
		{name: "CreatePolicy", service: serviceIAM, resource: ofNew("policy", "PolicyName"), serve: (*Handler).createPolicy, tagging: "iam:TagPolicy", state: yes},
		{name: "GetPolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).getPolicy, state: yes},
		{name: "ListPolicies", service: serviceIAM, serve: (*Handler).listPolicies, state: partial, note: "of AWS's own policies only those in the text above"},
		{name: "DeletePolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).deletePolicy, state: yes},
		{name: "CreatePolicyVersion", service: serviceIAM, resource: ofPolicy, serve: (*Handler).createPolicyVersion, state: yes},
		{name: "GetPolicyVersion", service: serviceIAM, resource: ofPolicy, serve: (*Handler).getPolicyVersion, state: yes},
		{name: "ListPolicyVersions", service: serviceIAM, resource: ofPolicy, serve: (*Handler).listPolicyVersions, state: yes},
		{name: "SetDefaultPolicyVersion", service: serviceIAM, resource: ofPolicy, serve: (*Handler).setDefaultPolicyVersion, state: yes},
		{name: "DeletePolicyVersion", service: serviceIAM, resource: ofPolicy, serve: (*Handler).deletePolicyVersion, state: yes},
		{name: "ListEntitiesForPolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).listEntitiesForPolicy, state: partial, note: "always one page"},
		{name: "TagPolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).tagPolicy, state: yes},
		{name: "UntagPolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).untagPolicy, state: yes},
		{name: "ListPolicyTags", service: serviceIAM, resource: ofPolicy, serve: (*Handler).listPolicyTags, state: yes},
	}
}

type policyXML struct {
	PolicyName                    string
	PolicyID                      string `xml:"PolicyId"`
	ARN                           string `xml:"Arn"`
	Path                          string
	DefaultVersionID              string `xml:"DefaultVersionId"`
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty"`
	CreateDate                    timestamp
	UpdateDate                    timestamp
	Tags                          *list[tagXML]
}

type policyVersionXML struct {
	Document         string `xml:",omitempty"`
	VersionID        string `xml:"VersionId"`
	IsDefaultVersion bool
	CreateDate       timestamp
}

func toPolicy(p account.ManagedPolicy) policyXML {
	return policyXML{
		p.Name, p.ID, p.ARN(), p.Path, versionID(p.Default), p.Attachments, p.Boundaries, true, p.Description,
		timestamp(p.Created), timestamp(p.Updated), toTags(p.Tags),
	}
}

func versionID(number int) string { return "v" + strconv.Itoa(number) }

// needVersion reads VersionId.
func (c *call) needVersion() (int, error) {
	text, err := c.form.need("VersionId")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "v"), 10, 31)
	if err != nil || versionID(int(n)) != text {
		return 0, invalid("VersionId", "Member must be v and a number")
	}
	return int(n), nil
}

func (h *Handler) createPolicy(c *call) (any, error) {
	name, tags, err := c.named("PolicyName")
	if err != nil {
		return nil, err
	}
	document, err := c.form.need("PolicyDocument")
	if err != nil {
		return nil, err
	}
	p, err := h.accounts.CreatePolicy(c.ctx, account.ManagedPolicy{
		Account: c.account(), Name: name, Path: c.form.get("Path"), Description: c.form.get("Description"), Tags: tags,
	}, document)
	if err != nil {
		return nil, err
	}
	return struct{ Policy policyXML }{toPolicy(p)}, nil
}

// policy returns the managed policy that the request names.
func (h *Handler) policy(c *call) (account.ManagedPolicy, error) {
	arn, err := c.form.need("PolicyArn")
	if err != nil {
		return account.ManagedPolicy{}, err
	}
	return h.accounts.Policy(c.ctx, c.account(), arn)
}

func (h *Handler) getPolicy(c *call) (any, error) {
	p, err := h.policy(c)
	if err != nil {
		return nil, err
	}
	return struct{ Policy policyXML }{toPolicy(p)}, nil
}

func (h *Handler) listPolicies(c *call) (any, error) {
	var all []account.ManagedPolicy
	scope := c.form.get("Scope")
	switch scope {
	case "", "All", "AWS", "Local":
	default:
		return nil, invalid("Scope", "Member must satisfy enum value set: [All, AWS, Local]")
	}
	onlyAttached, err := c.form.boolean("OnlyAttached")
	if err != nil {
		return nil, err
	}
	if scope != "AWS" {
		if all, err = h.accounts.Policies(c.ctx, c.account()); err != nil {
			return nil, err
		}
	}
	if scope != "Local" {
		all = append(all, account.BuiltinPolicies()...)
	}
	if onlyAttached {
		all = slices.DeleteFunc(all, func(p account.ManagedPolicy) bool { return p.Attachments == 0 })
	}
	byARN := func(p account.ManagedPolicy) string { return p.ARN() }
	slices.SortFunc(all, func(a, b account.ManagedPolicy) int {
		return strings.Compare(strings.ToLower(a.ARN()), strings.ToLower(b.ARN()))
	})
	policies, more, err := page(c, below(c, all, func(p account.ManagedPolicy) string { return p.Path }), byARN)
	if err != nil {
		return nil, err
	}
	listed := func(p account.ManagedPolicy) policyXML {
		p.Tags, p.Description = nil, "" // as AWS: asked for one by one
		return toPolicy(p)
	}
	return struct {
		Policies list[policyXML]
		pageXML
	}{convert(policies, listed), more}, nil
}

func (h *Handler) deletePolicy(c *call) (any, error) {
	arn, err := c.form.need("PolicyArn")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.DeletePolicy(c.ctx, c.account(), arn)
}

func (h *Handler) tagPolicy(c *call) (any, error) {
	arn, tags, err := c.named("PolicyArn")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.ChangePolicy(c.ctx, c.account(), arn, func(p *account.ManagedPolicy) error {
		p.Tags = withTags(p.Tags, tags)
		return nil
	})
}

func (h *Handler) untagPolicy(c *call) (any, error) {
	arn, err := c.form.need("PolicyArn")
	if err != nil {
		return nil, err
	}
	keys, err := c.form.list("TagKeys", "")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.ChangePolicy(c.ctx, c.account(), arn, func(p *account.ManagedPolicy) error {
		p.Tags = withoutTags(p.Tags, keys)
		return nil
	})
}

func (h *Handler) listPolicyTags(c *call) (any, error) {
	p, err := h.policy(c)
	if err != nil {
		return nil, err
	}
	return tagsXML{Tags: convert(p.Tags, toTag)}, nil
}
