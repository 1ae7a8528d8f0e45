package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// configFile is the --config flag. It puts the file between the defaults and the environment.
type configFile string

// BeforeResolve is called by kong when the flag is given.
func (f configFile) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(configFile))
	r, err := os.Open(kong.ExpandPath(path))
	if err != nil {
		return err
	}
	defer r.Close()
	file, err := loadTOML(r)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	ctx.AddResolver(file)
	ctx.AddResolver(environment) // the last resolver wins
	return nil
}

// loadTOML reads the configuration file: every flag is a key of the same name, '-' or '_' between words.
func loadTOML(r io.Reader) (kong.Resolver, error) {
	raw := map[string]any{}
	if _, err := toml.NewDecoder(r).Decode(&raw); err != nil {
		return nil, err
	}
	file := settingsFile{}
	for key, value := range raw {
		file[strings.ReplaceAll(key, "_", "-")] = value
	}
	return file, nil
}

// explicit reports whether only the command line sets a flag: what it changes is not this process.
func explicit(flag *kong.Flag) bool { return flag.Tag.Has("explicit") }

// settingsFile is the parsed configuration file, by flag name.
type settingsFile map[string]any

// Validate refuses keys that no flag has: a misspelt setting must not be silently ignored.
func (s settingsFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	err := kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	if err != nil {
		return err
	}
	for key := range s {
		if !known[key] {
			return fmt.Errorf("configuration file: unknown key %q", key)
		}
	}
	return nil
}

// Resolve gives the flag's value from the file, nil when it is not there.
func (s settingsFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if explicit(flag) {
		return nil, nil
	}
	switch v := s[flag.Name].(type) {
	case nil:
		return nil, nil
	case []any:
		words := make([]string, len(v))
		for i, w := range v {
			words[i] = fmt.Sprint(w)
		}
		return kong.JoinEscaped(words, ','), nil
	default:
		return fmt.Sprint(v), nil
	}
}

// environment gives a flag its SHOAL_<FLAG> variable, unless it is explicit.
var environment = kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	name := "SHOAL_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
	if v, ok := os.LookupEnv(name); ok && flag.Name != "config" && !explicit(flag) {
		return v, nil
	}
	return nil, nil
})
