package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// cluster is two nodes of one site: ann is at the first, ben at the second,
// and they share a conversation.
type cluster struct {
	t        *testing.T
	coach    *stageCoach
	desk     *api.Client // an operator at the first node
	bases    []string
	ann, ben *caller
	room     string
	anns     *socket
	bens     *socket
}

// onClusters runs a test on nodes that share Postgres only, and on ones that
// share Redis as well.
func onClusters(t *testing.T, test func(t *testing.T, c *cluster), env ...string) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) { test(t, newCluster(t, env...)) })
	t.Run("redis", func(t *testing.T) { test(t, newCluster(t, append(env, "REDIS_URL=redis://"+needs.Redis(t))...)) })
}

func newCluster(t *testing.T, env ...string) *cluster {
	t.Helper()
	c := &cluster{t: t, coach: newStageCoach()}
	url := storagetest.PostgresURL(t)
	for i := range 2 {
		desk := filepath.Join(shortFolder(t), "admin.sock")
		conf := config(t, url, append([]string{"JWT_SECRET=one-secret-for-all-the-nodes-0123456789", "ADMIN_SOCKET=" + desk}, env...)...)
		if i == 0 {
			c.desk = api.OverSocket(desk)
		}
		base, stop := runWith(t, server.Options{Config: conf}.WithModel(c.coach))
		t.Cleanup(stop)
		c.bases = append(c.bases, base)
	}
	for _, base := range c.bases {
		connected(t, base)
	}
	c.ann, _ = register(t, c.bases[0], "ann")
	c.ben, _ = register(t, c.bases[1], "ben")
	c.room = c.ann.conversation()
	c.ann.must(http.MethodPost, "/api/conversations/"+c.room+"/members", map[string]string{"identifier": "ben", "role": "member"})
	c.anns, c.bens = mustDial(t, c.bases[0], c.ann.token), mustDial(t, c.bases[1], c.ben.token)
	for _, s := range []*socket{c.anns, c.bens} {
		s.await("connected")
		s.must("join_conversation", map[string]string{"conversationId": c.room})
	}
	return c
}

// connected waits until a node hears the others.
func connected(t *testing.T, base string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); ; {
		var h struct {
			Checks map[string]struct{ Status string }
		}
		(&caller{t: t, base: base}).must(http.MethodGet, "/api/health", nil).into(t, &h)
		if h.Checks["bus"].Status == "ok" {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%s is not connected: %+v", base, h)
		}
	}
}

// answerUntil gives the names of what came about a message and its answer up
// to one, with runs of deltas as one.
func (s *socket) answerUntil(name string) string {
	s.t.Helper()
	seen := slices.DeleteFunc(names(s.await(name)), func(n string) bool { return n != "new_message" && !strings.HasPrefix(n, "ai_") })
	return strings.Join(slices.Compact(seen), " ")
}

const mission = "long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%"

func TestClusterDeliversEverywhereOnceAndInOrder(t *testing.T) {
	onClusters(t, func(t *testing.T, c *cluster) {
		const n = 5
		for i := range n {
			c.anns.must("send_message", map[string]string{"conversationId": c.room, "content": mission, "clientMessageId": fmt.Sprint(i)})
			want := "new_message ai_thinking ai_delta ai_response"
			if got := c.bens.answerUntil("ai_response"); got != want {
				t.Errorf("answer %d: ben saw %q", i, got)
			}
			c.anns.await("ai_response")
		}
		if calls := c.coach.calls.Load(); calls != n {
			t.Errorf("%d answers were written for %d questions", calls, n)
		}
		var list struct{ Messages []message }
		c.ben.must(http.MethodGet, "/api/conversations/"+c.room+"/messages", nil).into(t, &list)
		if len(list.Messages) != 2*n {
			t.Errorf("%d messages are stored", len(list.Messages))
		}
		for _, m := range list.Messages {
			if m.Type == "ai" && m.Status != "completed" {
				t.Errorf("answer %d is %s", m.Seq, m.Status)
			}
		}
	})
}

func TestClusterTellsOfTypingAndComing(t *testing.T) {
	onClusters(t, func(t *testing.T, c *cluster) {
		c.anns.must("typing_start", map[string]string{"conversationId": c.room})
		c.bens.await("user_typing_start")
		c.anns.must("typing_stop", map[string]string{"conversationId": c.room})
		c.bens.await("user_typing_stop")
	})
}

func TestClusterStopsAnAnswerThatAnotherNodeWrites(t *testing.T) {
	onClusters(t, func(t *testing.T, c *cluster) {
		sent := c.anns.must("send_message", map[string]string{"conversationId": c.room, "content": askSlowly + " go"})
		c.bens.await("ai_delta")
		// Whoever comes in the middle gets all so far, whichever node writes.
		for _, base := range c.bases {
			late := mustDial(t, base, c.ann.token)
			late.must("join_conversation", map[string]string{"conversationId": c.room})
			var d struct{ Offset int }
			seen := late.await("ai_delta")
			if err := json.Unmarshal(seen[len(seen)-1].Data, &d); err != nil || d.Offset != 0 {
				t.Errorf("at %s the first delta is at %d, %v", base, d.Offset, err)
			}
		}
		var list struct{ Messages []message }
		c.ben.must(http.MethodGet, fmt.Sprintf("/api/conversations/%s/messages?after=%d", c.room, sent.Message.Seq), nil).into(t, &list)
		c.ann.must(http.MethodPost, "/api/messages/"+list.Messages[0].ID+"/stop", nil)
		for who, s := range map[string]*socket{"ann": c.anns, "ben": c.bens} {
			seen := s.await("ai_response")
			var v struct{ Message message }
			if err := json.Unmarshal(seen[len(seen)-1].Data, &v); err != nil || v.Message.Status != "stopped" {
				t.Errorf("%s saw it end as %q, %v", who, v.Message.Status, err)
			}
		}
	})
}

func TestClusterEndsSessionsEverywhereWithinASecond(t *testing.T) {
	onClusters(t, func(t *testing.T, c *cluster) {
		elsewhere := mustDial(t, c.bases[1], c.ann.token)
		elsewhere.await("connected")
		began := time.Now()
		c.ann.must(http.MethodPost, "/api/auth/logout", nil)
		elsewhere.await("session_expired")
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestClusterRemovesAMemberEverywhereWithinASecond(t *testing.T) {
	onClusters(t, func(t *testing.T, c *cluster) {
		var me struct{ ID string }
		c.ben.must(http.MethodGet, "/api/auth/me", nil).into(t, &me)
		began := time.Now()
		c.ann.must(http.MethodDelete, "/api/conversations/"+c.room+"/members/"+me.ID, nil)
		c.bens.await("member_removed")
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		c.anns.must("send_message", map[string]string{"conversationId": c.room, "content": "are we alone?"})
		c.anns.await("ai_response")
		if a, err := c.bens.ask("join_conversation", map[string]string{"conversationId": c.room}); err != nil || a.Code != "NOT_FOUND" {
			t.Errorf("ben comes back in: %s, %v", a.raw, err)
		}
	})
}

// TestClusterCountsMessagesTogether: with Redis a limit is the site's, not each node's.
func TestClusterCountsMessagesTogether(t *testing.T) {
	c := newCluster(t, "RATE_LIMITS=on", "REDIS_URL=redis://"+needs.Redis(t))
	for i := range 4 {
		ann := &caller{t: t, base: c.bases[i%2], token: c.ann.token}
		ann.must(http.MethodPost, "/api/messages", map[string]any{"conversationId": c.room, "content": fmt.Sprint("number ", i)}).into(t, &struct{}{})
	}
	for _, base := range c.bases {
		var l struct {
			Limits []struct {
				Name             string
				Limit, Remaining int
			}
		}
		(&caller{t: t, base: base, token: c.ann.token}).must(http.MethodGet, "/api/limits", nil).into(t, &l)
		for _, one := range l.Limits {
			if one.Name == "messages" && one.Limit-one.Remaining < 3 { // one may have come back meanwhile
				t.Errorf("%s knows of %d messages out of 4", base, one.Limit-one.Remaining)
			}
		}
	}
}

// TestANodeIsConnectedAsSoonAsItIsReady: probes right after the start must not
// be told that others are out of reach, when the first sign of life is on its way.
func TestANodeIsConnectedAsSoonAsItIsReady(t *testing.T) {
	url := storagetest.PostgresURL(t)
	for range 5 {
		base, stop := run(t, config(t, url))
		var h struct {
			Checks map[string]struct{ Status string }
		}
		(&caller{t: t, base: base}).must(http.MethodGet, "/api/health", nil).into(t, &h)
		if h.Checks["bus"].Status != "ok" {
			t.Errorf("the bus is %q when the node is ready", h.Checks["bus"].Status)
		}
		stop()
	}
}

// TestANodeStartsWithoutItsBus: what carries the events may be away.
func TestANodeStartsWithoutItsBus(t *testing.T) {
	began := time.Now()
	base := start(t, config(t, storagetest.PostgresURL(t), "REDIS_URL=redis://127.0.0.1:1"))
	if took := time.Since(began); took > patience/2 {
		t.Errorf("the start took %s", took)
	}
	var h struct {
		Checks map[string]struct{ Status string }
	}
	(&caller{t: t, base: base}).must(http.MethodGet, "/api/health", nil).into(t, &h)
	if h.Checks["bus"].Status != "degraded" {
		t.Errorf("the bus is %q", h.Checks["bus"].Status)
	}
}
