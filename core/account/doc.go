// Package account keeps users and their access keys.
//
// Flow: a front authenticates a request with ByAccessKey and Secret.Reveal (wire/sigv4) and hands
// User.Principal to core/access. cmd and front/admin create, list and delete users.
//
// Invariants: a name (without case), an access key, a canonical id and an email address each belong
// to at most one user; their rows are written and checked in one commit. A key works exactly while
// its user's row lists it. Secrets are stored in clear, since SigV4 computes with them; everywhere
// else they redact themselves. Rows are described in docs/format/account.md.
//
// Everything is safe for concurrent use. Errors are *fault.Error.
package account
