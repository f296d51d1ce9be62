package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
)

// diagnosis is what --json prints.
type diagnosis struct {
	URL    string               `json:"url"`
	Status server.FindingStatus `json:"status"` // the worst of the checks
	Checks []server.Finding     `json:"checks"`
}

func newDoctor(a *app) *cobra.Command {
	var p server.Patient
	var file string
	var asJSON, noAsk, pathOnly bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Try the whole way to a server, and say what is wrong and what mends it",
		Long: "Looks at this machine (configuration, disk, open files, database, models), then goes through the public address as\n" +
			"a client does: polling, sign-in, upgrade to WebSocket, a message and its acknowledgement, the coach's answer, clocks,\n" +
			"proxies that keep replies back, CORS. It makes an account for that and deletes it again, unless it is given one.\n" +
			"Exit code 0: nothing failed, though there may be warnings; 1: something failed.",
		Example: "  coach doctor\n  coach doctor --url https://coach.example.com --origin https://app.example.com\n" +
			"  coach doctor --url https://coach.example.com --path-only --as ann --password-file ann.txt --json",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p.Ask = !noAsk
			if err := a.whoVisits(c.Context(), &p, file); err != nil {
				return err
			}
			d := diagnosis{Checks: []server.Finding{}}
			told := func(f server.Finding) {
				d.Checks = append(d.Checks, f)
				if !asJSON {
					a.finding(f)
				}
			}
			cfg, err := a.examineConfig(c, told)
			if !pathOnly && err == nil {
				server.ExamineMachine(c.Context(), cfg, told)
			}
			if p.URL == "" {
				p.URL, err = a.publicURL(c, cfg)
				if err != nil {
					return err
				}
			}
			if !asJSON {
				tell(a.Stdout, "the way to "+printable(p.URL)+"\n")
			}
			server.Examine(c.Context(), p, told)
			d.URL = p.URL
			show := a.diagnosed
			if asJSON {
				show = writeJSON[diagnosis]
			}
			return a.concluded(d, show)
		},
	}
	c.Flags().StringVar(&p.URL, "url", "", "public address of the server (default: PUBLIC_URL, else the one this configuration would start)")
	c.Flags().StringVar(&p.Origin, "origin", "", "origin of a page that is to be let in, such as https://app.example.com")
	c.Flags().StringVar(&p.Identifier, "as", "", "`user` to sign in as, instead of an account made for this")
	passwordFile(c, &file)
	c.Flags().BoolVar(&noAsk, "no-ask", false, "ask the coach nothing; an answer may cost money")
	c.Flags().BoolVar(&pathOnly, "path-only", false, "leave this machine out; the server is another one")
	c.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return c
}

// whoVisits reads the password of a given account.
func (a *app) whoVisits(ctx context.Context, p *server.Patient, file string) (err error) {
	if p.Identifier == "" {
		if file != "" {
			return &usageError{"--password-file goes with --as"}
		}
		return nil
	}
	p.Password, err = a.onePassword(ctx, file)
	return err
}

// examineConfig tells of each problem of the configuration.
func (a *app) examineConfig(c *cobra.Command, told func(server.Finding)) (configs.Config, error) {
	cfg, _, err := a.load(c)
	var problems configs.Problems
	if errors.As(err, &problems) {
		for _, one := range problems {
			told(server.Finding{Check: "configuration", Status: server.FindingFail, Message: one.String() + ".", Remedy: "`coach config show` tells where each value comes from."})
		}
	}
	return cfg, err
}

// publicURL is where the world reaches the server of this configuration.
func (a *app) publicURL(c *cobra.Command, cfg configs.Config) (string, error) {
	if cfg.Server.PublicURL != "" {
		return cfg.Server.PublicURL, nil
	}
	url, _, err := a.ownServer(c)
	return url, err
}

func (a *app) finding(f server.Finding) {
	tell(a.Stdout, fmt.Sprintf("%-4s  %s: %s\n", f.Status, f.Check, printable(f.Message)))
	if f.Remedy != "" {
		tell(a.Stdout, "      remedy: "+printable(f.Remedy)+"\n")
	}
}

// diagnosed is the last line for people.
func (a *app) diagnosed(w io.Writer, d diagnosis) error {
	_, err := fmt.Fprintf(w, "%d ok, %d warnings, %d failed\n", d.count(server.FindingOK), d.count(server.FindingWarn), d.count(server.FindingFail))
	return err
}

func (d diagnosis) count(s server.FindingStatus) int {
	n := 0
	for _, f := range d.Checks {
		if f.Status == s {
			n++
		}
	}
	return n
}

// concluded sums up, and ends the command by the worst that was found.
func (a *app) concluded(d diagnosis, show func(io.Writer, diagnosis) error) error {
	d.Status = server.FindingOK
	for _, worse := range []server.FindingStatus{server.FindingWarn, server.FindingFail} {
		if d.count(worse) > 0 {
			d.Status = worse
		}
	}
	if err := show(a.Stdout, d); err != nil {
		return err
	}
	if d.Status == server.FindingFail {
		return &failure{code: exitFailed}
	}
	return nil
}
