package loadtest

import (
	"fmt"
	"time"
)

// role is what one socket does.
type role struct {
	room int // sockets in its conversation; 0: it is in none, and only stays connected
	// asksEvery: one of its messages in so many asks the coach; 0: none does.
	asksEvery int
	// stay is how long it stays before it goes and comes back; 0: to the end.
	stay time.Duration
}

func (r role) talks() bool { return r.room > 0 }

// scenario is a mixture of roles: each share is that many of ten sockets.
type scenario struct {
	name   string
	about  string
	shares []share
}

type share struct {
	tenths int
	role   role
}

func scenarios() []scenario {
	chat := role{room: 4, asksEvery: 20}
	crowd := role{room: 100}
	restless := role{room: 4, stay: 5 * time.Second}
	idle := role{}
	return []scenario{
		{"chat", "conversations of four; one message in twenty asks the coach", []share{{10, chat}}},
		{"idle", "sockets that stay connected and say nothing", []share{{10, idle}}},
		{"fanout", "conversations of a hundred: each message is delivered a hundred times", []share{{10, crowd}}},
		{"churn", "conversations of four whose sockets go after some five seconds and come back", []share{{10, restless}}},
		{"mixed", "of ten sockets five chat, two churn, two are in a crowd, one is idle", []share{{5, chat}, {2, restless}, {2, crowd}, {1, idle}}},
	}
}

// Scenarios names them, each with what it does.
func Scenarios() (names, about []string) {
	for _, s := range scenarios() {
		names, about = append(names, s.name), append(about, s.about)
	}
	return names, about
}

func findScenario(name string) (scenario, error) {
	for _, s := range scenarios() {
		if s.name == name {
			return s, nil
		}
	}
	known, _ := Scenarios()
	return scenario{}, &UnknownError{What: "scenario", Name: name, Known: known}
}

// UnknownError is a name that is none of those known.
type UnknownError struct {
	What  string // scenario, metric
	Name  string
	Known []string
}

func (e *UnknownError) Error() string { return fmt.Sprintf("there is no %s %q", e.What, e.Name) }

// roles deals the scenario's roles to so many sockets; room, unless it is 0,
// is the size of every conversation.
func (s scenario) roles(sockets, room int) []role {
	roles := make([]role, 0, sockets)
	for i, sh := range s.shares {
		n := sockets * sh.tenths / 10
		if i == len(s.shares)-1 {
			n = sockets - len(roles)
		}
		r := sh.role
		if room > 0 && r.talks() {
			r.room = room
		}
		for range n {
			roles = append(roles, r)
		}
	}
	return roles
}
