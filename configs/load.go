package configs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
)

// LoadOptions is where a configuration comes from. The zero value gives the
// defaults.
type LoadOptions struct {
	// Flags may hold flags of [AddFlags]; only those given count. May be nil.
	Flags *pflag.FlagSet
	// ConfigFile is the YAML file of --config, or "".
	ConfigFile string
	// Environ is name=value pairs, as os.Environ gives them.
	Environ []string
	// Dir is the folder that .env is in and that relative paths start from;
	// "" is the working directory.
	Dir string

	// readFile is os.ReadFile with a bound, unless a test puts another here.
	readFile func(path string) ([]byte, error)
}

// Kind says which layer a value came from; later layers win.
type Kind string

// The layers.
const (
	FromDefault     Kind = "default"
	FromFile        Kind = "file"
	FromDotEnv      Kind = ".env"
	FromEnvironment Kind = "environment"
	FromFlag        Kind = "flag"
)

// Source is where a value came from.
type Source struct {
	Kind Kind
	// Where is the place as a person would look for it: "coach.yaml:12",
	// "PORT in the environment", "--port"; for defaults why it is that one.
	Where string
}

func (s Source) String() string { return s.Where }

// Sources says for each key, by path, where its value came from.
type Sources map[string]Source

// given is what a layer says about a key.
type given struct {
	raw    string
	source Source
}

// layer is what one layer says, by path.
type layer map[string]given

// loader gathers what the layers say and what is wrong with it.
type loader struct {
	LoadOptions
	table    table
	problems Problems
}

// Load reads, merges and checks a configuration. Its error is [Problems];
// beside it stand the values that were sound, defaults for the others.
func Load(o LoadOptions) (Config, Sources, error) {
	if o.readFile == nil {
		o.readFile = readBounded
	}
	l := &loader{LoadOptions: o, table: newTable()}
	merged := l.merge()
	cfg, sources := l.apply(merged)
	l.settle(&cfg, sources)
	l.check(cfg, sources)
	if len(l.problems) > 0 {
		return cfg, sources, l.problems
	}
	return cfg, sources, nil
}

// merge lays the layers on each other. Whether .env is one of them depends on
// the environment that the others agree on.
func (l *loader) merge() layer {
	merged := l.defaults()
	merged.overlay(l.file())
	environment, flags := l.environment(l.Environ, FromEnvironment), l.flags()
	decided := merged["environment"].raw
	if g, ok := environment["environment"]; ok {
		decided = g.raw
	}
	if decided == string(Development) {
		merged.overlay(l.dotEnv())
	}
	merged.overlay(environment)
	merged.overlay(flags)
	return merged
}

func (under layer) overlay(over layer) {
	for path, g := range over {
		under[path] = g
	}
}

func (l *loader) defaults() layer {
	values := layer{}
	for _, k := range l.table.keys {
		values[k.Path] = given{raw: k.Default, source: Source{Kind: FromDefault, Where: cmp.Or(k.defaultNote(), "default")}}
	}
	return values
}

func (k Key) defaultNote() string {
	if k.Default == "" && k.Unset != "" {
		return "default: " + k.Unset
	}
	return ""
}

func (l *loader) flags() layer {
	values := layer{}
	if l.Flags == nil {
		return values
	}
	l.Flags.Visit(func(f *pflag.Flag) {
		if f.Value.String() == "" {
			return // a shell's variable that is not set, as in the environment
		}
		for _, k := range l.table.keys {
			if k.Flag == f.Name {
				values[k.Path] = given{raw: f.Value.String(), source: Source{Kind: FromFlag, Where: "--" + f.Name}}
			}
		}
	})
	return values
}

// apply reads every value into its field; what does not fit is a problem, and
// the default stays.
func (l *loader) apply(merged layer) (Config, Sources) {
	var cfg Config
	sources := Sources{}
	for _, k := range l.table.keys {
		g := merged[k.Path]
		sources[k.Path] = g.source
		if err := k.read(&cfg, g.raw); err != nil {
			l.problem(k, g, err)
			sources[k.Path] = Source{Kind: FromDefault, Where: "default"}
			// A default fits, or a test of this package fails.
			_ = k.read(&cfg, k.Default)
		}
	}
	return cfg, sources
}

// read sets the field of c; an empty value leaves it empty.
func (k Key) read(c *Config, raw string) error {
	if !k.Secret {
		raw = strings.TrimSpace(raw)
	}
	if raw == "" {
		return nil
	}
	if strings.ContainsRune(raw, 0) {
		return errors.New("must not hold a NUL character")
	}
	return k.set(c, raw)
}

func (l *loader) problem(k Key, g given, err error) {
	what := err.Error()
	if g.source.Kind == FromFile {
		what = k.Path + " " + what
	}
	var complete misfit
	if !k.Secret && !errors.As(err, &complete) {
		what += fmt.Sprintf(", not %.60q", g.raw)
	}
	l.add(k.Path, g.source.Where, what)
}

func (l *loader) add(path, where, what string) {
	l.problems = append(l.problems, Problem{Path: path, Where: where, What: what})
}

// within makes a relative path start from Dir.
func (l *loader) within(path string) string {
	if l.Dir == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.Dir, path)
}

// maxFile bounds the files that are read: a wrong path must not fill memory.
const maxFile = 1 << 20

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return data, nil
}
