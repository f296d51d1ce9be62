package rest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/chat"
)

func TestPagesOfMessages(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	id := ann.conversation("off")
	for i := range 7 {
		ann.say(id, fmt.Sprint(i+1))
	}
	for query, want := range map[string]string{
		"":                    "1234567 false - -",
		"?limit=3":            "567 true 5 -",
		"?limit=3&before=5":   "234 true 2 -",
		"?limit=3&before=2":   "1 false - -",
		"?limit=3&after=0":    "123 true - -",
		"?limit=7&after=0":    "1234567 false - -",
		"?limit=3&after=5":    "67 false - -",
		"?limit=2&after=3":    "45 true - -",
		"?limit=2&afterRev=2": "34 true - -",
		"?limit=5&afterRev=2": "34567 false - -",
		"?limit=3&offset=0":   "567 true 5 7",
		"?limit=3&offset=5":   "12 false - 7",
	} {
		var page messagePage
		ann.get("/api/conversations/" + id + "/messages" + query).want(200).into(&page)
		got := ""
		for _, m := range page.Messages {
			got += m.Content
		}
		got += fmt.Sprintf(" %v %s %s", page.HasMore, orDash(page.NextBefore), orDash(page.Total))
		if got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

func orDash(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func TestTheSameSendAgain(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	id := ann.conversation("always")
	send := func(key string, body map[string]string) answer {
		header := map[string]string{}
		if key != "" {
			header["Idempotency-Key"] = key
		}
		return p.do(ask{method: "POST", path: "/api/messages", token: ann.token, body: body, header: header})
	}
	var first, second chat.Message
	send("", map[string]string{"conversationId": id, "content": "a", "clientMessageId": "k1"}).want(201).into(&first)
	send("", map[string]string{"conversationId": id, "content": "a", "clientMessageId": "k1"}).want(200).into(&second)
	if first.ID != second.ID {
		t.Error("another message")
	}
	send("k1", map[string]string{"conversationId": id, "content": "a"}).want(200).into(&second)
	if first.ID != second.ID {
		t.Error("the header is another key")
	}
	send("k2", map[string]string{"conversationId": id, "content": "a", "clientMessageId": "k1"}).want(200) // the body's wins
	send("k1", map[string]string{"conversationId": id, "content": "b"}).refused(409, "CONFLICT")
	p.do(ask{
		method: "POST", path: "/api/messages", token: ann.token, body: map[string]string{"conversationId": id, "content": "a"},
		header: map[string]string{"Idempotency-Key": strings.Repeat("k", 65)},
	}).refused(400, "VALIDATION_ERROR").names("clientMessageId")
	send("", map[string]string{"conversationId": id}).refused(400, "VALIDATION_ERROR").names("content")
	send("", map[string]string{"conversationId": id, "content": strings.Repeat("🚀", 10_000)}).want(201)
	send("", map[string]string{"conversationId": id, "content": strings.Repeat("x", 10_001)}).refused(400, "VALIDATION_ERROR").names("content")
}
