package journal_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/storage"
)

// The first vector of the design: partial exits, fees and R.
const scaledOut = `{"instrument":"mes","side":"long","stop":5992.50,"fees":"14.88","targets":[6017,"6050"],"tags":["a","a","b"],"setup":" ORB ","emotion":"Calm","note":"x\r\ny",
	"fills":[{"side":"buy","quantity":12,"price":6000,"at":"2026-03-10T14:30:00Z"},{"side":"sell","quantity":3,"price":6007,"at":"2026-03-10T14:40:00Z"},
	{"side":"sell","quantity":2,"price":6017,"at":"2026-03-10T14:50:00Z"},{"side":"sell","quantity":1,"price":6050,"at":"2026-03-10T15:00:00Z"},
	{"side":"sell","quantity":6,"price":6000.25,"at":"2026-03-10T15:10:00+00:00"}]}`

func TestTradesAddUp(t *testing.T) {
	ctx := context.Background()
	onBoth(t, func(p *place) {
		t := p.t
		ann, bob := p.trader("ann"), p.trader("bob")
		made := p.add(ann, scaledOut)
		if made.Status != "closed" || made.Gross.String() != "532.5" || made.Net.String() != "517.62" || made.Risk.String() != "450" ||
			made.Quantity.String() != "12" || !made.OpenUnits.IsZero() || made.R.Round(4).String() != "1.1503" {
			t.Errorf("sums: %+v", made)
		}
		if made.Setup != "ORB" || made.Emotion != "calm" || made.Note != "x\ny" || len(made.Tags) != 2 || made.Instrument != "MES" {
			t.Errorf("words: %+v", made)
		}
		got, err := p.Trade(ctx, ann, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "read again", got, made)
		for _, id := range []string{made.ID, storage.NewID(), "x"} {
			_, err := p.Trade(ctx, bob, id)
			refused(t, err, fault.NotFound, "")
		}

		half := p.add(ann, `{"instrument":"MES","side":"short","quantity":2,"entry":6000,"stop":6006,"openedAt":"2026-03-10T15:30:00Z"}`)
		if half.Status != "open" || half.Net != nil || half.ClosedAt != nil || half.Risk.String() != "60" {
			t.Errorf("open: %+v", half)
		}
		p.now = noon.Add(time.Minute)
		whole, err := p.ChangeTrade(ctx, ann, half.ID, []byte(`{"exit":5990,"closedAt":"2026-03-10T15:40:00Z","emotion":"greedy","stop":6006}`))
		if err != nil || whole.Status != "closed" || whole.Net.String() != "100" || whole.Emotion != "greedy" {
			t.Errorf("closed by a patch: %+v, %v", whole, err)
		}
		_, err = p.ChangeTrade(ctx, ann, half.ID, []byte(`{"exit":5990,"closedAt":"2026-03-10T15:40:00Z"}`))
		refused(t, err, fault.Validation, "exit")
		bare, err := p.ChangeTrade(ctx, ann, half.ID, []byte(`{"stop":null,"note":null}`))
		if err != nil || bare.Stop != nil || bare.R != nil {
			t.Errorf("without its stop: %+v, %v", bare, err)
		}
		skipped := p.add(ann, `{"instrument":"NQ","side":"long","decision":"skipped","note":"too late"}`)
		if skipped.Status != "skipped" || skipped.Net != nil {
			t.Errorf("skipped: %+v", skipped)
		}
		list, err := p.Trades(ctx, ann, journal.TradeQuery{Limit: 2})
		if err != nil || len(list.Items) != 2 || !list.HasMore || list.Items[0].ID != skipped.ID {
			t.Errorf("list %+v, %v", list, err)
		}
		rest, err := p.Trades(ctx, ann, journal.TradeQuery{Limit: 2, Cursor: *list.NextCursor})
		if err != nil || len(rest.Items) != 1 || rest.Items[0].ID != made.ID || rest.HasMore {
			t.Errorf("next page %+v, %v", rest, err)
		}
		if err := p.DeleteTrade(ctx, bob, made.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's trade deleted: %v", err)
		}
		if err := p.DeleteTrade(ctx, ann, made.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestBadTrades(t *testing.T) {
	p := open(t)
	ann := p.trader("ann")
	sound := `"instrument":"MES","side":"long","quantity":1,"entry":6000,"openedAt":"2026-03-10T15:00:00Z"`
	for name, test := range map[string]struct{ body, field string }{
		"price of 0":                      {`{"instrument":"MES","side":"long","quantity":1,"entry":0,"openedAt":"2026-03-10T15:00:00Z"}`, "entry"},
		"negative":                        {`{"instrument":"MES","side":"long","quantity":-1,"entry":6000,"openedAt":"2026-03-10T15:00:00Z"}`, "quantity"},
		"1e400":                           {`{"instrument":"MES","side":"long","quantity":1e400,"entry":6000,"openedAt":"2026-03-10T15:00:00Z"}`, "quantity"},
		"comma":                           {`{"instrument":"MES","side":"long","quantity":1,"entry":"6000,25","openedAt":"2026-03-10T15:00:00Z"}`, "entry"},
		"words":                           {`{"instrument":"MES","side":"long","quantity":"two","entry":6000,"openedAt":"2026-03-10T15:00:00Z"}`, "quantity"},
		"stop on wrong side":              {`{` + sound + `,"stop":6001}`, "stop"},
		"unknown instrument":              {`{"instrument":"FDAX","side":"long","quantity":1,"entry":6000,"openedAt":"2026-03-10T15:00:00Z"}`, "pointValue"},
		"wrong point value":               {`{` + sound + `,"pointValue":7}`, "pointValue"},
		"no instrument":                   {`{"side":"long"}`, "instrument"},
		"a formula":                       {`{"instrument":"=1+1","side":"long"}`, "instrument"},
		"no side":                         {`{"instrument":"MES","side":"up"}`, "side"},
		"no fills":                        {`{"instrument":"MES","side":"long"}`, "fills"},
		"no time":                         {`{"instrument":"MES","side":"long","quantity":1,"entry":6000}`, "entry"},
		"no zone":                         {`{"instrument":"MES","side":"long","quantity":1,"entry":6000,"openedAt":"2026-03-10 15:00"}`, "openedAt"},
		"in the future":                   {`{"instrument":"MES","side":"long","quantity":1,"entry":6000,"openedAt":"2027-03-10T15:00:00Z"}`, "openedAt"},
		"begins with an exit":             {`{"instrument":"MES","side":"long","fills":[{"side":"sell","quantity":1,"price":1,"at":"2026-03-10T15:00:00Z"}]}`, "fills"},
		"more out than in":                {`{"instrument":"MES","side":"long","fills":[{"side":"buy","quantity":1,"price":1,"at":"2026-03-10T15:00:00Z"},{"side":"sell","quantity":2,"price":1,"at":"2026-03-10T15:00:00Z"}]}`, "fills"},
		"half a fill":                     {`{"instrument":"MES","side":"long","fills":[{"side":"buy","quantity":1,"at":"2026-03-10T15:00:00Z"}]}`, "fills[0].price"},
		"both ways":                       {`{` + sound + `,"fills":[{"side":"buy","quantity":1,"price":1,"at":"2026-03-10T15:00:00Z"}]}`, "fills"},
		"a message of nobody":             {`{` + sound + `,"messageId":"` + storage.NewID() + `"}`, "messageId"},
		"negative fees":                   {`{` + sound + `,"fees":-1}`, "fees"},
		"NUL":                             {`{` + sound + `,"note":"a\u0000"}`, "note"},
		"a book":                          {`{` + sound + `,"note":"` + strings.Repeat("x", 5001) + `"}`, "note"},
		"skipped, stop on the wrong side": {`{"instrument":"NQ","side":"long","decision":"skipped","entry":20000,"stop":20010}`, "stop"},
		"skipped at 0":                    {`{"instrument":"NQ","side":"long","decision":"skipped","entry":0}`, "entry"},
		"skipped with a fill":             {`{` + sound + `,"decision":"skipped"}`, "fills"},
		"half a pair":                     {`{` + sound + `,"note":"\ud800"}`, "note"},
		"half a pair in a tag":            {`{` + sound + `,"tags":["a","\ud83dx"]}`, "tags"},
		"a number for a tag":              {`{` + sound + `,"tags":[7]}`, "tags"},
		"no UTF-8":                        {`{` + sound + ",\"note\":\"a\xff\"}", "note"},
		"no UTF-8 where nobody looks":     {`{` + sound + ",\"x\":\"a\xff\"}", "body"},
		"twice":                           {`{` + sound + `,"note":"a","note":"b"}`, "note"},
		"a fill with a price twice":       {`{"instrument":"MES","side":"long","fills":[{"side":"buy","quantity":1,"price":1,"price":2,"at":"2026-03-10T15:00:00Z"}]}`, "fills[0].price"},
		"a fill that is none":             {`{"instrument":"MES","side":"long","fills":[null]}`, "fills[0]"},
		"a list":                          {`[]`, "body"},
		"null":                            {`null`, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.AddTrade(context.Background(), ann, []byte(test.body))
			refused(t, err, fault.Validation, test.field)
		})
	}
	for _, body := range []string{`{"a":`, `{` + sound + `}{}`, `x`} {
		_, err := p.AddTrade(context.Background(), ann, []byte(body))
		refused(t, err, fault.MalformedJSON, "")
	}
	_, err := p.AddTrade(context.Background(), ann, []byte(`{`+strings.Repeat(`"note":0,`, 1000)+sound+`}`))
	if n := len(fault.From(err).Details); n != 2 {
		t.Errorf("%d details for one field", n)
	}
	if _, err := p.AddTrade(context.Background(), ann, []byte(`{`+sound+`,"x":1,"x":2,"tags":["\ud83d\ude00"]}`)); err != nil {
		t.Errorf("what nobody asks for, twice: %v", err)
	}
}

func TestInstrumentsOutsideTheTable(t *testing.T) {
	p := open(t)
	ann := p.trader("ann")
	for _, test := range []struct{ symbol, extra, kind, net string }{
		{"AAPL", "", "stock", "10"}, {"FDAX", `,"pointValue":25`, "unknown", "250"}, {"USDJPY", "", "fx", "9900.99"}, {"BTCUSD", "", "crypto", "10"},
	} {
		made := p.add(ann, `{"instrument":"`+test.symbol+`","side":"long","quantity":1,"entry":91,"exit":101,"openedAt":"2026-03-10T15:00:00Z","closedAt":"2026-03-10T15:01:00Z"`+test.extra+`}`)
		if made.Kind != test.kind || made.Net.String() != test.net {
			t.Errorf("%s: %s, net %s; want %s, %s", test.symbol, made.Kind, made.Net, test.kind, test.net)
		}
	}
}

// What a trade that was passed by would have been is kept until somebody
// judges it, and is never taken for a fill.
func TestASkippedTradeKeepsItsPlan(t *testing.T) {
	onBoth(t, func(p *place) {
		ann := p.trader("ann")
		made := p.add(ann, `{"instrument":"NQ","side":"short","decision":"skipped","entry":20000.25,"stop":20010,"targets":[19980]}`)
		if made.Entry == nil || made.Entry.String() != "20000.25" || made.Net != nil || len(made.Fills) != 0 {
			p.t.Errorf("%+v", made)
		}
		noted, err := p.ChangeTrade(context.Background(), ann, made.ID, []byte(`{"note":"too late"}`))
		if err != nil || noted.Entry == nil || noted.Entry.String() != "20000.25" {
			p.t.Errorf("after a note: %+v, %v", noted, err)
		}
		p.now = p.now.Add(time.Second)
		taken, err := p.ChangeTrade(context.Background(), ann, made.ID, []byte(`{"decision":"taken","fills":[{"side":"sell","quantity":1,"price":19999,"at":"2026-03-10T15:00:00Z"}]}`))
		if err != nil || taken.Entry == nil || taken.Entry.String() != "19999" {
			p.t.Errorf("taken after all: %+v, %v", taken, err)
		}
	})
}

func TestStats(t *testing.T) {
	ctx := context.Background()
	onBoth(t, func(p *place) {
		t := p.t
		ann := p.trader("ann")
		for n, exit := range []string{"6010", "5990", "6020", "6000"} {
			p.closed(ann, 10*(n+1), exit)
		}
		p.add(ann, `{"instrument":"NQ","side":"short","quantity":1,"entry":20000,"exit":19990,"openedAt":"2026-03-09T14:00:00Z","closedAt":"2026-03-09T14:30:00Z","setup":"fade"}`)
		r, err := p.Stats(ctx, ann, "2026-03-10", "2026-03-11", "instrument")
		if err != nil || r.Total.Trades != 4 || r.Total.Wins != 2 || r.Total.Losses != 1 || r.Total.Net.String() != "200" || !r.Total.WinRate.TooFew || r.Total.WinRate.Interval == nil {
			t.Errorf("%+v, %v", r, err)
		}
		for by, want := range map[string][]string{
			"instrument": {"MES", "NQ"}, "setup": {"(none)", "fade"}, "emotion": {"(none)"}, "weekday": {"Monday", "Tuesday"}, "hour": {"10:00", "11:00"}, "rule": {"(no check)"},
		} {
			r, err := p.Stats(ctx, ann, "", "", by)
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			for _, g := range r.Groups {
				keys = append(keys, g.Key)
			}
			same(t, by, keys, want)
		}
		_, err = p.Stats(ctx, ann, "", "", "colour")
		refused(t, err, fault.Validation, "groupBy")
		_, err = p.Stats(ctx, ann, "yesterday", "", "")
		refused(t, err, fault.Validation, "from")
		_, err = p.Stats(ctx, ann, "2026-03-10", "2026-03-10", "")
		refused(t, err, fault.Validation, "to")
	})
}

func TestOnlyOutcomesAfterTheSealCount(t *testing.T) {
	ctx := context.Background()
	onBoth(t, func(p *place) {
		t := p.t
		ann := p.trader("ann")
		question, answer := p.talk(ann, "fire", `["minRewardRisk"]`, noon.Add(-15*time.Minute))
		for _, minutesAgo := range []string{"2026-03-10T15:30:00Z", "2026-03-10T15:50:00Z"} { // before and after the seal
			p.add(ann, `{"instrument":"MES","side":"long","quantity":1,"entry":6000,"stop":5990,"exit":6010,"openedAt":"2026-03-10T15:00:00Z","closedAt":"`+minutesAgo+`","messageId":"`+question+`"}`)
		}
		c, err := p.Calibration(ctx, ann)
		if err != nil {
			t.Fatal(err)
		}
		fire := c.Verdicts[1]
		if fire.Verdict != "fire" || fire.Sealed != 1 || fire.Outcomes != 1 || fire.Stats.WinRate.N != 1 {
			t.Errorf("%+v", fire)
		}
		r, err := p.Stats(ctx, ann, "", "", "rule")
		if err != nil || len(r.Groups) != 1 || r.Groups[0].Key != "minRewardRisk" {
			t.Errorf("by rule %+v, %v (answer %s)", r.Groups, err, answer)
		}
	})
}

// A trade outlives the message that it names, and the client that changes its
// note does not say the message again.
func TestATradeOutlivesItsMessage(t *testing.T) {
	ctx := context.Background()
	onBoth(t, func(p *place) {
		t := p.t
		ann := p.trader("ann")
		question, answer := p.talk(ann, "fire", `[]`, noon.Add(-time.Hour))
		const sound = `{"instrument":"MES","side":"long","quantity":1,"entry":6000,"openedAt":"2026-03-10T15:00:00Z"`
		bare := p.add(ann, sound+`}`)
		made := p.add(ann, sound+`,"messageId":"`+question+`"}`)
		other, _ := p.talk(ann, "skull", `[]`, noon.Add(-time.Hour))
		m, err := p.store.Message(ctx, question)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.store.Tx(ctx, func(tx *storage.Tx) error { return tx.DeleteConversation(ctx, m.ConversationID, noon) }); err != nil {
			t.Fatal(err)
		}
		noted, err := p.ChangeTrade(ctx, ann, made.ID, []byte(`{"note":"too late"}`))
		if err != nil || noted.Note != "too late" || noted.MessageID == nil || *noted.MessageID != question {
			t.Errorf("a note: %+v, %v", noted, err)
		}
		if err := p.store.Tx(ctx, func(tx *storage.Tx) error {
			row, err := tx.Trade(ctx, ann.UserID, made.ID)
			was := row.UpdatedAt
			row.VerdictID, row.UpdatedAt = "", was.Add(time.Second)
			return errors.Join(err, tx.UpdateTrade(ctx, row, was))
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.ChangeTrade(ctx, ann, made.ID, []byte(`{"note":"later"}`)); err != nil {
			t.Errorf("a note where no verdict was known: %v", err)
		}
		row, err := p.store.Trade(ctx, ann.UserID, made.ID)
		if err != nil || row.VerdictID != answer {
			t.Errorf("the verdict is %q, %v; want %q", row.VerdictID, err, answer)
		}
		_, err = p.ChangeTrade(ctx, ann, bare.ID, []byte(`{"messageId":"`+question+`"}`))
		refused(t, err, fault.Validation, "messageId")
		if _, err := p.ChangeTrade(ctx, ann, bare.ID, []byte(`{"messageId":"`+other+`"}`)); err != nil {
			t.Errorf("another message: %v", err)
		}
	})
}

// talk stores a message, its answer and the answer's sealed verdict.
func (p *place) talk(a auth.Actor, verdict, missed string, sealed time.Time) (question, answer string) {
	p.t.Helper()
	c := storage.Conversation{ID: storage.NewID(), OwnerID: a.UserID, Mode: "analysis", Coach: "always", CreatedAt: sealed}
	question, answer = storage.NewID(), storage.NewID()
	err := p.store.Tx(context.Background(), func(tx *storage.Tx) error {
		ctx := context.Background()
		return errors.Join(
			tx.InsertConversation(ctx, c),
			tx.InsertMessage(ctx, storage.Message{ID: question, ConversationID: c.ID, Seq: 1, Rev: 1, UserID: a.UserID, Type: "user", Status: "sent", Mode: "analysis", CreatedAt: sealed, UpdatedAt: sealed}),
			tx.SealVerdict(ctx, storage.Verdict{MessageID: answer, QuestionID: question, UserID: a.UserID, Verdict: verdict, Missed: missed, SealedAt: sealed}),
		)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return question, answer
}
