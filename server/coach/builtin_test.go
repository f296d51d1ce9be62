package coach

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
)

var update = flag.Bool("update", false, "write the golden files of the built-in coach anew")

// noon is a Tuesday, 12:00 in New York, with every market open.
func noon() time.Time { return time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC) }

const mission = "long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%"

// exchange is a conversation up to the message to answer: the trader's
// messages in turn, each answered by the built-in coach itself.
type exchange struct {
	name   string
	mode   string
	said   []string
	images bool
	plan   func(*trading.Plan)
	state  trading.SessionState
	whole  bool // the golden file shows every answer, not the last alone
	others bool
	trades []trading.Trade
}

// planWith25k is a plan that knows the account.
func planWith25k(p *trading.Plan) {
	equity := decimal.NewFromInt(25_000)
	p.Account.Equity = &equity
}

func exchanges() []exchange {
	lossAt := func(minutes int) time.Time { return noon().Add(-time.Duration(minutes) * time.Minute) }
	return []exchange{
		{name: "mission", said: []string{mission}},
		{name: "greeting", said: []string{"hi"}},
		{name: "missing-stop", said: []string{"long 2 MES at 6000 target 6012, account 25k"}},
		{name: "missing-stop-answered", said: []string{"long 2 MES at 6000 target 6012, account 25k", "5994"}},
		{name: "missing-account-answered", said: []string{"short 1 MNQ 21000 sl 21020 tp 20950", "25k"}},
		{name: "account-first", said: []string{"my account is 25k", "long MES at 6000, stop 5994, target 6012"}},
		{name: "account-only", said: []string{"my account is 25k"}},
		{name: "no-size", said: []string{"long MES 6000 stop 5994 target 6012 account 25k"}},
		{name: "two-targets", said: []string{"Long 2 MES 6000, stop 5994, targets 6007.5 and 6012, account 25k"}},
		{name: "no-stop", said: []string{"buy 2 MES at 6000, no stop, target 6012, account 25k"}},
		{name: "no-stop-then-stop", said: []string{"buy 2 MES at 6000, no stop, target 6012, account 25k", "ok then stop at 5994"}},
		{name: "too-large", said: []string{"long 20 MES at 6000, stop 5994, target 6012, account 25k"}},
		{name: "too-far-for-the-account", said: []string{"long 1 ES at 6000, stop 5994, target 6012, account 25k"}},
		{name: "wrong-side", said: []string{"Long 100 AAPL at 150, stop 155"}},
		{name: "wrong-side-corrected", said: []string{"Long 100 AAPL at 150, stop 155, target 165, account 50k", "sorry, stop 145"}},
		{name: "correction", said: []string{mission, "make the stop 5992"}},
		{name: "what-about-size", said: []string{"long 20 MES at 6000, stop 5994, target 6012, account 25k", "what about 8 contracts?"}},
		{name: "thanks", said: []string{mission, "thanks!"}},
		{name: "why", said: []string{"long 20 MES at 6000, stop 5994, target 6012, account 25k", "why?"}},
		{name: "no-news", said: []string{mission, "no news"}},
		{name: "no-number", said: []string{mission, "hm, let me think"}},
		{name: "another-instrument", said: []string{mission, "what about NQ?"}},
		{name: "one-by-one", said: []string{"long MES", "6000", "5994", "6012", "25k"}},
		{name: "points", said: []string{"short NQ 21000, 20 point stop, 2R target, acct $100k"}},
		{name: "stock-ratio", said: []string{"buy AAPL at 189.5 stop 178 target 212 account 25k"}},
		{name: "yen", said: []string{"long usdjpy 150.00 sl 149.60 tp 151 risk $250 account 25k"}},
		{name: "notes-in-32nds", said: []string{"buy 3 ZN 110'16 stop 110'08 target 111'00, account 100k"}},
		{name: "unlisted", said: []string{"long 1 NG at 3.50 stop 3.45 target 3.60 account 25k"}},
		{name: "gold-which", said: []string{"buy gold at 2650 stop 2640 target 2670 account 25k"}},
		{name: "two-ideas", said: []string{"long 2 MES at 6000, stop 5994, target 6012; short 1 MNQ at 21000, stop 21020, target 20950. account 25k"}},
		{name: "either-or", said: []string{"long 5 MES at 6000 stop 5994 target 6012 or short 5 MES at 5990 stop 5996 target 5978, account 25k"}},
		{name: "typo", said: []string{"long 2 MES at 6000, stop 599.4, target 6012, account 25k"}},
		{name: "closed", said: []string{"Bought 12 MES 6000.00, stop 5992.50; sold 3 @ 6007, 2 @ 6017, 1 @ 6050, 6 @ 6000.25"}},
		{name: "prediction", said: []string{"will NQ go up or down today?"}},
		{name: "prediction-with-idea", said: []string{"should I buy 2 MES at 6000, stop 5994, target 6012, account 25k? do you think it will hit?"}},
		{name: "signal", said: []string{"give me a signal"}},
		{name: "image", said: []string{"what do you think?"}, images: true},
		{name: "image-with-idea", said: []string{mission}, images: true},
		{name: "distress", said: []string{"I lost my rent money, long 5 MES 6000 stop 5994 target 6012 to win it back"}},
		{name: "distress-self", said: []string{"I blew the account and I want to die"}},
		{name: "fomo", said: []string{"it's running without me, long 2 MES at 6000, stop 5994, target 6012, account 25k"}},
		{name: "fomo-denied", said: []string{"this is not fomo: long 2 MES at 6000, stop 5994, target 6012, account 25k"}},
		{
			name: "daily-loss", said: []string{"long 8 MES at 6000, stop 5994, target 6012, account 25k, no news today"},
			state: trading.SessionState{Known: true, RealisedNet: decimal.NewFromInt(-600), TradesToday: 2, ConsecutiveLosses: 2, LastLossClosedAt: lossAt(60)},
		},
		{
			name: "revenge", said: []string{"short 2 MES at 6000, stop 6006, target 5988, account 25k"},
			state: trading.SessionState{
				Known: true, RealisedNet: decimal.NewFromInt(-60), TradesToday: 1, ConsecutiveLosses: 1, LastLossClosedAt: lossAt(5),
				LastClosed: &trading.ClosedTrade{Symbol: "MES", Side: trading.Long, ClosedAt: lossAt(5), Net: decimal.NewFromInt(-60), Risk: decimal.NewFromInt(60)},
			},
		},
		{
			name: "costs", said: []string{"long MES 6000 stop 5994 target 6012 account 25k"},
			plan: func(p *trading.Plan) { p.Account.Costs.PerContractSide = decimal.RequireFromString("0.62") },
		},
		{name: "euro-account", said: []string{"long 2 MES 6000 stop 5994 target 6012, account 25k eur"}},
		{name: "psychology", mode: "psychology", said: []string{"I keep moving my stop when it gets close"}},
		{name: "psychology-open", mode: "psychology", said: []string{"hello"}},
		{name: "psychology-twice", mode: "psychology", said: []string{"i'm so frustrated after that loss", "still so angry, i'm so angry"}},
		{name: "psychology-idea", mode: "psychology", said: []string{"I'm scared to take it but: " + mission}},
		{name: "training", mode: "training", said: []string{"start"}},
		{name: "training-right", mode: "training", said: []string{"start", "10 contracts"}},
		{name: "training-wrong", whole: true, mode: "training", said: []string{"start", "11", "1.5"}},
		{name: "day-in-words", said: []string{"down $600 today. long 8 MES at 6000, stop 5994, target 6012, account 25k, no news"}},
		{name: "day-said-before", said: []string{"lost 3 in a row today, already down $300", "long 2 MES at 6000, stop 5994, target 6012, account 25k, no news"}},
		{name: "just-stopped-out", said: []string{"just got stopped out. short 2 MES at 6000, stop 6006, target 5988, account 25k"}},
		{name: "plan-has-account", plan: planWith25k, said: []string{"long 2 MES at 6000, stop 5994, target 6012, no news"}},
		{name: "plan-account-is-smaller", plan: planWith25k, said: []string{"long 12 MES at 6000, stop 5994, target 6012, account 100k, no news"}},
		{name: "others-account-hidden", plan: planWith25k, others: true, said: []string{"long 12 MES at 6000, stop 5994, target 6012, no news"}},
		{name: "others-account-written", others: true, said: []string{mission}},
		{name: "others-account-written-earlier", others: true, said: []string{"my account is 25k", "long MES at 6000, stop 5994, target 6012, no news"}},
		{name: "stray-account", said: []string{"long 2 MES at 6000, stop 5994, target 6012, 25k, no news", "yes"}},
		{name: "stray-stop", said: []string{"long 2 MES 6000 5994, account 25k"}},
		{name: "tick-value", said: []string{"long 1 NG at 3.20 stop 3.15 target 3.35, account 100k, tick 0.001 is $10"}},
		{name: "tick-of-unknown-size", said: []string{"long 1 NG at 3.20 stop 3.15 target 3.35, account 100k, $10 per tick"}},
		{name: "price-zero", said: []string{"long 2 MES at 0, stop 5994, target 6012"}},
		{name: "exponent", said: []string{"long 2 MES at 6000, stop 1e400, target 6012, account 25k"}},
		{name: "comma-decimals", said: []string{"long 2 MES at 6.000,50 stop 5.994,50 target 6.012,50 account 25.000, no news"}},
		{name: "half-a-percent", said: []string{"long MES 6000 sl 5994 tp 6012, half a percent of 40k, no news"}},
		{name: "three-in-one", whole: true, said: []string{mission + ", no news", "actually 3 contracts", "make it NQ"}},
		{name: "pattern-of-the-journal", said: []string{mission + ", no news"}, trades: revengeTrades()},
		{name: "others-journal-shut", others: true, said: []string{mission + ", no news"}, trades: revengeTrades()},
		{name: "psychology-revenge", mode: "psychology", said: []string{"I doubled my size, I just want to make it back"}},
		{name: "psychology-talk", whole: true, mode: "psychology", said: []string{"hello", "I closed my winner after two minutes", "I'd say: let the plan do its work", "If I want to close early, I will read the target aloud", "a tight chest", "thanks"}},
		{name: "psychology-prediction", mode: "psychology", said: []string{"should I buy gold now? everyone is buying"}},
		{name: "psychology-good", mode: "psychology", said: []string{"I stuck to my plan all day"}},
		{name: "psychology-four-times", whole: true, mode: "psychology", said: []string{"I'm so angry", "so angry", "still so angry", "so angry", "so angry", "so angry"}},
		{name: "training-hint", whole: true, mode: "training", said: []string{"start", "hint please", "10"}},
		{name: "training-skip", whole: true, mode: "training", said: []string{"start", "skip", "1,5", "stop"}},
		{name: "training-six", whole: true, mode: "training", said: []string{"start", "10", "1.5", "40", "5996", "300", "1.5"}},
		{name: "training-idea", mode: "training", said: []string{"start", mission + ", no news"}},
		{name: "training-no-number", mode: "training", said: []string{"start", "I don't know"}},
	}
}

func revengeTrades() []trading.Trade {
	risk := decimal.NewFromInt(60)
	at := noon().Add(-30 * time.Minute)
	return []trading.Trade{
		{Symbol: "MES", Kind: trading.KindFuture, OpenedAt: at, ClosedAt: at.Add(time.Minute), Net: decimal.NewFromInt(-60), Risk: &risk},
		{Symbol: "MES", Kind: trading.KindFuture, OpenedAt: at.Add(4 * time.Minute), ClosedAt: at.Add(9 * time.Minute), Net: decimal.NewFromInt(30), Risk: &risk},
	}
}

// converse plays an exchange and gives the last answer.
func (x exchange) converse(t *testing.T) (Answer, []string) {
	t.Helper()
	plan := trading.DefaultPlan()
	if x.plan != nil {
		x.plan(&plan)
	}
	p := Prompt{Mode: x.mode, Plan: plan, Session: x.state, Now: noon(), Others: x.others, Trades: x.trades}
	if x.images {
		p.Images = []Image{{MIME: "image/png", Alt: "chart.png"}}
	}
	if p.Mode == "" {
		p.Mode = "analysis"
	}
	var answer Answer
	var pieces []string
	for _, text := range x.said {
		p.Text, pieces = text, nil
		var err error
		answer, err = NewBuiltin().Stream(context.Background(), p, func(piece string) error {
			pieces = append(pieces, piece)
			return nil
		})
		if err != nil {
			t.Fatalf("answer %q: %v", text, err)
		}
		p.History = append(p.History, Turn{Role: "user", Text: text, At: noon()}, Turn{Role: "coach", Text: answer.Text, At: noon()})
	}
	return answer, pieces
}

func TestBuiltinGolden(t *testing.T) {
	for _, x := range exchanges() {
		t.Run(x.name, func(t *testing.T) {
			answer, pieces := x.converse(t)
			if got := strings.Join(pieces, ""); got != answer.Text {
				t.Errorf("pieces and text differ:\n%s", cmp.Diff(answer.Text, got))
			}
			for _, piece := range pieces {
				if !utf8.ValidString(piece) {
					t.Errorf("a piece splits a character: %q", piece)
				}
			}
			path := filepath.Join("testdata", "builtin", x.name+".golden")
			got := x.golden(t, answer)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (run the test with -update to write it)", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the answer changed (-golden +now; -update accepts it):\n%s", diff)
			}
		})
	}
}

// golden is the conversation's last message and answer with the verdict, and
// the checks as the analysis tells them.
func (x exchange) golden(t *testing.T, a Answer) string {
	t.Helper()
	var b strings.Builder
	for n, said := range x.said {
		fmt.Fprintf(&b, "> %s\n", said)
		if x.whole && n < len(x.said)-1 {
			upTo := x
			upTo.said = x.said[:n+1]
			earlier, _ := upTo.converse(t)
			fmt.Fprintf(&b, "\n%s\n\n", earlier.Text)
		}
	}
	confidence := "none"
	if a.Confidence != nil {
		confidence = fmt.Sprint(*a.Confidence)
	}
	fmt.Fprintf(&b, "\n%s\n\nverdict: %s\nconfidence: %s\n", a.Text, orNone(a.Verdict), confidence)
	if a.Analysis == nil {
		return b.String()
	}
	var doc struct {
		Ideas []struct {
			Checks []struct {
				Rule   string
				Passed *bool
			}
			Verdict *string
			Missing []string
		}
		Patterns []struct{ Tag, Evidence string }
	}
	if err := json.Unmarshal(a.Analysis, &doc); err != nil {
		t.Fatalf("analysis: %v", err)
	}
	for _, i := range doc.Ideas {
		for _, c := range i.Checks {
			passed := "open"
			if c.Passed != nil {
				passed = fmt.Sprint(*c.Passed)
			}
			fmt.Fprintf(&b, "check: %s %s\n", c.Rule, passed)
		}
		fmt.Fprintf(&b, "missing: %s\n", strings.Join(i.Missing, ", "))
	}
	for _, p := range doc.Patterns {
		fmt.Fprintf(&b, "pattern: %s, %s\n", p.Tag, p.Evidence)
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func TestBuiltinMission(t *testing.T) {
	a, pieces := exchange{said: []string{mission}}.converse(t)
	if a.Verdict != "diamond" || a.Model != "built-in" || a.Confidence == nil || *a.Confidence != 100 {
		t.Errorf("verdict %q, model %q, confidence %v; want diamond, built-in, 100", a.Verdict, a.Model, a.Confidence)
	}
	for _, want := range []string{"2.00 R", "up to 8 contracts", "$240.00", "$60.00"} {
		if !strings.Contains(a.Text, want) {
			t.Errorf("the answer does not say %q:\n%s", want, a.Text)
		}
	}
	if len(pieces) < 3 {
		t.Errorf("%d pieces; want several, so that the answer streams", len(pieces))
	}
}

func TestBuiltinStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	a, err := NewBuiltin().Stream(ctx, Prompt{Text: mission, Plan: trading.DefaultPlan()}, func(string) error {
		n++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 1 || a.Text == "" {
		t.Errorf("err %v after %d pieces, text %q; want Canceled after the first, which is kept", err, n, a.Text)
	}
}

func TestBuiltinStopsWithEmit(t *testing.T) {
	gone := errors.New("gone")
	n := 0
	_, err := NewBuiltin().Stream(context.Background(), Prompt{Text: mission, Plan: trading.DefaultPlan()}, func(string) error {
		n++
		return gone
	})
	if !errors.Is(err, gone) || n != 1 {
		t.Errorf("err %v after %d pieces; want the error of the first", err, n)
	}
}

func TestBuiltinAccountIsPerAuthor(t *testing.T) {
	p := Prompt{
		Mode: "analysis", Author: "b", Text: "long MES at 6000, stop 5994, target 6012", Plan: trading.DefaultPlan(), Now: noon(),
		History: []Turn{{Role: "user", Author: "a", Text: "my account is 25k", At: noon()}},
	}
	a, err := NewBuiltin().Stream(context.Background(), p, func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if a.Verdict != "" || !strings.Contains(a.Text, "How large is your account?") {
		t.Errorf("another member's account was counted: verdict %q\n%s", a.Verdict, a.Text)
	}
}

func TestBuiltinIsDeterministic(t *testing.T) {
	for _, x := range exchanges() {
		first, _ := x.converse(t)
		second, _ := x.converse(t)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%s: two answers to one prompt differ:\n%s", x.name, diff)
		}
	}
}

// TestBuiltinIsDiscreet: with others in the conversation neither the text nor
// the analysis shows account money that the message does not, whatever the
// plan, the journal and earlier messages know.
func TestBuiltinIsDiscreet(t *testing.T) {
	room := decimal.NewFromInt(1234)
	for _, x := range []exchange{
		{plan: planWith25k, said: []string{"long 12 MES at 6000, stop 5994, target 6012, no news"}},
		{plan: planWith25k, said: []string{"long MES at 6000, stop 5994, target 6012, no news"}},
		{said: []string{"my account is 25k", "long MES at 6000, stop 5994, target 6012, no news", "why?"}},
		{said: []string{"down $617 today", "long 2 MES at 6000, stop 5994, target 6012, account 26k, no news"}},
		{plan: planWith25k, said: []string{"buy AAPL at 150, stop 149.90, target 151, account 90k"}},
		{
			plan: planWith25k, said: []string{"just one more: long 2 MES at 6000, stop 5994, target 6012"}, trades: revengeTrades(),
			state: trading.SessionState{
				Known: true, RealisedNet: decimal.NewFromInt(-617), TradesToday: 9, ConsecutiveLosses: 1, DrawdownRoom: &room,
				LastClosed: &trading.ClosedTrade{Symbol: "MES", Side: trading.Long, ClosedAt: noon(), Net: decimal.NewFromInt(-617), Risk: decimal.NewFromInt(617)},
			},
		},
	} {
		x.others = true
		a, _ := x.converse(t)
		for _, secret := range []string{"25,000", "25000", "$250.00", "$750.00", "617", "1,23", "1233", "1234", "$133.00", "a loss of"} {
			if strings.Contains(a.Text, secret) || strings.Contains(string(a.Analysis), secret) {
				t.Errorf("%q shows %s:\n%s\n%s", x.said, secret, a.Text, a.Analysis)
			}
		}
	}
}

// TestBuiltinBadInput: nothing a message may hold breaks the coach, and it
// never judges on numbers that are none.
func TestBuiltinBadInput(t *testing.T) {
	for _, text := range []string{
		"", " ", "\x00\xff\xfe", strings.Repeat("9", 10_000), strings.Repeat("long MES 6000 stop 5994 target 6012 ", 285), strings.Repeat("down $600 today ", 625),
		strings.Repeat("'", 10_000), strings.Repeat("lost 2 trades ", 700), "long 2 MES at 1e400, stop 1e-400, target 1e999, account 1e300", "long -2 MES at -6000, stop -5994, account -25k",
		"long 2 MES at 0 stop 0 target 0 account 0", "long 2 NOSUCHTHING at 6000 stop 5994 target 6012 account 25k", "long 2 MES at 6.000 stop 5.994 target 6.012 account 25.000",
	} {
		for _, mode := range []string{"analysis", "psychology", "training"} {
			a, err := NewBuiltin().Stream(context.Background(), Prompt{Mode: mode, Text: text, Plan: trading.DefaultPlan(), Now: noon()}, func(string) error { return nil })
			if err != nil || a.Text == "" || !utf8.ValidString(a.Text) || len(a.Text) > 60_000 {
				t.Errorf("%.40q in %s: %v, %d bytes", text, mode, err, len(a.Text))
			}
			if a.Verdict == "diamond" && !strings.HasPrefix(text, "long MES 6000") {
				t.Errorf("%.40q in %s is a diamond:\n%.800s", text, mode, a.Text)
			}
		}
	}
}
