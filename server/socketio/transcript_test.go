package socketio_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var sids = regexp.MustCompile(`"sid":"[A-Za-z0-9_-]{20}"`)

// Golden transcripts: what a client says (>) and hears (<), line by line, in testdata/transcripts.
func TestConformanceTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) < 3 {
		t.Fatalf("transcripts %v: %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			onSuite(t, func(t *testing.T, x *site) {
				p := x.open()
				for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
					p.follow(line)
				}
			})
		})
	}
}

func (p *peer) follow(line string) {
	p.t.Helper()
	direction, text, _ := strings.Cut(line, " ")
	data, binary := attachmentLine(p.t, text)
	switch {
	case direction == "#":
	case line == "< closed":
		p.hearClose()
	case direction == ">" && binary:
		p.sayBinary(data)
	case direction == ">":
		p.say(text)
	case direction == "<" && binary:
		p.hear("b" + string(data))
	case direction == "<":
		if got := sids.ReplaceAllString(p.next(), `"sid":"SID"`); got != text {
			p.t.Fatalf("heard %q, want %q", got, text)
		}
	default:
		p.t.Fatalf("line %q begins with none of # > <", line)
	}
}

// attachmentLine reads "b" and hex digits.
func attachmentLine(t *testing.T, text string) (data []byte, ok bool) {
	t.Helper()
	digits, ok := strings.CutPrefix(text, "b")
	if !ok {
		return nil, false
	}
	data, err := hex.DecodeString(strings.TrimSpace(digits))
	if err != nil {
		t.Fatalf("attachment %q: %v", text, err)
	}
	return data, true
}
