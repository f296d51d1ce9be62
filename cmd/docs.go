package cmd

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
)

func newDocs(a *app) *cobra.Command {
	c := group(&cobra.Command{Use: "docs", Short: "Make what the documentation says of this program", Hidden: true})
	c.AddCommand(newDocsTables(a), newDocsMan(), newDocsCompletions())
	return c
}

func newDocsTables(a *app) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "tables",
		Short: "Print the tables of commands and settings, or write them into a Markdown file",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if file == "" {
				_, err := fmt.Fprintf(a.Stdout, "%s\n%s", commandTable(c.Root()), settingTable())
				return err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			fresh, err := withTables(string(text), c.Root())
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			return os.WriteFile(file, []byte(fresh), 0o644) //nolint:gosec // a page for everybody to read
		},
	}
	c.Flags().StringVar(&file, "write", "", "Markdown file whose generated blocks are to be made afresh")
	return c
}

// withTables replaces what stands between <!-- generated:NAME --> and
// <!-- /generated --> in text, for both tables.
func withTables(text string, root *cobra.Command) (string, error) {
	for name, table := range map[string]string{"commands": commandTable(root), "configuration": settingTable()} {
		before, rest, found := strings.Cut(text, "<!-- generated:"+name+" -->")
		if !found {
			return "", fmt.Errorf("has no <!-- generated:%s --> for the table", name)
		}
		_, after, found := strings.Cut(rest, "<!-- /generated -->")
		if !found {
			return "", fmt.Errorf("has no <!-- /generated --> after <!-- generated:%s -->", name)
		}
		text = before + "<!-- generated:" + name + " -->\n" + table + "<!-- /generated -->" + after
	}
	return text, nil
}

func commandTable(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("| Command | Does |\n| --- | --- |\n")
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		switch {
		case c.Name() == "help" || c.Hidden:
			return
		case c.Name() == "completion":
			b.WriteString("| `coach completion bash\\|zsh\\|fish\\|powershell` | Print completions for a shell |\n")
			return
		case !c.HasAvailableSubCommands():
			b.WriteString("| `" + cell(strings.TrimSuffix(c.UseLine(), " [flags]")) + "` | " + cell(c.Short) + " |\n")
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(root)
	return b.String()
}

func settingTable() string {
	var b strings.Builder
	b.WriteString("| Environment | File | Flag | Default | Means |\n| --- | --- | --- | --- | --- |\n")
	for _, k := range configs.Keys() {
		env := "`" + k.Env + "`"
		if k.Alias != "" {
			env += ", `" + k.Alias + "`"
		}
		if k.Secret {
			env += ", `" + k.FileEnv() + "`"
		}
		flag := ""
		if k.Flag != "" {
			flag = "`--" + k.Flag + "`"
		}
		value := cell(k.Unset)
		if k.Default != "" {
			value = "`" + k.Default + "`"
		}
		b.WriteString("| " + strings.Join([]string{env, "`" + k.Path + "`", flag, value, cell(k.Help) + shapeNote(k)}, " | ") + " |\n")
	}
	return b.String()
}

// shapeNote says which values fit, where the name does not say it already.
func shapeNote(k configs.Key) string {
	if k.Shape() == "text" || k.Shape() == "secret" {
		return ""
	}
	return " (" + cell(k.Shape()) + ")"
}

// cell keeps text from ending a cell of a Markdown table, or from being HTML.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}
