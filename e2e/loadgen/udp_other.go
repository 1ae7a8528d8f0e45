//go:build !linux

package main

// trackerCommands need recvmmsg.
type trackerCommands struct{}
