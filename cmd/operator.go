package cmd

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server/api"
)

// reach says which server an operator's command speaks to.
type reach struct{ url, token, tokenFile, socket string }

// flagSet is the part of pflag's that flags are added to.
type flagSet interface {
	StringVar(p *string, name, value, usage string)
}

func (r *reach) add(flags flagSet) {
	flags.StringVar(&r.url, "url", "", "server to watch, with an operator's token (COACH_ADMIN_URL)")
	flags.StringVar(&r.tokenFile, "token-file", "", "file whose first line is the token (COACH_ADMIN_TOKEN_FILE)")
	flags.StringVar(&r.token, "token", "", "the token itself, which others on this machine can then see; better COACH_ADMIN_TOKEN")
	flags.StringVar(&r.socket, "socket", "", "admin socket to open (default: the one of this configuration's data folder)")
}

// operator is the client of the server that r, the environment or the
// configuration names, in this order, and what to call it.
func (a *app) operator(c *cobra.Command, r reach) (client *api.Client, where string, err error) {
	url := r.url
	if url == "" && r.socket == "" {
		url = a.env("COACH_ADMIN_URL")
	}
	switch {
	case r.url != "" && r.socket != "":
		return nil, "", &usageError{"--url and --socket name two servers; give one of them"}
	case url != "":
		token, err := a.operatorToken(r)
		if err != nil {
			return nil, "", err
		}
		return &api.Client{BaseURL: url, Token: token, HTTP: &http.Client{Transport: http.DefaultTransport}}, url, nil
	case r.socket != "":
		return api.OverSocket(r.socket), r.socket, nil
	}
	cfg, _, err := a.load(c)
	if cfg.Server.AdminSocket == "" {
		return nil, "", errors.Join(err, errors.New("this configuration has no admin socket (ADMIN_SOCKET is off); name the server with --url and a token"))
	}
	return api.OverSocket(cfg.Server.AdminSocket), cfg.Server.AdminSocket, nil
}

func (a *app) operatorToken(r reach) (string, error) {
	for _, token := range []string{r.token, a.env("COACH_ADMIN_TOKEN")} {
		if token != "" && r.tokenFile == "" {
			return token, nil
		}
	}
	file := r.tokenFile
	if file == "" {
		file = a.env("COACH_ADMIN_TOKEN_FILE")
	}
	if file == "" {
		return "", &usageError{"a server at an address wants an operator's token: COACH_ADMIN_TOKEN or --token-file; `coach token create` beside the server makes one"}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token, _, _ := strings.Cut(string(data), "\n")
	if token = strings.TrimSpace(token); token == "" {
		return "", fmt.Errorf("the first line of %s is empty; a token belongs there", file)
	}
	return token, nil
}
