// Package durable writes files and directories so that they survive power loss, on a vfs.FS: the real disk
// or, in tests, a crashable one in memory.
//
// The rule behind every function: a file's bytes are durable after its own sync, and its name after the
// sync of its directory. Both stores under storage use it, and the server for its small files.
package durable
