package configs

import "time"

// Key describes one setting.
type Key struct {
	// Path is its name in the file: group.name.
	Path string
	// Env is its name in the environment; Alias is an older one that Env wins
	// over.
	Env, Alias string
	// Flag is its name on the command line, or "".
	Flag string
	// Default is what a person would write to get it; "" when Unset says it.
	Default string
	// Unset says what an empty value means, where that is not plain.
	Unset string
	// Help is one line without a full stop.
	Help string
	// Secret values are never shown, and may come from a file: Env + "_FILE".
	Secret bool

	binding
}

// Shape says in a few words which values fit.
func (k Key) Shape() string { return k.shape }

// Value is the key's value in c as a person would write it, stars for a secret.
func (k Key) Value(c Config) string { return k.get(&c) }

// FileEnv is the name under which a secret's file may be given, or "".
func (k Key) FileEnv() string {
	if !k.Secret {
		return ""
	}
	return k.Env + "_FILE"
}

// Keys is the table of all settings, in the order in which they are shown.
func Keys() []Key {
	groups := [][]Key{
		placeKeys(), serverKeys(), tlsKeys(), databaseKeys(), authKeys(), limitKeys(), realtimeKeys(), aiKeys(), uploadKeys(),
		clusterKeys(), logKeys(), housekeepingKeys(), backupKeys(),
	}
	var keys []Key
	for _, group := range groups {
		keys = append(keys, group...)
	}
	return keys
}

const (
	anyBytes = 1 << 30
	ms       = time.Millisecond
)
