package iamapi

import "shoal/core/account"

func keyActions() []action {
	user := ofIdentity(account.IAMUser, "UserName")
	const ofUsers = "of IAM users; the key of an account is made and replaced by `shoal user` and `--root-access-key`"
	owner, key := parameter{"UserName", optional, existingUserNameType}, parameter{"AccessKeyId", mandatory, accessKeyIDType}
	return []action{
		{name: "CreateAccessKey", service: serviceIAM, resource: user, serve: (*Handler).createAccessKey, state: partial, note: ofUsers, takes: []parameter{owner}},
		{name: "ListAccessKeys", service: serviceIAM, resource: user, serve: (*Handler).listAccessKeys, state: yes, takes: paged(owner)},
		{name: "UpdateAccessKey", service: serviceIAM, resource: user, serve: (*Handler).updateAccessKey, state: partial, note: ofUsers, takes: []parameter{
			owner, key, {"Status", mandatory, statusType},
		}},
		{name: "GetAccessKeyLastUsed", service: serviceIAM, resource: ofKey, serve: (*Handler).getAccessKeyLastUsed, state: yes, takes: []parameter{key}},
		{name: "DeleteAccessKey", service: serviceIAM, resource: user, serve: (*Handler).deleteAccessKey, state: partial, note: ofUsers, takes: []parameter{owner, key}},
	}
}

type accessKeyXML struct {
	UserName        string
	AccessKeyID     string `xml:"AccessKeyId"`
	Status          string
	SecretAccessKey string `xml:",omitempty"`
	CreateDate      timestamp
}

func toAccessKey(k account.AccessKey) accessKeyXML {
	status := "Inactive"
	if k.Active {
		status = "Active"
	}
	return accessKeyXML{UserName: k.UserName, AccessKeyID: k.ID, Status: status, CreateDate: timestamp(k.Created)}
}

func (h *Handler) createAccessKey(c *call) (any, error) {
	name, err := c.needUser()
	if err != nil {
		return nil, err
	}
	k, err := h.accounts.CreateAccessKey(c.ctx, c.account(), name)
	if err != nil {
		return nil, err
	}
	x := toAccessKey(k)
	x.SecretAccessKey = k.Secret.Reveal() // shown this once
	return struct{ AccessKey accessKeyXML }{x}, nil
}

func (h *Handler) listAccessKeys(c *call) (any, error) {
	all, err := h.keysOf(c)
	if err != nil {
		return nil, err
	}
	keys, more, err := page(c, all, func(k account.AccessKey) string { return k.ID })
	if err != nil {
		return nil, err
	}
	return struct {
		AccessKeyMetadata list[accessKeyXML]
		pageXML
	}{convert(keys, toAccessKey), more}, nil
}

// keysOf returns the access keys of the user that a request is about or, asked by an account itself, of the account
// (API reference, ListAccessKeys).
func (h *Handler) keysOf(c *call) ([]account.AccessKey, error) {
	if name, ok := c.userName(); ok {
		return h.accounts.AccessKeys(c.ctx, c.account(), name)
	}
	if c.who.Session != nil {
		return nil, errNoUser
	}
	return h.accounts.AccountKeys(c.ctx, c.who.Account)
}

type lastUsedXML struct {
	UserName          string
	AccessKeyLastUsed struct {
		LastUsedDate        *timestamp // nil: it was not used
		ServiceName, Region string
	}
}

func (h *Handler) getAccessKeyLastUsed(c *call) (any, error) {
	k, err := h.accounts.AccessKey(c.ctx, c.who.Account, c.form.get("AccessKeyId"))
	if err != nil {
		return nil, err
	}
	used, err := h.accounts.LastUsed(c.ctx, k.ID)
	if err != nil {
		return nil, err
	}
	x := lastUsedXML{UserName: k.UserName}
	x.AccessKeyLastUsed.LastUsedDate = usedDate(used)
	x.AccessKeyLastUsed.ServiceName, x.AccessKeyLastUsed.Region = used.Service, used.Region
	if used == (account.Use{}) {
		x.AccessKeyLastUsed.ServiceName, x.AccessKeyLastUsed.Region = "N/A", "N/A" // API reference, AccessKeyLastUsed
	}
	return x, nil
}

// usedDate is the LastUsedDate of a use, nil of none.
func usedDate(u account.Use) *timestamp {
	if u == (account.Use{}) {
		return nil
	}
	at := timestamp(u.At)
	return &at
}

func (h *Handler) updateAccessKey(c *call) (any, error) {
	name, id, err := c.namedKey()
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.SetAccessKeyActive(c.ctx, c.account(), name, id, c.form.get("Status") == "Active")
}

func (h *Handler) deleteAccessKey(c *call) (any, error) {
	name, id, err := c.namedKey()
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.DeleteAccessKey(c.ctx, c.account(), name, id)
}

func (c *call) namedKey() (user, id string, err error) {
	if user, err = c.needUser(); err != nil {
		return "", "", err
	}
	return user, c.form.get("AccessKeyId"), nil
}
