package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Records is what operators see and do about the database alone, whether a
// server runs on it or not. Its methods are safe for concurrent use and answer
// with fault codes.
type Records struct {
	store     *storage.Store
	auth      *auth.Service
	log       *slog.Logger
	checkTier func(l api.Limits) error
}

// NewRecords makes them. checkTier refuses limits that cannot be kept.
func NewRecords(store *storage.Store, a *auth.Service, checkTier func(l api.Limits) error, log *slog.Logger) *Records {
	return &Records{store: store, auth: a, log: log, checkTier: checkTier}
}

// CreateAccount makes an account.
func (r *Records) CreateAccount(ctx context.Context, who Operator, n api.NewAccount) (api.User, error) {
	if err := who.may(); err != nil {
		return api.User{}, err
	}
	u, err := r.auth.CreateUser(ctx, who.by(), auth.NewUser(n))
	return UserView(u), err
}

// ChangeAccount changes what is given of an account.
func (r *Records) ChangeAccount(ctx context.Context, who Operator, whom string, c api.AccountChange) (api.User, error) {
	if err := who.may(); err != nil {
		return api.User{}, err
	}
	u, err := r.auth.ChangeUser(ctx, who.by(), whom, auth.NewAccess(c))
	return UserView(u), err
}

// DeleteAccount deletes an account and all its data.
func (r *Records) DeleteAccount(ctx context.Context, who Operator, whom string) error {
	if err := who.may(); err != nil {
		return err
	}
	return r.auth.DeleteUser(ctx, who.by(), whom)
}

// SignOut ends all of an account's sessions.
func (r *Records) SignOut(ctx context.Context, who Operator, whom string) (api.Ended, error) {
	if err := who.may(); err != nil {
		return api.Ended{}, err
	}
	n, err := r.auth.SignOut(ctx, who.by(), whom)
	return api.Ended{Count: int(n)}, err
}

// Disable shuts an account out.
func (r *Records) Disable(ctx context.Context, who Operator, whom string) (api.User, error) {
	if err := who.may(); err != nil {
		return api.User{}, err
	}
	u, err := r.auth.Disable(ctx, who.by(), whom)
	return UserView(u), err
}

// Enable lets it in again.
func (r *Records) Enable(ctx context.Context, who Operator, whom string) (api.User, error) {
	if err := who.may(); err != nil {
		return api.User{}, err
	}
	u, err := r.auth.Enable(ctx, who.by(), whom)
	return UserView(u), err
}

// CreateTestUsers makes throw-away accounts, signed in already.
func (r *Records) CreateTestUsers(ctx context.Context, who Operator, n api.NewTestUsers) (api.TestUsers, error) {
	if err := who.may(); err != nil {
		return api.TestUsers{}, err
	}
	if n.Tier == "" {
		n.Tier = auth.TierEnterprise
	}
	batch, grants, err := r.auth.CreateThrowaway(ctx, who.by(), n.Count, n.Tier)
	made := api.TestUsers{Batch: batch, Users: make([]api.TestUser, len(grants))}
	for i, g := range grants {
		made.Users[i] = api.TestUser{ID: g.User.ID, Username: g.User.Username, Token: g.Token, ExpiresAt: api.Time(g.ExpiresAt)}
	}
	return made, err
}

// RemoveTestUsers deletes a batch of them, or all.
func (r *Records) RemoveTestUsers(ctx context.Context, who Operator, batch string) (api.Ended, error) {
	if err := who.may(); err != nil {
		return api.Ended{}, err
	}
	n, err := r.auth.DeleteThrowaway(ctx, who.by(), batch)
	return api.Ended{Count: n}, err
}

// UserView is an account as operators see it.
func UserView(u storage.User) api.User {
	return api.User{
		ID: u.ID, Email: u.Email, Username: u.Username, DisplayName: u.DisplayName, Timezone: u.Timezone, Role: u.Role, Tier: u.Tier,
		CreatedAt: api.Time(u.CreatedAt), LastActiveAt: api.Time(u.LastActiveAt), Disabled: !u.DisabledAt.IsZero(),
	}
}

// Tiers lists the stored tiers by name, without their use.
func (r *Records) Tiers(ctx context.Context) ([]api.Tier, error) {
	rows, err := r.store.Tiers(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := r.store.CountUsersByTier(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]api.Tier, len(rows))
	for i, row := range rows {
		all[i] = api.Tier{Name: row.Name, Accounts: accounts[row.Name], Refused: map[string]int64{}}
		if err := json.Unmarshal(row.Limits, &all[i].Limits); err != nil {
			return nil, fmt.Errorf("read tier %s: %w", row.Name, err)
		}
	}
	return all, nil
}

// EditTier changes what is given of a tier's limits; running nodes take it up
// within a second.
func (r *Records) EditTier(ctx context.Context, who Operator, name string, c api.LimitsChange) (api.Tier, error) {
	if err := who.may(); err != nil {
		return api.Tier{}, err
	}
	if c == (api.LimitsChange{}) {
		return api.Tier{}, fault.Invalid("requests15m", "Say which limits to change.")
	}
	if err := refuseForStrangers(name, c); err != nil {
		return api.Tier{}, err
	}
	tier := api.Tier{Name: name, Refused: map[string]int64{}}
	err := r.store.Tx(ctx, func(tx *storage.Tx) error {
		var err error
		if tier.Limits, err = storedLimits(ctx, tx, name); err != nil {
			return err
		}
		detail := apply(&tier.Limits, c)
		if err := r.checkTier(tier.Limits); err != nil {
			return fault.Wrap(fault.Validation, "A limit must be 0 or more, and small enough to be kept.", err)
		}
		b, err := json.Marshal(tier.Limits)
		if err != nil {
			return fmt.Errorf("encode tier %s: %w", name, err)
		}
		if err := tx.PutTier(ctx, storage.Tier{Name: name, Limits: b, UpdatedAt: storage.Now()}); err != nil {
			return err
		}
		return r.audit(ctx, tx, who, "tier.edit", name, detail)
	})
	return tier, err
}

// anonymous is the tier of who is not signed in.
const anonymous = "anonymous"

// refuseForStrangers refuses limits that bind nobody in the tier of who is not
// signed in, for no more than asking is open to strangers.
func refuseForStrangers(tier string, c api.LimitsChange) error {
	if tier != anonymous {
		return nil
	}
	if c.Requests15m != nil {
		return fault.Invalid("requests15m", "What strangers may ask is set by RATE_LIMIT_MAX_REQUESTS and RATE_LIMIT_WINDOW_MS.")
	}
	for _, l := range []struct {
		field string
		given bool
	}{
		{"messagesPerMinute", c.MessagesPerMinute != nil},
		{"answersPerDay", c.AnswersPerDay != nil},
		{"budgetMonthMicros", c.BudgetMonthMicros != nil},
		{"uploads15m", c.Uploads15m != nil},
		{"sockets", c.Sockets != nil},
		{"members", c.Members != nil},
	} {
		if l.given {
			return fault.Invalid(l.field, "Strangers only ask: of their tier, what they may ask in one second can be changed.")
		}
	}
	return nil
}

func storedLimits(ctx context.Context, tx *storage.Tx, name string) (l api.Limits, err error) {
	rows, err := tx.Tiers(ctx)
	if err != nil {
		return l, err
	}
	for _, row := range rows {
		if row.Name == name {
			return l, json.Unmarshal(row.Limits, &l)
		}
	}
	return l, fault.New(fault.NotFound, "There is no such tier; `coach tier list` shows them.")
}

// apply changes limits and tells what was changed, for the audit log.
func apply(l *api.Limits, c api.LimitsChange) string {
	detail := ""
	set := func(name string, field *int, to *int) {
		if to != nil {
			detail += fmt.Sprintf(" %s=%d→%d", name, *field, *to)
			*field = *to
		}
	}
	set("requests15m", &l.Requests15m, c.Requests15m)
	set("burstPerSecond", &l.BurstPerSecond, c.BurstPerSecond)
	set("messagesPerMinute", &l.MessagesPerMinute, c.MessagesPerMinute)
	set("answersPerDay", &l.AnswersPerDay, c.AnswersPerDay)
	set("uploads15m", &l.Uploads15m, c.Uploads15m)
	set("sockets", &l.Sockets, c.Sockets)
	set("members", &l.Members, c.Members)
	if c.BudgetMonthMicros != nil {
		detail += fmt.Sprintf(" budgetMonthMicros=%d→%d", l.BudgetMonthMicros, *c.BudgetMonthMicros)
		l.BudgetMonthMicros = *c.BudgetMonthMicros
	}
	return detail[1:]
}

// audit writes an entry in the transaction of what it tells about.
func (r *Records) audit(ctx context.Context, tx *storage.Tx, who Operator, action, target, detail string) error {
	return tx.InsertAudit(ctx, storage.AuditEntry{
		ID: storage.NewID(), At: storage.Now(), Actor: who.Name, Action: action, Target: target, Detail: detail, Address: who.Address,
	})
}

// note writes an entry before a deed that is none of the database's.
func (r *Records) note(ctx context.Context, who Operator, action, target, detail string) error {
	return r.store.Tx(ctx, func(tx *storage.Tx) error { return r.audit(ctx, tx, who, action, target, detail) })
}

// seconds is how long ago something was.
func seconds(since, now time.Time) float64 { return max(0, now.Sub(since).Seconds()) }
