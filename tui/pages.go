package tui

import (
	"context"

	"github.com/elite-trading-coach/coach/server/api"
)

// page is a place that the command bar and the number keys go to.
type page struct {
	name    string // as it is typed
	title   string
	aliases []string
	make    func() root
}

// pages are all of them, in the order of their numbers.
func pages() []page {
	return []page{
		{"overview", "Overview", []string{"home"}, func() root { return &overview{} }},
		{"connections", "Connections", []string{"conns", "sockets"}, func() root { return connections() }},
		{"rooms", "Rooms", []string{"conversations"}, func() root { return rooms() }},
		{"users", "Users", []string{"accounts"}, func() root { return users() }},
		{"tiers", "Tiers", nil, func() root { return &tiers{} }},
		{"answers", "Answers", []string{"coach"}, func() root { return answers() }},
		{"limits", "Limits hit", []string{"refusals"}, func() root { return limitHits() }},
		{"log", "Log", []string{"logs"}, func() root { return newLogbook() }},
		{"audit", "Audit", nil, func() root { return audit() }},
	}
}

func connections() *list[api.Connection] {
	type row = api.Connection
	return &list[row]{
		name: "Connections", table: api.Connections(), puller: puller{every: 1},
		pullOne: func(ctx context.Context, s Source, l api.List) (api.Page[row], error) { return s.Connections(ctx, l) },
		open:    func(r row) screen { return connectionDetail(r) },
		verbs: []verb[row]{
			{"x", "disconnect", askDisconnect},
			{"o", "sign out", func(r row) *dialog { return askSignOut(owner(r)) }},
			{"d", "disable", func(r row) *dialog { return askDisable(owner(r)) }},
			{"t", "tier", func(r row) *dialog { return askTier(owner(r)) }},
			{"l", "lift limits", func(r row) *dialog { return askLift(owner(r)) }},
		},
		columns: connectionColumns(),
	}
}

func connectionColumns() []column[api.Connection] {
	type row = api.Connection
	return []column[row]{
		{heading{head: "USER", sort: "user", key: "U", width: 10, flex: 3}, func(r row) cell { return cell{r.Username, toneStrong} }},
		{heading{head: "TIER", sort: "tier", key: "T", width: 10}, func(r row) cell { return tierCell(r.Tier) }},
		{heading{head: "ADDRESS", sort: "address", key: "D", width: 15, flex: 2}, func(r row) cell { return cell{r.Address, toneText} }},
		{heading{head: "VIA", sort: "transport", key: "V", width: 4, rank: 2}, func(r row) cell { return cell{via(r.Transport), toneDim} }},
		{heading{head: "ROOMS", sort: "rooms", key: "M", width: 5, right: true, rank: 3}, func(r row) cell { return quietZero(count(r.Rooms), float64(r.Rooms)) }},
		{heading{head: "IN", sort: "in", key: "I", width: 5, right: true}, func(r row) cell { return cell{short(float64(r.PacketsIn)), toneText} }},
		{heading{head: "OUT", sort: "out", key: "O", width: 5, right: true}, func(r row) cell { return cell{short(float64(r.PacketsOut)), toneText} }},
		{heading{head: "QUEUE", sort: "queue", key: "Q", width: 6, right: true}, func(r row) cell { return queueCell(r) }},
		{heading{head: "RTT", sort: "rtt", key: "R", width: 6, right: true}, func(r row) cell { return roundTripCell(r.RoundTripMs) }},
		{heading{head: "IDLE", sort: "idle", key: "L", width: 4, right: true, rank: 4}, func(r row) cell { return cell{span(r.IdleSeconds), toneDim} }},
		{heading{head: "AGE", sort: "age", key: "A", width: 4, right: true}, func(r row) cell { return cell{span(r.AgeSeconds), toneDim} }},
		{heading{head: "CLIENT", sort: "agent", key: "C", width: 24, flex: 2, rank: 5}, func(r row) cell { return cell{r.UserAgent, toneDim} }},
	}
}

func rooms() *list[api.Room] {
	type row = api.Room
	return &list[row]{
		name: "Rooms", table: api.Rooms(), puller: puller{every: 1},
		pullOne: func(ctx context.Context, s Source, l api.List) (api.Page[row], error) { return s.Rooms(ctx, l) },
		open:    func(r row) screen { return roomDetail(r.ID) },
		columns: []column[row]{
			{heading{head: "CONVERSATION", width: 36, flex: 1}, func(r row) cell { return cell{r.ID, toneStrong} }},
			{heading{head: "SOCKETS", sort: "sockets", key: "S", width: 8, right: true}, func(r row) cell { return cell{count(r.Sockets), toneText} }},
			{heading{head: "USERS", sort: "users", key: "U", width: 7, right: true}, func(r row) cell { return cell{count(r.Users), toneText} }},
			{heading{head: "REV", sort: "rev", key: "R", width: 8, right: true}, func(r row) cell { return cell{count(r.Rev), toneDim} }},
			{heading{head: "QUEUE", sort: "queue", key: "Q", width: 6, right: true}, func(r row) cell { return waitingCell(r.Queue) }},
			{heading{head: "EMPTY", sort: "idle", key: "E", width: 6, right: true, rank: 1}, func(r row) cell { return emptySince(r.IdleSeconds) }},
		},
	}
}

func users() *list[api.Account] {
	type row = api.Account
	return &list[row]{
		name: "Users", table: api.Users(), puller: puller{every: 5},
		pullOne: func(ctx context.Context, s Source, l api.List) (api.Page[row], error) { return s.Accounts(ctx, l) },
		open:    func(r row) screen { return accountDetail(r.ID, r.Username) },
		verbs: []verb[row]{
			{"o", "sign out", func(r row) *dialog { return askSignOut(account(r)) }},
			{"d", "disable/enable", func(r row) *dialog { return askDisable(account(r)) }},
			{"t", "tier", func(r row) *dialog { return askTier(account(r)) }},
			{"l", "lift limits", func(r row) *dialog { return askLift(account(r)) }},
		},
		columns: []column[row]{
			{heading{head: "USER", sort: "user", key: "U", width: 14, flex: 1}, func(r row) cell { return cell{r.Username, toneStrong} }},
			{heading{head: "E-MAIL", sort: "email", key: "M", width: 22, flex: 2}, func(r row) cell { return cell{r.Email, toneText} }},
			{heading{head: "TIER", sort: "tier", key: "T", width: 10}, func(r row) cell { return tierCell(r.Tier) }},
			{heading{head: "ROLE", sort: "role", key: "R", width: 5, rank: 1}, func(r row) cell { return roleCell(r.Role) }},
			{heading{head: "STATE", sort: "disabled", key: "D", width: 8}, func(r row) cell { return stateCell(r) }},
			{heading{head: "SOCKETS", sort: "sockets", key: "S", width: 7, right: true}, func(r row) cell { return quietZero(count(r.Sockets), float64(r.Sockets)) }},
			{heading{head: "ACTIVE", sort: "idle", key: "L", width: 7, right: true, rank: 2}, func(r row) cell { return cell{ago(r.IdleSeconds), toneDim} }},
			{heading{head: "AGE", sort: "age", key: "A", width: 5, right: true, rank: 3}, func(r row) cell { return cell{span(r.AgeSeconds), toneDim} }},
		},
	}
}

func answers() *list[api.Answer] {
	type row = api.Answer
	return &list[row]{
		name: "Answers", table: api.Answers(), puller: puller{every: 1},
		pullOne: func(ctx context.Context, s Source, l api.List) (api.Page[row], error) { return s.Answers(ctx, l) },
		open:    func(r row) screen { return accountDetail(r.UserID, r.Username) },
		verbs:   []verb[row]{{"s", "stop", askStop}},
		columns: []column[row]{
			{heading{head: "USER", sort: "user", key: "U", width: 14, flex: 1}, func(r row) cell { return cell{r.Username, toneStrong} }},
			{heading{head: "TIER", sort: "tier", key: "T", width: 10}, func(r row) cell { return tierCell(r.Tier) }},
			{heading{head: "STATUS", sort: "status", key: "S", width: 9}, func(r row) cell { return answerCell(r) }},
			{heading{head: "MODEL", sort: "model", key: "M", width: 14, flex: 1}, func(r row) cell { return cell{r.Model, toneText} }},
			{heading{head: "TRY", sort: "attempt", key: "R", width: 4, right: true}, func(r row) cell { return cell{count(r.Attempt), toneDim} }},
			{heading{head: "AGE", sort: "age", key: "A", width: 5, right: true}, func(r row) cell { return answerAge(r) }},
			{heading{head: "CONVERSATION", width: 36, rank: 1}, func(r row) cell { return cell{r.ConversationID, toneDim} }},
		},
	}
}

func limitHits() *list[api.LimitHit] {
	type row = api.LimitHit
	return &list[row]{
		name: "Limits hit", table: api.LimitHits(), puller: puller{every: 1},
		pullOne: func(ctx context.Context, s Source, l api.List) (api.Page[row], error) { return s.LimitHits(ctx, l) },
		open:    func(r row) screen { return limitHitDetail(r) },
		verbs:   []verb[row]{{"l", "lift", askLiftHit}},
		columns: []column[row]{
			{heading{head: "LAST", sort: "ago", key: "A", width: 6, right: true}, func(r row) cell { return cell{ago(r.AgoSeconds), toneDim} }},
			{heading{head: "USER", sort: "user", key: "U", width: 14, flex: 1}, func(r row) cell { return stranger(r) }},
			{heading{head: "ADDRESS", sort: "address", key: "D", width: 15, flex: 1}, func(r row) cell { return cell{r.Address, toneText} }},
			{heading{head: "TIER", sort: "tier", key: "T", width: 10}, func(r row) cell { return tierCell(r.Tier) }},
			{heading{head: "LIMIT", sort: "limit", key: "L", width: 10}, func(r row) cell { return cell{r.Limit, toneAccent} }},
			{heading{head: "ALLOWED", sort: "allowed", key: "W", width: 8, right: true, rank: 1}, func(r row) cell { return cell{count(r.Allowed), toneDim} }},
			{heading{head: "REFUSED", sort: "count", key: "C", width: 8, right: true}, func(r row) cell { return cell{count(r.Count), toneWarn} }},
		},
	}
}

func audit() *list[api.AuditEntry] {
	type row = api.AuditEntry
	return &list[row]{
		name: "Audit", table: api.Audit(), puller: puller{every: 5},
		pullOne: func(ctx context.Context, s Source, l api.List) (api.Page[row], error) { return s.Audit(ctx, l) },
		open:    func(r row) screen { return auditDetail(r) },
		columns: []column[row]{
			{heading{head: "WHEN", sort: "ago", key: "A", width: 6, right: true}, func(r row) cell { return cell{ago(r.AgoSeconds), toneDim} }},
			{heading{head: "WHO", sort: "actor", key: "W", width: 14, flex: 1}, func(r row) cell { return cell{r.Actor, toneStrong} }},
			{heading{head: "DID", sort: "action", key: "D", width: 16}, func(r row) cell { return cell{r.Action, toneAccent} }},
			{heading{head: "TO", sort: "target", key: "T", width: 16, flex: 1}, func(r row) cell { return cell{r.Target, toneText} }},
			{heading{head: "DETAIL", width: 16, flex: 2}, func(r row) cell { return cell{r.Detail, toneDim} }},
			{heading{head: "FROM", sort: "address", key: "F", width: 15, rank: 1}, func(r row) cell { return cell{r.Address, toneDim} }},
		},
	}
}
