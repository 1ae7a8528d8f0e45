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
		tags, err := c.tags()
		if err != nil {
			return nil, err
		}
		return nil, h.accounts.ChangeIdentity(c.ctx, kind, c.account(), c.form.get(parameter), func(i *account.Identity) error {
			i.Tags = withTags(i.Tags, tags)
			return nil
		})
	}
}

func untagIdentity(kind account.IdentityKind, parameter string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		keys, err := c.form.list("TagKeys", "")
		if err != nil {
			return nil, err
		}
		return nil, h.accounts.ChangeIdentity(c.ctx, kind, c.account(), c.form.get(parameter), func(i *account.Identity) error {
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
		i, err := h.accounts.Identity(c.ctx, kind, c.account(), c.form.get(parameter))
		if err != nil {
			return nil, err
		}
		tags, more, err := page(c, i.Tags, func(t access.Tag) string { return t.Key })
		return tagsXML{convert(tags, toTag), more}, err
	}
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
		return nil, h.accounts.SetBoundary(c.ctx, kind, c.account(), c.form.get(parameter), c.form.get("PermissionsBoundary"))
	}
}

func deleteBoundary(kind account.IdentityKind, parameter string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		return nil, h.accounts.SetBoundary(c.ctx, kind, c.account(), c.form.get(parameter), "")
	}
}
