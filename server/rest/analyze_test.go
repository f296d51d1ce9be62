package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/upload"
)

const sound = "long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%"

// seer is a model that looks at what it is shown.
type seer struct {
	shown     []byte
	fails     error
	meanwhile func() // what happens while it thinks
}

func (*seer) Name() string { return "seer" }

func (m *seer) Stream(ctx context.Context, p coach.Prompt, emit func(string) error) (coach.Answer, error) {
	if m.fails != nil {
		return coach.Answer{}, m.fails
	}
	if m.meanwhile != nil {
		m.meanwhile()
	}
	var err error
	if m.shown, err = p.Images[0].Load(ctx); err != nil {
		return coach.Answer{}, err
	}
	return coach.Answer{Text: "I see " + p.Images[0].MIME, Model: m.Name()}, emit("I see it")
}

func modelled(m coach.Model) change {
	return func(o *Options, _ *chat.Options, _ *auth.Options) { o.Analyst = &coach.Analyst{Model: m} }
}

func TestAnalyzeTrade(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	var got analysis
	ann.post("/api/analyze-trade", map[string]string{"description": sound}).want(http.StatusOK).into(&got)
	if got.Verdict == nil || *got.Verdict != "diamond" || *got.Confidence != 100 || !strings.Contains(got.Reasoning, "Diamond") || got.Model != "built-in" {
		t.Errorf("%+v", got)
	}
	ann.form("/api/analyze-trade", part{"description", "", sound}, part{"image", "a.png", string(chart(t, 1))}).want(http.StatusOK).into(&got)
	if got.Verdict == nil || !strings.Contains(got.Reasoning, "I cannot see charts") {
		t.Errorf("with a chart that nobody sees: %+v", got)
	}
	ann.form("/api/analyze-trade", part{"image", "a.png", string(chart(t, 1))}).refused(http.StatusBadGateway, "AI_UNAVAILABLE")
	ann.post("/api/analyze-trade", map[string]string{"description": " "}).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("description")
	ann.post("/api/analyze-trade", nil).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("description")
	ann.form("/api/analyze-trade", part{"images", "a.png", string(chart(t, 1))}).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("images")
	ann.form("/api/analyze-trade", part{"image", "a", string(chart(t, 1))}, part{"image", "b", string(chart(t, 2))}).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("image")
	ann.form("/api/analyze-trade", part{"image", "a.png", "no image"}).refused(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
	p.do(ask{method: "POST", path: "/api/analyze-trade", body: map[string]string{"description": sound}}).refused(http.StatusUnauthorized, "TOKEN_MISSING")
	if held, err := p.store.BytesHeld(t.Context(), ann.id); held != 0 || err != nil {
		t.Errorf("%d bytes were kept, %v", held, err)
	}
}

// A model is paid by the word: a description is no longer than a message,
// whatever the body is.
func TestAnalyzeTradeBoundsTheDescription(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	const path = "/api/analyze-trade"
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	longest := sound + strings.Repeat("é", chat.MaxContent-len(sound))
	ann.post(path, map[string]string{"description": longest}).want(http.StatusOK)
	longer := longest + "é"
	p.do(ask{"POST", path, ann.token, map[string]string{"description": longer}, nil, true}).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("description")
	p.do(ask{"POST", path, ann.token, "description=" + url.QueryEscape(longer), form, true}).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("description")
	ann.form(path, part{"description", "", longer}).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("description")
}

func TestAnalyzeTradeShowsTheChartToAModelThatSees(t *testing.T) {
	m := &seer{}
	p := open(t, modelled(m))
	ann := p.person("ann")
	data := chart(t, 1)
	var got analysis
	ann.form("/api/analyze-trade", part{"image", "a.png", string(data)}).want(http.StatusOK).into(&got)
	if got.Reasoning != "I see image/png" || got.Verdict != nil || got.Analysis != nil && string(got.Analysis) != "null" {
		t.Errorf("%+v", got)
	}
	if len(m.shown) != len(data) {
		t.Errorf("the model was shown %d bytes of %d", len(m.shown), len(data))
	}
}

// What arrives is bounded, and a model that thinks is not: an analysis gives
// its place to the next upload before, and keeps its image.
func TestAnalyzeTradeHoldsNoPlaceWhileTheModelThinks(t *testing.T) {
	m := &seer{}
	p := open(t, modelled(m), withUploads(upload.Options{MaxReceiving: 1}))
	ann := p.person("ann")
	m.meanwhile = func() { ann.uploads(chart(t, 2)) }
	ann.form("/api/analyze-trade", part{"image", "a.png", string(chart(t, 1))}).want(http.StatusOK)
	if len(m.shown) == 0 {
		t.Error("the model was shown nothing")
	}
}

// What a browser sends of <input type=file> where no file was chosen.
func TestAnalyzeTradeWithoutAChosenFile(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	kind := map[string]string{"Content-Type": "multipart/form-data; boundary=XBND"}
	const words = "--XBND\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n" + sound + "\r\n"
	const none = "--XBND\r\nContent-Disposition: form-data; name=\"image\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n"
	const end = "--XBND--\r\n"
	p.do(ask{"POST", "/api/analyze-trade", ann.token, words + none + end, kind, true}).want(http.StatusOK)
	p.do(ask{"POST", "/api/analyze-trade", ann.token, none + words + end, kind, true}).want(http.StatusOK)
	p.do(ask{"POST", "/api/analyze-trade", ann.token, none + end, kind, true}).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("description")
	unnamed := strings.Replace(none, "\r\n\r\n\r\n", "\r\n\r\n"+string(chart(t, 1))+"\r\n", 1)
	p.do(ask{"POST", "/api/uploads", ann.token, strings.Replace(unnamed, "image", "file", 1) + end, kind, true}).want(http.StatusCreated)
	p.do(ask{"POST", "/api/uploads", ann.token, strings.Replace(none, "image", "file", 1) + end, kind, true}).refused(http.StatusBadRequest, "VALIDATION_ERROR")
}

func TestAnalyzeTradeInWordsIsNoUpload(t *testing.T) {
	p := open(t, withUploads(upload.Options{Allow: func(context.Context, auth.Actor, int) error {
		return &fault.Error{Code: fault.RateLimited, Message: "Enough.", RetryAfter: time.Minute}
	}}))
	ann := p.person("ann")
	ann.post("/api/analyze-trade", map[string]string{"description": sound}).want(http.StatusOK)
	ann.form("/api/analyze-trade", part{"description", "", sound}).refused(http.StatusTooManyRequests, "RATE_LIMITED")
}

func TestAnalyzeTradeCountsAsOneAnswer(t *testing.T) {
	m := &seer{}
	p := open(t, modelled(m), func(_ *Options, c *chat.Options, _ *auth.Options) {
		c.AnswersPerDay = func(auth.Actor) int { return 1 }
	})
	ann := p.person("ann")
	image := part{"image", "a.png", string(chart(t, 1))}
	m.fails = errors.New("the provider is away")
	ann.form("/api/analyze-trade", image).refused(http.StatusBadGateway, "AI_UNAVAILABLE")
	m.fails = nil
	ann.form("/api/analyze-trade", image).want(http.StatusOK) // the one that failed was given back
	ann.form("/api/analyze-trade", image).refused(http.StatusTooManyRequests, "BUDGET_EXHAUSTED")
	used, _, err := p.chat.AnswersToday(t.Context(), ann.actor)
	if used != 1 || err != nil {
		t.Errorf("%d answers are counted, %v", used, err)
	}
}
