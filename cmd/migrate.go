package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/server"
)

func newMigrate(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema forward or back",
		Long:  "SQLite is migrated by `coach serve` itself; Postgres by `coach migrate up` or `coach serve --migrate`.",
	})
	c.AddCommand(
		newMigrateUp(a), newMigrateDown(a), newMigrateRedo(a), newMigrateStatus(a), newMigrateVersion(a),
	)
	return c
}

func newMigrateUp(a *app) *cobra.Command {
	return a.step("up", "Apply every migration that is missing", step{
		plan: func(all []server.MigrationStatus) []string { return named("would apply", pending(all)) },
		do:   migrator.Up,
	})
}

func newMigrateDown(a *app) *cobra.Command {
	return a.step("down", "Take the newest migration back, with the data that only it can hold", step{
		plan: func(all []server.MigrationStatus) []string { return named("would take back", newest(all)) },
		do:   migrator.Down,
	})
}

func newMigrateRedo(a *app) *cobra.Command {
	return a.step("redo", "Take the newest migration back and apply it again", step{
		plan: func(all []server.MigrationStatus) []string { return named("would redo", newest(all)) },
		do:   migrator.Redo,
	})
}

// step is a command that changes the schema.
type step struct {
	plan func(all []server.MigrationStatus) []string // for --dry-run
	do   func(m migrator, ctx context.Context) error
}

func (a *app) step(use, short string, s step) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: a.migrating(func(ctx context.Context, m migrator) error {
			before, err := m.Status(ctx)
			if err != nil {
				return err
			}
			if dryRun {
				return a.lines(s.plan(before), "nothing to do")
			}
			if err := s.do(m, ctx); err != nil {
				return err
			}
			after, err := m.Status(ctx)
			if err != nil {
				return err
			}
			current, _, err := m.Version(ctx)
			if err != nil {
				return err
			}
			lines := append(changes(before, after), fmt.Sprintf("the schema is at version %d", current))
			return a.lines(lines, "")
		}),
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be done, and do nothing")
	return c
}

func newMigrateStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "List the migrations and which of them the database has", Args: cobra.NoArgs,
		RunE: a.migrating(func(ctx context.Context, m migrator) error {
			all, err := m.Status(ctx)
			if err != nil {
				return err
			}
			t := newTable(a.Stdout)
			t.row("VERSION", "NAME", "APPLIED")
			for _, st := range all {
				applied := "pending"
				if st.Applied {
					applied = st.AppliedAt.UTC().Format(time.DateTime + " UTC")
				}
				t.row(fmt.Sprint(st.Version), st.Name, applied)
			}
			return t.flush()
		}),
	}
}

func newMigrateVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say the schema's version, and the newest this program knows", Args: cobra.NoArgs,
		RunE: a.migrating(func(ctx context.Context, m migrator) error {
			current, latest, err := m.Version(ctx)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Stdout, "%d (this program knows %d)\n", current, latest)
			return err
		}),
	}
}

// migrating opens the migrator around do.
func (a *app) migrating(do func(ctx context.Context, m migrator) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) error {
		cfg, err := a.settled(c)
		if err != nil {
			return err
		}
		m, err := a.below.migrate(c.Context(), cfg)
		if err != nil {
			return err
		}
		if path := m.Missing(); path != "" { // who looks in the wrong folder should see it
			tell(a.Stderr, "There is no database at "+path+" yet.\n")
		}
		return errors.Join(do(c.Context(), m), m.Close())
	}
}

func (a *app) lines(lines []string, none string) error {
	if len(lines) == 0 {
		lines = []string{none}
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(a.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}

func named(doing string, some []server.MigrationStatus) []string {
	var lines []string
	for _, st := range some {
		lines = append(lines, doing+" "+st.Name)
	}
	return lines
}

func pending(all []server.MigrationStatus) []server.MigrationStatus {
	return slices.DeleteFunc(slices.Clone(all), func(st server.MigrationStatus) bool { return st.Applied })
}

// newest is the last applied one, or none.
func newest(all []server.MigrationStatus) []server.MigrationStatus {
	for _, st := range slices.Backward(all) {
		if st.Applied {
			return []server.MigrationStatus{st}
		}
	}
	return nil
}

// changes says what a step did, by what was before and what is after it.
func changes(before, after []server.MigrationStatus) []string {
	had := map[int64]server.MigrationStatus{}
	for _, st := range before {
		had[st.Version] = st
	}
	var lines []string
	for _, st := range after {
		old := had[st.Version]
		switch {
		case st.Applied && !old.Applied:
			lines = append(lines, "applied "+st.Name)
		case !st.Applied && old.Applied:
			lines = append(lines, "took back "+st.Name)
		case st.Applied && !st.AppliedAt.Equal(old.AppliedAt):
			lines = append(lines, "took back and applied "+st.Name)
		}
	}
	return lines
}
