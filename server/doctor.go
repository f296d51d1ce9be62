package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/disk"
	"github.com/elite-trading-coach/coach/server/doctor"
)

// What `coach doctor` shows.
type (
	// Finding is what one check of the doctor found.
	Finding = doctor.Finding
	// FindingStatus is how it went.
	FindingStatus = doctor.Status
	// Patient is the server that the doctor examines, and how.
	Patient = doctor.Patient
)

// How a check went.
const (
	FindingOK   = doctor.OK
	FindingWarn = doctor.Warn
	FindingFail = doctor.Fail
)

// Examine tries the way of clients to a server.
func Examine(ctx context.Context, p Patient, told func(Finding)) { doctor.Examine(ctx, p, told) }

const (
	// modelWait bounds the question to one provider of models.
	modelWait = 10 * time.Second
	// manyFiles is what a server for thousands needs: a descriptor for each
	// socket, and some for the database.
	manyFiles = 10_000
)

// ExamineMachine looks at what the configured server stands on: disk, limits,
// database and models. It changes nothing.
func ExamineMachine(ctx context.Context, c configs.Config, told func(Finding)) {
	told(examineDisk(c))
	told(examineFiles())
	told(examineDatabase(ctx, c))
	if _, ok := sqlitePath(c); !ok && c.Backup.Every > 0 {
		told(examineDump(exec.LookPath))
	}
	examineModels(ctx, c, told)
}

func examineDisk(c configs.Config) Finding {
	f := Finding{Check: "disk", Status: FindingOK}
	for _, dir := range newDiskGuard(c, nil).Dirs {
		free, err := disk.Free(existing(dir))
		reserve := uint64(c.Housekeeping.DiskReserveMiB) << 20
		switch {
		case err != nil:
			return Finding{Check: "disk", Status: FindingWarn, Message: "Nobody can say how full the disk of " + dir + " is.", Remedy: "Look with df -h."}
		case free < reserve:
			return Finding{
				Check: "disk", Status: FindingFail,
				Message: fmt.Sprintf("The disk of %s has %d MiB left, less than the reserve of %d: nothing is written any more.", dir, free>>20, c.Housekeeping.DiskReserveMiB),
				Remedy:  "Make room or a larger disk; `coach backup prune` removes old backups.",
			}
		case free < 4*reserve:
			return Finding{
				Check: "disk", Status: FindingWarn,
				Message: fmt.Sprintf("The disk of %s has %d MiB left; below %d nothing is written any more.", dir, free>>20, c.Housekeeping.DiskReserveMiB),
				Remedy:  "Make room or a larger disk in time.",
			}
		}
		f.Message = fmt.Sprintf("The disk of %s has %d MiB left.", dir, free>>20)
	}
	return f
}

// existing is a folder, or the nearest above it that is there already.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

func examineFiles() Finding {
	limit, known := doctor.OpenFiles()
	f := Finding{Check: "open files", Status: FindingOK, Message: "This system does not say how many files may be open."}
	if !known {
		return f
	}
	f.Message = fmt.Sprintf("A server started from here may have %d files open; each socket is one.", limit)
	if limit < manyFiles {
		f.Status, f.Remedy = FindingWarn, "Raise it: LimitNOFILE=65536 in systemd, ulimits in compose, ulimit -n 65536 in a shell."
	}
	return f
}

// examineDatabase looks at whether it answers, and at its schema. A file that
// is not there is not made.
func examineDatabase(ctx context.Context, c configs.Config) Finding {
	const check = "database"
	m, err := Migrate(ctx, c)
	if err != nil {
		return Finding{Check: check, Status: FindingFail, Message: "The database does not answer: " + err.Error(), Remedy: "Look at DATABASE_URL, and whether the database runs."}
	}
	defer func() { _ = m.Close() }()
	if path := m.Missing(); path != "" {
		return Finding{Check: check, Status: FindingOK, Message: "There is no database at " + path + " yet; `coach serve` makes it."}
	}
	if err := m.store.Ping(ctx); err != nil { // Postgres is not asked before
		return Finding{Check: check, Status: FindingFail, Message: "The database does not answer: " + err.Error(), Remedy: "Look at DATABASE_URL, and whether the database runs."}
	}
	current, latest, err := m.Version(ctx)
	if err != nil {
		return Finding{Check: check, Status: FindingFail, Message: "The schema cannot be read: " + err.Error(), Remedy: "Look at the rights of the database's user."}
	}
	return schemaFinding(ctx, m, current, latest)
}

func schemaFinding(ctx context.Context, m *Migrator, current, latest int64) Finding {
	f := Finding{Check: "database", Status: FindingOK, Message: fmt.Sprintf("%s answers, and its schema %d is this program's.", m.dialect(), current)}
	switch {
	case current < latest && m.dialect() == migrations.Postgres:
		f.Status, f.Message = FindingFail, fmt.Sprintf("The schema is at %d, and this program needs %d.", current, latest)
		f.Remedy = "Run `coach migrate up`, or start with `coach serve --migrate`."
	case current < latest:
		f.Status, f.Message = FindingWarn, fmt.Sprintf("The schema is at %d, and this program's at %d.", current, latest)
		f.Remedy = "The next start of `coach serve` brings it up to date; make a backup first."
	case current > latest:
		from, err := m.store.CompatibleFrom(ctx)
		if err != nil || from > latest {
			f.Status, f.Message = FindingFail, fmt.Sprintf("The schema is at %d, and this program knows %d: it will not start.", current, latest)
			f.Remedy = "Run the newer program, or go back as docs/rollback.md says."
			break
		}
		f.Message = fmt.Sprintf("The schema %d is newer than this program's %d, and says they fit.", current, latest)
	}
	return f
}

func examineDump(look func(string) (string, error)) Finding {
	for _, program := range []string{"pg_dump", "pg_restore"} {
		if _, err := look(program); err != nil {
			return Finding{
				Check: "backups", Status: FindingFail, Message: program + " is not on this machine, so the scheduled backups fail.",
				Remedy: "Install the client programs of your Postgres (Debian: postgresql-client).",
			}
		}
	}
	return Finding{Check: "backups", Status: FindingOK, Message: "The programs that the scheduled backups need are here."}
}

// examineModels asks each provider whether it knows us.
func examineModels(ctx context.Context, c configs.Config, told func(Finding)) {
	names := c.AI.Chain()
	if len(names) == 0 {
		told(Finding{Check: "model", Status: FindingOK, Message: "No language model is configured; the built-in coach answers."})
	}
	for _, name := range names {
		told(examineModel(ctx, c, name))
	}
}

func examineModel(ctx context.Context, c configs.Config, name string) Finding {
	const remedy = "Look at OPENAI_BASE_URL, OPENAI_API_KEY, AI_MODELS and AI_POLICIES, and whether this machine may call out."
	endpoint, err := endpointOf(c.AI, name)
	if err != nil {
		return Finding{Check: "model", Status: FindingFail, Message: err.Error(), Remedy: remedy}
	}
	ctx, cancel := context.WithTimeout(ctx, modelWait)
	defer cancel()
	err = coach.NewOpenAI(coach.ModelOptions{Endpoint: endpoint, Logger: slog.New(slog.DiscardHandler)}).Reach(ctx)
	switch {
	case errors.Is(err, coach.ErrNoModelList):
		return Finding{Check: "model", Status: FindingOK, Message: name + ": the provider answers; it does not list its models, so the first answer shows whether it has this one."}
	case err != nil:
		return Finding{Check: "model", Status: FindingFail, Message: name + " is out of reach: " + err.Error(), Remedy: remedy}
	}
	return Finding{Check: "model", Status: FindingOK, Message: name + " is there, and its key is taken."}
}
