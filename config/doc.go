// Package config is the one description of how a server is set up: plain data with defaults, and Validate.
//
// A value comes from, in rising order of weight: the default, the configuration file (TOML, --config),
// the environment (SHOAL_<FLAG>), the flag. cmd/shoal fills Config from those; server.Open builds from
// it. Packages below server get their own Options, never Config.
package config
