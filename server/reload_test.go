package server_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/coach/openaitest"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// TestAReloadTakesOtherPrompts changes the folder of prompts under a running
// server: what is sound is told to models from the next answer on, what is not
// is refused, and what held before goes on.
func TestAReloadTakesOtherPrompts(t *testing.T) {
	files, dir := map[string]string{}, t.TempDir()
	for _, name := range []string{"analysis.md", "psychology.md", "system.md", "training.md", "version.txt"} {
		raw, err := os.ReadFile(filepath.Join("coach", "prompts", "default", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(raw)
	}
	write := func(change map[string]string) {
		t.Helper()
		all := maps.Clone(files)
		maps.Copy(all, change)
		for name, text := range all {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	told := make(chan string, 10)
	model := httptest.NewServer(openaitest.New(func(r openaitest.Request) openaitest.Reply {
		told <- strings.Trim(string(r.Messages[0].Content), `"`)
		return openaitest.Says("an answer")
	}))
	defer model.Close()
	write(map[string]string{"system.md": "THE FIRST\n" + files["system.md"], "version.txt": "first"})
	c := config(t, storagetest.SQLiteURL(t), "AI_PROMPTS="+dir, "OPENAI_BASE_URL="+model.URL+"/v1", "OPENAI_MODEL=stub", "AI_POLICIES=stub price=1/1")
	reload := make(chan configs.Config) // unbuffered: what was sent before is being done, or done
	base, stop := runWith(t, server.Options{Config: c, Reload: reload})
	defer stop()
	ann, _ := register(t, base, "ann")
	room, s := ann.conversation(), mustDial(t, base, ann.token)
	for _, step := range []struct {
		change map[string]string
		want   string
	}{
		{map[string]string{"system.md": "THE FIRST\n" + files["system.md"]}, "THE FIRST"},
		{map[string]string{"system.md": "THE SECOND\n" + files["system.md"]}, "THE SECOND"},
		{map[string]string{"system.md": "THE THIRD, without what it cannot do without"}, "THE SECOND"},
		{map[string]string{"system.md": "THE FOURTH\n" + files["system.md"]}, "THE FOURTH"},
	} {
		write(step.change)
		reload <- c
		reload <- c // taken only after the first was done
		s.must("send_message", map[string]string{"conversationId": room, "content": mission})
		s.await("ai_response")
		if got := <-told; !strings.HasPrefix(got, step.want) {
			t.Errorf("the model was told %.40q…, want %s", got, step.want)
		}
	}
	var h struct{ Status string }
	(&caller{t: t, base: base}).must(http.MethodGet, "/api/health", nil).into(t, &h)
	if h.Status != "ok" {
		t.Errorf("health is %s", h.Status)
	}
}
