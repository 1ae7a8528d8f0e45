// Package iamapi serves IAM and STS in the wire form of AWS: a form with an Action, an answer in XML.
//
// Flow: server hands over what Serves names, beside S3 on the same address. ServeHTTP reads the form, finds the row of
// the table of actions, authenticates (wire/sigv4 and core/account), holds the parameters against the row, authorises
// (core/access), calls the handler and renders.
//
// Invariants: a request is read once and bounded before anything is done with it. Who signs for another service than
// the action's is refused. The account is always the signer's: no parameter names one, but the ARN of a role to
// assume, whose trust policy decides.
//
// A Handler is safe for concurrent use.
package iamapi
