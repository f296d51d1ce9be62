package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"modernc.org/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openNotes opens a SQLite store with one plain table.
func openNotes(t *testing.T) *Store {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "notes.db"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.DB().ExecContext(ctx, "CREATE TABLE notes (text TEXT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (tx *Tx) addNote(text string) error {
	_, err := tx.q.ExecContext(context.Background(), "INSERT INTO notes (text) VALUES ($1)", text)
	return tx.wrap("add note", err)
}

func notes(t *testing.T, s *Store) map[string]bool {
	t.Helper()
	list, err := collect(context.Background(), s.Reader, "list notes", func(row scanner) (string, error) {
		var text string
		return text, row.Scan(&text)
	}, "SELECT text FROM notes")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, text := range list {
		found[text] = true
	}
	return found
}

// held makes the writer busy until release, so that what is sent to it
// meanwhile becomes one batch.
func held(t *testing.T, s *Store) (release func()) {
	t.Helper()
	busy, free, end := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(end)
		_ = s.Tx(context.Background(), func(*Tx) error {
			close(busy)
			<-free
			return nil
		})
	}()
	<-busy
	return func() { close(free); <-end }
}

// queued waits until so many transactions wait for the writer.
func queued(s *Store, n int) {
	for s.group.waiting() < n {
		runtime.Gosched()
	}
}

// together sends transactions to a held writer, waits until all are queued,
// and lets it go. It returns what each caller got.
func together(t *testing.T, s *Store, fns ...func(*Tx) error) []error {
	t.Helper()
	release := held(t, s)
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		wg.Go(func() { errs[i] = s.Tx(context.Background(), fn) })
		queued(s, i+1)
	}
	release()
	wg.Wait()
	return errs
}

func note(text string) func(*Tx) error { return func(tx *Tx) error { return tx.addNote(text) } }

func TestAFailureTakesBackOnlyItsOwnWork(t *testing.T) {
	s, mine := openNotes(t), errors.New("changed my mind")
	errs := together(t, s,
		note("a"),
		func(tx *Tx) error { return errors.Join(tx.addNote("b"), mine) },
		note("c"),
		note("a"), // taken already, by the first of the batch
		func(tx *Tx) error { _ = tx.addNote("a"); return tx.addNote("d") }, // goes on after a statement that failed
	)
	for i, want := range []error{nil, mine, nil, ErrConflict, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("caller %d: %v, want %v", i, errs[i], want)
		}
	}
	if got := fmt.Sprint(notes(t, s)); got != "map[a:true c:true d:true]" {
		t.Errorf("stored: %s", got)
	}
}

func TestWhoFailsAgainAndAgainHasOthersRunTwiceOnce(t *testing.T) {
	s, mine := openNotes(t), errors.New("changed my mind")
	for batch, want := range []int{2, 1, 1} {
		if batch > 0 {
			s.group.failed = time.Now() // as if no time had passed
		}
		runs := 0
		errs := together(t, s,
			func(tx *Tx) error { runs++; return tx.addNote(fmt.Sprint("before ", batch)) },
			func(tx *Tx) error { return errors.Join(tx.addNote("never"), mine) },
			note(fmt.Sprint("after ", batch)),
		)
		if errs[0] != nil || !errors.Is(errs[1], mine) || errs[2] != nil || runs != want {
			t.Errorf("batch %d: %v; the first ran %d times, want %d", batch, errs, runs, want)
		}
	}
	if got := notes(t, s); len(got) != 6 || got["never"] {
		t.Errorf("stored: %v", got)
	}
}

func TestAPanicTakesBackOnlyItsOwnWork(t *testing.T) {
	s := openNotes(t)
	errs := together(t, s, note("a"), func(tx *Tx) error { _ = tx.addNote("b"); panic("oh") }, note("c"))
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
	if got := fmt.Sprint(notes(t, s)); got != "map[a:true c:true]" {
		t.Errorf("stored: %s", got)
	}
}

// What the driver's own panic leaves is neither success nor a queue that waits
// for ever.
func TestAPanicOfTheDriverIsEverybodysErrorOnce(t *testing.T) {
	s := openNotes(t)
	if err := s.Tx(context.Background(), note("before")); err != nil {
		t.Fatal(err)
	}
	breaks := func(*Tx) error {
		s.group.on.close()
		s.group.on.on = nil // the next statement panics
		return nil
	}
	for i, err := range together(t, s, note("a"), breaks, note("c")) {
		if !errors.Is(err, ErrBusy) {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	if err := s.Tx(context.Background(), note("after")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if got := fmt.Sprint(notes(t, s)); got != "map[after:true before:true]" {
		t.Errorf("stored: %s", got)
	}
}

// inBothWays runs a test where each caller of a batch has a savepoint, and
// where none has.
func inBothWays(t *testing.T, test func(t *testing.T, s *Store)) {
	for name, failed := range map[string]time.Time{"plainly": {}, "carefully": time.Now().Add(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			s := openNotes(t)
			s.group.failed = failed
			test(t, s)
		})
	}
}

func TestAVanishedTransactionRerunsEachAlone(t *testing.T) {
	inBothWays(t, func(t *testing.T, s *Store) {
		var runs [3]atomic.Int32
		counted := func(i int, fn func(*Tx) error) func(*Tx) error {
			return func(tx *Tx) error { runs[i].Add(1); return fn(tx) }
		}
		vanish := func(tx *Tx) error {
			_, err := tx.q.ExecContext(context.Background(), "ROLLBACK") // what SQLite itself does when a disk is full
			return errors.Join(err, errors.New("disk full"))
		}
		errs := together(t, s, counted(0, note("a")), counted(1, vanish), counted(2, note("c")))
		if errs[0] != nil || errs[1] == nil || errs[2] != nil {
			t.Errorf("got %v", errs)
		}
		if got := fmt.Sprint(notes(t, s)); got != "map[a:true c:true]" {
			t.Errorf("stored: %s", got)
		}
		if runs[0].Load() != 2 || runs[2].Load() != 1 {
			t.Errorf("the first ran %d times, the last %d times", runs[0].Load(), runs[2].Load())
		}
		if err := s.Tx(context.Background(), note("after")); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestAVanishedTransactionIsNotTakenForACommit(t *testing.T) {
	inBothWays(t, func(t *testing.T, s *Store) {
		// The caller does not notice that its transaction went away, and goes on.
		errs := together(t, s, note("a"), func(tx *Tx) error {
			_, _ = tx.q.ExecContext(context.Background(), "ROLLBACK")
			var n int
			if err := tx.q.QueryRowContext(context.Background(), "SELECT 1").Scan(&n); err == nil {
				t.Error("it still reads")
			}
			if _, err := tx.q.QueryContext(context.Background(), "SELECT 1"); err == nil {
				t.Error("it still asks")
			}
			_ = tx.addNote("b")
			return nil
		}, note("c"))
		if errs[0] != nil || errs[1] == nil || errs[2] != nil {
			t.Errorf("got %v", errs)
		}
		if got := fmt.Sprint(notes(t, s)); got != "map[a:true c:true]" {
			t.Errorf("stored: %s", got)
		}
	})
}

func TestAFullDiskFailsWithBusyAndHealsWithRoom(t *testing.T) {
	ctx, s := context.Background(), openNotes(t)
	pages := func(n int) {
		t.Helper()
		err := s.Tx(ctx, func(tx *Tx) error {
			var now int
			return tx.q.QueryRowContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&now)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	pages(1) // SQLite takes this as: no page more than there are
	big := string(make([]byte, 100_000))
	errs := together(t, s, note("small"), note("big"+big), note("little"))
	if errs[0] != nil || !errors.Is(errs[1], ErrBusy) || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
	if got := notes(t, s); len(got) != 2 || !got["small"] || !got["little"] {
		t.Errorf("stored %d notes", len(got))
	}
	pages(1 << 20)
	if err := s.Tx(ctx, note("big"+big)); err != nil {
		t.Errorf("with room: %v", err)
	}
}

func TestACallerWhoLeftIsDroppedBeforeItsTurn(t *testing.T) {
	s := openNotes(t)
	release := held(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	left, stayed := make(chan error, 1), make(chan error, 1)
	go func() { left <- s.Tx(ctx, note("left")) }()
	queued(s, 1)
	go func() { stayed <- s.Tx(context.Background(), note("stayed")) }()
	queued(s, 2)
	cancel()
	release()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	if err := <-stayed; err != nil {
		t.Errorf("who stayed: %v", err)
	}
	if got := fmt.Sprint(notes(t, s)); got != "map[stayed:true]" {
		t.Errorf("stored: %s", got)
	}
}

func TestACallerWhoLeavesInTheMiddleDisturbsNobody(t *testing.T) {
	s := openNotes(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Tx(ctx, func(tx *Tx) error {
		cancel()
		_, err := tx.q.ExecContext(ctx, "INSERT INTO notes (text) VALUES ('whole')")
		return err
	})
	if err != nil {
		t.Errorf("what has begun is finished: %v", err)
	}
	if !notes(t, s)["whole"] {
		t.Error("not stored")
	}
}

func TestABatchIsOneCommit(t *testing.T) {
	ctx, s := context.Background(), openNotes(t)
	fns := make([]func(*Tx) error, 100)
	for i := range fns {
		fns[i] = note(fmt.Sprint("note ", i))
	}
	if err := s.Tx(ctx, note("first")); err != nil { // now there is a connection
		t.Fatal(err)
	}
	var commits atomic.Int32
	err := s.group.conn.Raw(func(conn any) error {
		conn.(sqlite.HookRegisterer).RegisterCommitHook(func() int32 { commits.Add(1); return 0 })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range together(t, s, fns...) {
		if err != nil {
			t.Fatalf("caller %d: %v", i, err)
		}
	}
	if n := len(notes(t, s)); n != 1+len(fns) {
		t.Errorf("%d notes are stored", n)
	}
	// One of the transaction that held the writer meanwhile, one of the batch.
	if n := commits.Load(); n != 2 {
		t.Errorf("%d commits for %d callers", n, len(fns))
	}
}

func TestCloseRefusesWhoWaitsAndLosesNothingAnswered(t *testing.T) {
	s := openNotes(t)
	release := held(t, s)
	errs := make(chan error, 10)
	for i := range cap(errs) {
		go func() { errs <- s.Tx(context.Background(), note(fmt.Sprint(i))) }()
	}
	queued(s, cap(errs))
	closed := make(chan struct{})
	go func() { s.group.close(); close(closed) }()
	<-s.group.stop
	release()
	<-closed
	stored := 0
	for range cap(errs) {
		switch err := <-errs; {
		case err == nil:
			stored++
		case !errors.Is(err, ErrBusy):
			t.Errorf("refused with %v", err)
		}
	}
	if n := len(notes(t, s)); n != stored {
		t.Errorf("%d callers heard of success, %d notes are stored", stored, n)
	}
	if err := s.Tx(context.Background(), note("late")); !errors.Is(err, ErrBusy) {
		t.Errorf("after the close: %v", err)
	}
}

func TestCloseOfAnUnusedStore(t *testing.T) {
	s := openNotes(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Tx(context.Background(), note("late")); !errors.Is(err, ErrBusy) {
		t.Errorf("after the close: %v", err)
	}
}

func TestAReaderOfItsOwnTransactionSeesItsRows(t *testing.T) {
	s := openNotes(t)
	err := s.Tx(context.Background(), func(tx *Tx) error {
		if err := tx.addNote("a"); err != nil {
			return err
		}
		var text string
		if err := tx.q.QueryRowContext(context.Background(), "SELECT text FROM notes").Scan(&text); err != nil || text != "a" {
			t.Errorf("read %q, %v", text, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.readDB.ExecContext(context.Background(), "INSERT INTO notes (text) VALUES ('b')"); err == nil {
		t.Error("a reader's connection wrote")
	}
}

func TestClassify(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want error
	}{
		"no row":         {sql.ErrNoRows, ErrNotFound},
		"no connection":  {sql.ErrConnDone, ErrBusy},
		"caller's time":  {context.DeadlineExceeded, context.DeadlineExceeded},
		"caller is away": {context.Canceled, context.Canceled},
	} {
		for _, d := range []*dialect{&sqliteDialect, &postgresDialect} {
			got := Reader{d: d}.wrap("do", test.err)
			if !errors.Is(got, test.want) || !errors.Is(got, test.err) && !errors.Is(test.want, ErrNotFound) {
				t.Errorf("%s on %s: %v", name, d.name, got)
			}
		}
	}
	if (Reader{d: &sqliteDialect}).wrap("do", nil) != nil {
		t.Error("nil is no error")
	}
}

func BenchmarkGroup(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			ctx := context.Background()
			s, err := Open(ctx, Options{URL: "sqlite://" + filepath.Join(b.TempDir(), "notes.db")})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if _, err := s.DB().ExecContext(ctx, "CREATE TABLE notes (text TEXT PRIMARY KEY)"); err != nil {
				b.Fatal(err)
			}
			var n atomic.Int64
			b.SetParallelism(callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Tx(ctx, note(fmt.Sprint(n.Add(1)))); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
