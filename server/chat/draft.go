package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/fault"
)

// What a message and a conversation may hold.
const (
	MaxContent         = 10_000 // characters (code points) of a message
	MaxTitle           = 200    // characters of a title
	MaxClientMessageID = 64     // printable characters
	titleFromContent   = 60     // characters of a title made from the first message
)

// Draft is a message that somebody wants to send.
type Draft struct {
	ConversationID  string
	Content         string
	UploadIDs       []string
	ImageURL        string
	Mode            string // "" = the conversation's
	ClientMessageID string
}

// check refuses an unsound draft, naming every field that is wrong.
func (d *Draft) check() error {
	var bad problems
	if d.ConversationID == "" {
		bad.add("conversationId", "Say which conversation the message is for.")
	}
	bad.addIf("content", contentProblem(d.Content))
	bad.addIf("uploadIds", uploadIDsProblem(d.UploadIDs))
	bad.addIf("imageUrl", imageURLProblem(d.ImageURL))
	if strings.TrimSpace(d.Content) == "" && len(d.UploadIDs) == 0 && d.ImageURL == "" {
		bad.add("content", "A message needs some text or an image.")
	}
	if d.Mode != "" && !slices.Contains(modes, d.Mode) {
		bad.add("mode", "The mode is analysis, psychology or training.")
	}
	bad.addIf("clientMessageId", clientIDProblem(d.ClientMessageID))
	return bad.err()
}

// hash tells a retry of this draft from another one under the same id.
func (d *Draft) hash() string {
	h := sha256.New()
	for _, part := range append([]string{d.ConversationID, d.Content, d.ImageURL, d.Mode}, d.UploadIDs...) {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// contentProblem says what is wrong with a text, or "".
func contentProblem(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "The text is not valid UTF-8."
	case strings.ContainsRune(s, 0):
		return "The text must not contain NUL characters."
	case utf8.RuneCountInString(s) > MaxContent:
		return "The text is longer than 10 000 characters."
	}
	return ""
}

func titleProblem(s string) string {
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		return "The title must be valid UTF-8 without NUL characters."
	case utf8.RuneCountInString(s) > MaxTitle:
		return "The title is longer than 200 characters."
	}
	return ""
}

func clientIDProblem(s string) string {
	if utf8.RuneCountInString(s) > MaxClientMessageID {
		return "The client's message id is longer than 64 characters."
	}
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return "The client's message id must be printable characters."
		}
	}
	return ""
}

// mention is "@coach" as a word of its own.
var mention = regexp.MustCompile(`(?i)(^|[^\p{L}\p{N}_@.])@coach($|[^\p{L}\p{N}_])`)

// asksCoach reports whether a message in a conversation with this setting
// wants an answer.
func asksCoach(setting, content string) bool {
	switch setting {
	case CoachAlways:
		return true
	case CoachMention:
		return mention.MatchString(content)
	}
	return false
}

// titleFrom makes a title of the first line that says something.
func titleFrom(content string) string {
	for line := range strings.Lines(content) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			continue
		}
		if r := []rune(line); len(r) > titleFromContent {
			return strings.TrimSpace(string(r[:titleFromContent-1])) + "…"
		}
		return line
	}
	return ""
}

// problems gathers what is wrong with each field, so that all is said at once.
type problems []fault.Detail

func (p *problems) add(field, message string) {
	*p = append(*p, fault.Detail{Field: field, Message: message})
}

func (p *problems) addIf(field, message string) {
	if message != "" {
		p.add(field, message)
	}
}

func (p *problems) err() error {
	if len(*p) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Validation, Message: (*p)[0].Message, Details: *p}
}
