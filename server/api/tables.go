package api

// The lists below /api/admin: what their filters may name, and by what they
// may be sorted.

// Connections is GET /api/admin/connections.
func Connections() Table[Connection] {
	type row = Connection
	return Table[row]{Name: "connections", Sort: "-age", ID: func(r row) string { return r.ID }, Columns: []Column[row]{
		{Name: "user", Kind: KindText, Cell: func(r row) Value { return text(r.Username) }},
		{Name: "tier", Kind: KindText, Cell: func(r row) Value { return text(r.Tier) }},
		{Name: "role", Kind: KindText, Cell: func(r row) Value { return text(r.Role) }},
		{Name: "address", Kind: KindText, Cell: func(r row) Value { return text(r.Address) }},
		{Name: "transport", Kind: KindText, Cell: func(r row) Value { return text(r.Transport) }},
		{Name: "rooms", Kind: KindCount, Cell: func(r row) Value { return number(r.Rooms) }},
		{Name: "in", Kind: KindCount, Cell: func(r row) Value { return number(r.PacketsIn) }},
		{Name: "out", Kind: KindCount, Cell: func(r row) Value { return number(r.PacketsOut) }},
		{Name: "bytesin", Kind: KindBytes, Cell: func(r row) Value { return number(r.BytesIn) }},
		{Name: "bytesout", Kind: KindBytes, Cell: func(r row) Value { return number(r.BytesOut) }},
		{Name: "queue", Kind: KindBytes, Cell: func(r row) Value { return number(r.QueueBytes) }},
		{Name: "lagging", Kind: KindCount, Cell: func(r row) Value { return number(r.Lagging) }},
		{Name: "rtt", Kind: KindSpan, Cell: func(r row) Value { return number(r.RoundTripMs / 1000) }},
		{Name: "age", Kind: KindSpan, Cell: func(r row) Value { return number(r.AgeSeconds) }, Since: func(r row) Time { return r.ConnectedAt }},
		{Name: "idle", Kind: KindSpan, Cell: func(r row) Value { return number(r.IdleSeconds) }, Since: func(r row) Time { return r.LastEventAt }},
		{Name: "recovered", Kind: KindFlag, Cell: func(r row) Value { return flag(r.Recovered) }},
		{Name: "agent", Kind: KindText, Cell: func(r row) Value { return text(r.UserAgent) }},
		{Name: "userid", Kind: KindText, Cell: func(r row) Value { return text(r.UserID) }},
		{Name: "id", Kind: KindText, Cell: func(r row) Value { return text(r.ID) }},
	}}
}

// Rooms is GET /api/admin/rooms.
func Rooms() Table[Room] {
	type row = Room
	return Table[row]{Name: "rooms", Sort: "-sockets", ID: func(r row) string { return r.ID }, Columns: []Column[row]{
		{Name: "sockets", Kind: KindCount, Cell: func(r row) Value { return number(r.Sockets) }},
		{Name: "users", Kind: KindCount, Cell: func(r row) Value { return number(r.Users) }},
		{Name: "rev", Kind: KindCount, Cell: func(r row) Value { return number(r.Rev) }},
		{Name: "queue", Kind: KindCount, Cell: func(r row) Value { return number(r.Queue) }},
		{Name: "idle", Kind: KindSpan, Cell: func(r row) Value { return number(r.IdleSeconds) }},
		{Name: "id", Kind: KindText, Cell: func(r row) Value { return text(r.ID) }},
	}}
}

// Users is GET /api/admin/users.
func Users() Table[Account] {
	type row = Account
	return Table[row]{Name: "users", Sort: "id", ID: func(r row) string { return r.ID }, Columns: []Column[row]{
		{Name: "user", Kind: KindText, Cell: func(r row) Value { return text(r.Username) }},
		{Name: "email", Kind: KindText, Cell: func(r row) Value { return text(r.Email) }},
		{Name: "role", Kind: KindText, Cell: func(r row) Value { return text(r.Role) }},
		{Name: "tier", Kind: KindText, Cell: func(r row) Value { return text(r.Tier) }},
		{Name: "disabled", Kind: KindFlag, Cell: func(r row) Value { return flag(r.Disabled) }},
		{Name: "sockets", Kind: KindCount, Cell: func(r row) Value { return number(r.Sockets) }},
		{Name: "age", Kind: KindSpan, Cell: func(r row) Value { return number(r.AgeSeconds) }, Since: func(r row) Time { return r.CreatedAt }},
		{Name: "idle", Kind: KindSpan, Cell: func(r row) Value { return number(r.IdleSeconds) }, Since: func(r row) Time { return r.LastActiveAt }},
		{Name: "id", Kind: KindText, Cell: func(r row) Value { return text(r.ID) }},
	}}
}

// Answers is GET /api/admin/answers.
func Answers() Table[Answer] {
	type row = Answer
	return Table[row]{Name: "answers", Sort: "-age", ID: func(r row) string { return r.ID }, Columns: []Column[row]{
		{Name: "user", Kind: KindText, Cell: func(r row) Value { return text(r.Username) }},
		{Name: "tier", Kind: KindText, Cell: func(r row) Value { return text(r.Tier) }},
		{Name: "status", Kind: KindText, Cell: func(r row) Value { return text(r.Status) }},
		{Name: "model", Kind: KindText, Cell: func(r row) Value { return text(r.Model) }},
		{Name: "attempt", Kind: KindCount, Cell: func(r row) Value { return number(r.Attempt) }},
		{Name: "stopping", Kind: KindFlag, Cell: func(r row) Value { return flag(r.Stopping) }},
		{Name: "age", Kind: KindSpan, Cell: func(r row) Value { return number(r.AgeSeconds) }, Since: func(r row) Time { return r.CreatedAt }},
		{Name: "conversation", Kind: KindText, Cell: func(r row) Value { return text(r.ConversationID) }},
		{Name: "userid", Kind: KindText, Cell: func(r row) Value { return text(r.UserID) }},
		{Name: "id", Kind: KindText, Cell: func(r row) Value { return text(r.ID) }},
	}}
}

// LimitHits is GET /api/admin/limits.
func LimitHits() Table[LimitHit] {
	type row = LimitHit
	return Table[row]{Name: "limits", Sort: "ago", ID: func(r row) string { return r.Key + " " + r.Limit }, Columns: []Column[row]{
		{Name: "user", Kind: KindText, Cell: func(r row) Value { return text(r.Username) }},
		{Name: "address", Kind: KindText, Cell: func(r row) Value { return text(r.Address) }},
		{Name: "tier", Kind: KindText, Cell: func(r row) Value { return text(r.Tier) }},
		{Name: "limit", Kind: KindText, Cell: func(r row) Value { return text(r.Limit) }},
		{Name: "allowed", Kind: KindCount, Cell: func(r row) Value { return number(r.Allowed) }},
		{Name: "count", Kind: KindCount, Cell: func(r row) Value { return number(r.Count) }},
		{Name: "ago", Kind: KindSpan, Cell: func(r row) Value { return number(r.AgoSeconds) }, Since: func(r row) Time { return r.LastAt }},
		{Name: "key", Kind: KindText, Cell: func(r row) Value { return text(r.Key) }},
		{Name: "userid", Kind: KindText, Cell: func(r row) Value { return text(r.UserID) }},
	}}
}

// Audit is GET /api/admin/audit.
func Audit() Table[AuditEntry] {
	type row = AuditEntry
	return Table[row]{Name: "audit", Sort: "ago", ID: func(r row) string { return r.ID }, Columns: []Column[row]{
		{Name: "actor", Kind: KindText, Cell: func(r row) Value { return text(r.Actor) }},
		{Name: "action", Kind: KindText, Cell: func(r row) Value { return text(r.Action) }},
		{Name: "target", Kind: KindText, Cell: func(r row) Value { return text(r.Target) }},
		{Name: "detail", Kind: KindText, Cell: func(r row) Value { return text(r.Detail) }},
		{Name: "address", Kind: KindText, Cell: func(r row) Value { return text(r.Address) }},
		{Name: "ago", Kind: KindSpan, Cell: func(r row) Value { return number(r.AgoSeconds) }, Since: func(r row) Time { return r.At }},
		{Name: "id", Kind: KindText, Cell: func(r row) Value { return text(r.ID) }},
	}}
}
