package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// news lists what a socket hears of somebody's coming, going and status, up to
// and with one event.
func (s *socket) news(last, user string) (all []string) {
	s.t.Helper()
	for {
		e, ok := s.nextEvent()
		if !ok {
			s.t.Fatalf("no %s; heard %v", last, all)
		}
		var v struct{ UserID, Status string }
		if !slices.Contains([]string{"user_online", "user_offline", "user_status_changed"}, e.Name) || json.Unmarshal(e.Data, &v) != nil || v.UserID != user {
			continue
		}
		if all = append(all, e.Name+" "+v.Status); e.Name == last {
			return all
		}
	}
}

// sees waits until a socket is told that somebody has a status, "" for none.
func (s *socket) sees(user, status string) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); ; {
		var v struct {
			Users []struct{ UserID, Status string }
		}
		if err := json.Unmarshal(s.must("get_online_users", map[string]string{}).raw, &v); err != nil {
			s.t.Fatal(err)
		}
		got := ""
		for _, u := range v.Users {
			if u.UserID == user {
				got = u.Status
			}
		}
		if got == status {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			s.t.Fatalf("%s is seen as %q, want %q", user, got, status)
		}
	}
}

// TestClusterKnowsWhoIsHere: one status over all nodes, each change told once.
func TestClusterKnowsWhoIsHere(t *testing.T) {
	t.Parallel()
	onClusters(t, func(t *testing.T, c *cluster) {
		var ben, cleo struct{ ID string }
		c.ben.must(http.MethodGet, "/api/auth/me", nil).into(t, &ben)
		c.anns.sees(ben.ID, "online")
		c.bens.must("update_status", map[string]string{"status": "busy"})
		if got := c.anns.news("user_status_changed", ben.ID); !slices.Equal(got[max(0, len(got)-1):], []string{"user_status_changed busy"}) {
			t.Errorf("ann heard %v", got)
		}
		c.anns.sees(ben.ID, "busy")

		// cleo has a device at each node, and leaves one after the other.
		third, _ := register(t, c.bases[0], "cleo")
		third.must(http.MethodGet, "/api/auth/me", nil).into(t, &cleo)
		c.ann.must(http.MethodPost, "/api/conversations/"+c.room+"/members", map[string]string{"identifier": "cleo", "role": "member"})
		devices := []*socket{mustDial(t, c.bases[0], third.token), mustDial(t, c.bases[1], third.token)}
		// What two nodes tell in the same moment may cross on the way; so each change is made when the one before was heard.
		heard := map[*socket][]string{}
		hear := func(last string) {
			for _, s := range []*socket{c.anns, c.bens} {
				heard[s] = append(heard[s], s.news(last, cleo.ID)...)
			}
		}
		hear("user_online")
		for _, s := range []*socket{c.anns, c.bens} {
			s.sees(cleo.ID, "online")
		}
		devices[0].must("update_status", map[string]string{"status": "away"})
		hear("user_status_changed")
		c.bens.sees(cleo.ID, "away")
		devices[0].Close()
		devices[1].must("update_status", map[string]string{"status": "online"})
		hear("user_status_changed")
		c.anns.sees(cleo.ID, "online")
		devices[1].Close()
		hear("user_offline")
		want := []string{"user_online online", "user_status_changed away", "user_status_changed online", "user_offline offline"}
		for who, s := range map[string]*socket{"ann": c.anns, "ben": c.bens} {
			if got := heard[s]; !slices.Equal(got, want) {
				t.Errorf("%s heard %v, want %v", who, got, want)
			}
			s.sees(cleo.ID, "")
		}
	})
}

// TestClusterBringsAChangeOfTierEverywhere: a change of one account's tier, and
// of the tier itself.
func TestClusterBringsAChangeOfTierEverywhere(t *testing.T) {
	t.Parallel()
	onClusters(t, func(t *testing.T, c *cluster) {
		elsewhere := mustDial(t, c.bases[1], c.ann.token)
		elsewhere.await("connected")
		var me struct{ ID string }
		c.ann.must(http.MethodGet, "/api/auth/me", nil).into(t, &me)
		within := func(what string, hear []*socket, change func() error) {
			t.Helper()
			began := time.Now()
			if err := change(); err != nil {
				t.Fatal(err)
			}
			for _, s := range hear {
				s.await("tier_changed")
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("a change of %s took %s", what, took)
			}
		}
		tier, seven := "premium", 7
		within("an account", []*socket{c.anns, elsewhere}, func() error {
			_, err := c.desk.ChangeAccount(t.Context(), me.ID, api.AccountChange{Tier: &tier})
			return err
		})
		within("a tier", []*socket{c.bens}, func() error {
			_, err := c.desk.EditTier(t.Context(), "free", api.LimitsChange{BurstPerSecond: &seven})
			return err
		})
	})
}

// TestClusterCountsSocketsTogether: the oldest of a user's sockets goes, on
// whichever node it is.
func TestClusterCountsSocketsTogether(t *testing.T) {
	t.Parallel()
	onClusters(t, func(t *testing.T, c *cluster) {
		two := 2
		if _, err := c.desk.EditTier(t.Context(), "free", api.LimitsChange{Sockets: &two}); err != nil {
			t.Fatal(err)
		}
		c.bens.await("tier_changed")
		second := mustDial(t, c.bases[0], c.ben.token)
		second.await("connected")
		c.bens.must("ping", map[string]bool{"success": true})
		third := mustDial(t, c.bases[0], c.ben.token)
		third.await("connected")
		select {
		case <-c.bens.Closed:
		case <-time.After(patience):
			t.Fatal("the oldest socket, at the other node, stays open")
		}
		for _, s := range []*socket{second, third} {
			s.must("ping", map[string]bool{"success": true})
		}
	}, "RATE_LIMITS=on")
}
