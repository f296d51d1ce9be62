package api

// What operators may do: the bodies of the verbs below /api/admin and what
// they answer. Each is refused to a read-only operator with FORBIDDEN, and
// written to the audit log.

// NewAccount is an account to be made. "" password: nobody can sign in with
// one; "" role: user; "" tier: free.
type NewAccount struct {
	Email    string `json:"email"`
	Username string `json:"username"`
	Password string `json:"password,omitempty"`
	Role     string `json:"role,omitempty"`
	Tier     string `json:"tier,omitempty"`
}

// AccountChange is what may be changed about an account; nil = as it was. A
// new password ends all its sessions.
type AccountChange struct {
	Role     *string `json:"role,omitempty"`
	Tier     *string `json:"tier,omitempty"`
	Password *string `json:"password,omitempty"`
}

// LimitsChange is what may be changed about a tier; nil = as it was. It takes
// effect within a second, also on open sockets.
type LimitsChange struct {
	Requests15m       *int   `json:"requests15m,omitempty"`
	BurstPerSecond    *int   `json:"burstPerSecond,omitempty"`
	MessagesPerMinute *int   `json:"messagesPerMinute,omitempty"`
	AnswersPerDay     *int   `json:"answersPerDay,omitempty"`
	BudgetMonthMicros *int64 `json:"budgetMonthMicros,omitempty"` // USD, millionths
	Uploads15m        *int   `json:"uploads15m,omitempty"`
	Sockets           *int   `json:"sockets,omitempty"`
	Members           *int   `json:"members,omitempty"`
}

// Lift gives limits back to whom they were used up for: Key is a [LimitHit]'s,
// or "user:" and an id; Limit is one limit's name, "" all of them.
type Lift struct {
	Key   string `json:"key"`
	Limit string `json:"limit,omitempty"`
}

// Notice is a sentence for everybody who is connected, 1 to 500 characters.
type Notice struct {
	Message string `json:"message"`
	Level   string `json:"level,omitempty"` // info (""), warning
}

// Told says how many sockets of the answering node were told; other nodes tell
// theirs.
type Told struct {
	Sockets int `json:"sockets"`
}

// Ended says how many of something ended: sockets, sessions, accounts.
type Ended struct {
	Count int `json:"count"`
}

// NewToken is an operator token to be made.
type NewToken struct {
	Name  string `json:"name"`  // 1 to 50 characters, told in the audit log
	Scope string `json:"scope"` // admin, read-only
	// ExpiresInSeconds is when it stops to work; 0: when it is revoked.
	ExpiresInSeconds int64 `json:"expiresInSeconds,omitempty"`
}

// Token is an operator token, without its secret.
type Token struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Scope      string `json:"scope"`
	Prefix     string `json:"prefix"` // how its secret begins
	CreatedAt  Time   `json:"createdAt"`
	CreatedBy  string `json:"createdBy"`
	LastUsedAt *Time  `json:"lastUsedAt"` // to a minute or so; null: never
	ExpiresAt  *Time  `json:"expiresAt"`  // null: never
	RevokedAt  *Time  `json:"revokedAt"`  // null: works
}

// MadeToken is a token right after it was made: Secret is told this once.
type MadeToken struct {
	Token
	Secret string `json:"secret"`
}

// NewTestUsers asks for throw-away accounts, signed in already, so that a load
// test need not go through the limits of sign-in.
type NewTestUsers struct {
	Count int    `json:"count"`          // 1 to 1000
	Tier  string `json:"tier,omitempty"` // "" = enterprise
}

// TestUsers are throw-away accounts. They have no password, and their names
// begin with "loadtest_" and the batch; Batch takes them all away again.
type TestUsers struct {
	Batch string     `json:"batch"`
	Users []TestUser `json:"users"`
}

// TestUser is one of them, and a token as sign-in gives it.
type TestUser struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Token     string `json:"token"`
	ExpiresAt Time   `json:"expiresAt"`
}
