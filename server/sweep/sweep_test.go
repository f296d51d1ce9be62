package sweep_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/sweep"
)

// heap is so many things to remove, each step of which takes a while.
type heap struct {
	left, worst int64
	step        time.Duration
	busy        time.Duration
}

func (h *heap) sweep(_ context.Context, limit int) (int64, error) {
	n := min(h.left, int64(limit))
	h.left -= n
	h.worst = max(h.worst, n)
	time.Sleep(h.step) // synctest's clock
	h.busy += h.step
	return n, nil
}

func run(t *testing.T, d time.Duration, sweeps ...sweep.Sweep) string {
	t.Helper()
	var log bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	o := &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "took" {
			return slog.Attr{}
		}
		return a
	}}
	if err := sweep.Run(ctx, time.Minute, slog.New(slog.NewTextHandler(&log, o)), sweeps...); err != nil {
		t.Fatal(err)
	}
	return log.String()
}

func TestALongSweepGoesInStepsThatLeaveHalfTheTimeToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heap{left: 1_700, step: 100 * time.Millisecond}
		began := time.Now()
		var took time.Duration
		log := run(t, 90*time.Second, sweep.Sweep{Name: "sessions", Step: func(ctx context.Context, limit int) (int64, error) {
			n, err := h.sweep(ctx, limit)
			if h.left == 0 && took == 0 {
				took = time.Since(began)
			}
			return n, err
		}})
		if h.left != 0 || h.worst > 500 || took < 650*time.Millisecond {
			t.Errorf("%d are left, the largest step was %d, all took %s", h.left, h.worst, took)
		}
		want := "level=INFO msg=swept sessions=1700\nlevel=DEBUG msg=swept sessions=0\n"
		if log != want {
			t.Errorf("the log says\n%swant\n%s", log, want)
		}
	})
}

func TestASweepThatFailsKeepsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heap{left: 3}
		log := run(t, time.Second,
			sweep.Sweep{Name: "uploads", Step: func(context.Context, int) (int64, error) { return 2, errors.New("the disk is gone") }},
			sweep.Sweep{Name: "audit", Step: h.sweep})
		if h.left != 0 || strings.Count(log, "\n") != 2 || !strings.Contains(log, "sweep=uploads") || !strings.Contains(log, "msg=swept uploads=2 audit=3") {
			t.Errorf("%d are left:\n%s", h.left, log)
		}
	})
}

func TestTheEndOfTheServerEndsASweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heap{left: 1 << 40, step: time.Second}
		if log := run(t, 10*time.Second, sweep.Sweep{Name: "sessions", Step: h.sweep}); log != "" || h.left < 1<<39 {
			t.Errorf("the log says %s", log)
		}
	})
}
