package account

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"shoal/core/access"
)

// Bounds of what a user is made of. They keep every row far below the limits of a kv value.
const (
	MaxName        = 64  // IAM's bound
	MaxDisplayName = 128 // bytes
	MaxEmail       = 254 // RFC 5321: a path without its angle brackets
	MinAccessKey   = 3
	MaxAccessKey   = 128 // IAM's bound
	MinSecret      = 8   // a shorter one is guessed
	MaxSecret      = 128
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"

	nameChars = letters + digits + "+=,.@_-" // IAM's set for user names
	// No slash, comma or equals sign: those end an access key in a SigV4 credential.
	keyChars = letters + digits + "._-"
)

// validate returns the first thing that is wrong with u, in words for its maker.
func (u NewUser) validate() error {
	if err := checkName(u.Name); err != nil {
		return err
	}
	if u.CanonicalID != "" && !u.CanonicalID.Valid() {
		return errors.New("canonical id is not 64 lower-case hexadecimal digits")
	}
	if u.CanonicalID == access.ExecReader {
		return errors.New("canonical id is reserved")
	}
	if len(u.DisplayName) > MaxDisplayName || !printable(u.DisplayName) {
		return fmt.Errorf("display name is not printable UTF-8 of at most %d bytes", MaxDisplayName)
	}
	if u.Email != "" {
		if err := checkEmail(u.Email); err != nil {
			return err
		}
	}
	if _, ok := access.ParseRole(u.Role.String()); !ok {
		return errors.New("unknown role")
	}
	return checkKey(u.AccessKey, u.Secret)
}

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("user name is empty")
	case len(name) > MaxName:
		return fmt.Errorf("user name is longer than %d bytes", MaxName)
	case strings.Trim(name, nameChars) != "":
		return fmt.Errorf("user name has characters other than letters, digits and +=,.@_-")
	}
	switch fold(name) {
	case RootName, "anonymous", "admin", "administrator", "system", "shoal":
		return errors.New("user name is reserved")
	}
	return nil
}

func checkEmail(email string) error {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") ||
		len(email) > MaxEmail || !printable(email) || strings.ContainsAny(email, " \"<>,") {
		return errors.New("email address is not valid")
	}
	return nil
}

// checkKey takes an access key with its secret, or none of both.
func checkKey(id string, secret Secret) error {
	switch {
	case id == "" && secret == "":
		return nil
	case id == "" || secret == "":
		return errors.New("access key and secret key are given together or not at all")
	case len(id) < MinAccessKey || len(id) > MaxAccessKey || strings.Trim(id, keyChars) != "":
		return fmt.Errorf("access key is not %d to %d letters, digits, dots, underscores and hyphens", MinAccessKey, MaxAccessKey)
	case len(secret) < MinSecret || len(secret) > MaxSecret || !graphic(secret.Reveal()):
		return fmt.Errorf("secret key is not %d to %d visible ASCII characters", MinSecret, MaxSecret)
	}
	return nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func graphic(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// fold returns the form in which names and email addresses are unique.
func fold(s string) string { return strings.ToLower(s) }
