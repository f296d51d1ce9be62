package storage_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// unseen are the verbs whose changes no list shows.
var unseen = []string{"PurgeDeleted"}

// TestEveryChangeOfAListIsNoted reads the room's own source: a verb that
// writes conversations or memberships and does not say which makes a kept list
// old for ever.
func TestEveryChangeOfAListIsNoted(t *testing.T) {
	writes := regexp.MustCompile(`(UPDATE|INTO|DELETE FROM) (conversations|members)\b`)
	quiet := regexp.MustCompile(`SET indexed_rev`)
	packages, err := parser.ParseDir(token.NewFileSet(), ".", nil, 0) //nolint:staticcheck // the files of one folder are all that is wanted
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range packages["storage"].Files {
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || slices.Contains(unseen, fn.Name.Name) {
				continue
			}
			wrote, noted := false, false
			ast.Inspect(fn, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					wrote = wrote || writes.MatchString(n.Value) && !quiet.MatchString(n.Value)
				case *ast.SelectorExpr:
					noted = noted || n.Sel.Name == "note"
				}
				return true
			})
			if wrote {
				found++
			}
			if wrote && !noted {
				t.Errorf("%s changes lists of conversations without a note", fn.Name.Name)
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d verbs were found", found)
	}
}

func TestAWatchSeesWhatHappens(t *testing.T) {
	s := storagetest.NewSQLite(t)
	k := newTalk(t, s)
	alone := storage.Conversation{ID: storage.NewID(), OwnerID: k.owner, Mode: "analysis", Coach: "off", CreatedAt: storage.Now()}
	for name, change := range map[string]func(tx *storage.Tx) error{
		"a conversation begins": func(tx *storage.Tx) error { return tx.InsertConversation(t.Context(), alone) },
		"a message takes a rev": func(tx *storage.Tx) error { _, err := tx.NextRev(t.Context(), k.id, 0, storage.Now()); return err },
		"a role changes": func(tx *storage.Tx) error {
			return tx.PutMember(t.Context(), storage.Member{ConversationID: k.id, UserID: k.owner, Role: "owner", JoinedAt: storage.Now()})
		},
		"a read mark moves": func(tx *storage.Tx) error { _, err := tx.MarkRead(t.Context(), k.id, k.owner, 1); return err },
	} {
		w, err := s.WatchConversations(t.Context(), k.owner)
		if err != nil || w == nil {
			t.Fatal(w, err)
		}
		if !w.Unchanged() {
			t.Errorf("before %s nothing happened", name)
		}
		if err := s.Tx(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		if w.Unchanged() {
			t.Errorf("%s, and nothing is seen of it", name)
		}
	}
}

func TestAnotherProcessEndsEveryWatch(t *testing.T) {
	s := storagetest.NewSQLite(t)
	k := newTalk(t, s)
	w, err := s.WatchConversations(t.Context(), k.owner)
	if err != nil || !w.Unchanged() {
		t.Fatal(w, err)
	}
	s.ChangedElsewhere()
	if w.Unchanged() {
		t.Error("the watch goes on")
	}
}

func TestVeryManyConversationsAreNotWatched(t *testing.T) {
	s := storagetest.NewSQLite(t)
	k := newTalk(t, s)
	err := s.Tx(t.Context(), func(tx *storage.Tx) error {
		for range 256 {
			c := storage.Conversation{ID: storage.NewID(), OwnerID: k.owner, Mode: "analysis", Coach: "off", CreatedAt: storage.Now().Add(-time.Hour)}
			if err := tx.InsertConversation(t.Context(), c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if w, err := s.WatchConversations(t.Context(), k.owner); w != nil || err != nil {
		t.Errorf("%v, %v", w, err)
	}
	if w, err := s.WatchConversations(t.Context(), k.member); w == nil || err != nil {
		t.Errorf("%v, %v", w, err)
	}
}
