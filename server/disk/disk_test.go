package disk_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/disk"
	"github.com/elite-trading-coach/coach/server/fault"
)

const mib = 1 << 20

func TestGuardRefusesBelowTheReserveAndTakesAgainWellAboveIt(t *testing.T) {
	var log bytes.Buffer
	var free uint64
	var failing error
	g := disk.New(disk.Options{
		Dirs: []string{"large", "data", "none"}, Reserve: 100 * mib, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Free: func(dir string) (uint64, error) {
			switch dir {
			case "data":
				return free, failing
			case "none":
				return 0, fs.ErrNotExist
			}
			return 1 << 40, nil
		},
	})
	if err := g.Check(); err != nil {
		t.Errorf("before the first look: %v", err)
	}
	lines := 0
	for _, step := range []struct {
		name    string
		free    uint64
		failing error
		short   bool
		says    string // what the log gains
	}{
		{"room", 101 * mib, nil, false, ""},
		{"just the reserve", 100 * mib, nil, false, ""},
		{"below it", 100*mib - 1, nil, true, "almost full"},
		{"still below it", 10 * mib, nil, true, ""},
		{"at the edge", 100 * mib, nil, true, ""},
		{"nobody can say", 0, errors.New("no such device"), true, "nobody can say"},
		{"nor again", 0, errors.New("no such device"), true, ""},
		{"clearly above it", 125 * mib, nil, false, "room again"},
		{"below it once more", 99 * mib, nil, true, "almost full"},
	} {
		t.Run(step.name, func(t *testing.T) {
			free, failing = step.free, step.failing
			g.Look()
			if err := g.Check(); fault.Is(err, fault.Unavailable) != step.short {
				t.Errorf("Check says %v", err)
			}
			if short := g.Short(); (short != "") != step.short || short != "" && !strings.HasSuffix(short, ".") {
				t.Errorf("Short says %q", short)
			}
			said := strings.Split(log.String(), "\n")[lines:]
			lines += len(said) - 1
			if step.says == "" && len(said) != 1 || step.says != "" && (len(said) != 2 || !strings.Contains(said[0], step.says)) {
				t.Errorf("the log gained %q", said)
			}
		})
	}
	if want := "The disk is almost full: 99 MiB are free, and writes are refused until 125 MiB are. Reads go on."; g.Short() != want {
		t.Errorf("Short says %q", g.Short())
	}
}

func TestRunLooksEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		g := disk.New(disk.Options{Dirs: []string{"data"}, Reserve: 1, Free: func(string) (uint64, error) { looks++; return 0, nil }})
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		if err := g.Run(ctx); err != nil || looks != 3 || g.Check() == nil {
			t.Errorf("%v after %d looks, and then %v", err, looks, g.Check())
		}
	})
}

func TestWithoutAReserveNobodyLooks(t *testing.T) {
	g := disk.New(disk.Options{Dirs: []string{"data"}, Free: func(string) (uint64, error) { t.Error("looked"); return 0, nil }})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Look()
	if err := errors.Join(g.Run(ctx), g.Check()); err != nil || g.Short() != "" {
		t.Errorf("%v, %q", err, g.Short())
	}
}

func TestFreeAsksTheSystem(t *testing.T) {
	free, err := disk.Free(t.TempDir())
	if errors.Is(err, disk.ErrUnsupported) && runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		return // what it must say where nobody taught it to ask
	}
	if err != nil || free == 0 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
	if _, err := disk.Free("no such folder"); err == nil {
		t.Error("a folder that is not there has room")
	}
}
