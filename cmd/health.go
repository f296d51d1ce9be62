package cmd

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/api"
)

// exitUnreachable is health's own: nobody answers.
const exitUnreachable = 2

func newHealth(a *app) *cobra.Command {
	var live, ready, asJSON bool
	var url string
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask a running server how it is",
		Long: "Asks the server that this configuration would start, or the one at --url.\n" +
			"Exit code 0: ok, or degraded with a warning; 1: down or not ready; 2: nobody answers.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			client := &api.Client{BaseURL: url, Timeout: 5 * time.Second}
			if url != "" && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
				return &usageError{"--url: give it as https://coach.example.com, not " + strconv.Quote(url)}
			}
			if url == "" {
				var err error
				if client.BaseURL, client.HTTP, err = a.ownServer(c); err != nil {
					return err
				}
			}
			check := ""
			switch {
			case live:
				check = "live"
			case ready:
				check = "ready"
			}
			found, err := client.Health(c.Context(), check)
			if err != nil {
				return unwell(client.BaseURL, err)
			}
			show := showHealth
			if asJSON {
				show = writeJSON[api.Health]
			}
			if err := show(a.Stdout, found); err != nil {
				return err
			}
			return a.verdict(found)
		},
	}
	c.Flags().BoolVar(&live, "live", false, "only whether the process is alive")
	c.Flags().BoolVar(&ready, "ready", false, "only whether requests may be sent to it")
	c.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	c.Flags().StringVar(&url, "url", "", "server to ask (default: the one this configuration would start)")
	c.MarkFlagsMutuallyExclusive("live", "ready")
	return c
}

// ownServer is where the server of this configuration listens, and what
// carries questions to it. Problems with other settings do not matter here: it
// may be running all the same.
func (a *app) ownServer(c *cobra.Command) (url string, carrier *http.Client, err error) {
	cfg, _, err := a.load(c)
	var problems configs.Problems
	if errors.As(err, &problems) && len(problems.About("server.host", "server.port")) > 0 {
		return "", nil, &failure{code: exitUnreachable, err: problems.About("server.host", "server.port")}
	}
	if cfg.Server.Port == 0 {
		return "", nil, &usageError{"port 0 was a free one; say which server to ask with --url"}
	}
	host := cfg.Server.Host
	if addr, err := netip.ParseAddr(host); host == "" || (err == nil && addr.IsUnspecified()) {
		host = "127.0.0.1"
	}
	address := net.JoinHostPort(host, strconv.Itoa(cfg.Server.Port))
	if !cfg.Server.TLS.On() {
		return "http://" + address, nil, nil
	}
	return "https://" + address, trusting(cfg.Server.TLS), nil
}

// trusting speaks TLS with this machine's own server, by an address that its
// certificate is not for; so the certificate is not looked at.
func trusting(c configs.TLS) *http.Client {
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // see above
	if len(c.ACMEDomains) > 0 {
		config.ServerName = c.ACMEDomains[0] // there is a certificate for these names only
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
}

// unwell turns an error of the client into this command's exit.
func unwell(url string, err error) error {
	var refused *api.RefusedError
	switch {
	case errors.As(err, &refused):
		return &failure{code: exitFailed, err: fmt.Errorf("%s answers %d: %s", url, refused.Status, refused.Failure.Error)}
	case errors.Is(err, api.ErrUnreachable):
		return &failure{code: exitUnreachable, err: fmt.Errorf("%s: %w; is `coach serve` running, and is this its address? --url names another", url, err)}
	}
	return &failure{code: exitUnreachable, err: err}
}

func (a *app) verdict(h api.Health) error {
	switch h.Status {
	case api.StatusOK:
		return nil
	case api.StatusDegraded:
		tell(a.Stderr, "coach: warning: the server is degraded: it serves, with less than it should.\n")
		return nil
	}
	return &failure{code: exitFailed, err: fmt.Errorf("the server says it is %s", printable(string(h.Status)))}
}

func showHealth(w io.Writer, h api.Health) error {
	up := time.Duration(h.UptimeSeconds) * time.Second
	t := newTable(w)
	t.row(string(h.Status), h.Version, "up "+up.String())
	for _, name := range slices.Sorted(maps.Keys(h.Checks)) {
		check := h.Checks[name]
		note := check.Message
		if check.LatencyMs > 0 {
			note = strings.TrimSuffix(fmt.Sprintf("%.1f ms, %s", check.LatencyMs, note), ", ")
		}
		t.row("  "+name, string(check.Status), note)
	}
	return t.flush()
}

func writeJSON[T any](w io.Writer, value T) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false) // it goes to a terminal or a program, not into a page
	return encoder.Encode(value)
}
