package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// seer is a model that tells what it was shown.
type seer struct{ shown chan []byte }

func (*seer) Name() string { return "seer" }

func (m *seer) Stream(ctx context.Context, p coach.Prompt, emit func(string) error) (coach.Answer, error) {
	for _, i := range p.Images {
		data, err := i.Load(ctx)
		if err != nil {
			return coach.Answer{}, err
		}
		m.shown <- data
	}
	return coach.Answer{Text: "seen", Model: m.Name()}, emit("seen")
}

// upload sends a chart and gives its id.
func (c *caller) upload(chart []byte) string {
	c.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	into, err := w.CreateFormFile("images", "chart.png")
	if err == nil {
		_, err = into.Write(chart)
	}
	if err != nil || w.Close() != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.base+"/api/uploads", &body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var v struct {
		Data struct{ Uploads []struct{ ID string } }
	}
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil || len(v.Data.Uploads) != 1 {
		c.t.Fatalf("an upload is answered with %d, %v", res.StatusCode, err)
	}
	return v.Data.Uploads[0].ID
}

// addresses are those of a message's images in a payload.
func addresses(t *testing.T, payload json.RawMessage) []string {
	t.Helper()
	var v struct {
		Message struct {
			Uploads []struct{ URL, ThumbnailURL string }
		}
	}
	if err := json.Unmarshal(payload, &v); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, u := range v.Message.Uploads {
		list = append(list, u.URL, u.ThumbnailURL)
	}
	return list
}

// opens fails unless an address begins as it should and shows a picture.
func opens(t *testing.T, base string, list []string) {
	t.Helper()
	if len(list) != 2 {
		t.Errorf("%d addresses", len(list))
	}
	for _, address := range list {
		if !strings.HasPrefix(address, base+"/api/uploads/") {
			t.Errorf("%q does not begin with %s", address, base)
			continue
		}
		res, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if _, bad := png.DecodeConfig(bytes.NewReader(raw)); err != nil || bad != nil {
			t.Errorf("%s gives %d, %v", address, res.StatusCode, bad)
		}
	}
}

// A chart travels from an upload to the message, to every reader under the
// address by which that reader came, and to a model that sees.
func TestAChartReachesEverybodyAndTheModel(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			m := &seer{make(chan []byte, 4)}
			base, stop := runWith(t, server.Options{Config: config(t, url(t))}.WithModel(m))
			defer stop()
			ann, _ := register(t, base, "ann")
			bob, _ := register(t, base, "bob")
			room := ann.conversation()
			ann.must(http.MethodPost, "/api/conversations/"+room+"/members", map[string]string{"identifier": "bob", "role": "member"})
			var chart bytes.Buffer
			if err := png.Encode(&chart, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
				t.Fatal(err)
			}
			elsewhere := strings.Replace(base, "localhost", "127.0.0.1", 1)
			w := newWitness(t)
			phone, bobs := w.dial(t, base, ann.token), w.dial(t, elsewhere, bob.token)
			phone.says("join_conversation", room, "")
			bobs.says("join_conversation", room, "")
			sent := phone.says("send_message", object{"conversationId": room, "uploadIds": []string{ann.upload(chart.Bytes())}}, "")
			opens(t, base, addresses(t, sent.raw))
			opens(t, base, addresses(t, phone.hears("new_message", with(sent.Message.ID)).Data))
			opens(t, elsewhere, addresses(t, bobs.hears("new_message", with(sent.Message.ID)).Data))
			bobs.hears("ai_response", with("seen"))
			if got := <-m.shown; !bytes.Equal(got[:8], chart.Bytes()[:8]) {
				t.Errorf("the model was shown %.20q", got)
			}
			late := w.dial(t, elsewhere, ann.token)
			missed := late.says("join_conversation", room, "")
			if !strings.Contains(string(missed.raw), `"url":"`+elsewhere) {
				t.Errorf("what was missed has no addresses: %s", missed.raw)
			}
		})
	}
}

// Contract, section 4: only where the built-in coach cannot help, it fails.
func TestAChartAloneFailsWithoutAModelThatSees(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	ann, _ := register(t, base, "ann")
	room := ann.conversation()
	var chart bytes.Buffer
	if err := png.Encode(&chart, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
		t.Fatal(err)
	}
	phone := newWitness(t).dial(t, base, ann.token)
	phone.says("join_conversation", room, "")
	id := ann.upload(chart.Bytes())
	phone.says("send_message", object{"conversationId": room, "uploadIds": []string{id}}, "")
	phone.hears("ai_error", with("AI_UNAVAILABLE"))
	phone.says("send_message", object{"conversationId": room, "content": missionSentence, "uploadIds": []string{id}}, "")
	phone.hears("ai_response", with("I cannot see charts"))
}

// aPNG is a small picture.
func aPNG(t testing.TB) []byte {
	t.Helper()
	var chart bytes.Buffer
	if err := png.Encode(&chart, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
		t.Fatal(err)
	}
	return chart.Bytes()
}
