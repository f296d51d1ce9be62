package configs

import (
	"strings"

	"github.com/spf13/pflag"
)

// table is the keys with ways to find one.
type table struct {
	keys   []Key
	byPath map[string]Key
	byEnv  map[string]Key // aliases and _FILE names too
	groups map[string]bool
}

func newTable() table {
	t := table{keys: Keys(), byPath: map[string]Key{}, byEnv: map[string]Key{}, groups: map[string]bool{}}
	for _, k := range t.keys {
		t.byPath[k.Path] = k
		t.byEnv[k.Env] = k
		if k.Alias != "" {
			t.byEnv[k.Alias] = k
		}
		if k.Secret {
			t.byEnv[k.FileEnv()] = k
		}
		if group, _, ok := strings.Cut(k.Path, "."); ok {
			t.groups[group] = true
		}
	}
	return t
}

func (t table) paths() []string {
	var names []string
	for _, k := range t.keys {
		names = append(names, k.Path)
	}
	return names
}

func (t table) envs() []string {
	var names []string
	for _, k := range t.keys {
		names = append(names, k.Env)
	}
	return names
}

// nearestPath is the path that name in a file was meant to be, or "": it may
// be misspelt, stand in the wrong group, or be the name in the environment.
func (t table) nearestPath(name string) string {
	if near := Nearest(name, t.paths()); near != "" {
		return near
	}
	own := last(name)
	if k, ok := t.byEnv[own]; ok {
		return k.Path
	}
	var ends []string
	for _, path := range t.paths() {
		ends = append(ends, last(path))
	}
	near := Nearest(own, ends)
	for _, path := range t.paths() {
		if near != "" && last(path) == near {
			return path
		}
	}
	return ""
}

// nearestEnv is the name that name in the environment was meant to be, or "".
func (t table) nearestEnv(name string) string {
	bare := strings.TrimPrefix(name, "COACH_")
	if _, ok := t.byEnv[bare]; ok {
		return bare
	}
	if near := Nearest(name, t.envs()); near != "" {
		return near
	}
	return Nearest(bare, t.envs())
}

func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// AddFlags adds the flags with those names to fs; a name that no key has is
// left out. [Load] reads them back.
func AddFlags(fs *pflag.FlagSet, names ...string) {
	for _, k := range Keys() {
		for _, name := range names {
			if k.Flag != name {
				continue
			}
			f := fs.VarPF(&flagText{shape: k.flagShape()}, name, "", k.flagHelp())
			if k.shape == "on, off" {
				f.NoOptDefVal = "true"
			}
		}
	}
}

func (k Key) flagShape() string {
	switch {
	case strings.HasPrefix(k.shape, "whole number"):
		return "number"
	case strings.Contains(k.shape, "URL"):
		return "url"
	case k.shape == "on, off":
		return "bool" // pflag then shows no value that could follow
	case strings.Contains(k.shape, ", "):
		return "word"
	}
	return "text"
}

func (k Key) flagHelp() string {
	switch {
	case k.shape == "on, off":
		return k.Help
	case k.Default != "":
		return k.Help + " (default " + k.Default + ")"
	case k.Unset != "":
		return k.Help + " (default " + k.Unset + ")"
	}
	return k.Help
}

// flagText keeps a flag's text as it was written: whether it fits is for the
// loader to say, together with everything else.
type flagText struct{ text, shape string }

func (f *flagText) String() string         { return f.text }
func (f *flagText) Set(value string) error { f.text = value; return nil }
func (f *flagText) Type() string           { return f.shape }
