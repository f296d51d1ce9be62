package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// shortFolder is a folder whose name leaves room for a socket's path.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "coach") //nolint:usetesting // t.TempDir names it after the test, which is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

func atDesk(t *testing.T, env ...string) (c configs.Config, desk *api.Client) {
	t.Helper()
	path := filepath.Join(shortFolder(t), "admin", "admin.sock")
	c = config(t, storagetest.SQLiteURL(t), append([]string{"ADMIN_SOCKET=" + path}, env...)...)
	return c, api.OverSocket(path)
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestTheAdminSocketIsItsOwnersAlone(t *testing.T) {
	c, desk := atDesk(t)
	_, stop := run(t, c)
	path := c.Server.AdminSocket
	if got := mode(t, filepath.Dir(path)); got != 0o700 {
		t.Errorf("the folder's mode is %04o", got)
	}
	if got := mode(t, path); got&0o077 != 0 {
		t.Errorf("the socket's mode is %04o", got)
	}
	found, err := desk.Snapshot(t.Context())
	if err != nil || !strings.HasPrefix(found.You.Name, "socket:") || found.You.Scope != api.ScopeAdmin || !found.Load.Ready {
		t.Errorf("snapshot %+v, %v", found.You, err)
	}
	stop()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func TestAStaleAdminSocketIsRemoved(t *testing.T) {
	c, desk := atDesk(t)
	path := c.Server.AdminSocket
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // as kill -9 leaves it
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	start(t, c)
	if _, err := desk.Snapshot(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestWhereTheAdminSocketCannotBe: the server goes on without, and says why.
func TestWhereTheAdminSocketCannotBe(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"something else is there": func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"somebody listens there": func(t *testing.T, path string) {
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
		},
		"others may enter the folder": func(t *testing.T, path string) {
			if err := os.Chmod(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := atDesk(t)
			path := c.Server.AdminSocket
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			prepare(t, path)
			before, _ := os.Lstat(path)
			base, log := startLogged(t, c)
			if !strings.Contains(log(), "the admin socket is off") {
				t.Errorf("the log does not say so:\n%s", log())
			}
			if health, err := (&api.Client{BaseURL: base}).Health(t.Context(), "live"); err != nil || health.Status != api.StatusOK {
				t.Errorf("health %+v, %v", health, err)
			}
			after, _ := os.Lstat(path)
			if before != nil && !os.SameFile(before, after) {
				t.Error("what was there was taken away")
			}
		})
	}
	t.Run("its path is too long", func(t *testing.T) {
		c := config(t, storagetest.SQLiteURL(t), "ADMIN_SOCKET="+filepath.Join(t.TempDir(), strings.Repeat("x", 100)))
		_, log := startLogged(t, c)
		if !strings.Contains(log(), "set ADMIN_SOCKET to a shorter one") {
			t.Errorf("the log does not say so:\n%s", log())
		}
	})
	t.Run("off", func(t *testing.T) {
		c := config(t, storagetest.SQLiteURL(t), "ADMIN_SOCKET=off")
		_, log := startLogged(t, c)
		if strings.Contains(log(), "admin socket") {
			t.Errorf("the log speaks of it:\n%s", log())
		}
	})
}

// startLogged runs a server until the test ends, and gives its log so far.
func startLogged(t *testing.T, c configs.Config) (base string, log func() string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	up, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- server.Run(ctx, server.Options{
			Config: c, Migrate: true, Logger: slog.New(slog.NewTextHandler(out, nil)), Ready: func(i server.Info) { up <- i.URL },
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case base = <-up:
	case <-time.After(patience):
		t.Fatal("the server did not start")
	}
	return base, func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// hear waits for an event and reads its payload.
func hear(t *testing.T, s *socket, name string, into any) {
	t.Helper()
	seen := s.await(name)
	if err := json.Unmarshal(seen[len(seen)-1].Data, into); err != nil {
		t.Fatal(err)
	}
}

// TestOperatorsSeeAndSteer drives a real server over its admin socket, with a
// real client on a socket of its own.
func TestOperatorsSeeAndSteer(t *testing.T) {
	c, desk := atDesk(t, "RATE_LIMITS=on")
	base := start(t, c)
	ctx := t.Context()
	made, err := desk.CreateTestUsers(ctx, api.NewTestUsers{Count: 1, Tier: "premium"})
	if err != nil {
		t.Fatal(err)
	}
	ann := &caller{t: t, base: base, token: made.Users[0].Token}
	s := mustDial(t, base, ann.token)
	var room struct{ ID string }
	ann.must(http.MethodPost, "/api/conversations", object{"coach": "off"}).into(t, &room)
	s.must("join_conversation", object{"conversationId": room.ID})
	for range 20 {
		s.must("ping", object{"success": true})
	}

	t.Run("Seen", func(t *testing.T) {
		page, err := desk.Connections(ctx, api.List{Filter: "tier=premium rooms=1 transport=websocket user~loadtest"})
		if err != nil || len(page.Items) != 1 || page.Items[0].PacketsIn < 20 || page.Items[0].Address != "127.0.0.1" {
			t.Fatalf("connections %+v, %v", page, err)
		}
		d, err := desk.Connection(ctx, page.Items[0].ID)
		if err != nil || !slices.Equal(d.ConversationIDs, []string{room.ID}) || len(d.Recent) != 16 || d.Recent[0].Name != "ping" || len(d.Limits) == 0 {
			t.Errorf("closely: %+v, %v", d, err)
		}
		rooms, err := desk.Room(ctx, room.ID)
		if err != nil || rooms.Sockets != 1 || rooms.Users != 1 || len(rooms.Connections) != 1 {
			t.Errorf("room %+v, %v", rooms, err)
		}
		account, err := desk.Account(ctx, made.Users[0].Username)
		if err != nil || account.Sockets != 1 || len(account.Sessions) != 1 {
			t.Errorf("account %+v, %v", account, err)
		}
		tiers, err := desk.Tiers(ctx)
		if err != nil || tiers[3].Name != "premium" || tiers[3].Sockets != 1 || tiers[3].Users != 1 || tiers[3].Accounts != 1 {
			t.Errorf("tiers %+v, %v", tiers, err)
		}
	})
	t.Run("A notice is heard", func(t *testing.T) {
		told, err := desk.Announce(ctx, api.Notice{Message: "Back soon.", Level: "warning"})
		if err != nil || told.Sockets != 1 {
			t.Errorf("told %+v, %v", told, err)
		}
		var heard struct{ Message, Level string }
		hear(t, s, "system_message", &heard)
		if heard.Message != "Back soon." || heard.Level != "warning" {
			t.Errorf("heard %+v", heard)
		}
	})
	t.Run("An edited tier reaches open sockets within a second", func(t *testing.T) {
		began, seven := time.Now(), 7
		if _, err := desk.EditTier(ctx, "premium", api.LimitsChange{BurstPerSecond: &seven}); err != nil {
			t.Fatal(err)
		}
		var heard struct {
			Tier   string
			Limits struct {
				Limits []struct {
					Name  string
					Limit int
				}
			}
		}
		hear(t, s, "tier_changed", &heard)
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		holds := false
		for _, l := range heard.Limits.Limits {
			holds = holds || l.Name == "burst" && l.Limit == seven
		}
		if heard.Tier != "premium" || !holds {
			t.Errorf("heard %+v", heard)
		}
	})
	t.Run("A limit that was hit is seen and lifted", func(t *testing.T) {
		refused := false
		for range 60 {
			if a, err := s.ask("ping", object{"success": true}); err == nil && a.Code == "RATE_LIMITED" {
				refused = true
				break
			}
		}
		hits, err := desk.LimitHits(ctx, api.List{Filter: "limit=burst tier=premium"})
		if !refused || err != nil || len(hits.Items) != 1 || hits.Items[0].UserID != made.Users[0].ID {
			t.Fatalf("refused %v, hits %+v, %v", refused, hits, err)
		}
		if err := desk.LiftLimit(ctx, api.Lift{Key: hits.Items[0].Key}); err != nil {
			t.Fatal(err)
		}
		s.must("ping", object{"success": true})
		if hits, err := desk.LimitHits(ctx, api.List{}); err != nil || len(hits.Items) != 0 {
			t.Errorf("hits %+v, %v", hits, err)
		}
	})
	t.Run("A change of tier", func(t *testing.T) {
		tier := "free"
		if _, err := desk.ChangeAccount(ctx, made.Users[0].ID, api.AccountChange{Tier: &tier}); err != nil {
			t.Fatal(err)
		}
		var heard struct{ Tier string }
		hear(t, s, "tier_changed", &heard)
		if heard.Tier != tier {
			t.Errorf("heard %+v", heard)
		}
	})
	t.Run("A sign-out closes the socket", func(t *testing.T) {
		if ended, err := desk.SignOut(ctx, made.Users[0].ID); err != nil || ended.Count != 1 {
			t.Errorf("ended %+v, %v", ended, err)
		}
		var heard struct{ Code string }
		hear(t, s, "session_expired", &heard)
		if heard.Code != "SESSION_REVOKED" {
			t.Errorf("heard %+v", heard)
		}
	})
	t.Run("All of it is in the audit log", func(t *testing.T) {
		page, err := desk.Audit(ctx, api.List{})
		if err != nil {
			t.Fatal(err)
		}
		var did []string
		for _, e := range page.Items {
			did = append(did, e.Action)
		}
		want := []string{"user.sign-out", "user.set-tier", "limit.lift", "tier.edit", "notice", "test-users.create"}
		if !slices.Equal(did, want) {
			t.Errorf("audited %v, want %v", did, want)
		}
	})
}

func TestAnOperatorDisconnectsASocket(t *testing.T) {
	c, desk := atDesk(t)
	base := start(t, c)
	made, err := desk.CreateTestUsers(t.Context(), api.NewTestUsers{Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := mustDial(t, base, made.Users[0].Token)
	page, err := desk.Connections(t.Context(), api.List{})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("connections %+v, %v", page, err)
	}
	if err := desk.Disconnect(t.Context(), page.Items[0].ID); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Closed:
	case <-time.After(patience):
		t.Fatal("the socket stays open")
	}
	var refused *api.RefusedError
	if err := desk.Disconnect(t.Context(), page.Items[0].ID); !errors.As(err, &refused) || refused.Code != "NOT_FOUND" {
		t.Errorf("the second time: %v", err)
	}
}

func TestAnOperatorDrainsTheNode(t *testing.T) {
	c, desk := atDesk(t)
	done, up := make(chan error, 1), make(chan struct{})
	go func() {
		done <- server.Run(context.Background(), server.Options{Config: c, Ready: func(server.Info) { close(up) }})
	}()
	select {
	case <-up:
	case err := <-done:
		t.Fatal(err)
	}
	if err := desk.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the node did not stop")
	}
}
