// Package admin is the JSON control API: users, usage report, fsck, live swarms.
//
// Handler serves it: the server mounts it on the socket DATA/admin.sock, where the file's permissions
// decide who may, and below PathPrefix of the S3 address, for who signs: root may do everything, an account ask what
// is told of its own money (account.go). Client asks it; the command line and automation use nothing else, and the
// same Handler answers in the command's own process when no server runs.
//
// Errors are JSON {"error": text, "kind": kind}, with a status from the one table in errors.go.
package admin
