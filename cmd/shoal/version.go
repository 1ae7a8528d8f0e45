package main

import (
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints the module version or the commit the binary was built from.
func (versionCommand) Run(t *terminal) error {
	_, err := fmt.Fprintln(t.out, "shoal "+buildVersion())
	return err
}

func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return info.Main.Version
}
