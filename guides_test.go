package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/needs"
)

// TestFrontendGuideRuns runs the code of docs/frontend.md as it stands there: the client in Node, also where it
// has missed much, the hook on a stand-in for React, and the page in a browser, across a restart of the server.
func TestFrontendGuideRuns(t *testing.T) {
	needs.Node(t, "socket.io-client")
	guide, err := os.ReadFile(filepath.Join("docs", "frontend.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n```\\w+\n(.*?)\n```\n").FindAllStringSubmatch(string(guide), -1) {
		files[block[1]] = block[2] + "\n"
	}
	if len(files) != 5 || len(files) != strings.Count(string(guide), "<!-- file: ") {
		t.Fatalf("%d files can be read of docs/frontend.md, want coach.js, try.js, index.html, page.js and useConversation.js", len(files))
	}
	input, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	binary := buildCoach(t)
	for how, says := range map[string]string{"node": "diamond", "missed": "everything", "react": "diamond", "page": "diamond"} {
		t.Run(how, func(t *testing.T) {
			if how == "page" {
				needs.Browser(t)
			}
			run := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "node", "guide.mjs"), binary, how)
			run.Stdin = strings.NewReader(string(input))
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("the guide's code fails: %v\n%s", err, out)
			}
			if !strings.Contains(string(out), says) {
				t.Errorf("the guide's code does not say %q in the end:\n%s", says, out)
			}
		})
	}
}
