package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
)

func newAsk(a *app) *cobra.Command {
	const use = "ask QUESTION"
	var plan string
	var q server.Question
	c := &cobra.Command{
		Use:   use,
		Short: "Ask the coach once, in the terminal, to try a configuration",
		Long: "Answers with the configured models, as a server would, and streams the answer to standard output (- reads the\n" +
			"question from standard input). It needs no server and no database, and keeps nothing. With --image alone the\n" +
			"question may be left empty (\"\"). Who answered is told on standard error.",
		Example: "  coach ask \"long 2 MES at 6000, stop 5994, target 6012, account 25k\"\n" +
			"  coach ask \"what do you see?\" --image chart.png --plan plan.yaml",
		Args: exactly(use),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.settled(c)
			if err != nil {
				return err
			}
			if q.Text, err = a.question(args[0]); err != nil {
				return err
			}
			if plan != "" {
				if q.Plan, err = a.readFile(plan); err != nil {
					return fmt.Errorf("read the plan: %w", err)
				}
			}
			if strings.TrimSpace(q.Text) == "" && q.Image == "" {
				return errors.New("there is no question; write one, or give an --image")
			}
			reply, err := a.below.ask(c.Context(), cfg, q, newLogger(cfg.Log, a.Stderr, a.palette()), a.write)
			if err != nil {
				return a.unanswered(err, q.Image)
			}
			tell(a.Stdout, "\n")
			tell(a.Stderr, "answered by "+printable(reply.Model)+"\n")
			return nil
		},
	}
	c.Flags().StringVar(&q.Image, "image", "", "`file` with a chart: PNG, JPEG, WebP or GIF")
	c.Flags().StringVar(&plan, "plan", "", "`file` with the plan to hold the idea against, instead of the default one")
	return c
}

// question is the words asked; - reads them.
func (a *app) question(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	text, err := io.ReadAll(io.LimitReader(a.Stdin, 64<<10))
	if err != nil {
		return "", fmt.Errorf("read the question: %w", err)
	}
	return string(text), nil
}

// write shows a piece of an answer. A model's text may hold what a terminal
// would obey.
func (a *app) write(piece string) error {
	_, err := io.WriteString(a.Stdout, strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, piece))
	return err
}

// unanswered names the file where it is the image that is wrong.
func (a *app) unanswered(err error, image string) error {
	if errors.Is(err, os.ErrNotExist) && image != "" {
		return fmt.Errorf("there is no file %s", printable(image))
	}
	return err
}
