package cmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
)

func newBackup(a *app) *cobra.Command {
	c := group(&cobra.Command{
		Use: "backup", Short: "Make, try and restore copies of everything",
		Long: "A backup is one file with the database and the images of this machine. It is tried before it counts: what is\n" +
			"restored from it is compared with what went in. A running server makes them by itself with BACKUP_EVERY.",
	})
	c.AddCommand(newBackupCreate(a), newBackupList(a), newBackupVerify(a), newBackupRestore(a), newBackupPrune(a))
	return c
}

// backups opens what the configuration names.
func (a *app) backups(c *cobra.Command) (configs.Config, *server.Backups, error) {
	cfg, err := a.settled(c)
	if err != nil {
		return cfg, nil, err
	}
	b, err := a.below.backups(cfg, a.Stamps.build())
	return cfg, b, err
}

func newBackupCreate(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "create",
		Short: "Make a backup and try it; servers may go on running",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, b, err := a.backups(c)
			if err != nil {
				return err
			}
			kept, proof, err := b.Create(c.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Stdout, "%s\n%s, %s: tried, and whole%s\n", kept.Path, bytesText(kept.Bytes), contents(proof), noted(proof))
			return err
		},
	}
	return c
}

func newBackupList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the backups that are kept, oldest first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, b, err := a.backups(c)
			if err != nil {
				return err
			}
			all, err := b.List()
			if err != nil {
				return err
			}
			if len(all) == 0 {
				tell(a.Stderr, "There are no backups in "+cfg.Backup.Dir+"; `coach backup create` makes one.\n")
				return nil
			}
			return showBackups(a.Stdout, all)
		},
	}
}

func newBackupVerify(a *app) *cobra.Command {
	const use = "verify FILE"
	return &cobra.Command{
		Use:   use,
		Short: "Try a backup: read it whole and restore it into a place of its own",
		Args:  exactly(use),
		RunE: func(c *cobra.Command, args []string) error {
			_, b, err := a.backups(c)
			if err != nil {
				return err
			}
			proof, err := b.Verify(c.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Stdout, "%s is whole: %s%s\n", printable(args[0]), contents(proof), noted(proof))
			return err
		},
	}
}

func newBackupRestore(a *app) *cobra.Command {
	const use = "restore FILE"
	var migrate bool
	c := &cobra.Command{
		Use:   use,
		Short: "Put a backup in the place of what is there, which is kept",
		Long: "Tries the backup first, and touches nothing unless it is whole. What it replaces is kept: files in a folder\n" +
			"beside them, Postgres's tables in a schema beside theirs. Stop every server first; on SQLite this is made sure.",
		Args: exactly(use),
		RunE: func(c *cobra.Command, args []string) error {
			_, b, err := a.backups(c)
			if err != nil {
				return err
			}
			older := server.RefuseOlderBackup
			if migrate {
				older = server.MigrateOlderBackup
			}
			r, err := b.Restore(c.Context(), args[0], older)
			if err != nil {
				return err
			}
			tell(a.Stdout, "restored "+contents(r.Proof)+"\n")
			if len(r.Kept) > 0 {
				tell(a.Stdout, "what was there before is in "+strings.Join(r.Kept, ", and in ")+"; remove it when you are sure\n")
			}
			return nil
		},
	}
	c.Flags().BoolVar(&migrate, "migrate", false, "bring a backup of an older schema up to date after restoring")
	return c
}

func newBackupPrune(a *app) *cobra.Command {
	var keep int
	c := &cobra.Command{
		Use:   "prune",
		Short: "Remove all but the newest backups",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, b, err := a.backups(c)
			if err != nil {
				return err
			}
			if !c.Flags().Changed("keep") {
				keep = cfg.Backup.Keep
			}
			if keep < 1 {
				return &usageError{"--keep must be at least 1"}
			}
			gone, err := b.Prune(keep)
			for _, k := range gone {
				tell(a.Stdout, "removed "+k.Path+"\n")
			}
			return err
		},
	}
	c.Flags().IntVar(&keep, "keep", 0, "how many to keep (default BACKUP_KEEP)")
	return c
}

func showBackups(w io.Writer, all []server.Backup) error {
	t := newTable(w)
	for _, k := range all {
		t.row(k.CreatedAt.Format(time.RFC3339), bytesText(k.Bytes), k.Path)
	}
	return t.flush()
}

func contents(p server.BackupProof) string {
	return fmt.Sprintf("a %s database at schema %d and %d images, made %s by %s", p.Database, p.Schema, p.Files-1, p.CreatedAt.Format(time.RFC3339), printable(p.Version))
}

func noted(p server.BackupProof) string {
	if p.Note == "" {
		return ""
	}
	return " (" + p.Note + ")"
}

// bytesText is a size as people read it.
func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}
