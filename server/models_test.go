package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/bus/bustest"
	"github.com/elite-trading-coach/coach/server/coach/openaitest"
	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// provider is a language model's that lives as long as the test.
func provider(t testing.TB, reply func(openaitest.Request) openaitest.Reply) (p *openaitest.Provider, url string) {
	t.Helper()
	p = openaitest.New(reply)
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return p, s.URL + "/v1"
}

// answerOf is the analysis and the rest of what an ai_response says.
func answerOf(t *testing.T, e event) message {
	t.Helper()
	var v struct{ Message message }
	if err := json.Unmarshal(e.Data, &v); err != nil {
		t.Fatal(err)
	}
	return v.Message
}

// illAndWell is two models: one never answers, so the other stands in, and
// names a price that nobody told it.
func illAndWell(t *testing.T) []string {
	t.Helper()
	_, url := provider(t, func(r openaitest.Request) openaitest.Reply {
		if r.Model == "ill" {
			return openaitest.Reply{Status: http.StatusInternalServerError}
		}
		return openaitest.Says("Look at ", "6049.75", " next.")
	})
	return []string{"OPENAI_BASE_URL=" + url, "AI_MODELS=ill,well", "AI_POLICIES=ill price=1000000/1000000,well price=1000000/2000000"}
}

// What models do can be scraped: by model how fast, how much and for how much,
// who stood in, what was invented, and whose breaker is open.
func TestWhatModelsDoIsCounted(t *testing.T) {
	c, desk := atDesk(t, illAndWell(t)...)
	base := start(t, c)
	ann, _ := register(t, base, "ann")
	s, room := mustDial(t, base, ann.token), ann.conversation()
	for range 2 { // three tries each, and the fifth failure opens the breaker
		s.must("send_message", object{"conversationId": room, "content": missionSentence})
		seen := s.await("ai_response")
		if m := answerOf(t, seen[len(seen)-1]); m.Content != "Look at 6049.75 next." {
			t.Fatalf("%+v", m)
		}
	}
	shown := strings.Split(metricsAt(t, base, desk), "\n")
	for _, want := range []string{
		`coach_answers_total{model="well",status="completed"} 2`,
		`coach_answer_seconds_count{model="well"} 2`,
		`coach_answer_first_text_seconds_count{model="well"} 2`,
		`coach_answer_between_texts_seconds_count{model="well"} 4`,
		`coach_answer_tokens_total{kind="prompt",model="well"} 200`,
		`coach_answer_tokens_total{kind="completion",model="well"} 40`,
		`coach_answer_cost_dollars_total{model="well"} 0.00028`,
		`coach_answer_cost_dollars_total{model="ill"} 0`,
		`coach_answer_fallbacks_total{from="ill",reason="unavailable",to="well"} 2`,
		`coach_answer_numbers_unverified_total{model="well"} 2`,
		`coach_model_calls_total{model="ill",outcome="away"} 2`,
		`coach_model_calls_total{model="well",outcome="ok"} 2`,
		`coach_model_call_seconds_count{model="ill"} 2`,
		`coach_model_first_token_seconds_count{model="well"} 2`,
		`coach_model_breaker{model="ill",state="open"} 1`,
		`coach_model_breaker{model="ill",state="closed"} 0`,
		`coach_model_breaker{model="well",state="closed"} 1`,
	} {
		if !slices.Contains(shown, want) {
			t.Errorf("what is scraped lacks %s", want)
		}
	}
	if t.Failed() {
		for _, line := range shown {
			if strings.HasPrefix(line, "coach_answer") && !strings.Contains(line, "_bucket") || strings.HasPrefix(line, "coach_model") && !strings.Contains(line, "_bucket") {
				t.Log(line)
			}
		}
	}
}

// A stopped answer says which model was writing it, not who else might have,
// and which of the numbers in what is kept were found nowhere.
func TestAStoppedAnswerNamesItsModel(t *testing.T) {
	feed := make(chan string)
	_, url := provider(t, func(openaitest.Request) openaitest.Reply {
		return openaitest.Reply{Pieces: []string{"As far as 6049.75 "}, Feed: feed}
	})
	base := start(t, config(t, storagetest.SQLiteURL(t), "OPENAI_BASE_URL="+url, "OPENAI_MODEL=stub"))
	ann, _ := register(t, base, "ann")
	s, room := mustDial(t, base, ann.token), ann.conversation()
	s.must("send_message", object{"conversationId": room, "content": missionSentence})
	seen := s.await("ai_delta")
	s.must("stop_ai", object{"messageId": pendingID(seen[slices.IndexFunc(seen, func(e event) bool { return e.Name == "ai_thinking" })])})
	seen = s.await("ai_response")
	heard := string(seen[len(seen)-1].Data)
	read := string(ann.must(http.MethodGet, "/api/conversations/"+room+"/messages", nil).Data)
	for _, raw := range []string{heard, read} {
		for _, want := range []string{`"status":"stopped"`, `"model":"stub"`, `"numbersUnverified":["6049.75"]`} {
			if !strings.Contains(raw, want) {
				t.Errorf("it ended as %s; want %s", raw, want)
			}
		}
	}
}

// With money for one answer and a hundred asked for in the same moment, one
// goes to the model, over whichever node; the others are the built-in coach's
// and say why. The first has not come back yet, so it is what is set aside
// that refuses them, not what is spent.
func TestAHundredAtOnceWithMoneyForOne(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) { hundredAtOnce(t, url(t)) })
	}
}

func hundredAtOnce(t *testing.T, databaseURL string) {
	const sends = 100
	feed := make(chan string)
	p, url := provider(t, func(openaitest.Request) openaitest.Reply {
		return openaitest.Reply{Feed: feed, Usage: [2]int{100, 1000}}
	})
	path := shortFolder(t) + "/admin/admin.sock"
	base := start(t, config(t, databaseURL, "ADMIN_SOCKET="+path, "RATE_LIMITS=on",
		"OPENAI_BASE_URL="+url, "OPENAI_MODEL=stub", "AI_POLICIES=stub maxTokens=1000 price=0/1200000000")) // $1.20 an answer, of $2
	desk, many := api.OverSocket(path), 10*sends
	if _, err := desk.EditTier(t.Context(), "free", api.LimitsChange{Requests15m: &many, BurstPerSecond: &many, MessagesPerMinute: &many, AnswersPerDay: &many}); err != nil {
		t.Fatal(err)
	}
	ann, _ := register(t, base, "ann")
	rooms := make([]string, sends)
	for i := range rooms {
		rooms[i] = ann.conversation()
	}
	s := mustDial(t, base, ann.token)
	var sending sync.WaitGroup
	for i, room := range rooms {
		sending.Go(func() {
			a, err := s.ask("send_message", object{"conversationId": room, "content": missionSentence, "clientMessageId": fmt.Sprint(i)})
			if err != nil || !a.Success {
				t.Errorf("a send is answered %s, %v", a.raw, err)
			}
		})
	}
	sending.Wait()
	for n := range sends {
		if n == sends-1 { // all the others are answered
			feed <- "mine"
			close(feed)
		}
		seen := s.await("ai_response")
		m := answerOf(t, seen[len(seen)-1])
		switch told := strings.HasPrefix(m.Content, "Your budget for language models is used up"); {
		case n < sends-1 && (!told || !strings.Contains(string(m.Analysis), `"reason":"budget"`)):
			t.Errorf("answer %d is %.80q, %s", n, m.Content, m.Analysis)
		case n == sends-1 && m.Content != "mine":
			t.Errorf("the one with money is %.80q", m.Content)
		}
	}
	if n := len(p.Seen()); n != 1 {
		t.Errorf("the model was asked %d times", n)
	}
	var left struct {
		Limits []struct {
			Name             string
			Limit, Remaining int
		}
	}
	ann.must(http.MethodGet, "/api/limits", nil).into(t, &left)
	for _, l := range left.Limits {
		if l.Name == "budgetMicros" && (l.Limit != 2_000_000 || l.Remaining != 800_000) {
			t.Errorf("of %d micro-dollars %d are left", l.Limit, l.Remaining)
		}
	}
}

// The middle of a model's answer is a bad moment: a reader goes and comes back,
// and the bus between the nodes is cut while text goes on. Sockets and streams
// of both nodes end up with the same words and one end each, and the model was
// asked once.
func TestGoingAwayInTheMiddleOfAModelsAnswer(t *testing.T) {
	wire, url, feed := bustest.NewWire(t, needs.Redis(t)), storagetest.PostgresURL(t), make(chan string)
	p, endpoint := provider(t, func(openaitest.Request) openaitest.Reply {
		return openaitest.Reply{Pieces: []string{"One 💎, "}, Feed: feed, Usage: [2]int{100, 20}}
	})
	bases := make([]string, 2)
	for i := range bases {
		bases[i] = start(t, config(t, url, "JWT_SECRET=one-secret-for-all-the-nodes-0123456789", "BUS=redis", "REDIS_URL=redis://"+wire.Addr(),
			"OPENAI_BASE_URL="+endpoint, "OPENAI_MODEL=stub"))
	}
	for _, base := range bases {
		connected(t, base)
	}
	ann, _ := register(t, bases[0], "ann")
	room := ann.conversation()
	here, there, leaving := mustDial(t, bases[0], ann.token), mustDial(t, bases[1], ann.token), mustDial(t, bases[1], ann.token)
	for _, s := range []*socket{here, there, leaving} {
		s.must("join_conversation", room)
	}
	here.must("send_message", object{"conversationId": room, "content": missionSentence, "clientMessageId": "one"})
	thinking := leaving.await("ai_thinking")
	answer := pendingID(thinking[len(thinking)-1])
	over := *ann
	over.base = bases[1]
	streams := []*stream{ann.follow(answer, ""), over.follow(answer, "")}
	gone := over.follow(answer, "")
	read, at := gone.until("", "💎, ")
	leaving.await("ai_delta")

	gone.leave() // the reader
	leaving.Close()
	feed <- "two, "
	wire.Cut() // the bus
	feed <- "three, "
	feed <- "four, "
	wire.Mend()
	for _, base := range bases {
		connected(t, base)
	}
	back := over.follow(answer, at)
	late := mustDial(t, bases[1], ann.token)
	late.must("join_conversation", room)
	before := late.await("ai_delta") // all there is so far
	feed <- "five."
	close(feed)

	const want = "One 💎, two, three, four, five."
	for name, s := range map[string]*socket{"here": here, "there": there, "late": late} {
		seen, text, ends := s.await("ai_response"), "", 0
		if s == late {
			seen = append(before, seen...)
		}
		for _, e := range seen {
			switch e.Name {
			case "ai_delta":
				text = apply(text, e.Data)
			case "ai_response", "ai_error":
				ends++
			}
		}
		if m := answerOf(t, seen[len(seen)-1]); m.ID != answer || m.Content != want || m.Status != "completed" || ends != 1 {
			t.Errorf("%s: it ended %d times, as %+v", name, ends, m)
		}
		if name == "late" && text != want {
			t.Errorf("who came after the cut was told %q", text)
		}
	}
	for i, s := range append(streams, back) {
		from := ""
		if s == back {
			from = read
		}
		text, last := s.last(from)
		if last.name != "ai_response" || answerOf(t, event{Data: last.data}).Content != want || text != want {
			t.Errorf("stream %d told %q and ended with %s %s", i, text, last.name, last.data)
		}
	}
	var list struct{ Messages []message }
	ann.must(http.MethodGet, "/api/conversations/"+room+"/messages", nil).into(t, &list)
	if len(list.Messages) != 2 || list.Messages[1].Content != want {
		t.Errorf("stored is %+v", list.Messages)
	}
	if n := len(p.Seen()); n != 1 {
		t.Errorf("the model was asked %d times", n)
	}
}

// Contract, section 4: admins are not limited. What they spend is counted all
// the same; where limits are off, that holds for everybody.
func TestWhoIsNotLimitedIsCounted(t *testing.T) {
	for name, limits := range map[string]string{"Admins": "RATE_LIMITS=on", "LimitsOff": "RATE_LIMITS=off"} {
		t.Run(name, func(t *testing.T) {
			p, url := provider(t, func(openaitest.Request) openaitest.Reply {
				return openaitest.Reply{Pieces: []string{"fine"}, Usage: [2]int{100, 1000}}
			})
			c, desk := atDesk(t, limits, "OPENAI_BASE_URL="+url, "OPENAI_MODEL=stub", "AI_POLICIES=stub maxTokens=1000 price=0/1500000000") // $1.50 an answer
			base := start(t, c)
			ann, _ := register(t, base, "ann")
			if role := "admin"; name == "Admins" {
				if _, err := desk.ChangeAccount(t.Context(), "ann", api.AccountChange{Role: &role}); err != nil {
					t.Fatal(err)
				}
			}
			s, room := mustDial(t, base, ann.token), ann.conversation()
			for range 3 { // $4.50, of the $2 of the tier
				s.must("send_message", object{"conversationId": room, "content": missionSentence})
				seen := s.await("ai_response")
				if m := answerOf(t, seen[len(seen)-1]); m.Content != "fine" {
					t.Fatalf("%q", m.Content)
				}
			}
			var left struct{ Limits []any }
			ann.must(http.MethodGet, "/api/limits", nil).into(t, &left)
			if len(left.Limits) != 0 || len(p.Seen()) != 3 {
				t.Errorf("limits %v, %d requests", left.Limits, len(p.Seen()))
			}
			shown := metricsAt(t, base, desk)
			if !strings.Contains(shown, `coach_answer_cost_dollars_total{model="stub"} 4.5`) {
				t.Error("what was spent is not counted")
			}
		})
	}
}

// What models add to an analysis is as both descriptions say: tools, also
// those called badly, a reading, numbers found nowhere, and who stood in.
func TestAModelsAnalysisIsAsDescribed(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.Components.Schemas["Analysis"].Value
	_, url := provider(t, func(r openaitest.Request) openaitest.Reply {
		switch last := r.Last(); {
		case last.Role == "tool":
			return openaitest.Says("A support at 6049.75, it seems.")
		case strings.Contains(last.Text(), "anybody there"):
			return openaitest.Reply{Status: http.StatusUnauthorized}
		}
		return openaitest.Reply{Calls: []openaitest.Call{
			{Name: "risk_reward", Arguments: `{"entry":"6000","stop":"5994","targets":["6012"]}`},
			{Name: "risk_reward", Arguments: `{"entry"`},
			{Name: "no_such_tool", Arguments: `{}`},
			{Name: "chart_reading", Arguments: `{"instrument":"MES","levels":[{"kind":"support","price":"6049.75"}]}`},
		}}
	})
	base := start(t, config(t, storagetest.SQLiteURL(t), "OPENAI_BASE_URL="+url, "OPENAI_MODEL=stub", "AI_POLICIES=stub vision=on"))
	ann, _ := register(t, base, "ann")
	room := ann.conversation()
	var chart bytes.Buffer
	if err := png.Encode(&chart, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
		t.Fatal(err)
	}
	phone := newWitness(t).dial(t, base, ann.token)
	for content, holds := range map[string][]string{
		missionSentence:                     {`"name":"risk_reward"`, `"arguments":null`, `"error":`, `"price":"6049.75"`, `"confirmed":false`, `"numbersUnverified":["6049.75"]`, `"fallback":null`},
		missionSentence + " anybody there?": {`"reason":"unavailable"`, `"from":"stub"`},
	} {
		phone.says("send_message", object{"conversationId": room, "content": content, "uploadIds": []string{ann.upload(chart.Bytes())}}, "")
		m := answerOf(t, phone.hears("ai_response", nil))
		for _, want := range holds {
			if !strings.Contains(string(m.Analysis), want) {
				t.Errorf("no %s in %s", want, m.Analysis)
			}
		}
		var v any
		if err := json.Unmarshal(m.Analysis, &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.VisitJSON(v); err != nil {
			t.Errorf("%s: %v", m.Analysis, err)
		}
	}
}
