package account

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a secret access key. Every way of printing it gives a placeholder; Reveal gives the key.
type Secret string

// Reveal returns the secret itself, to compute signatures with or to show to its user once.
func (s Secret) Reveal() string { return string(s) }

func (Secret) String() string { return redacted }

// Format writes the placeholder for every verb, %x and %q too.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue is for log/slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is for encoding/json and the like.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
