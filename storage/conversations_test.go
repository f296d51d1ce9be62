package storage_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// talk is a conversation of an owner and a member.
type talk struct{ owner, member, id string }

func newTalk(t *testing.T, s *storage.Store) talk {
	t.Helper()
	k := talk{storage.NewID(), storage.NewID(), storage.NewID()}
	inTx(t, s, func(ctx context.Context, tx *storage.Tx) error {
		for name, id := range map[string]string{"owner": k.owner, "member": k.member} {
			u := storage.User{ID: id, Email: name + "@example.org", Username: name, Role: "user", Tier: "free", CreatedAt: storage.Now(), LastActiveAt: storage.Now(), PasswordHash: "h"}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		c := storage.Conversation{ID: k.id, OwnerID: k.owner, Mode: "analysis", Coach: "always", CreatedAt: storage.Now()}
		if err := tx.InsertConversation(ctx, c); err != nil {
			return err
		}
		return tx.PutMember(ctx, storage.Member{ConversationID: k.id, UserID: k.member, Role: "member", JoinedAt: storage.Now()})
	})
	return k
}

func inTx(t *testing.T, s *storage.Store, fn func(ctx context.Context, tx *storage.Tx) error) {
	t.Helper()
	if err := s.Tx(t.Context(), func(tx *storage.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// answer stores a question and its open answer.
func (k talk) answer(t *testing.T, s *storage.Store) string {
	t.Helper()
	question, answer := storage.NewID(), storage.NewID()
	inTx(t, s, func(ctx context.Context, tx *storage.Tx) error {
		m, err := tx.LockToSend(ctx, k.id, k.owner)
		if err != nil {
			return err
		}
		m.LastSeq, m.LastRev, m.LastMessageAt = m.LastSeq+2, m.LastRev+2, storage.Now()
		if err := tx.AdvanceConversation(ctx, m.Conversation); err != nil {
			return err
		}
		row := storage.Message{ID: question, ConversationID: k.id, Seq: m.LastSeq - 1, Rev: m.LastRev - 1, UserID: k.member, Type: "user", Status: "sent", Mode: "analysis", CreatedAt: storage.Now()}
		if err := tx.InsertMessage(ctx, row); err != nil {
			return err
		}
		row.ID, row.Seq, row.Rev, row.UserID, row.ParentID, row.AskedBy = answer, m.LastSeq, m.LastRev, "", question, k.member
		row.Type, row.Status = "ai", "pending"
		return tx.InsertMessage(ctx, row)
	})
	return answer
}

func TestNobodyWritesAnAnswerInADeletedConversation(t *testing.T) {
	for name, remove := range map[string]func(context.Context, *storage.Tx, talk) error{
		"Conversation": func(ctx context.Context, tx *storage.Tx, k talk) error {
			return tx.DeleteConversation(ctx, k.id, storage.Now())
		},
		"Account": func(ctx context.Context, tx *storage.Tx, k talk) error {
			return tx.DeleteConversationsOf(ctx, k.owner, storage.Now())
		},
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T, s *storage.Store) {
				k := newTalk(t, s)
				k.answer(t, s)
				k.answer(t, s)
				var held []storage.Message
				inTx(t, s, func(ctx context.Context, tx *storage.Tx) (err error) {
					held, err = tx.ClaimAnswers(ctx, "w", time.Minute, 10)
					return err
				})
				inTx(t, s, func(ctx context.Context, tx *storage.Tx) error { return remove(ctx, tx, k) })
				err := s.Tx(t.Context(), func(tx *storage.Tx) error {
					_, err := tx.CheckpointAnswer(t.Context(), held[0], time.Minute)
					return err
				})
				if !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("the worker that has it was not told: %v", err)
				}
				inTx(t, s, func(ctx context.Context, tx *storage.Tx) error {
					jobs, err := tx.ClaimAnswers(ctx, "w", time.Minute, 10)
					if len(jobs) > 0 {
						t.Errorf("%d answers were claimed", len(jobs))
					}
					return err
				})
			})
		})
	}
}

// Whoever waits for a conversation's lock decides on the membership as it is
// when it gets the lock. On SQLite transactions follow each other anyway.
func TestALockThatWasWaitedForSeesWhatHappenedMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		change func(context.Context, *storage.Tx, talk) error
		role   string // that the member has then, "" = none
	}{
		"Deleted": {func(ctx context.Context, tx *storage.Tx, k talk) error {
			return tx.DeleteConversation(ctx, k.id, storage.Now())
		}, ""},
		"OwnersAccountDeleted": {func(ctx context.Context, tx *storage.Tx, k talk) error {
			return tx.DeleteConversationsOf(ctx, k.owner, storage.Now())
		}, ""},
		"OwnAccountDeleted": {func(ctx context.Context, tx *storage.Tx, k talk) error {
			return tx.DeleteConversationsOf(ctx, k.member, storage.Now())
		}, ""},
		"RoleChanged": {func(ctx context.Context, tx *storage.Tx, k talk) error {
			if _, err := tx.LockMembership(ctx, k.id, k.owner); err != nil {
				return err
			}
			return tx.PutMember(ctx, storage.Member{ConversationID: k.id, UserID: k.member, Role: "viewer", JoinedAt: storage.Now()})
		}, "viewer"},
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T, s *storage.Store) {
				k := newTalk(t, s)
				changed, commit := make(chan struct{}), make(chan struct{})
				first, second := make(chan error, 1), make(chan error, 1)
				go func() {
					first <- s.Tx(t.Context(), func(tx *storage.Tx) error {
						err := c.change(t.Context(), tx, k)
						close(changed)
						<-commit
						return err
					})
				}()
				<-changed
				var got storage.Membership
				go func() {
					second <- s.Tx(t.Context(), func(tx *storage.Tx) (err error) {
						got, err = tx.LockMembership(t.Context(), k.id, k.member)
						return err
					})
				}()
				untilSomebodyWaits(t, s)
				close(commit)
				if err := <-first; err != nil {
					t.Fatal(err)
				}
				err := <-second
				if c.role == "" && !errors.Is(err, storage.ErrNotFound) || c.role != "" && (err != nil || got.Role != c.role) {
					t.Fatalf("who waited got %q, %v", got.Role, err)
				}
			})
		})
	}
}

// untilSomebodyWaits returns when a transaction of this schema waits for a lock.
func untilSomebodyWaits(t *testing.T, s *storage.Store) {
	t.Helper()
	if s.Dialect() == storage.SQLite {
		return
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		var n int
		err := s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity a JOIN pg_locks held ON held.pid = a.pid
			WHERE a.wait_event_type = 'Lock' AND held.relation = 'members'::regclass`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("nobody waits")
}

func TestFindingOnePersonsMessagesReadsNoOthers(t *testing.T) {
	s := storagetest.NewSQLite(t)
	var plan strings.Builder
	rows, err := s.DB().QueryContext(t.Context(), `EXPLAIN QUERY PLAN SELECT m.id FROM messages m WHERE m.user_id = 'x' AND m.deleted_at IS NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var a, b, c int
		var step string
		if err := rows.Scan(&a, &b, &c, &step); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(step + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan.String(), "SEARCH m USING") {
		t.Fatalf("the deletion of an account reads every message there is:\n%s", plan.String())
	}
}

// One's own conversations and those of others are read apart and stand in one
// order, on every page, whichever way it is asked for.
func TestAListHoldsOwnAndOthersConversationsInOneOrder(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		k := newTalk(t, s) // k.member is a guest in k.id
		began := storage.Now()
		want := []string{k.id}
		for i := range 7 {
			c := storage.Conversation{ID: storage.NewID(), OwnerID: k.member, Mode: "analysis", Coach: "always", CreatedAt: began.Add(time.Duration(i+1) * time.Second)}
			guest := k.owner
			if i%3 == 1 { // somebody else's, with the user as a guest
				c.OwnerID, guest = k.owner, k.member
			}
			inTx(t, s, func(ctx context.Context, tx *storage.Tx) error {
				if err := tx.InsertConversation(ctx, c); err != nil {
					return err
				}
				return tx.PutMember(ctx, storage.Member{ConversationID: c.ID, UserID: guest, Role: "viewer", JoinedAt: began})
			})
			want = append([]string{c.ID}, want...)
		}
		ask := storage.ConversationPage{UserID: k.member, Limit: 3}
		var byCursor, byOffset []string
		for {
			page, err := s.Conversations(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				if m.UserID != k.member || (m.Role == "owner") != (m.OwnerID == k.member) {
					t.Errorf("%s is shown to %s as %s", m.ID, m.UserID, m.Role)
				}
				byCursor = append(byCursor, m.ID)
			}
			if len(page) < ask.Limit {
				break
			}
			ask.AfterActivity, ask.AfterID = page[2].ActivityAt, page[2].ID
		}
		for at := 0; at < len(want)+3; at += 3 {
			page, err := s.Conversations(t.Context(), storage.ConversationPage{UserID: k.member, Limit: 3, Offset: at})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				byOffset = append(byOffset, m.ID)
			}
		}
		if !slices.Equal(byCursor, want) || !slices.Equal(byOffset, want) {
			t.Errorf("by cursor %v\nby offset %v\nwant %v", byCursor, byOffset, want)
		}
		if n, err := s.CountConversations(t.Context(), storage.ConversationPage{UserID: k.member}); err != nil || n != int64(len(want)) {
			t.Errorf("%d of %d are counted: %v", n, len(want), err)
		}
	})
}
