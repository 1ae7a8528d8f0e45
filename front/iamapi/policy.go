package iamapi

import (
	"slices"
	"strconv"
	"strings"

	"shoal/core/access"
	"shoal/core/account"
)

func policyActions() []action {
	named, version := parameter{"PolicyArn", required, arnType}, parameter{"VersionId", required, policyVersionIDType}
	return []action{
		{name: "CreatePolicy", service: serviceIAM, resource: ofNew("policy", "PolicyName"), serve: (*Handler).createPolicy, tagging: "iam:TagPolicy", state: yes, takes: []parameter{
			{"PolicyName", required, policyNameType},
			{"PolicyDocument", required, policyDocumentType},
			{"Path", optional, pathType},
			{"Description", optional, policyDescriptionType},
			{"Tags", optional, tagListType},
		}},
		{name: "GetPolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).getPolicy, state: yes, takes: []parameter{named}},
		{name: "ListPolicies", service: serviceIAM, serve: (*Handler).listPolicies, state: partial, note: "of AWS's own policies only those in the text above", takes: paged(
			parameter{"PathPrefix", optional, pathPrefixType}, parameter{"Scope", optional, policyScopeType}, parameter{"OnlyAttached", optional, booleanType},
		)},
		{name: "DeletePolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).deletePolicy, state: yes, takes: []parameter{named}},
		{name: "CreatePolicyVersion", service: serviceIAM, resource: ofPolicy, serve: (*Handler).createPolicyVersion, state: yes, takes: []parameter{
			named, {"PolicyDocument", required, policyDocumentType}, {"SetAsDefault", optional, booleanType},
		}},
		{name: "GetPolicyVersion", service: serviceIAM, resource: ofPolicy, serve: (*Handler).getPolicyVersion, state: yes, takes: []parameter{named, version}},
		{name: "ListPolicyVersions", service: serviceIAM, resource: ofPolicy, serve: (*Handler).listPolicyVersions, state: yes, takes: paged(named)},
		{name: "SetDefaultPolicyVersion", service: serviceIAM, resource: ofPolicy, serve: (*Handler).setDefaultPolicyVersion, state: yes, takes: []parameter{named, version}},
		{name: "DeletePolicyVersion", service: serviceIAM, resource: ofPolicy, serve: (*Handler).deletePolicyVersion, state: yes, takes: []parameter{named, version}},
		{name: "ListEntitiesForPolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).listEntitiesForPolicy, state: partial, note: "always one page", takes: paged(named, parameter{"EntityFilter", optional, entityType})},
		{name: "TagPolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).tagPolicy, state: yes, takes: []parameter{named, {"Tags", required, tagListType}}},
		{name: "UntagPolicy", service: serviceIAM, resource: ofPolicy, serve: (*Handler).untagPolicy, state: yes, takes: []parameter{named, {"TagKeys", required, tagKeyListType}}},
		{name: "ListPolicyTags", service: serviceIAM, resource: ofPolicy, serve: (*Handler).listPolicyTags, state: yes, takes: paged(named)},
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

// versionNumber reads VersionId; 0, which no version has, when it is one of a label.
func (c *call) versionNumber() int {
	n, err := strconv.ParseUint(strings.TrimPrefix(c.form.get("VersionId"), "v"), 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

func (h *Handler) createPolicy(c *call) (any, error) {
	tags, err := c.tags()
	if err != nil {
		return nil, err
	}
	p, err := h.accounts.CreatePolicy(c.ctx, account.ManagedPolicy{
		Account: c.account(), Name: c.form.get("PolicyName"), Path: c.form.get("Path"),
		Description: c.form.get("Description"), Tags: tags,
	}, c.form.get("PolicyDocument"))
	if err != nil {
		return nil, err
	}
	return struct{ Policy policyXML }{toPolicy(p)}, nil
}

// policy returns the managed policy that the request names.
func (h *Handler) policy(c *call) (account.ManagedPolicy, error) {
	return h.accounts.Policy(c.ctx, c.account(), c.form.get("PolicyArn"))
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
	var err error
	scope := c.form.get("Scope")
	if scope != "AWS" {
		if all, err = h.accounts.Policies(c.ctx, c.account()); err != nil {
			return nil, err
		}
	}
	if scope != "Local" {
		all = append(all, account.BuiltinPolicies()...)
	}
	if c.form.get("OnlyAttached") == "true" {
		all = slices.DeleteFunc(all, func(p account.ManagedPolicy) bool { return p.Attachments == 0 })
	}
	byARN := func(p account.ManagedPolicy) string { return p.ARN() }
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
	return nil, h.accounts.DeletePolicy(c.ctx, c.account(), c.form.get("PolicyArn"))
}

func (h *Handler) tagPolicy(c *call) (any, error) {
	tags, err := c.tags()
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.ChangePolicy(c.ctx, c.account(), c.form.get("PolicyArn"), func(p *account.ManagedPolicy) error {
		p.Tags = withTags(p.Tags, tags)
		return nil
	})
}

func (h *Handler) untagPolicy(c *call) (any, error) {
	keys, err := c.form.list("TagKeys", "")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.ChangePolicy(c.ctx, c.account(), c.form.get("PolicyArn"), func(p *account.ManagedPolicy) error {
		p.Tags = withoutTags(p.Tags, keys)
		return nil
	})
}

func (h *Handler) listPolicyTags(c *call) (any, error) {
	p, err := h.policy(c)
	if err != nil {
		return nil, err
	}
	tags, more, err := page(c, p.Tags, func(t access.Tag) string { return t.Key })
	return tagsXML{convert(tags, toTag), more}, err
}
