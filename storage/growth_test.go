package storage_test

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// step is something that a server does for each message or request.
type step func(ctx context.Context, t *testing.T, s *storage.Store, k talk) error

// write is a step inside a transaction.
func write(do func(ctx context.Context, tx *storage.Tx, k talk) error) step {
	return func(ctx context.Context, _ *testing.T, s *storage.Store, k talk) error {
		return s.Tx(ctx, func(tx *storage.Tx) error { return do(ctx, tx, k) })
	}
}

// read is a step of a reader that gives something besides an error.
func read[T any](do func(ctx context.Context, s *storage.Store, k talk) (T, error)) step {
	return func(ctx context.Context, _ *testing.T, s *storage.Store, k talk) error {
		_, err := do(ctx, s, k)
		return err
	}
}

// hotPaths are the ones whose cost must not grow with what is stored.
var hotPaths = map[string]step{
	"a session is checked": func(ctx context.Context, t *testing.T, s *storage.Store, k talk) error {
		_, _, err := s.SessionWithUser(ctx, addSession(t, s, k.owner).ID)
		return err
	},
	"a conversation is opened": read(func(ctx context.Context, s *storage.Store, k talk) (storage.Membership, error) {
		return s.Membership(ctx, k.id, k.owner)
	}),
	"a message is sent, and its answer asked for": func(_ context.Context, t *testing.T, s *storage.Store, k talk) error {
		k.answer(t, s)
		return nil
	},
	"a retry is known": read(func(ctx context.Context, s *storage.Store, k talk) (bool, error) {
		_, err := s.MessageByClientID(ctx, k.owner, "no such")
		return errors.Is(err, storage.ErrNotFound), nil
	}),
	"the newest page": read(func(ctx context.Context, s *storage.Store, k talk) ([]storage.Message, error) {
		return s.Messages(ctx, storage.MessagePage{ConversationID: k.id, Limit: 50})
	}),
	"a page further back": read(func(ctx context.Context, s *storage.Store, k talk) ([]storage.Message, error) {
		return s.Messages(ctx, storage.MessagePage{ConversationID: k.id, Before: 900, Limit: 50})
	}),
	"what changed since": read(func(ctx context.Context, s *storage.Store, k talk) ([]storage.Message, error) {
		return s.MessagesSince(ctx, k.id, 1, 100)
	}),
	"texts to index": read(func(ctx context.Context, s *storage.Store, k talk) ([]storage.Message, error) {
		return s.TextsSince(ctx, k.id, 1, 100)
	}),
	"answers that are open": read(func(ctx context.Context, s *storage.Store, k talk) ([]string, error) {
		return s.OpenAnswers(ctx, k.id)
	}),
	"an answer is claimed and kept": write(func(ctx context.Context, tx *storage.Tx, _ talk) error {
		claimed, err := tx.ClaimAnswers(ctx, "worker", time.Minute, 1)
		if err != nil {
			return err
		}
		if len(claimed) == 0 {
			return errors.New("no answer is open")
		}
		_, err = tx.CheckpointAnswer(ctx, claimed[0], time.Minute)
		return err
	}),
	"an answer is counted": write(func(ctx context.Context, tx *storage.Tx, k talk) error {
		_, err := tx.TakeAnswer(ctx, k.owner, "2026-01-01", 10)
		return err
	}),
	"a change takes a revision": write(func(ctx context.Context, tx *storage.Tx, k talk) error {
		_, err := tx.NextRev(ctx, k.id, 0, storage.Now())
		return err
	}),
	"a read mark moves": write(func(ctx context.Context, tx *storage.Tx, k talk) error {
		_, err := tx.MarkRead(ctx, k.id, k.member, 1)
		return err
	}),
	"a user's conversations": read(func(ctx context.Context, s *storage.Store, k talk) ([]storage.Membership, error) {
		return s.Conversations(ctx, storage.ConversationPage{UserID: k.owner, Limit: 50})
	}),
	"peers are told of a presence": read(func(ctx context.Context, s *storage.Store, k talk) ([]string, error) {
		return s.ConversationPeers(ctx, k.owner, 100, 100)
	}),
}

// errand is a step that only asks.
func errand[T any](do func(ctx context.Context, s *storage.Store) (T, error)) step {
	return read(func(ctx context.Context, s *storage.Store, _ talk) (T, error) { return do(ctx, s) })
}

// chore is a step inside a transaction that tells how much it did.
func chore(do func(ctx context.Context, tx *storage.Tx) (int64, error)) step {
	return write(func(ctx context.Context, tx *storage.Tx, _ talk) error {
		_, err := do(ctx, tx)
		return err
	})
}

// errands are what a server asks and does by itself, every second or every few
// minutes, whether somebody is there or not.
var errands = map[string]step{
	"the clock": errand(func(ctx context.Context, s *storage.Store) (time.Time, error) { return s.Clock(ctx) }),
	"accounts that changed": errand(func(ctx context.Context, s *storage.Store) ([]storage.User, error) {
		return s.UsersChangedSince(ctx, storage.Now())
	}),
	"sessions that ended": errand(func(ctx context.Context, s *storage.Store) ([]storage.Session, error) {
		return s.SessionsRevokedSince(ctx, storage.Now())
	}),
	"limits of tiers": errand(func(ctx context.Context, s *storage.Store) ([]storage.Tier, error) { return s.Tiers(ctx) }),
	"conversations to index": errand(func(ctx context.Context, s *storage.Store) ([]storage.Unindexed, error) {
		return s.Unindexed(ctx, 10)
	}),
	"answers that wait": errand(func(ctx context.Context, s *storage.Store) (int, error) { return s.CountWaitingAnswers(ctx) }),
	"answers in the making": errand(func(ctx context.Context, s *storage.Store) ([]storage.UnfinishedAnswer, error) {
		return s.UnfinishedAnswers(ctx, 10)
	}),
	"files nobody uses": errand(func(ctx context.Context, s *storage.Store) ([]storage.File, error) {
		return s.UselessFiles(ctx, storage.Idle{}, 10)
	}),
	"leases are given back":    chore(func(ctx context.Context, tx *storage.Tx) (int64, error) { return tx.ReleaseLeases(ctx) }),
	"deleted conversations go": chore(func(ctx context.Context, tx *storage.Tx) (int64, error) { return tx.PurgeDeleted(ctx, 10) }),
	"idle sessions end": chore(func(ctx context.Context, tx *storage.Tx) (int64, error) {
		return tx.EndIdleSessions(ctx, storage.Now(), 10)
	}),
	"ended sessions go": chore(func(ctx context.Context, tx *storage.Tx) (int64, error) {
		return tx.PurgeSessions(ctx, storage.Now(), 10)
	}),
	"lockouts go": chore(func(ctx context.Context, tx *storage.Tx) (int64, error) {
		return tx.PurgeLockouts(ctx, storage.Now(), 10)
	}),
	"reset codes go": chore(func(ctx context.Context, tx *storage.Tx) (int64, error) {
		return tx.PurgeResetCodes(ctx, storage.Now(), 10)
	}),
	"old entries of the audit log go": chore(func(ctx context.Context, tx *storage.Tx) (int64, error) {
		return tx.PurgeAudit(ctx, storage.Now(), 10)
	}),
	"money set aside is freed": chore(func(ctx context.Context, tx *storage.Tx) (int64, error) { return tx.SweepHolds(ctx) }),
	"loose uploads go": chore(func(ctx context.Context, tx *storage.Tx) (int64, error) {
		return tx.DropLooseUploads(ctx, storage.Now(), storage.Now())
	}),
}

// scan is a step of a plan that reads a whole table or index.
var scan = regexp.MustCompile(`\bSCAN .*`)

// fewRows are the scans of what stays small however much is stored.
var fewRows = []string{
	"SCAN CONSTANT ROW",
	"SCAN q", // a subquery that its LIMIT bounds
	"SCAN m USING INDEX messages_open_answers", // an index of the open answers only
	"SCAN messages USING INDEX messages_open_answers",
	"SCAN c USING INDEX conversations_unindexed", // likewise
	"SCAN files USING INDEX files_unfinished",
	"SCAN uploads USING INDEX uploads_deleted",
	"SCAN tiers USING INDEX sqlite_autoindex_tiers_1",
}

// fewSorted are the statements that may sort, for what they find is bounded: the
// conversations of others that somebody is a guest in, peers, one's sessions, open answers, what bears the same stamp, and
// money that a crash left set aside.
var fewSorted = regexp.MustCompile(`role <> 'owner'|DISTINCT b.user_id|ORDER BY last_used_at|IN \('pending', 'streaming'\)` +
	`|auth_changed_at >=|revoked_at >=|FROM spending_holds`)

// TestWhatEachMessageAsksReadsByIndex holds every statement of the hot paths to
// a plan that finds its rows: one that scans a table costs more with each
// message that was ever stored. SQLite makes its plans from the schema, so a
// small database shows those of a large one.
func TestWhatEachMessageAsksReadsByIndex(t *testing.T) {
	url := storagetest.SQLiteURL(t)
	s, beside := storagetest.Open(t, url), storagetest.Open(t, url) // the first one's writer keeps its only connection
	k := newTalk(t, s)
	k.answer(t, s)
	seen := map[string]bool{} // those of k are hot as well
	all := maps.Clone(hotPaths)
	maps.Copy(all, errands)
	for name, do := range all {
		t.Run(name, func(t *testing.T) {
			if err := do(t.Context(), t, s, k); err != nil {
				t.Fatal(err)
			}
			for query := range s.Statements() {
				if !seen[query] {
					seen[query] = true
					findsItsRows(t, beside, query)
				}
			}
		})
	}
	if len(seen) < len(all) {
		t.Errorf("only %d statements were looked at", len(seen))
	}
}

// noPlan are statements of a transaction's frame.
var noPlan = regexp.MustCompile(`^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA)\b`)

func findsItsRows(t *testing.T, s *storage.Store, query string) {
	t.Helper()
	if noPlan.MatchString(query) {
		return
	}
	args := []any{}
	for strings.Contains(query, "$"+strconv.Itoa(len(args)+1)) {
		args = append(args, nil)
	}
	plan := explain(t, s, query, args...)
	for _, whole := range scan.FindAllString(plan, -1) {
		if !slices.Contains(fewRows, whole) {
			t.Errorf("%s, all of it:\n%s\n%s", whole, query, plan)
		}
	}
	if strings.Contains(plan, "TEMP B-TREE") && !fewSorted.MatchString(query) {
		t.Errorf("sorts all that it finds:\n%s\n%s", query, plan)
	}
}
