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
// one answer, which is given back where nothing came of it. Only a form, which
// may bring a chart, counts as uploading.
func (s *site) analyzeTrade(c *call) error {
	ctx := c.Request().Context()
	idea := coach.Idea{AskedBy: c.actor.UserID}
	if kind, _, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); kind == "multipart/form-data" {
		batch, err := s.beginUpload(c)
		if err != nil {
			return err
		}
		defer batch.Discard()
		if err := s.readChart(c, batch, &idea); err != nil {
			return err
		}
	} else if err := bind(c, text("description", &idea.Text)); err != nil {
		return err
	}
	if err := checkIdea(idea); err != nil {
		return err
	}
	giveBack, err := s.Chat.TakeAnswer(ctx, c.actor)
	if err != nil {
		return err
	}
	began := s.Now()
	answer, err := s.Analyst.Analyse(ctx, idea, func(string) error { return nil })
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

// readChart reads a form with words, an image, or both. The image can be loaded
// as long as the batch is there; its place goes to another before a model
// begins to think.
func (s *site) readChart(c *call, batch *upload.Batch, idea *coach.Idea) error {
	err := s.readImages(c, imageForm{batch, []string{"image"}, map[string]*string{"description": &idea.Text}, chat.MaxContent})
	if err != nil {
		return err
	}
	if batch.Len() > 1 {
		return fault.Invalid("image", "Send one image.")
	}
	images, err := batch.Prepare(c.Request().Context())
	if err != nil {
		return err
	}
	idea.Images = shownImages(images)
	batch.Leave()
	return nil
}

func checkIdea(idea coach.Idea) error {
	switch {
	case strings.TrimSpace(idea.Text) == "" && len(idea.Images) == 0:
		return fault.Invalid("description", "Describe the trade, or send an image of the chart.")
	case utf8.RuneCountInString(idea.Text) > chat.MaxContent:
		return fault.Invalid("description", tooLong(chat.MaxContent))
	}
	return nil
}

func shownImages(list []upload.Prepared) []coach.Image {
	out := make([]coach.Image, len(list))
	for i, p := range list {
		out[i] = coach.Image{MIME: p.Type, Alt: p.Name, Load: p.Load}
	}
	return out
}
