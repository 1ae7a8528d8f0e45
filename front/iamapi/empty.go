package iamapi

import (
	"encoding/xml"

	"shoal/core/account"
)

// emptyActions are the readings of what nobody can have here. Tools make them before they delete a user or a role: a
// refusal would stop them.
func emptyActions() []action {
	user, role := ofIdentity(account.IAMUser, "UserName"), ofIdentity(account.IAMRole, "RoleName")
	const none = "always empty: there are none here"
	rows := []action{
		{name: "GetLoginProfile", resource: user, serve: (*Handler).noLoginProfile, state: partial, note: "NoSuchEntity: there are no passwords here"},
		{name: "DeleteLoginProfile", resource: user, serve: (*Handler).noLoginProfile, state: partial, note: "NoSuchEntity: there are no passwords here"},
		{name: "ListMFADevices", resource: user, serve: emptyOfUser("MFADevices"), state: partial, note: none},
		{name: "ListSSHPublicKeys", resource: user, serve: emptyOfUser("SSHPublicKeys"), state: partial, note: none},
		{name: "ListSigningCertificates", resource: user, serve: emptyOfUser("Certificates"), state: partial, note: none},
		{name: "ListServiceSpecificCredentials", resource: user, serve: emptyOfUser("ServiceSpecificCredentials"), state: partial, note: none},
		{name: "ListInstanceProfilesForRole", resource: role, serve: emptyOfRole("InstanceProfiles"), state: partial, note: none},
		{name: "ListInstanceProfiles", serve: empty("InstanceProfiles"), state: partial, note: none},
		{name: "ListVirtualMFADevices", serve: empty("VirtualMFADevices"), state: partial, note: none},
		{name: "ListAccountAliases", serve: empty("AccountAliases"), state: partial, note: none},
		{name: "ListSAMLProviders", serve: empty("SAMLProviderList"), state: partial, note: none},
		{name: "ListServerCertificates", serve: empty("ServerCertificateMetadataList"), state: partial, note: none},
	}
	for n := range rows {
		rows[n].service = serviceIAM
	}
	return rows
}

type emptyXML struct {
	List emptyListXML
	pageXML
}

type emptyListXML struct{ XMLName xml.Name }

func emptyList(name string) emptyXML { return emptyXML{List: emptyListXML{xml.Name{Local: name}}} }

func empty(name string) func(*Handler, *call) (any, error) {
	return func(*Handler, *call) (any, error) { return emptyList(name), nil }
}

func emptyOfUser(name string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		if user, ok := c.userName(); ok {
			if _, err := h.accounts.Identity(c.ctx, account.IAMUser, c.account(), user); err != nil {
				return nil, err
			}
		}
		return emptyList(name), nil
	}
}

func emptyOfRole(name string) func(*Handler, *call) (any, error) {
	return func(h *Handler, c *call) (any, error) {
		role, err := c.form.need("RoleName")
		if err != nil {
			return nil, err
		}
		if _, err := h.accounts.Identity(c.ctx, account.IAMRole, c.account(), role); err != nil {
			return nil, err
		}
		return emptyList(name), nil
	}
}

func (h *Handler) noLoginProfile(c *call) (any, error) {
	name, err := c.needUser()
	if err != nil {
		return nil, err
	}
	return nil, errorOf(codeNoSuchEntity, "Login Profile for User "+printable(name)+" cannot be found.")
}
