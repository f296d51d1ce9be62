package cmd

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newDocsMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a man page for each command into a folder",
		Long:  "Writes a man page for each command into DIR. SOURCE_DATE_EPOCH dates them, so that a release can be built again.",
		Args:  exactly("man DIR"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // manuals are for everybody to read
				return fmt.Errorf("make the folder: %w", err)
			}
			root := c.Root()
			root.DisableAutoGenTag = true
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "coach", Manual: "coach"}, args[0])
		},
	}
}

func newDocsCompletions() *cobra.Command {
	return &cobra.Command{
		Use:   "completions DIR",
		Short: "Write the completions for every shell into a folder",
		Args:  exactly("completions DIR"),
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // manuals are for everybody to read
				return fmt.Errorf("make the folder: %w", err)
			}
			for name, write := range map[string]func(io.Writer) error{
				"coach.bash": func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
				"_coach":     root.GenZshCompletion,
				"coach.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
				"coach.ps1":  root.GenPowerShellCompletionWithDesc,
			} {
				if err := writeTo(filepath.Join(args[0], name), write); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func writeTo(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}
