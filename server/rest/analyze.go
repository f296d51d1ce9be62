package rest

import (
	"encoding/json"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/upload"
)

// analysis is the coach's answer outside a chat.
type analysis struct {
	Verdict          *string         `json:"verdict"`
	Confidence       *int            `json:"confidence"`
	Reasoning        string          `json:"reasoning"`
	Analysis         json.RawMessage `json:"analysis"`
	Model            string          `json:"model"`
	ProcessingTimeMs int64           `json:"processingTimeMs"`
}

// analyzeTrade answers one idea, in words, as a chart, or both. It counts as
// one answer, which is given back where nothing came of it.
func (s *site) analyzeTrade(c *call) error {
	ctx := c.Request().Context()
	batch, err := s.Uploads.Begin(ctx, c.actor)
	if err != nil {
		c.Response().Header().Set("Connection", "close")
		return err
	}
	defer batch.Discard()
	description, err := s.readIdea(c, batch)
	if err != nil {
		return err
	}
	if strings.TrimSpace(description) == "" && batch.Len() == 0 {
		return fault.Invalid("description", "Describe the trade, or send an image of the chart.")
	}
	if utf8.RuneCountInString(description) > chat.MaxContent {
		return fault.Invalid("description", tooLong(chat.MaxContent))
	}
	if batch.Len() > 1 {
		return fault.Invalid("image", "Send one image.")
	}
	images, err := batch.Prepare(ctx)
	if err != nil {
		return err
	}
	giveBack, err := s.Chat.TakeAnswer(ctx, c.actor)
	if err != nil {
		return err
	}
	began := s.Now()
	answer, err := s.Analyst.Analyse(ctx, coach.Idea{
		Text: description, Images: shownImages(images), AskedBy: c.actor.UserID,
	}, func(string) error { return nil })
	if err != nil {
		giveBack()
		return err
	}
	return s.ok(c, analysis{
		Verdict: verdict(answer.Verdict), Confidence: answer.Confidence, Reasoning: answer.Text, Analysis: answer.Analysis,
		Model: answer.Model, ProcessingTimeMs: s.Now().Sub(began).Milliseconds(),
	})
}

// verdict is null where there is none.
func verdict(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// readIdea reads a form with an image, or a body of words.
func (s *site) readIdea(c *call, batch *upload.Batch) (description string, err error) {
	if kind, _, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); kind != "multipart/form-data" {
		return description, bind(c, text("description", &description))
	}
	return description, s.readImages(c, imageForm{batch, []string{"image"}, map[string]*string{"description": &description}, chat.MaxContent})
}

func shownImages(list []upload.Prepared) []coach.Image {
	out := make([]coach.Image, len(list))
	for i, p := range list {
		out[i] = coach.Image{MIME: p.Type, Alt: p.Name, Load: p.Load}
	}
	return out
}
