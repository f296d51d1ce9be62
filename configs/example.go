package configs

import (
	_ "embed"
	"strings"
)

//go:embed coach.example.yaml
var example string

// Example is the text of coach.example.yaml: every setting at its default.
func Example() string { return example }

// exampleText makes that file from the table; a test holds the file to it.
func exampleText(keys []Key) string {
	var b strings.Builder
	b.WriteString("# Every setting of coach at its default. Copy what you change, and start with: coach serve --config coach.yaml\n" +
		"# The environment wins over this file, flags win over both. `coach config check` looks it over.\n")
	group := ""
	for _, k := range keys {
		own, _, grouped := strings.Cut(k.Path, ".")
		indent := ""
		if grouped {
			indent = "  "
		}
		if grouped && own != group {
			group = own
			b.WriteString("\n" + group + ":\n")
		} else if !grouped {
			b.WriteString("\n")
		}
		b.WriteString(indent + "# " + k.Help + "; " + k.shape + " (" + k.names() + ")\n")
		b.WriteString(indent + last(k.Path) + ": " + yamlText(k.Default))
		if k.Default == "" && k.Unset != "" {
			b.WriteString(" # " + k.Unset)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// names is how else the key can be given: PORT, --port.
func (k Key) names() string {
	text := k.Env
	if k.Alias != "" {
		text += " or " + k.Alias
	}
	if k.Secret {
		text += " or " + k.FileEnv()
	}
	if k.Flag != "" {
		text += ", --" + k.Flag
	}
	return text
}

// yamlText quotes a default that YAML would read as something else.
func yamlText(value string) string {
	if value == "" || value == "on" || value == "off" || strings.ContainsAny(value, ":#,") {
		return `"` + value + `"`
	}
	return value
}

// DotEnv is a template of .env: every name, at its default, commented out.
func DotEnv() string {
	var b strings.Builder
	b.WriteString("# Names that coach reads from the environment, and in development from .env, at their defaults.\n")
	for _, k := range Keys() {
		b.WriteString("\n# " + k.Help + "; " + k.shape)
		if k.Default == "" && k.Unset != "" {
			b.WriteString(" (empty: " + k.Unset + ")")
		}
		b.WriteString("\n")
		if k.Secret {
			b.WriteString("# or " + k.FileEnv() + ", the path of a file that holds it\n")
		}
		b.WriteString("#" + k.Env + "=" + k.Default + "\n")
	}
	return b.String()
}
