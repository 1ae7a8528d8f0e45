package iamapi

import (
	"slices"
	"strings"

	"shoal/core/access"
	"shoal/core/account"
)

// tagIdentity adds tags, or replaces those of the same keys.
func tagIdentity(kind account.IdentityKind, parameter string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		name, tags, err := c.named(parameter)
		if err != nil {
			return nil, err
		}
		return nil, h.accounts.ChangeIdentity(c.ctx, kind, c.account(), name, func(i *account.Identity) error {
			i.Tags = withTags(i.Tags, tags)
			return nil
		})
	}
}

func untagIdentity(kind account.IdentityKind, parameter string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		name, err := c.form.need(parameter)
		if err != nil {
			return nil, err
		}
		keys, err := c.form.list("TagKeys", "")
		if err != nil {
			return nil, err
		}
		return nil, h.accounts.ChangeIdentity(c.ctx, kind, c.account(), name, func(i *account.Identity) error {
			i.Tags = withoutTags(i.Tags, keys)
			return nil
		})
	}
}

type tagsXML struct {
	Tags list[tagXML]
	pageXML
}

func identityTags(kind account.IdentityKind, parameter string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		name, err := c.form.need(parameter)
		if err != nil {
			return nil, err
		}
		i, err := h.accounts.Identity(c.ctx, kind, c.account(), name)
		if err != nil {
			return nil, err
		}
		tags, more, err := page(c, i.Tags, func(t access.Tag) string { return t.Key })
		return tagsXML{convert(tags, toTag), more}, err
	}
}

// named returns the parameter that names the entity, and the tags.
func (c *call) named(parameter string) (name string, tags []access.Tag, err error) {
	if name, err = c.form.need(parameter); err != nil {
		return "", nil, err
	}
	tags, err = c.tags()
	return name, tags, err
}

// withTags returns old with the tags that are put on it, by key.
func withTags(old, put []access.Tag) []access.Tag {
	keys := make([]string, len(put))
	for n, t := range put {
		keys[n] = t.Key
	}
	all := append(withoutTags(old, keys), put...)
	slices.SortFunc(all, func(a, b access.Tag) int { return strings.Compare(a.Key, b.Key) })
	return all
}

func withoutTags(old []access.Tag, keys []string) []access.Tag {
	return slices.DeleteFunc(slices.Clone(old), func(t access.Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, t.Key) })
	})
}

func putBoundary(kind account.IdentityKind, parameter string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		name, err := c.form.need(parameter)
		if err != nil {
			return nil, err
		}
		arn, err := c.form.need("PermissionsBoundary")
		if err != nil {
			return nil, err
		}
		return nil, h.accounts.SetBoundary(c.ctx, kind, c.account(), name, arn)
	}
}

func deleteBoundary(kind account.IdentityKind, parameter string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		name, err := c.form.need(parameter)
		if err != nil {
			return nil, err
		}
		return nil, h.accounts.SetBoundary(c.ctx, kind, c.account(), name, "")
	}
}
