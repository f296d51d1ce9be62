package configs

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// binding ties a key to a field of Config: set reads what a person wrote, get
// writes the field as a person would. shape says in a few words what fits.
type binding struct {
	shape string
	set   func(c *Config, raw string) error
	get   func(c *Config) string
}

// misfit is a value that does not fit, for readers that know which part of a
// list it is, or what was meant. Other errors of a binding say the rule alone,
// and the loader adds the value.
type misfit struct{ rule, value, near string }

func (m misfit) Error() string {
	text := fmt.Sprintf("%s, not %.60q", m.rule, m.value)
	if m.near != "" {
		text += "; did you mean " + m.near + "?"
	}
	return text
}

func text(field func(*Config) *string) binding {
	return checked(field, "text", func(s string) (string, error) { return s, nil })
}

// checked is a string that read may put into its normal form or refuse.
func checked(field func(*Config) *string, shape string, read func(string) (string, error)) binding {
	return binding{
		shape: shape,
		set: func(c *Config, raw string) error {
			value, err := read(raw)
			if err != nil {
				return err
			}
			*field(c) = value
			return nil
		},
		get: func(c *Config) string { return *field(c) },
	}
}

func oneOf[T ~string](field func(*Config) *T, allowed ...string) binding {
	return binding{
		shape: strings.Join(allowed, ", "),
		set: func(c *Config, raw string) error {
			i := slices.IndexFunc(allowed, func(a string) bool { return strings.EqualFold(a, raw) })
			if i < 0 {
				return misfit{rule: "must be one of " + strings.Join(allowed, ", "), value: raw, near: Nearest(raw, allowed)}
			}
			*field(c) = T(allowed[i])
			return nil
		},
		get: func(c *Config) string { return string(*field(c)) },
	}
}

func whole(field func(*Config) *int, least, most int) binding {
	shape := fmt.Sprintf("whole number, %d to %d", least, most)
	return binding{
		shape: shape,
		set: func(c *Config, raw string) error {
			n, err := strconv.Atoi(raw)
			if err != nil || n < least || n > most {
				return errors.New("must be a " + shape)
			}
			*field(c) = n
			return nil
		},
		get: func(c *Config) string { return strconv.Itoa(*field(c)) },
	}
}

func toggle(field func(*Config) *bool) binding {
	return binding{
		shape: "on, off",
		set: func(c *Config, raw string) error {
			switch strings.ToLower(raw) {
			case "on", "true", "yes", "1":
				*field(c) = true
			case "off", "false", "no", "0":
				*field(c) = false
			default:
				return errors.New("must be on or off")
			}
			return nil
		},
		get: func(c *Config) string {
			if *field(c) {
				return "on"
			}
			return "off"
		},
	}
}

// span is a duration with its unit: 15m, 7d, 1h30m.
func span(field func(*Config) *time.Duration, least, most time.Duration) binding {
	return binding{
		shape: fmt.Sprintf("duration, %s to %s", formatDuration(least), formatDuration(most)),
		set: func(c *Config, raw string) error {
			d, err := parseDuration(raw)
			if err != nil {
				return err
			}
			if d < least || d > most {
				return fmt.Errorf("must lie between %s and %s", formatDuration(least), formatDuration(most))
			}
			*field(c) = d
			return nil
		},
		get: func(c *Config) string { return formatDuration(*field(c)) },
	}
}

// millis is a duration written as a bare number of milliseconds, as the seed
// wrote them.
func millis(field func(*Config) *time.Duration, least, most time.Duration) binding {
	shape := fmt.Sprintf("milliseconds, %d to %d", least.Milliseconds(), most.Milliseconds())
	return binding{
		shape: shape,
		set: func(c *Config, raw string) error {
			n, err := strconv.ParseInt(raw, 10, 64)
			if err != nil {
				return errors.New("must be a whole number of " + shape + ", without a unit")
			}
			if n < least.Milliseconds() || n > most.Milliseconds() {
				return errors.New("must be " + shape)
			}
			*field(c) = time.Duration(n) * time.Millisecond
			return nil
		},
		get: func(c *Config) string { return strconv.FormatInt(field(c).Milliseconds(), 10) },
	}
}

// list is values with commas between them; read may normalise or refuse one.
func list(field func(*Config) *[]string, shape string, read func(string) (string, error)) binding {
	return binding{
		shape: shape,
		set: func(c *Config, raw string) error {
			values, err := each(raw, read)
			if err != nil {
				return err
			}
			*field(c) = values
			return nil
		},
		get: func(c *Config) string { return strings.Join(*field(c), ",") },
	}
}

func prefixes(field func(*Config) *[]netip.Prefix) binding {
	return binding{
		shape: "addresses or CIDR ranges",
		set: func(c *Config, raw string) error {
			values, err := each(raw, readPrefix)
			if err != nil {
				return err
			}
			*field(c) = values
			return nil
		},
		get: func(c *Config) string {
			var texts []string
			for _, p := range *field(c) {
				texts = append(texts, p.String())
			}
			return strings.Join(texts, ",")
		},
	}
}

// each splits raw at commas and reads every part that is not empty.
func each[T any](raw string, read func(string) (T, error)) ([]T, error) {
	var values []T
	for part := range strings.SplitSeq(raw, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		value, err := read(part)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

func hidden(field func(*Config) *Secret) binding {
	return binding{
		shape: "secret",
		set:   func(c *Config, raw string) error { *field(c) = Secret(raw); return nil },
		get:   func(c *Config) string { return field(c).String() },
	}
}

func hiddenURL(field func(*Config) *SecretURL, shape string, check func(string) error) binding {
	return binding{
		shape: shape,
		set: func(c *Config, raw string) error {
			if err := check(raw); err != nil {
				return err
			}
			*field(c) = SecretURL(raw)
			return nil
		},
		get: func(c *Config) string { return field(c).String() },
	}
}
