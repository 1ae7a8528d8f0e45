package iamapi

import (
	"time"

	"shoal/core/access"
	"shoal/core/account"
)

func stsActions() []action {
	const noTags = "no session tags and no MFA"
	return []action{
		{name: "GetCallerIdentity", service: serviceSTS, serve: (*Handler).getCallerIdentity, free: true, state: yes},
		{name: "GetSessionToken", service: serviceSTS, serve: (*Handler).getSessionToken, free: true, state: partial, note: "no MFA"},
		{name: "GetFederationToken", service: serviceSTS, resource: ofFederated, serve: (*Handler).getFederationToken, state: partial, note: "no session tags; a bucket policy that names the federated user gives no more than the session policies"},
		{name: "AssumeRole", service: serviceSTS, serve: (*Handler).assumeRole, free: true, state: partial, note: noTags},
		{name: "AssumeRoleWithWebIdentity", service: serviceSTS, serve: (*Handler).assumeRoleWithWebIdentity, free: true, anonymous: true, state: partial, note: "no session tags", takes: []parameter{
			{"RoleArn", required, arnType},
			{"RoleSessionName", optional, sessionNameType},
			{"WebIdentityToken", optional, webTokenType},
			{"DurationSeconds", optional, roleDurationType},
			{"Policy", optional, sessionPolicyType},
		}},
	}
}

func ofFederated(_ *Handler, c *call) (string, error) {
	return "arn:aws:sts::" + c.accountID() + ":federated-user/" + c.form.get("Name"), nil
}

type credentialsXML struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      timestamp
}

func toCredentials(c account.Credentials) credentialsXML {
	return credentialsXML{c.AccessKey, c.Secret.Reveal(), c.Token, timestamp(c.Expires)}
}

// getCallerIdentity needs no permission, and no policy can deny it (STS API reference).
func (h *Handler) getCallerIdentity(c *call) (any, error) {
	id := c.who.Principal.UserID
	if id == "" {
		id = c.accountID()
	}
	return struct {
		UserID  string `xml:"UserId"`
		Account string
		ARN     string `xml:"Arn"`
	}{id, c.accountID(), principalARN(c.who)}, nil
}

// duration reads DurationSeconds; 0 is the default of the action.
func (c *call) duration() (time.Duration, error) {
	n, err := c.form.number("DurationSeconds", 0, int(account.MinSession/time.Second), int(account.MaxUserSession/time.Second))
	return time.Duration(n) * time.Second, err
}

// refuse refuses what would bind a session on AWS and is not there: to pass over it would give more than was asked.
func (c *call) refuse(parameters ...string) error {
	for _, name := range parameters {
		if c.form.has(name) {
			return invalid(name, "Member is not supported here")
		}
	}
	return nil
}

func (h *Handler) getSessionToken(c *call) (any, error) {
	if err := c.refuse("SerialNumber", "TokenCode"); err != nil {
		return nil, err
	}
	d, err := c.duration()
	if err != nil {
		return nil, err
	}
	made, err := h.accounts.SessionFor(c.ctx, c.who, d)
	if err != nil {
		return nil, err
	}
	return struct{ Credentials credentialsXML }{toCredentials(made)}, nil
}

// sessionRequest reads what the requests for sessions have in common.
func (c *call) sessionRequest(name string) (r account.SessionRequest, err error) {
	if err = c.refuse("Tags", "TransitiveTagKeys", "SerialNumber", "TokenCode", "ProvidedContexts", "ProviderId"); err != nil {
		return r, err
	}
	if r.Name, err = c.form.need(name); err != nil {
		return r, err
	}
	if r.PolicyARNs, err = c.form.list("PolicyArns", ".arn"); err != nil {
		return r, err
	}
	if r.Duration, err = c.duration(); err != nil {
		return r, err
	}
	r.Policy, r.Source = c.form.get("Policy"), c.form.get("SourceIdentity")
	if r.Policy != "" {
		_, err = access.ParseIdentityPolicy([]byte(r.Policy))
	}
	return r, err
}

func (h *Handler) getFederationToken(c *call) (any, error) {
	r, err := c.sessionRequest("Name")
	if err != nil {
		return nil, err
	}
	made, err := h.accounts.Federate(c.ctx, c.who, r)
	if err != nil {
		return nil, err
	}
	type federatedXML struct {
		FederatedUserID string `xml:"FederatedUserId"`
		ARN             string `xml:"Arn"`
	}
	return struct {
		Credentials   credentialsXML
		FederatedUser federatedXML
	}{toCredentials(made), federatedXML{made.Session.Account.AccountID() + ":" + made.Session.Name, made.ARN}}, nil
}

type assumedXML struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	ARN           string `xml:"Arn"`
}

func (h *Handler) assumeRole(c *call) (any, error) {
	arn, err := c.form.need("RoleArn")
	if err != nil {
		return nil, err
	}
	r, err := c.sessionRequest("RoleSessionName")
	if err != nil {
		return nil, err
	}
	if c.who.Identity == nil {
		return nil, errorOf(codeAccessDenied, "Roles may not be assumed by root accounts.")
	}
	chained := false
	if s := c.who.Session; s != nil {
		chained = s.Kind == account.RoleSession
		if s.Kind == account.FederatedSession {
			return nil, c.denied(arn)
		}
		if s.Source != "" && r.Source != "" && s.Source != r.Source {
			return nil, c.denied(arn) // a source identity stays what it is (IAM user guide)
		}
		if s.Source != "" {
			r.Source = s.Source
		}
	}
	c.describeSession(r)
	made, err := h.accounts.AssumeRole(c.ctx, arn, c.request(arn), chained, r)
	if err != nil {
		return nil, c.tellDenial(err, arn)
	}
	return struct {
		Credentials     credentialsXML
		AssumedRoleUser assumedXML
		SourceIdentity  string `xml:",omitempty"`
	}{toCredentials(made), assumedXML{made.UserID, made.ARN}, r.Source}, nil
}

// describeSession fills in what trust policies ask of a request.
func (c *call) describeSession(r account.SessionRequest) {
	c.access.Set("sts:RoleSessionName", r.Name)
	if id := c.form.get("ExternalId"); id != "" {
		c.access.Set("sts:ExternalId", id)
	}
	if r.Source != "" {
		c.access.Set("sts:SourceIdentity", r.Source)
	}
}

// tellDenial gives a refusal of the core the words of STS.
func (c *call) tellDenial(err error, arn string) error {
	if translate(err).code == codeAccessDenied {
		return c.denied(arn)
	}
	return err
}
