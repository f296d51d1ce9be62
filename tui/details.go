package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// What enter shows: a connection leads to its user and its rooms, a room to
// its connections, a user to everything of theirs.

func connectionDetail(c api.Connection) screen {
	type value = api.ConnectionDetail
	return &detail[value]{
		name: clean(c.Username) + " " + c.Address, puller: puller{every: 1},
		load: func(ctx context.Context, s Source) (value, error) { return s.Connection(ctx, c.ID) },
		lay:  layConnection,
		verbs: []verb[value]{
			{"x", "disconnect", func(v value) *dialog { return askDisconnect(v.Connection) }},
			{"o", "sign out", func(v value) *dialog { return askSignOut(owner(v.Connection)) }},
			{"t", "tier", func(v value) *dialog { return askTier(owner(v.Connection)) }},
			{"l", "lift limits", func(v value) *dialog { return askLift(owner(v.Connection)) }},
		},
	}
}

func layConnection(c canvas, v api.ConnectionDetail) []entry {
	all := []entry{
		behind("user", cell{v.Username + ", " + v.Role, toneStrong}, func() screen { return accountDetail(v.UserID, v.Username) }),
		fact("tier", tierCell(v.Tier)),
		fact("from", cell{v.Address + " over " + v.Transport + recovered(v.Connection), toneText}),
		fact("client", cell{v.UserAgent, toneDim}),
		fact("since", cell{moment(v.ConnectedAt, c.now.Location()) + ", " + span(v.AgeSeconds) + " ago, idle " + span(v.IdleSeconds), toneText}),
		fact("in", cell{count(v.PacketsIn) + " packets, " + size(int64(v.BytesIn)), toneText}),
		fact("out", cell{count(v.PacketsOut) + " packets, " + size(int64(v.BytesOut)), toneText}),
		fact("queue", cell{size(int64(v.QueueBytes)) + lagging(v.Lagging), queueCell(v.Connection).tone}),
		fact("round trip", roundTripCell(v.RoundTripMs)),
		fact("id", cell{v.ID, toneDim}),
	}
	all = append(all, under("Rooms", "in no room", roomIDs(), v.ConversationIDs, roomDetail)...)
	all = append(all, under("Recent events", "none yet", recentColumns(c), v.Recent, nil)...)
	return append(all, under("Limits", "not limited", limitColumns(c), v.Limits, nil)...)
}

func recovered(c api.Connection) string {
	if c.Recovered {
		return ", recovered"
	}
	return ""
}

func lagging(answers int) string {
	if answers == 0 {
		return ""
	}
	return fmt.Sprintf(", %d answers wait to be sent whole: it reads too slowly", answers)
}

func roomIDs() []column[string] {
	return []column[string]{{heading{head: "CONVERSATION", width: 36, flex: 1}, func(id string) cell { return cell{id, toneText} }}}
}

func recentColumns(c canvas) []column[api.RecentEvent] {
	type row = api.RecentEvent
	return []column[row]{
		{heading{head: "AT", width: 8}, func(r row) cell { return cell{clock(r.At, c.now.Location()), toneDim} }},
		{heading{head: "EVENT", width: 20, flex: 1}, func(r row) cell { return cell{r.Name, toneText} }},
		{heading{head: "TOOK", width: 8, right: true}, func(r row) cell { return cell{millis(r.TookMs), toneDim} }},
		{heading{head: "RESULT", width: 18, flex: 1}, func(r row) cell { return resultCell(r.Code) }},
	}
}

func resultCell(code string) cell {
	if code == "" {
		return cell{"done", toneGood}
	}
	return cell{code, toneWarn}
}

func limitColumns(c canvas) []column[api.LimitState] {
	type row = api.LimitState
	return []column[row]{
		{heading{head: "LIMIT", width: 14, flex: 1}, func(r row) cell { return cell{strings.TrimSuffix(r.Name, "Micros"), toneText} }},
		{heading{head: "LEFT", width: 8, right: true}, func(r row) cell { return leftCell(r) }},
		{heading{head: "OF", width: 8, right: true}, func(r row) cell { return cell{amount(r, r.Limit), toneDim} }},
		{heading{head: "USE", width: 12}, func(r row) cell { return cell{c.gauge(r.Limit-r.Remaining, r.Limit, 12), leftCell(r).tone} }},
		{heading{head: "RESETS", width: 10, right: true}, func(r row) cell { return cell{resets(r, c.now), toneDim} }},
	}
}

func leftCell(l api.LimitState) cell {
	text := amount(l, l.Remaining)
	switch {
	case l.Remaining <= 0:
		return cell{text, toneBad}
	case l.Remaining*5 < l.Limit:
		return cell{text, toneWarn}
	}
	return cell{text, toneGood}
}

// amount writes a number of a limit; those of money say so by their names.
func amount(l api.LimitState, n int) string {
	if strings.HasSuffix(l.Name, "Micros") {
		return dollars(int64(n))
	}
	return count(n)
}

func resets(l api.LimitState, now time.Time) string {
	if l.ResetsAt == nil || l.Remaining >= l.Limit {
		return ""
	}
	return "in " + span(time.Time(*l.ResetsAt).Sub(now).Seconds())
}

// gauge is a bar that is filled as far as part is of whole.
func (t *theme) gauge(part, whole, cells int) string {
	if whole <= 0 {
		return ""
	}
	full := max(0, min(cells, (part*cells+whole/2)/whole))
	return strings.Repeat(t.heavy, full) + strings.Repeat(t.rule, cells-full)
}

func roomDetail(id string) screen {
	type value = api.RoomDetail
	return &detail[value]{
		name: "room " + shortID(id), puller: puller{every: 1},
		load: func(ctx context.Context, s Source) (value, error) { return s.Room(ctx, id) },
		lay: func(_ canvas, v value) []entry {
			all := []entry{
				fact("conversation", cell{v.ID, toneStrong}),
				fact("sockets", cell{count(v.Sockets) + " of " + count(v.Users) + " users", toneText}),
				fact("delivered", cell{"up to rev " + count(v.Rev), toneText}),
				fact("queue", waitingCell(v.Queue)),
			}
			return append(all, under("Connections", "nobody on this node", connectionColumns(), v.Connections, connectionDetail)...)
		},
	}
}

// shortID is the end of an id: its beginning is a time, and much alike.
func shortID(id string) string { return id[max(0, len(id)-8):] }

func accountDetail(id, name string) screen {
	type value = api.AccountDetail
	of := func(v value) person { return account(v.Account) }
	return &detail[value]{
		name: "user " + clean(name), puller: puller{every: 2},
		load: func(ctx context.Context, s Source) (value, error) { return s.Account(ctx, id) },
		lay:  layAccount,
		verbs: []verb[value]{
			{"o", "sign out", func(v value) *dialog { return askSignOut(of(v)) }},
			{"d", "disable/enable", func(v value) *dialog { return askDisable(of(v)) }},
			{"t", "tier", func(v value) *dialog { return askTier(of(v)) }},
			{"l", "lift limits", func(v value) *dialog { return askLift(of(v)) }},
		},
	}
}

func layAccount(c canvas, v api.AccountDetail) []entry {
	zone := c.now.Location()
	all := []entry{
		fact("user", cell{v.Username + named(v.DisplayName), toneStrong}),
		fact("e-mail", cell{v.Email, toneText}),
		fact("role", roleCell(v.Role)),
		fact("tier", tierCell(v.Tier)),
		fact("state", stateCell(v.Account)),
		fact("timezone", cell{v.Timezone, toneDim}),
		fact("made", cell{moment(v.CreatedAt, zone), toneDim}),
		fact("last active", cell{moment(v.LastActiveAt, zone), toneDim}),
		fact("id", cell{v.ID, toneDim}),
	}
	all = append(all, under("Connections", "none on this node", connectionColumns(), v.Connections, connectionDetail)...)
	all = append(all, under("Limits", "not limited", limitColumns(c), v.Limits, nil)...)
	return append(all, under("Sessions", "not signed in", sessionColumns(c), v.Sessions, nil)...)
}

func named(displayName string) string {
	if displayName == "" {
		return ""
	}
	return " (" + displayName + ")"
}

func sessionColumns(c canvas) []column[api.AccountSession] {
	type row = api.AccountSession
	return []column[row]{
		{heading{head: "LAST USED", width: 19}, func(r row) cell { return cell{moment(r.LastUsedAt, c.now.Location()), toneText} }},
		{heading{head: "FROM", width: 15}, func(r row) cell { return cell{r.Address, toneText} }},
		{heading{head: "ENDS", width: 19, rank: 1}, func(r row) cell { return cell{moment(r.ExpiresAt, c.now.Location()), toneDim} }},
		{heading{head: "CLIENT", width: 16, flex: 1}, func(r row) cell { return cell{r.UserAgent, toneDim} }},
	}
}

// still is a detail of what is known already.
func still[T any](name string, value T, lay func(c canvas, value T) []entry, verbs ...verb[T]) screen {
	return &detail[T]{
		name: name, puller: puller{every: 3600}, verbs: verbs, lay: lay,
		load: func(context.Context, Source) (T, error) { return value, nil },
	}
}

func limitHitDetail(h api.LimitHit) screen {
	if h.UserID != "" {
		return accountDetail(h.UserID, h.Username)
	}
	return still("refusals of "+h.Address, h, func(c canvas, h api.LimitHit) []entry {
		zone := c.now.Location()
		return []entry{
			fact("who", stranger(h)),
			fact("address", cell{h.Address, toneStrong}),
			fact("key", cell{h.Key, toneDim}),
			fact("limit", cell{h.Limit + ", " + count(h.Allowed) + " allowed", toneAccent}),
			fact("refused", cell{count(h.Count), toneWarn}),
			fact("first", cell{moment(h.FirstAt, zone), toneText}),
			fact("last", cell{moment(h.LastAt, zone), toneText}),
		}
	}, verb[api.LimitHit]{"l", "lift", askLiftHit})
}

func auditDetail(e api.AuditEntry) screen {
	return still("entry "+shortID(e.ID), e, func(c canvas, e api.AuditEntry) []entry {
		all := []entry{
			fact("when", cell{moment(e.At, c.now.Location()), toneText}),
			fact("who", cell{e.Actor, toneStrong}),
			fact("from", cell{e.Address, toneText}),
			fact("did", cell{e.Action, toneAccent}),
			fact("to", cell{e.Target, toneText}),
		}
		return append(all, sentences(c, "detail", e.Detail)...)
	})
}

func logDetail(l api.LogLine) screen {
	return still("line of "+l.At.String(), l, func(c canvas, l api.LogLine) []entry {
		all := []entry{
			fact("when", cell{moment(l.At, c.now.Location()), toneText}),
			fact("level", levelCell(l.Level)),
		}
		all = append(all, sentences(c, "message", l.Message)...)
		return append(all, sentences(c, "fields", l.Fields)...)
	})
}
