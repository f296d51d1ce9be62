package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// maxVersionsADay bounds what reading the plan in force has to read.
	maxVersionsADay = 100
	// recall is how far back versions and trades can matter to a session: the
	// longest trading day has 25 hours, and a change of the day's end another.
	recall = 72 * time.Hour
)

// Plan is a trader's plan as a client sees it.
type Plan struct {
	Version   int64        `json:"version"` // 0: the default plan
	UpdatedAt *Time        `json:"updatedAt"`
	Plan      trading.Plan `json:"plan"` // as it was written
	// InForce is what ideas are held to now: Plan, but for rules that were
	// loosened today.
	InForce trading.Plan `json:"inForce"`
	// HeldBack names the rules that InForce still holds tighter, until
	// HeldUntil.
	HeldBack  []string `json:"heldBack"`
	HeldUntil *Time    `json:"heldUntil"`
}

// BadPlan is what is wrong with a plan, each finding with its line.
type BadPlan struct {
	Findings []trading.Finding
	fault    *fault.Error
}

func (b *BadPlan) Error() string { return b.fault.Error() }

// Unwrap gives the refusal.
func (b *BadPlan) Unwrap() error { return b.fault }

func badPlan(findings []trading.Finding) error {
	f := &fault.Error{Code: fault.Validation, Message: "The plan has " + count(len(findings), "finding") + "; the first is: " + findings[0].Error() + "."}
	for _, one := range findings {
		why := one.Why
		if one.Line > 0 {
			why = fmt.Sprintf("line %d: %s", one.Line, why)
		}
		f.Details = append(f.Details, fault.Detail{Field: one.Rule, Message: why})
	}
	return &BadPlan{Findings: findings, fault: f}
}

// LintPlan reads a plan from YAML or JSON and tells what is wrong with it.
func LintPlan(text []byte) []trading.Finding {
	_, findings := trading.ReadPlan(text)
	return findings
}

// Plan is the trader's plan now.
func (s *Service) Plan(ctx context.Context, a auth.Actor) (Plan, error) {
	now := s.now()
	versions, err := readVersions(ctx, s.store.Reader, a.UserID, now)
	if err != nil {
		return Plan{}, err
	}
	return planView(versions, now), nil
}

// InForce is the plan that an idea of the trader is held to now, and the
// version it comes from (0: the default plan).
func (s *Service) InForce(ctx context.Context, userID string, now time.Time) (trading.Plan, int64, error) {
	versions, err := readVersions(ctx, s.store.Reader, userID, now)
	if err != nil {
		return trading.Plan{}, 0, err
	}
	plan, _ := inForce(versions, now)
	return plan, latest(versions).number, nil
}

// PutPlan stores the next version of the plan from YAML or JSON. was is the
// version that the writer has seen, nil when they did not say: another one
// meanwhile is a CONFLICT. The same plan again is no new version.
func (s *Service) PutPlan(ctx context.Context, a auth.Actor, text []byte, was *int64) (Plan, error) {
	if json.Valid(text) {
		text = bytes.ReplaceAll(text, []byte{'\t'}, []byte{' '}) // JSON may be indented with tabs, YAML not
	}
	plan, findings := trading.ReadPlan(text)
	if len(findings) > 0 {
		return Plan{}, badPlan(findings)
	}
	body, err := json.Marshal(plan)
	if err != nil {
		return Plan{}, fmt.Errorf("encode plan: %w", err)
	}
	now := s.now()
	var versions []version
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		var err error
		if versions, err = readVersions(ctx, tx.Reader, a.UserID, now); err != nil {
			return err
		}
		last := latest(versions)
		switch {
		case was != nil && *was != last.number:
			return fault.Newf(fault.Conflict, "The plan is at version %d now; read it again before you change it.", last.number)
		case last.number > 0 && bytes.Equal(last.body, body):
			return nil
		case changesSince(versions, now.Add(-24*time.Hour)) >= maxVersionsADay:
			return fault.New(fault.Conflict, "The plan was changed 100 times in a day; change it tomorrow.")
		}
		next := version{number: last.number + 1, plan: plan, body: body, at: now}
		versions = append(slices.DeleteFunc(versions, func(v version) bool { return v.number == 0 }), next)
		return tx.InsertPlan(ctx, storage.PlanVersion{UserID: a.UserID, Version: next.number, Body: string(body), CreatedAt: now})
	})
	var refused *fault.Error
	if !errors.As(err, &refused) && fault.Is(err, fault.Conflict) {
		return Plan{}, fault.Wrap(fault.Conflict, "The plan was changed at the same time; read it again before you change it.", err)
	}
	if err != nil {
		return Plan{}, err
	}
	return planView(versions, now), nil
}

// version is one version of a plan, read.
type version struct {
	number int64 // 0: the default plan
	plan   trading.Plan
	body   []byte
	at     time.Time
}

// readVersions reads those that can matter now, oldest first; never none.
func readVersions(ctx context.Context, r storage.Reader, userID string, now time.Time) ([]version, error) {
	rows, err := r.PlansSince(ctx, userID, now.Add(-recall))
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return []version{{plan: trading.DefaultPlan()}}, nil
	}
	versions := make([]version, len(rows))
	for n, row := range rows {
		versions[n] = version{number: row.Version, plan: trading.DefaultPlan(), body: []byte(row.Body), at: row.CreatedAt}
		if err := json.Unmarshal([]byte(row.Body), &versions[n].plan); err != nil {
			return nil, fmt.Errorf("read plan version %d: %w", row.Version, err)
		}
	}
	return versions, nil
}

func latest(versions []version) version { return versions[len(versions)-1] }

func changesSince(versions []version, at time.Time) int {
	n := 0
	for _, v := range versions {
		if v.number > 0 && v.at.After(at) {
			n++
		}
	}
	return n
}

func planView(versions []version, now time.Time) Plan {
	last := latest(versions)
	view := Plan{Version: last.number, UpdatedAt: timeOf(last.at), Plan: last.plan, HeldBack: []string{}}
	var until time.Time
	view.InForce, until = inForce(versions, now)
	view.HeldBack = differing(view.Plan, view.InForce)
	if len(view.HeldBack) > 0 {
		view.HeldUntil = timeOf(until)
	}
	return view
}

// differing names the rules on which two plans differ, as a plan names them:
// risk.perTradePct.
func differing(a, b trading.Plan) []string {
	names := []string{}
	walk(reflect.ValueOf(a), reflect.ValueOf(b), "", func(name string) { names = append(names, name) })
	return names
}

// walk goes down through the structs of a plan that hold rules themselves.
func walk(a, b reflect.Value, path string, differs func(name string)) {
	for i := range a.NumField() {
		name := path + a.Type().Field(i).Tag.Get("json")
		if a.Field(i).Kind() == reflect.Struct && a.Field(i).Type() != reflect.TypeFor[decimal.Decimal]() {
			walk(a.Field(i), b.Field(i), name+".", differs)
			continue
		}
		if !sameJSON(a.Field(i).Interface(), b.Field(i).Interface()) {
			differs(name)
		}
	}
}
