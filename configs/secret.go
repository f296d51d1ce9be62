package configs

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

const mask = "********"

// Secret is text that prints as stars, whoever prints it and how.
type Secret string

// Reveal gives the text itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String is stars, or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// Format masks every verb, %#v and %x among them.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue masks in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText masks in JSON, YAML and XML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SecretURL is a URL that prints without its password.
type SecretURL string

// Reveal gives the URL with its password.
func (u SecretURL) Reveal() string { return string(u) }

// String leaves out whatever may be secret: the password, and those
// parameters of a query that carry one. A URL that cannot be read is all
// stars, since it may be nothing but a secret in the wrong place.
func (u SecretURL) String() string {
	if u == "" || strings.HasPrefix(string(u), "sqlite://") {
		return string(u)
	}
	parsed, err := url.Parse(string(u))
	if err != nil || parsed.Scheme == "" || parsed.Opaque != "" {
		return mask
	}
	masked := *parsed
	masked.User = nil
	masked.RawQuery = maskQuery(parsed.Query())
	text := masked.String()
	if parsed.User == nil {
		return text
	}
	user := url.User(parsed.User.Username()).String()
	if _, has := parsed.User.Password(); has {
		user += ":" + mask
	}
	return strings.Replace(text, "://", "://"+user+"@", 1)
}

func maskQuery(q url.Values) string {
	for name := range q {
		lower := strings.ToLower(name)
		if strings.Contains(lower, "password") || strings.Contains(lower, "secret") || strings.Contains(lower, "token") {
			q[name] = []string{mask}
		}
	}
	return q.Encode()
}

// Format masks every verb.
func (u SecretURL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// LogValue masks in structured logs.
func (u SecretURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText masks in JSON, YAML and XML.
func (u SecretURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
