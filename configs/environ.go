package configs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// dotEnvName is read in development only: a file of a developer's machine must
// not decide anything where it was copied by accident.
const dotEnvName = ".env"

// environment reads what pairs of name=value say. An empty value says nothing,
// as compose files write it for a variable that is not set.
func (l *loader) environment(pairs []string, kind Kind) layer {
	vars := map[string]string{}
	for _, pair := range pairs {
		if name, value, ok := strings.Cut(pair, "="); ok {
			vars[name] = value
		}
	}
	return l.variables(vars, kind, func(name string) string { return name + " in the environment" })
}

func (l *loader) dotEnv() layer {
	data, err := l.readFile(l.within(dotEnvName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		l.add("", dotEnvName, "cannot be read: "+reason(err))
		return nil
	}
	vars, err := godotenv.UnmarshalBytes(data)
	if err != nil {
		if vars, err = godotenv.UnmarshalBytes(l.readable(data)); err != nil {
			l.add("", dotEnvName, "cannot be read: "+dotEnvForm)
			return nil
		}
	}
	values := l.variables(vars, FromDotEnv, func(name string) string {
		return fmt.Sprintf("%s:%d %s", dotEnvName, lineOf(data, name), name)
	})
	if g, ok := values["environment"]; ok && g.raw != string(Development) {
		l.add("environment", g.source.Where, "must be development here, since .env is read in development only; set it in the environment itself")
	}
	return values
}

const dotEnvForm = "write NAME=value, one a line, and quote values with spaces"

// readable empties the lines that cannot be read by themselves, each of which
// is a problem, so that those of the others are told with them. Where a quote
// may go on over lines, no line can be judged by itself.
func (l *loader) readable(data []byte) []byte {
	lines := strings.Split(string(data), "\n")
	for _, line := range lines {
		if strings.Count(line, `"`)%2+strings.Count(line, "'")%2 > 0 {
			return data
		}
	}
	for i, line := range lines {
		if _, err := godotenv.Unmarshal(line + "\n"); err != nil {
			l.add("", fmt.Sprintf("%s:%d", dotEnvName, i+1), "cannot be read: "+dotEnvForm)
			lines[i] = ""
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// lineOf is the line that sets name, for a person to find; 1 if it hides.
func lineOf(data []byte, name string) int {
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "export "))
		before, _, found := strings.Cut(line, "=")
		if found && strings.TrimSpace(before) == name {
			return i + 1
		}
	}
	return 1
}

// operatorNames are read by the commands of operators and by no server; both
// may run in the same environment.
func operatorNames() []string {
	return []string{"COACH_ADMIN_URL", "COACH_ADMIN_TOKEN", "COACH_ADMIN_TOKEN_FILE"}
}

// variables picks the settings out of vars. Names that begin with COACH_ are
// ours, so that one nobody knows is a mistake; COACH_TEST_ belongs to tests.
func (l *loader) variables(vars map[string]string, kind Kind, where func(name string) string) layer {
	values := layer{}
	for _, k := range l.table.keys {
		if g, ok := l.variable(k, vars, kind, where); ok {
			values[k.Path] = g
		}
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if _, known := l.table.byEnv[name]; known || !strings.HasPrefix(name, "COACH_") || strings.HasPrefix(name, "COACH_TEST_") {
			continue
		}
		if slices.Contains(operatorNames(), name) {
			continue
		}
		l.add("", where(name), l.unknownVariable(name, vars))
	}
	return values
}

func (l *loader) unknownVariable(name string, vars map[string]string) string {
	_, kubernetes := vars["KUBERNETES_SERVICE_HOST"]
	if kubernetes && (strings.HasPrefix(name, "COACH_SERVICE_") || strings.HasPrefix(name, "COACH_PORT")) {
		return "is no setting: Kubernetes made it for a Service named coach; set enableServiceLinks: false in the pod's spec"
	}
	if near := l.table.nearestEnv(name); near != "" {
		return "is no setting; did you mean " + near + "?"
	}
	return "is no setting; `coach config env` lists them all"
}

// variable finds what vars say about k: under its name, its older name, or in
// the file that NAME_FILE names.
func (l *loader) variable(k Key, vars map[string]string, kind Kind, where func(string) string) (given, bool) {
	name, value := k.Env, vars[k.Env]
	if value == "" && k.Alias != "" {
		name, value = k.Alias, vars[k.Alias]
	}
	path := vars[k.FileEnv()]
	switch {
	case path != "" && value != "":
		l.add(k.Path, where(name), "is set together with "+k.FileEnv()+"; keep one of them")
	case path != "":
		return l.secretFile(k, path, Source{Kind: kind, Where: where(k.FileEnv())})
	}
	return given{raw: value, source: Source{Kind: kind, Where: where(name)}}, value != ""
}

func (l *loader) secretFile(k Key, path string, source Source) (given, bool) {
	data, err := l.readFile(l.within(path))
	if err != nil {
		l.add(k.Path, source.Where, fmt.Sprintf("names %.200q, which cannot be read: %s", path, reason(err)))
		return given{}, false
	}
	value := strings.TrimRight(string(data), "\r\n")
	if value == "" {
		l.add(k.Path, source.Where, fmt.Sprintf("names %.200q, which is empty; write the secret into it", path))
		return given{}, false
	}
	source.Where += " (" + path + ")"
	return given{raw: value, source: source}, true
}

// reason is an error of the file system without the path, which the sentence
// around it names already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
