package coach

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/coach/openaitest"
	"github.com/elite-trading-coach/coach/server/fault"
)

func picture(load func(context.Context) ([]byte, error)) Image { return Image{ID: "i", Load: load} }

func loads(data string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(data), nil }
}

// A model that sees is shown every image that a message may have, five uploads
// and the one that it names.
func TestAModelSeesAllImagesOfAMessage(t *testing.T) {
	p, e := provider(t, always(openaitest.Says("seen")))
	q := ask(mission)
	for range 6 {
		q.Images = append(q.Images, picture(loads("\x89PNG\r\n\x1a\n")))
	}
	if _, _, err := answerOf(t, model(t, e), q); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(p.Seen()[0].Last().Content), "data:image/png;base64,"); n != 6 {
		t.Errorf("%d images were shown", n)
	}
}

// An image that cannot be had costs the words beside it nothing, and is not
// passed over in silence.
func TestAnImageThatCannotBeRead(t *testing.T) {
	gone := picture(func(context.Context) ([]byte, error) { return nil, errors.New("gone") })
	t.Run("BesideWords", func(t *testing.T) {
		p, e := provider(t, always(openaitest.Says("One of the two I could not read.")))
		q := ask(mission)
		q.Images = []Image{gone, picture(loads("\x89PNG\r\n\x1a\n"))}
		a, _, err := answerOf(t, NewChain([]*OpenAI{model(t, e)}, Hooks{}, nil), q)
		if err != nil || a.Model != "gpt-4o-mini" || a.Verdict != "diamond" {
			t.Fatalf("%+v, %v", a, err)
		}
		var parts []struct{ Type, Text string }
		if err := json.Unmarshal(p.Seen()[0].Last().Content, &parts); err != nil || len(parts) != 3 || !strings.Contains(parts[1].Text, "could not be read") || parts[2].Type != "image_url" {
			t.Errorf("the model is told %+v, %v", parts, err)
		}
	})
	t.Run("Alone", func(t *testing.T) {
		p, e := provider(t, always(openaitest.Says("seen")))
		q := ask("")
		q.Images = []Image{gone}
		_, _, err := answerOf(t, NewChain([]*OpenAI{model(t, e)}, Hooks{}, nil), q)
		if !fault.Is(err, fault.AIUnavailable) || len(p.Seen()) != 0 {
			t.Errorf("%v, %d requests; want AI_UNAVAILABLE", err, len(p.Seen()))
		}
	})
}
