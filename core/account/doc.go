// Package account keeps accounts and what is of IAM in them: users, groups, roles, policies, access keys, sessions.
//
// Flow: a front authenticates a request with Caller and Secret.Reveal (wire/sigv4) and hands
// Caller.Principal to core/access. cmd and front/admin create, list and delete accounts (User), front/iamapi manages
// what is in them (Identity, ManagedPolicy, Session). The fronts tell NoteUse what was signed; Run writes it.
//
// Invariants: a name (without case), an access key, a canonical id and an email address each belong
// to at most one user; their rows are written and checked in one commit. A key works exactly while
// its user's row lists it. Whatever binds a principal is read or the request fails: a policy that is
// left out could be a deny. Secrets are stored in clear, since SigV4 computes with them; everywhere
// else they redact themselves. Rows are described in docs/format/account.md.
//
// Everything is safe for concurrent use. Errors are *fault.Error.
package account
