package iamapi

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/fault"
)

// providerActions are the actions on OpenID Connect providers.
func providerActions() []action {
	arn, client := parameter{"OpenIDConnectProviderArn", required, arnType}, parameter{"ClientID", required, clientIDType}
	row := func(name string, serve func(*Handler, *call) (any, error), takes ...parameter) action {
		return action{name: name, service: serviceIAM, takes: takes, resource: ofProvider, serve: serve, exactTags: true, state: yes}
	}
	create := row("CreateOpenIDConnectProvider", (*Handler).createProvider, parameter{"Url", required, providerURLType},
		parameter{"ClientIDList", optional, shape{}}, parameter{"ThumbprintList", optional, shape{}}, parameter{"Tags", optional, tagListType})
	create.resource, create.tagging = ofNewProvider, "iam:TagOpenIDConnectProvider"
	return []action{
		create,
		row("GetOpenIDConnectProvider", (*Handler).getProvider, arn),
		row("DeleteOpenIDConnectProvider", (*Handler).deleteProvider, arn),
		row("AddClientIDToOpenIDConnectProvider", (*Handler).addClientID, arn, client),
		row("RemoveClientIDFromOpenIDConnectProvider", (*Handler).removeClientID, arn, client),
		row("UpdateOpenIDConnectProviderThumbprint", (*Handler).updateThumbprint, arn, parameter{"ThumbprintList", required, shape{}}),
		row("TagOpenIDConnectProvider", (*Handler).tagProvider, arn, parameter{"Tags", required, tagListType}),
		row("UntagOpenIDConnectProvider", (*Handler).untagProvider, arn, parameter{"TagKeys", required, tagKeyListType}),
		row("ListOpenIDConnectProviderTags", (*Handler).providerTags, paged(arn)...),
		{name: "ListOpenIDConnectProviders", service: serviceIAM, serve: (*Handler).listProviders, state: yes},
	}
}

// The two ways in which IAM says that there is no provider, to be ended.
const (
	providerNotFound = "OpenIDConnect Provider not found for arn "
	providerUnknown  = "OpenId connect Provider "
)

// tellProvider gives the error of the core for a provider that is not there the words of an action.
func (c *call) tellProvider(err error, words string) error {
	if !fault.Is(err, fault.NoSuchEntity) {
		return err
	}
	words += printable(c.form.get("OpenIDConnectProviderArn"))
	if strings.HasPrefix(words, providerUnknown) {
		words += " cannot be found."
	}
	return errorOf(codeNoSuchEntity, words)
}

// ofProvider returns the ARN of the provider that the request names, which is one of the signer's account.
func ofProvider(h *Handler, c *call) (string, error) {
	arn := c.form.get("OpenIDConnectProviderArn")
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || !strings.HasPrefix(parts[5], "oidc-provider/") {
		return "", errorOf(codeValidation, "Invalid resource type in ARN")
	}
	if parts[4] != c.accountID() {
		return "", errorOf(codeAccessDenied, "User: "+principalARN(c.who)+" is not authorized to perform this action on resource: "+printable(arn))
	}
	p, err := h.accounts.Provider(c.ctx, c.account(), c.providerURL())
	if err != nil && !fault.Is(err, fault.NoSuchEntity) {
		return "", err
	}
	for _, t := range p.Tags {
		c.access.Set(access.Key("iam:ResourceTag/"+t.Key), t.Value)
		c.access.Set(access.Key("aws:ResourceTag/"+t.Key), t.Value)
	}
	return arn, nil
}

// providerURL is the URL, without scheme, of the provider that the request names.
func (c *call) providerURL() string {
	_, url, _ := strings.Cut(c.form.get("OpenIDConnectProviderArn"), "/")
	return url
}

func ofNewProvider(_ *Handler, c *call) (string, error) {
	return account.Provider{Account: c.account(), URL: strings.TrimPrefix(c.form.get("Url"), "https://")}.ARN(), nil
}

// checkProviderURL: "The URL must begin with https:// and should correspond to the iss claim" (API reference,
// CreateOpenIDConnectProvider); no port, query or user.
func checkProviderURL(text string) error {
	const invalidURL = "Invalid Open ID Connect Provider URL"
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "":
		return errorOf(codeValidation, invalidURL)
	case u.Scheme != "https":
		return errorOf(codeInvalidInput, invalidURL+". The URL must begin with https://.")
	case u.User != nil || strings.ContainsAny(text, "?#") || u.Port() != "" || !isHostname(u.Hostname()):
		return errorOf(codeInvalidInput, invalidURL+".")
	}
	return nil
}

func isHostname(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return onlyOf(".-")(host)
}

func (h *Handler) createProvider(c *call) (any, error) {
	text := c.form.get("Url")
	if err := checkProviderURL(text); err != nil {
		return nil, err
	}
	p := account.Provider{Account: c.account(), URL: strings.TrimPrefix(text, "https://")}
	var err error
	if p.Tags, err = c.tags(); err != nil {
		return nil, err
	}
	if p.ClientIDs, err = c.form.list("ClientIDList", ""); err != nil {
		return nil, err
	}
	for _, id := range p.ClientIDs {
		if err := (form{"ClientID": id}).check([]parameter{{"ClientID", required, clientIDType}}); err != nil {
			return nil, err
		}
	}
	if p.Thumbprints, err = c.form.list("ThumbprintList", ""); err != nil {
		return nil, err
	}
	if common, _ := h.o.WebIdentity.Common(); len(p.Thumbprints) == 0 && text != common.URL {
		thumbprint, err := h.o.WebIdentity.Thumbprint(c.ctx, text)
		if err != nil {
			return nil, &apiError{code: codeIDPConnection, message: "Could not connect to " + printable(text), err: err}
		}
		p.Thumbprints = []string{thumbprint}
	}
	if p, err = h.accounts.CreateProvider(c.ctx, p); err != nil {
		return nil, err
	}
	return struct {
		OpenIDConnectProviderARN string `xml:"OpenIDConnectProviderArn"`
		Tags                     *list[tagXML]
	}{p.ARN(), toTags(p.Tags)}, nil
}

func (h *Handler) getProvider(c *call) (any, error) {
	p, err := h.provider(c.ctx, c.account(), c.providerURL())
	if err != nil {
		return nil, c.tellProvider(err, providerNotFound)
	}
	same := func(text string) string { return text }
	return struct {
		URL            string `xml:"Url"`
		ClientIDList   list[string]
		ThumbprintList list[string]
		CreateDate     timestamp
		Tags           *list[tagXML]
	}{p.URL, convert(p.ClientIDs, same), convert(p.Thumbprints, same), timestamp(p.Created), toTags(p.Tags)}, nil
}

func (h *Handler) deleteProvider(c *call) (any, error) {
	return nil, c.tellProvider(h.accounts.DeleteProvider(c.ctx, c.account(), c.providerURL()), providerUnknown)
}

func (h *Handler) changeProvider(c *call, words string, f func(*account.Provider)) (any, error) {
	return nil, c.tellProvider(h.accounts.ChangeProvider(c.ctx, c.account(), c.providerURL(), f), words)
}

// addClientID adds a client id; one that is there stays.
func (h *Handler) addClientID(c *call) (any, error) {
	id := c.form.get("ClientID")
	return h.changeProvider(c, providerNotFound, func(p *account.Provider) {
		if !slices.Contains(p.ClientIDs, id) {
			p.ClientIDs = append(p.ClientIDs, id)
		}
	})
}

// removeClientID removes a client id, which need not be there.
func (h *Handler) removeClientID(c *call) (any, error) {
	id := c.form.get("ClientID")
	return h.changeProvider(c, providerNotFound, func(p *account.Provider) {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(has string) bool { return has == id })
	})
}

func (h *Handler) updateThumbprint(c *call) (any, error) {
	thumbprints, err := c.form.list("ThumbprintList", "")
	if err != nil {
		return nil, err
	}
	if len(thumbprints) == 0 {
		return nil, errorOf(codeInvalidInput, "Thumbprint list must contain at least one entry.")
	}
	return h.changeProvider(c, providerNotFound, func(p *account.Provider) { p.Thumbprints = thumbprints })
}

// tagProvider adds tags, or replaces those of the same keys, which have case (IAM user guide, "Tags for IAM resources").
func (h *Handler) tagProvider(c *call) (any, error) {
	tags, err := c.tags()
	if err != nil {
		return nil, err
	}
	return h.changeProvider(c, providerUnknown, func(p *account.Provider) {
		for _, t := range tags {
			p.Tags = slices.DeleteFunc(p.Tags, func(has access.Tag) bool { return has.Key == t.Key })
		}
		p.Tags = append(p.Tags, tags...)
		slices.SortFunc(p.Tags, func(a, b access.Tag) int { return strings.Compare(a.Key, b.Key) })
	})
}

func (h *Handler) untagProvider(c *call) (any, error) {
	keys, err := c.form.list("TagKeys", "")
	if err != nil {
		return nil, err
	}
	return h.changeProvider(c, providerUnknown, func(p *account.Provider) {
		p.Tags = slices.DeleteFunc(p.Tags, func(t access.Tag) bool { return slices.Contains(keys, t.Key) })
	})
}

func (h *Handler) providerTags(c *call) (any, error) {
	p, err := h.provider(c.ctx, c.account(), c.providerURL())
	if err != nil {
		return nil, c.tellProvider(err, providerUnknown)
	}
	tags, more, err := page(c, p.Tags, func(t access.Tag) string { return t.Key })
	if err != nil {
		return nil, err
	}
	return tagsXML{convert(tags, toTag), more}, nil
}

type providerXML struct {
	ARN string `xml:"Arn"`
}

// listProviders answers with those of the account, and the one of the configuration, which every account has.
func (h *Handler) listProviders(c *call) (any, error) {
	all, err := h.accounts.Providers(c.ctx, c.account())
	if err != nil {
		return nil, err
	}
	if common, ok := h.commonProvider(c.account()); ok && !slices.ContainsFunc(all, func(p account.Provider) bool { return p.URL == common.URL }) {
		all = append(all, common)
	}
	return struct{ OpenIDConnectProviderList list[providerXML] }{convert(all, func(p account.Provider) providerXML { return providerXML{p.ARN()} })}, nil
}
