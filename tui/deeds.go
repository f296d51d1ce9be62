package tui

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/api"
)

// person is whom a verb is about.
type person struct {
	id, name, tier string
	disabled       bool
}

func owner(c api.Connection) person { return person{id: c.UserID, name: c.Username, tier: c.Tier} }

func account(a api.Account) person { return person{a.ID, a.Username, a.Tier, a.Disabled} }

func askDisconnect(c api.Connection) *dialog {
	return &dialog{
		title: "Disconnect " + clean(c.Username), yes: "disconnect",
		says: []string{"Closes the socket from " + c.Address + ". Its client comes back by itself and misses nothing."},
		do: func(ctx context.Context, s Source, _ string) (string, error) {
			return "Disconnected " + clean(c.Username) + ".", s.Disconnect(ctx, c.ID)
		},
	}
}

func askSignOut(p person) *dialog {
	return &dialog{
		title: "Sign out " + clean(p.name), yes: "sign out",
		says: []string{"Ends every session of this account. Its sockets close within a second, and each device has to sign in again."},
		do: func(ctx context.Context, s Source, _ string) (string, error) {
			ended, err := s.SignOut(ctx, p.id)
			return fmt.Sprintf("Signed %s out: %d sessions ended.", clean(p.name), ended.Count), err
		},
	}
}

// askDisable is about shutting out, or about letting in again who is out.
func askDisable(p person) *dialog {
	if p.disabled {
		return &dialog{
			title: "Enable " + clean(p.name), yes: "enable",
			says: []string{"Lets this account sign in again."},
			do: func(ctx context.Context, s Source, _ string) (string, error) {
				_, err := s.Enable(ctx, p.id)
				return "Enabled " + clean(p.name) + ".", err
			},
		}
	}
	return &dialog{
		title: "Disable " + clean(p.name), yes: "disable",
		says: []string{"Shuts this account out: its sockets close within a second, and it cannot sign in. Nothing of it is deleted."},
		do: func(ctx context.Context, s Source, _ string) (string, error) {
			_, err := s.Disable(ctx, p.id)
			return "Disabled " + clean(p.name) + ".", err
		},
	}
}

// tierNames are the tiers that an account can have.
func tierNames() []string { return []string{"free", "premium", "enterprise"} }

// rank is the place of a tier from the least to the most; those who have not
// signed in come before all.
func rank(tier string) int { return slices.Index(tierNames(), tier) }

func askTier(p person) *dialog {
	d := &dialog{
		title: "Tier of " + clean(p.name), yes: "change", choices: tierNames(),
		says: []string{"It is " + p.tier + " now. A change takes effect within a second, also on open sockets."},
		do: func(ctx context.Context, s Source, tier string) (string, error) {
			_, err := s.ChangeAccount(ctx, p.id, api.AccountChange{Tier: &tier})
			return clean(p.name) + " is " + tier + " now.", err
		},
	}
	d.picked = max(0, rank(p.tier))
	return d
}

func askLift(p person) *dialog {
	return &dialog{
		title: "Lift the limits of " + clean(p.name), yes: "lift",
		says: []string{"Gives back all that this account has used up: requests, messages, uploads and the answers of today."},
		do: func(ctx context.Context, s Source, _ string) (string, error) {
			return "Lifted the limits of " + clean(p.name) + ".", s.LiftLimit(ctx, api.Lift{Key: "user:" + p.id})
		},
	}
}

func askLiftHit(h api.LimitHit) *dialog {
	whose := h.Username
	if whose == "" {
		whose = h.Address
	}
	return &dialog{
		title: "Lift " + clean(h.Limit) + " of " + clean(whose), yes: "lift",
		says: []string{fmt.Sprintf("Gives back what was used up of this limit (%s allowed). The limit itself stays.", count(h.Allowed))},
		do: func(ctx context.Context, s Source, _ string) (string, error) {
			return "Lifted " + clean(h.Limit) + " of " + clean(whose) + ".", s.LiftLimit(ctx, api.Lift{Key: h.Key, Limit: h.Limit})
		},
	}
}

func askStop(a api.Answer) *dialog {
	return &dialog{
		title: "Stop the answer to " + clean(a.Username), yes: "stop",
		says: []string{"Ends it and keeps what is written so far."},
		do: func(ctx context.Context, s Source, _ string) (string, error) {
			return "Stopped the answer to " + clean(a.Username) + ".", s.StopAnswer(ctx, a.ID)
		},
	}
}

// longestNotice is how much a notice holds, in characters.
const longestNotice = 500

func askNotice() *dialog {
	input := newInput("")
	return &dialog{
		title: "Notice to all", yes: "send", input: &input,
		says: []string{"Everybody who is connected reads it at once, on every node."},
		check: func(text string) string {
			switch n := utf8.RuneCountInString(text); {
			case n == 0:
				return "Write a sentence, or leave it."
			case n > longestNotice:
				return fmt.Sprintf("It has %d characters; at most %d.", n, longestNotice)
			}
			return ""
		},
		do: func(ctx context.Context, s Source, text string) (string, error) {
			told, err := s.Announce(ctx, api.Notice{Message: text})
			return fmt.Sprintf("Told %s sockets of this node; other nodes tell theirs.", count(told.Sockets)), err
		},
	}
}

// askDrain wants a word typed: there is no way back.
func askDrain(shot api.Snapshot) *dialog {
	input := newInput("")
	return &dialog{
		title: "Drain " + clean(nodeName(shot)), yes: "drain", input: &input,
		says: []string{
			"Stops this server as SIGTERM does: no new work, sockets told and closed one after another, then the end of the process. Whatever supervises it may start it again.",
			"Type drain to go on.",
		},
		check: func(text string) string {
			if text != "drain" {
				return "Type the word drain, or leave it."
			}
			return ""
		},
		do: func(ctx context.Context, s Source, _ string) (string, error) {
			return "The server is draining.", s.Drain(ctx)
		},
	}
}

// nodeName is the name of the node that answers.
func nodeName(shot api.Snapshot) string {
	for _, n := range shot.Nodes {
		if n.Self {
			return n.Name
		}
	}
	return "this server"
}
