package cmd

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
)

func newSecret(a *app) *cobra.Command {
	c := group(&cobra.Command{Use: "secret", Short: "Replace the secret that signs tokens"})
	c.AddCommand(&cobra.Command{
		Use:   "rotate",
		Short: "Put a new token secret in force and accept the one before",
		Long: "A secret that coach keeps in the data folder is replaced there, and a running server notices within seconds.\n" +
			"One that comes from elsewhere (JWT_SECRET) is not coach's to replace: what to set is printed, secrets included.\n" +
			"Nobody is signed out: tokens of the secret before stay good. If it has leaked, rotate twice, which signs everybody out.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.rotateSecret(c) },
	})
	return c
}

func (a *app) rotateSecret(c *cobra.Command) error {
	cfg, sources, err := a.load(c)
	if err != nil {
		return err
	}
	if cfg.Auth.JWTSecret != "" {
		return a.adviseRotation(cfg, sources["auth.jwtSecret"].Where)
	}
	err = configs.RotateKept(cfg.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no secret is kept in %s; `coach serve` makes the first one, and --data-dir names another folder", cfg.DataDir)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Stdout, "The token secret in %s was replaced. The one before is accepted until the next rotation.\n", cfg.DataDir)
	return err
}

// adviseRotation says what to set where, in two steps that also suit several
// nodes: none ever sees a token whose secret it does not know.
func (a *app) adviseRotation(cfg configs.Config, where string) error {
	_, err := fmt.Fprintf(a.Stdout, `The token secret comes from outside (%s), so it is replaced there.

With several nodes, first set this everywhere, beside the JWT_SECRET there is, and restart them:

JWT_SECRET_PREVIOUS=%s

Then, and with one node at once, set both and restart:

JWT_SECRET=%[2]s
JWT_SECRET_PREVIOUS=%s

Keep JWT_SECRET_PREVIOUS for %s after the last restart (JWT_EXPIRES_IN), then take it out: until then tokens that it
signed are good. Any of them may come from a file as NAME_FILE.
`, where, configs.NewSecret().Reveal(), cfg.Auth.JWTSecret.Reveal(), cfg.Auth.JWTExpiresIn)
	return err
}
