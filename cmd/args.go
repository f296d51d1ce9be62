package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// exactly wants the arguments that a usage line names in capitals, and says
// which one is missing.
func exactly(use string) cobra.PositionalArgs {
	names := strings.Fields(use)[1:]
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s is missing", strings.Join(names[len(args):], " and "))
		case len(args) > len(names):
			return fmt.Errorf("%q is too much: it takes %s", args[len(names)], strings.Join(names, " and "))
		}
		return nil
	}
}
