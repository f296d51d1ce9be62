package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/tui"
)

// adminFlags are what `coach admin` is told on the command line.
type adminFlags struct {
	reach                 reach
	once, asJSON, asPlain bool
	page, theme           string
	list                  api.List
	readOnly, ascii       bool
}

func newAdmin(a *app) *cobra.Command {
	var f adminFlags
	c := &cobra.Command{
		Use:   "admin",
		Short: "Watch and steer a running server, on a screen in the terminal",
		Long: "Shows connections, rooms, users, tiers, answers, limits hit, the log and the audit log of a running server, and\n" +
			"does what an operator may do, after a question. Without flags it opens the admin socket of this configuration's\n" +
			"data folder; --url and a token reach a server elsewhere. ? on the screen lists the keys.\n" +
			"Exit code 0: left; 1: refused, or not a terminal; 2: nobody answers.",
		Example: "  coach admin\n  coach admin --url https://coach.example.com --token-file operator.token\n" +
			"  coach admin --once --page connections --filter 'tier=free queue>0' --sort -queue --json",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.admin(c, f) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	f.reach.add(flags)
	flags.BoolVar(&f.readOnly, "read-only", false, "offer nothing that changes anything")
	flags.StringVar(&f.theme, "theme", "", "dark or light (default: as COLORFGBG says, else dark; NO_COLOR: neither)")
	flags.BoolVar(&f.ascii, "ascii", false, "draw with ASCII characters only")
	flags.BoolVar(&f.once, "once", false, "print one page and end")
	flags.StringVar(&f.page, "page", "overview", "with --once: "+strings.Join(tui.PageNames(), ", "))
	flags.BoolVar(&f.asPlain, "plain", false, "with --once: print columns (the default)")
	flags.BoolVar(&f.asJSON, "json", false, "with --once: print what the server answers as JSON")
	flags.StringVar(&f.list.Filter, "filter", "", "with --once: only rows that answer to it, such as 'tier=free idle>5m'")
	flags.StringVar(&f.list.Sort, "sort", "", "with --once: a field to sort by, with a - before it for falling")
	flags.IntVar(&f.list.Limit, "limit", 100, "with --once: most rows, 1 to "+strconv.Itoa(api.MaxPage))
	flags.StringVar(&f.list.Cursor, "cursor", "", "with --once: nextCursor of the rows before")
	c.MarkFlagsMutuallyExclusive("json", "plain")
	return c
}

func (a *app) admin(c *cobra.Command, f adminFlags) error {
	if err := f.check(c); err != nil {
		return err
	}
	client, where, err := a.operator(c, f.reach)
	if err != nil {
		return err
	}
	if f.once {
		format := tui.FormatPlain
		if f.asJSON {
			format = tui.FormatJSON
		}
		wanted := tui.Print{Page: f.page, Format: format, List: f.list, Now: time.Now()}
		return awayFrom(where, tui.Once(c.Context(), a.Stdout, client, wanted))
	}
	if !a.onTerminal() {
		return errors.New("coach admin draws on a terminal, and this is none; `coach admin --once` prints a page")
	}
	lookOnly := ""
	if f.readOnly {
		lookOnly = "This screen was opened with --read-only."
	}
	return awayFrom(where, tui.Run(c.Context(), tui.Options{
		Source: client, In: a.Stdin, Out: a.Stdout, Look: a.look(f), LookOnly: lookOnly,
	}))
}

// check finds what flags say and do not go together.
func (f adminFlags) check(c *cobra.Command) error {
	if f.theme != "" && f.theme != string(tui.PaletteDark) && f.theme != string(tui.PaletteLight) {
		return &usageError{fmt.Sprintf("--theme is dark or light, not %q", f.theme)}
	}
	if f.once {
		if !slices.Contains(tui.PageNames(), f.page) {
			return &usageError{fmt.Sprintf("--page %q: there are %s", f.page, strings.Join(tui.PageNames(), ", "))}
		}
		if f.list.Limit < 1 || f.list.Limit > api.MaxPage {
			return &usageError{fmt.Sprintf("--limit is a whole number from 1 to %d", api.MaxPage)}
		}
		return nil
	}
	for _, name := range []string{"page", "plain", "json", "filter", "sort", "limit", "cursor"} {
		if c.Flags().Changed(name) {
			return &usageError{"--" + name + " goes with --once"}
		}
	}
	return nil
}

// onTerminal reports whether there is one to read keys from and to draw on.
func (a *app) onTerminal() bool {
	_, in := terminal(a.Stdin)
	_, out := terminal(a.Stdout)
	return in && out && a.env("TERM") != "dumb"
}

// look is how the screen is drawn here.
func (a *app) look(f adminFlags) tui.Look {
	look := tui.Look{Palette: tui.Palette(f.theme), ASCII: f.ascii || a.noUnicode()}
	switch {
	case a.palette() == plain:
		look.Palette = tui.PalettePlain
	case look.Palette == "" && a.lightGround():
		look.Palette = tui.PaletteLight
	case look.Palette == "":
		look.Palette = tui.PaletteDark
	}
	return look
}

// noUnicode reports whether the locale names another encoding (POSIX, 8.2: the
// first of these that is set counts).
func (a *app) noUnicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(a.env(name)); value != "" {
			return !strings.Contains(value, "utf-8") && !strings.Contains(value, "utf8")
		}
	}
	return false
}

// lightGround reads what some terminals say about their colours: the last
// number is that of the ground, and 7 and those above 8 are light.
func (a *app) lightGround() bool {
	parts := strings.Split(a.env("COLORFGBG"), ";")
	ground, err := strconv.Atoi(parts[len(parts)-1])
	return err == nil && (ground == 7 || ground > 8)
}

// awayFrom turns an error of a source into this command's exit.
func awayFrom(where string, err error) error {
	var refused *api.RefusedError
	var wrong *api.FilterError
	switch {
	case err == nil, errors.Is(err, tui.ErrCrashed):
		return err
	case errors.As(err, &wrong):
		return &usageError{err.Error()}
	case errors.As(err, &refused), errors.Is(err, api.ErrNoOperators):
		return &failure{code: exitFailed, err: fmt.Errorf("%s: %w", where, err)}
	case errors.Is(err, api.ErrUnreachable):
		return &failure{code: exitUnreachable, err: fmt.Errorf("%s: %w; is `coach serve` running, and is this its address? --data-dir, --socket or --url names another", where, err)}
	}
	return err
}
