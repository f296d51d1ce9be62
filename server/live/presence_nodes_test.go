package live

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// parish is several nodes that hear each other when the test says so, on a
// clock of its own.
type parish struct {
	t     *testing.T
	now   time.Time
	nodes []*presence
	deaf  map[string]bool // nodes that neither hear nor are heard
	told  map[string][]string
	// silent counts, by node, how often it found that another had fallen silent.
	silent map[string]int
}

func newParish(t *testing.T, nodes int) *parish {
	p := &parish{t: t, now: time.Unix(1_800_000_000, 0), deaf: map[string]bool{}, told: map[string][]string{}, silent: map[string]int{}}
	for i := range nodes {
		s := &Server{o: Options{Node: fmt.Sprint("n", i), Unlimited: true}}
		s.presence = newPresence(s)
		s.presence.telling["ann"] = nil // as if somebody told it already
		p.nodes = append(p.nodes, s.presence)
	}
	p.pass(0)
	return p
}

// pass lets time go by and everybody do what is due.
func (p *parish) pass(d time.Duration) {
	p.t.Helper()
	for end := p.now.Add(d); ; p.now = p.now.Add(tick) {
		for _, n := range p.nodes {
			if p.now.UnixNano()%int64(retellEvery) == 0 || d == 0 {
				n.mu.Lock()
				n.all = true
				n.mu.Unlock()
			}
		}
		p.exchange()
		for _, n := range p.nodes {
			if n.settle(p.now) {
				p.silent[n.node]++
			}
		}
		p.collect()
		p.exchange()
		if !p.now.Before(end) {
			return
		}
	}
}

// exchange brings what is untold to everybody who hears.
func (p *parish) exchange() {
	for _, from := range p.nodes {
		for _, e := range from.accounts() {
			var told account
			if err := json.Unmarshal(e.Data, &told); err != nil {
				p.t.Fatal(err)
			}
			for _, to := range p.nodes {
				if to != from && !p.deaf[from.node] && !p.deaf[to.node] {
					to.hear(told, p.now)
				}
			}
		}
	}
	p.collect()
}

// collect takes what the nodes would tell people.
func (p *parish) collect() {
	for _, n := range p.nodes {
		n.mu.Lock()
		for user, list := range n.telling {
			for _, one := range list {
				to := "all"
				if one.here {
					to = n.node
				}
				p.told[user] = append(p.told[user], one.event+" "+one.status+" by "+n.node+" to "+to)
			}
			n.telling[user] = nil
		}
		n.mu.Unlock()
	}
}

// says checks what was told of ann since the last time.
func (p *parish) says(want ...string) {
	p.t.Helper()
	slices.Sort(p.told["ann"])
	if diff := cmp.Diff(want, p.told["ann"]); diff != "" {
		p.t.Errorf("told (-want +got):\n%s", diff)
	}
	p.told = map[string][]string{}
}

func (p *parish) seen(want string) {
	p.t.Helper()
	for _, n := range p.nodes {
		if p.deaf[n.node] {
			continue
		}
		got := ""
		if list := n.visible([]string{"ann"}); len(list) > 0 {
			got = list[0].Status
		}
		if got != want {
			p.t.Errorf("%s sees ann %q, want %q", n.node, got, want)
		}
	}
}

func (p *parish) connect(node int)    { p.nodes[node].connected("ann", p.now) }
func (p *parish) disconnect(node int) { p.nodes[node].disconnected("ann", p.now) }

func TestPresenceIsToldByOneNode(t *testing.T) {
	p := newParish(t, 3)
	p.connect(0)
	p.connect(1) // at the same moment
	p.pass(time.Second)
	p.says("user_online online by n0 to all")
	p.seen("online")
	p.connect(2)
	p.pass(time.Minute)
	p.says()

	p.nodes[2].set("ann", "busy", p.now)
	p.pass(time.Second)
	p.says("user_status_changed busy by n2 to all")
	p.seen("busy")

	// Who is left by all but one node is here.
	p.disconnect(0)
	p.disconnect(2)
	p.pass(time.Minute)
	p.says()
	p.seen("busy")
	// Who moves to another node within the grace is too.
	p.disconnect(1)
	p.pass(offlineGrace - time.Second)
	p.connect(0)
	p.pass(time.Minute)
	p.says()
	p.seen("busy")

	// Of two who lose the user at the same time, one tells.
	p.connect(1)
	p.pass(time.Second)
	p.disconnect(0)
	p.disconnect(1)
	p.pass(offlineGrace - time.Second)
	p.says()
	p.seen("busy")
	p.pass(time.Minute)
	p.says("user_offline offline by n1 to all")
	p.seen("")
	for _, n := range p.nodes {
		if len(n.users)+len(n.away)+len(n.due)+len(n.silent) > 0 {
			t.Errorf("%s still knows %d here, %d elsewhere, %d due, %d silent", n.node, len(n.users), len(n.away), len(n.due), len(n.silent))
		}
	}
}

func TestPresenceOfANodeThatFellSilent(t *testing.T) {
	p := newParish(t, 3)
	p.connect(0)
	p.pass(time.Second)
	p.says("user_online online by n0 to all")
	p.deaf["n0"] = true
	p.pass(silentAfter - retellEvery - 2*time.Second)
	p.says()
	p.seen("online")
	p.pass(retellEvery + 4*time.Second)
	// Each node tells its own, as they were cut off from each other.
	p.says("user_offline offline by n1 to n1", "user_offline offline by n2 to n2")
	p.seen("")
	// What a silent node did not tell, each of the others looks for once.
	if p.silent["n1"] != 1 || p.silent["n2"] != 1 {
		t.Errorf("silence was noticed %v", p.silent)
	}
	p.deaf["n0"] = false
	p.pass(retellEvery + time.Second)
	p.says("user_online online by n1 to n1", "user_online online by n2 to n2")
	p.seen("online")

	// Somebody whose node fell silent and who comes to another is not told of twice.
	p.deaf["n0"] = true
	p.pass(retellEvery)
	p.connect(1)
	p.pass(2 * time.Minute)
	p.says()
	p.seen("online")
}

func TestPresenceOfANodeThatEndsInTheGrace(t *testing.T) {
	p := newParish(t, 2)
	p.connect(0)
	p.pass(time.Second)
	p.says("user_online online by n0 to all")
	p.disconnect(0)
	p.exchange()
	p.deaf["n0"] = true
	p.told = map[string][]string{}
	p.pass(offlineGrace - time.Second)
	p.seen("online")
	p.pass(2 * goneAfter)
	// The other one is not there to tell; that it does is for itself.
	p.says("user_offline offline by n0 to all", "user_offline offline by n1 to n1")
	p.seen("")
}

func TestPresenceOfANodeThatComesLater(t *testing.T) {
	p := newParish(t, 1)
	p.connect(0)
	p.nodes[0].set("ann", "away", p.now)
	p.pass(time.Second)
	p.says("user_online online by n0 to all", "user_status_changed away by n0 to all")
	s := &Server{o: Options{Node: "n1", Unlimited: true}}
	s.presence = newPresence(s)
	s.presence.telling["ann"] = nil
	p.nodes = append(p.nodes, s.presence)
	s.presence.greet()
	p.exchange()
	p.exchange()
	p.seen("away")
	p.connect(1)
	p.pass(time.Second)
	p.says()
}

// A node lets somebody go in the moment in which they come to another, before it hears of that.
func TestPresenceOfAComingThatCrossedAGoing(t *testing.T) {
	p := newParish(t, 2)
	p.connect(0)
	p.pass(time.Second)
	p.nodes[0].set("ann", "busy", p.now)
	p.disconnect(0)
	p.pass(offlineGrace - time.Second)
	p.told = map[string][]string{}
	p.now = p.now.Add(time.Second)
	p.connect(1)
	p.nodes[0].settle(p.now)
	p.exchange()
	p.says("user_offline offline by n0 to all")
	p.pass(time.Minute)
	p.says("user_online busy by n1 to all")
	p.seen("busy")
}

// Who hides is not given away by a node whose turn it is to tell of their coming.
func TestPresenceOfSomebodyWhoHidesAtOnce(t *testing.T) {
	p := newParish(t, 2)
	p.connect(1)
	p.now = p.now.Add(time.Millisecond)
	p.connect(0)
	p.exchange()
	p.nodes[0].set("ann", statusOffline, p.now.Add(time.Millisecond))
	p.pass(time.Minute)
	p.says("user_status_changed offline by n0 to all")
	p.seen("")
}

// The status that was chosen last is the one, though the node that was told of it has a slow clock.
func TestPresenceOnNodesWhoseClocksDiffer(t *testing.T) {
	p := newParish(t, 2)
	p.connect(0)
	p.connect(1)
	p.pass(time.Second)
	p.nodes[0].set("ann", "busy", p.now.Add(5*time.Second))
	p.exchange()
	p.seen("busy")
	p.nodes[1].set("ann", "away", p.now)
	p.exchange()
	p.seen("away")
}
