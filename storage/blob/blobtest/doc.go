// Package blobtest is the contract of blob.Store as tests. Every store runs Run over itself.
package blobtest
