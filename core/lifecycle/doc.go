// Package lifecycle decides what the lifecycle rules of a bucket let go, and when (S3 user guide, "Managing the lifecycle
// of objects").
//
// It is pure: core/object walks the versions and does what is decided. All functions are safe for concurrent use.
package lifecycle
