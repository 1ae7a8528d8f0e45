// Package access answers one question: may this principal do this?
//
// Flow: a front authenticates (wire/sigv4 and core/account give a Principal), core/object gives the
// facts (Bucket, Object), the front describes the request (Context), and Decide answers. The seeder
// and the tracker ask PublicTorrent for the anonymous principal, each time it matters.
//
// Invariants: everything is a pure function of its arguments; nothing reads a clock, a disk or a
// socket. An explicit deny in a bucket policy beats every allow except that of Root, and that of the
// owner who manages the policy itself. What is not allowed is denied. A Context holds only what the
// server itself has seen; facts about the principal come from the Principal, so that no header can
// claim them. Policies are immutable after ParsePolicy and safe for concurrent use.
//
// Sources: the IAM JSON policy grammar and evaluation logic, and the S3 user guide on bucket
// policies, ACLs, object ownership and public access blocks.
package access
