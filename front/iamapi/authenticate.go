package iamapi

import (
	"net/netip"
	"strconv"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/wire/sigv4"
)

// authenticate finds out who asks, and describes the request for policies.
func (h *Handler) authenticate(c *call) error {
	now := h.o.Now()
	c.access.SetSourceIP(remoteAddr(c.http.RemoteAddr))
	c.access.SetTime(now)
	c.access.Set(access.KeySecureTransport, strconv.FormatBool(c.http.TLS != nil))
	if agent := c.http.UserAgent(); agent != "" {
		c.access.Set(access.KeyUserAgent, agent)
	}
	claim, err := h.verifier.Parse(c.http)
	if err != nil {
		return c.refusal(err)
	}
	if claim.Mechanism == sigv4.Anonymous {
		if c.action.anonymous {
			return nil
		}
		return errorOf(codeMissingToken, missingToken)
	}
	// A signature for one service is none for another, or one that is meant for S3 could create users.
	if claim.Scope.Service != c.action.service {
		return c.tell(otherService, claim.Scope.Service, nil)
	}
	claim.SetBodySHA256(c.bodySum)
	who, err := h.accounts.Caller(c.ctx, claim.AccessKeyID, claim.SecurityToken)
	if err != nil {
		return err
	}
	if _, err := h.verifier.Verify(claim, who.Key.Secret.Reveal(), now); err != nil {
		return c.refusal(err)
	}
	h.accounts.NoteUse(who, claim.Scope.Service, claim.Scope.Region)
	c.who = who
	return nil
}

// authorise decides whether the signer may do the action, by the policies of IAM. STS decides in its handlers.
func (h *Handler) authorise(c *call) error {
	if c.action.free {
		return nil
	}
	if s := c.who.Session; s != nil && c.action.service == serviceIAM && s.Kind != account.RoleSession {
		// STS API reference, GetSessionToken and GetFederationToken: no IAM with such credentials.
		return c.denied("")
	}
	resource := "*"
	if c.action.resource != nil {
		var err error
		if resource, err = c.action.resource(h, c); err != nil {
			return err
		}
	}
	if arn := c.form.get("PolicyArn"); arn != "" {
		c.access.Set("iam:PolicyARN", arn)
	}
	if err := c.describeTags(); err != nil {
		return err
	}
	asked := c.request(resource)
	if err := c.allowed(asked); err != nil {
		return err
	}
	if c.action.tagging == "" || !c.form.has("Tags") {
		return nil
	}
	asked.Action = c.action.tagging
	return c.allowed(asked)
}

// describeTags fills in the keys about the tags that a request puts on something or takes off it.
func (c *call) describeTags() error {
	tags, err := c.tags()
	if err != nil {
		return err
	}
	keys, err := c.form.list("TagKeys", "")
	if err != nil {
		return err
	}
	for _, t := range tags {
		c.access.Set(access.Key("aws:RequestTag/"+t.Key), t.Value)
		keys = append(keys, t.Key)
	}
	c.access.Set("aws:TagKeys", keys...)
	return nil
}

// request is the action on a resource as policies see it.
func (c *call) request(resource string) access.Request {
	return access.Request{
		Principal: c.who.Principal, Action: c.action.permission(), Resource: resource,
		ResourceOwner: c.account(), Context: c.access,
	}
}

// allowed returns the refusal of r, nil when it is allowed.
func (c *call) allowed(r access.Request) error {
	d := access.DecideOwn(r)
	if d.Allowed {
		return nil
	}
	return errorOf(codeAccessDenied, "User: "+principalARN(c.who)+" is not authorized to perform: "+string(r.Action)+" "+d.Why(r.Action))
}

// denied is a refusal that does not tell its reason, as STS words it.
func (c *call) denied(resource string) error {
	message := "User: " + principalARN(c.who) + " is not authorized to perform: " + string(c.action.permission())
	if resource != "" {
		message += " on resource: " + printable(resource)
	}
	return errorOf(codeAccessDenied, message)
}

// principalARN is the signer as IAM names him: an account itself is its root.
func principalARN(who account.Caller) string {
	if who.Identity == nil && (who.Session == nil || who.Session.Kind != account.FederatedSession) {
		return "arn:aws:iam::" + who.Account.CanonicalID.AccountID() + ":root"
	}
	return who.Principal.ARN
}

// remoteAddr is the address of the peer; the zero Addr when it has none.
func remoteAddr(hostport string) netip.Addr {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
