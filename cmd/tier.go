package cmd

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

func newTier(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use:   "tier",
		Short: "Show and change what each tier may use",
		Long:  "Changes take effect within a second, also on open sockets, on every server of the database.",
	})
	c.AddCommand(newTierList(a), newTierSet(a))
	return c
}

func newTierList(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the tiers and their limits",
		Args:  cobra.NoArgs,
		RunE: a.withDesk(server.RefuseAbsent, func(ctx context.Context, d desk, _ []string) error {
			found, err := d.Tiers(ctx)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(a.Stdout, found)
			}
			return a.listTiers(found)
		}),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	return c
}

// listTiers has a line for each limit, as the contract's table does.
func (a *app) listTiers(found []api.Tier) error {
	t := newTable(a.Stdout)
	head := []string{"LIMIT"}
	for _, tier := range found {
		head = append(head, strings.ToUpper(tier.Name))
	}
	t.row(head...)
	for _, l := range tierLimits() {
		cells := []string{l.name}
		for _, tier := range found {
			cells = append(cells, l.show(tier.Limits))
		}
		t.row(cells...)
	}
	accounts := []string{"accounts"}
	for _, tier := range found {
		accounts = append(accounts, strconv.FormatInt(tier.Accounts, 10))
	}
	t.row(accounts...)
	return t.flush()
}

func newTierSet(a *app) *cobra.Command {
	var known []string
	for _, l := range tierLimits() {
		known = append(known, l.name+" ("+l.about+")")
	}
	return &cobra.Command{
		Use:     "set TIER LIMIT=NUMBER...",
		Short:   "Change limits of a tier",
		Long:    "Changes limits of a tier; the others stay. The limits are " + strings.Join(known, ", ") + ".",
		Example: "  coach tier set free messages=20 sockets=3\n  coach tier set premium budget=40",
		Args:    cobra.MinimumNArgs(2),
		RunE: a.withDesk(server.MakeAbsent, func(ctx context.Context, d desk, args []string) error {
			change, err := readLimits(args[1:])
			if err != nil {
				return err
			}
			tier, err := d.EditTier(ctx, args[0], change)
			if err != nil {
				return err
			}
			var now []string
			for _, l := range tierLimits() {
				now = append(now, l.name+"="+l.show(tier.Limits))
			}
			_, err = fmt.Fprintf(a.Stdout, "changed %s: %s\n", printable(tier.Name), strings.Join(now, " "))
			return err
		}),
	}
}

// tierLimit is a limit as people call it.
type tierLimit struct {
	name, about string
	show        func(l api.Limits) string
	set         func(c *api.LimitsChange, n float64)
}

func tierLimits() []tierLimit {
	count := func(name, about string, get func(api.Limits) int, field func(*api.LimitsChange) **int) tierLimit {
		return tierLimit{name, about, func(l api.Limits) string { return strconv.Itoa(get(l)) }, func(c *api.LimitsChange, n float64) {
			v := int(n)
			*field(c) = &v
		}}
	}
	return []tierLimit{
		count("requests", "in 15 minutes", func(l api.Limits) int { return l.Requests15m }, func(c *api.LimitsChange) **int { return &c.Requests15m }),
		count("burst", "a second", func(l api.Limits) int { return l.BurstPerSecond }, func(c *api.LimitsChange) **int { return &c.BurstPerSecond }),
		count("messages", "a minute", func(l api.Limits) int { return l.MessagesPerMinute }, func(c *api.LimitsChange) **int { return &c.MessagesPerMinute }),
		count("answers", "a day", func(l api.Limits) int { return l.AnswersPerDay }, func(c *api.LimitsChange) **int { return &c.AnswersPerDay }),
		{
			"budget", "US dollars a month",
			func(l api.Limits) string {
				return strconv.FormatFloat(float64(l.BudgetMonthMicros)/1e6, 'f', -1, 64)
			},
			func(c *api.LimitsChange, n float64) {
				v := int64(math.Round(n * 1e6))
				c.BudgetMonthMicros = &v
			},
		},
		count("uploads", "in 15 minutes", func(l api.Limits) int { return l.Uploads15m }, func(c *api.LimitsChange) **int { return &c.Uploads15m }),
		count("sockets", "at once", func(l api.Limits) int { return l.Sockets }, func(c *api.LimitsChange) **int { return &c.Sockets }),
		count("members", "of a conversation", func(l api.Limits) int { return l.Members }, func(c *api.LimitsChange) **int { return &c.Members }),
	}
}

// readLimits reads name=number, each name once.
func readLimits(words []string) (api.LimitsChange, error) {
	var change api.LimitsChange
	var seen []string
	for _, word := range words {
		name, text, _ := strings.Cut(word, "=")
		limits := tierLimits()
		i := slices.IndexFunc(limits, func(l tierLimit) bool { return l.name == name })
		if i < 0 {
			return change, &usageError{fmt.Sprintf("%q names no limit; write one of requests, burst, messages, answers, budget, uploads, sockets, members, then = and a number", word)}
		}
		n, err := strconv.ParseFloat(text, 64)
		whole := n == math.Trunc(n) || name == "budget"
		if err != nil || n < 0 || n > 1e9 || !whole {
			return change, &usageError{fmt.Sprintf("%q: %s is a number from 0 to 1000000000", word, name)}
		}
		if slices.Contains(seen, name) {
			return change, &usageError{name + " is given twice"}
		}
		seen = append(seen, name)
		limits[i].set(&change, n)
	}
	return change, nil
}
