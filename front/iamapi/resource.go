package iamapi

import (
	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/fault"
)

// ofIdentity returns the ARN of the identity that a parameter names, with its path if it is there.
func ofIdentity(kind account.IdentityKind, parameter string) func(*Handler, *call) (string, error) {
	return func(h *Handler, c *call) (string, error) {
		name := c.form.get(parameter)
		if kind == account.IAMUser && name == "" {
			own, ok := c.userName()
			if !ok {
				return c.rootARN(), nil
			}
			name = own
		}
		return h.describeIdentity(c, kind, name)
	}
}

// describeIdentity returns the ARN of an identity, and fills in what policies may ask of it.
func (h *Handler) describeIdentity(c *call, kind account.IdentityKind, name string) (string, error) {
	i, err := h.accounts.Identity(c.ctx, kind, c.account(), name)
	if fault.Is(err, fault.NoSuchEntity) {
		return "arn:aws:iam::" + c.accountID() + ":" + kind.String() + "/" + name, nil
	}
	if err != nil {
		return "", err
	}
	boundary := i.Boundary
	if c.form.has("PermissionsBoundary") {
		boundary = c.form.get("PermissionsBoundary") // the one that is to be
	}
	if boundary != "" {
		c.access.Set("iam:PermissionsBoundary", boundary)
	}
	for _, t := range i.Tags {
		c.access.Set(access.Key("iam:ResourceTag/"+t.Key), t.Value)
		c.access.Set(access.Key("aws:ResourceTag/"+t.Key), t.Value)
	}
	return i.ARN(), nil
}

// ofKey returns the ARN of whom the access key of the request belongs to; "*" when there is no such key, so that who may
// ask about some users only cannot find out which keys there are.
func ofKey(h *Handler, c *call) (string, error) {
	k, err := h.accounts.AccessKey(c.ctx, c.who.Account, c.form.get("AccessKeyId"))
	switch {
	case fault.Is(err, fault.NoSuchEntity):
		return "*", nil
	case err != nil:
		return "", err
	case k.Account == "":
		return c.rootARN(), nil
	}
	return h.describeIdentity(c, account.IAMUser, k.UserName)
}

func (c *call) rootARN() string { return "arn:aws:iam::" + c.accountID() + ":root" }

// ofNew returns the ARN that an entity is going to have.
func ofNew(kind, parameter string) func(*Handler, *call) (string, error) {
	return func(_ *Handler, c *call) (string, error) {
		path := c.form.get("Path")
		if path == "" {
			path = "/"
		}
		if boundary := c.form.get("PermissionsBoundary"); boundary != "" {
			c.access.Set("iam:PermissionsBoundary", boundary)
		}
		return "arn:aws:iam::" + c.accountID() + ":" + kind + path + c.form.get(parameter), nil
	}
}

// moved returns the ARN that an identity has after the request, "" when it stays.
func (c *call) moved(kind account.IdentityKind, name, path string) string {
	newName, newPath := c.form.get("New"+title(kind)+"Name"), c.form.get("NewPath")
	if newName == "" && newPath == "" {
		return ""
	}
	if newName != "" {
		name = newName
	}
	if newPath != "" {
		path = newPath
	}
	return "arn:aws:iam::" + c.accountID() + ":" + kind.String() + path + name
}

func title(kind account.IdentityKind) string {
	if kind == account.IAMGroup {
		return "Group"
	}
	return "User"
}

// ofPolicy returns the ARN of a managed policy as the request names it.
func ofPolicy(_ *Handler, c *call) (string, error) { return c.form.get("PolicyArn"), nil }
