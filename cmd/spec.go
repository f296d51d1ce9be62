package cmd

import (
	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/docs"
)

func newSpec(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use:   "spec",
		Short: "Print what clients are built by: the descriptions of HTTP and of Socket.IO",
		Long: "These describe every route and every event of this very version; a running server shows them with examples at\n" +
			"/docs. Give them to a generator of clients, or keep them beside one.",
	})
	c.AddCommand(
		a.prints("openapi", "Print the description of the HTTP side, OpenAPI as YAML", docs.OpenAPI),
		a.prints("asyncapi", "Print the description of the Socket.IO side, AsyncAPI as YAML", docs.AsyncAPI),
	)
	return c
}
