package iamapi

import (
	"slices"

	"shoal/core/access"
)

// support says how much of an action is there, as docs/protocol/iam.md prints it.
type support string

const (
	yes     support = "Yes"
	partial support = "Partial"
	no      support = "No" // answers 501 NotImplemented
)

// action is one row of the table of actions.
type action struct {
	name      string // as in the API reference
	service   string
	takes     []parameter
	resource  func(*Handler, *call) (string, error) // the ARN it is done to; nil: "*"
	serve     func(*Handler, *call) (any, error)    // nil: 501 NotImplemented
	free      bool                                  // the handler decides who may
	anonymous bool                                  // it needs no signature
	tagging   access.Action                         // needed, too, when the request has tags
	exactTags bool                                  // keys of tags that differ in case are two
	state     support
	note      string // what is missing, for the support page
}

// permission is what policies call the action.
func (a action) permission() access.Action { return access.Action(a.service + ":" + a.name) }

// actions is every action of IAM and STS that is known here. Routing, authorisation, metric labels and the support
// page (docs/protocol/iam.md) come from it.
func actions() []action {
	return slices.Concat(userActions(), keyActions(), groupActions(), roleActions(), policyActions(),
		identityPolicyActions(), providerActions(), emptyActions(), stsActions(), unbuiltActions())
}

// unbuiltActions are those that tools ask for most of what is not there.
func unbuiltActions() []action {
	var rows []action
	for _, name := range []string{
		"ChangePassword", "CreateAccountAlias", "CreateInstanceProfile", "CreateLoginProfile",
		"CreateSAMLProvider", "CreateServiceLinkedRole", "CreateServiceSpecificCredential",
		"CreateVirtualMFADevice", "EnableMFADevice", "GenerateCredentialReport",
		"GetAccountAuthorizationDetails", "GetAccountPasswordPolicy", "GetAccountSummary", "GetContextKeysForPrincipalPolicy",
		"SimulateCustomPolicy", "SimulatePrincipalPolicy", "UpdateAccountPasswordPolicy", "UpdateLoginProfile",
		"UploadSSHPublicKey", "UploadServerCertificate", "UploadSigningCertificate",
	} {
		rows = append(rows, action{name: name, service: serviceIAM, state: no})
	}
	for _, name := range []string{"AssumeRoleWithSAML", "AssumeRoot", "DecodeAuthorizationMessage", "GetAccessKeyInfo"} {
		rows = append(rows, action{name: name, service: serviceSTS, state: no})
	}
	return rows
}
