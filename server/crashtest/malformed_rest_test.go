//go:build unix

package crashtest

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// operation is a method and a path of the public description.
type operation struct{ method, path string }

// described lists the operations of docs/openapi.yaml, in order.
func described(t *testing.T) []operation {
	t.Helper()
	text, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]yaml.Node
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var list []operation
	for path, methods := range doc.Paths {
		for method := range methods {
			if slices.Contains([]string{"get", "post", "put", "patch", "delete"}, method) {
				list = append(list, operation{strings.ToUpper(method), path})
			}
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	if len(list) < 20 {
		t.Fatalf("the description has %d operations", len(list))
	}
	return list
}

// request is a whole one, for a connection of its own.
func request(o operation, token, kind, body string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: coach\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		o.method, o.path, token, kind, len(body), body)
}

// brokenBodies go to every operation that takes one.
func brokenBodies(t *testing.T, server *process, who *person) {
	const number = `{"conversationId":%[1]s,"content":%[1]s,"title":%[1]s,"mode":%[1]s,"email":%[1]s,"username":%[1]s,"password":%[1]s,"identifier":%[1]s,"currentPassword":%[1]s,"newPassword":%[1]s}`
	deep := strings.Repeat("[", 200_000)
	bodies := []string{
		"{", "}", "[]", "null", "1", `"x"`, "\x00", "{}{}", "{,}", `{"content":}`, `{"content":"` + "\xff\xfe" + `"}`, `{"content":"a\u0000b"}`, `{"content":"\ud800"}`,
		deep, `{"content":` + deep, `{"x":` + strings.Repeat(`{"x":`, 100_000), `{"content":` + deep + strings.Repeat("]", len(deep)) + "}",
		fmt.Sprintf(number, "1e400"), fmt.Sprintf(number, "-0"), fmt.Sprintf(number, strings.Repeat("9", 5000)), fmt.Sprintf(number, "{}"), fmt.Sprintf(number, "[null]"),
		fmt.Sprintf(number, `"`+strings.Repeat("a", 300_000)+`"`), fmt.Sprintf(number, `"\u0000"`), fmt.Sprintf(number, `"`+"\xc3\x28"+`"`),
		`{"content":"a","content":"b"}`, noise(3, 4096),
	}
	for _, o := range described(t) {
		// These need no body and would end the session that the others use.
		if o.method == "GET" || o.path == "/api/auth/logout" || o.path == "/api/auth/refresh" {
			continue
		}
		o.path = strings.ReplaceAll(o.path, "{id}", "01890000-0000-7000-8000-000000000000")
		for i, body := range bodies {
			kind := "application/json"
			text := request(o, who.client.Token, kind, body)
			noFault(t, text, exchange(t, server, text))
			if i%5 == 0 {
				for _, kind := range []string{"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain; charset=\xff", "application/json; charset=utf-7"} {
					text := request(o, who.client.Token, kind, body)
					noFault(t, text, exchange(t, server, text))
				}
			}
		}
	}
	big := request(operation{"POST", "/api/messages"}, who.client.Token, "application/json", `{"content":"`+strings.Repeat("a", 11<<20)+`"}`)
	if a := exchange(t, server, big); a.status != 413 && a.status != 0 {
		t.Errorf("11 MiB are answered %d", a.status)
	}
}

// brokenIDs go to every operation with an id in its path.
func brokenIDs(t *testing.T, server *process, who *person) {
	ids := []string{
		"x", "0", "-1", "null", "undefined", "1e400", "%00", "%ff", "%c3%28", "..", "..%2f..%2fetc%2fpasswd", "%2e%2e", "'%3B%20DROP%20TABLE%20users%3B--", "%5Bobject%20Object%5D",
		strings.Repeat("a", 5000), "00000000-0000-0000-0000-000000000000", "01890000-0000-7000-8000-000000000000", "01890000000070008000000000000000", "urn:uuid:01890000-0000-7000-8000-000000000000", "%F0%9F%92%A3",
	}
	parameter := regexp.MustCompile(`\{\w+\}`)
	seen := 0
	for _, o := range described(t) {
		if !strings.Contains(o.path, "{") {
			continue
		}
		seen++
		for _, id := range ids {
			at := operation{o.method, parameter.ReplaceAllLiteralString(o.path, id)}
			text := request(at, who.client.Token, "application/json", `{"content":"x","title":"x"}`)
			refused(t, text, exchange(t, server, text))
		}
	}
	if seen < 8 {
		t.Errorf("only %d operations have an id in their path", seen)
	}
}

// brokenQueries are bad cursors and numbers, and bytes that no query may have.
func brokenQueries(t *testing.T, server *process, who *person) {
	room := who.conversation("off")
	values := []string{
		"", "x", "-1", "0", "101", "1e400", "1e3", "0x10", "9223372036854775808", strings.Repeat("9", 400), "%00", "%ff", "%zz", "null", "true", "[]", "NaN",
		url.QueryEscape(base64.RawURLEncoding.EncodeToString([]byte(noise(9, 60)))), base64.RawURLEncoding.EncodeToString([]byte(`{"at":1e400}`)), strings.Repeat("A", 8000), "1&limit=2",
	}
	names := []string{"limit", "cursor", "offset", "before", "after", "afterRev", "archived", "mode", "q", "conversationId"}
	for _, path := range []string{"/api/conversations", "/api/conversations/" + room + "/messages", "/api/messages"} {
		for _, name := range names {
			for _, value := range values {
				query := "?" + name + "=" + value
				if path == "/api/messages" && name != "conversationId" {
					query += "&conversationId=" + room
				}
				text := request(operation{"GET", path + query}, who.client.Token, "application/json", "")
				noFault(t, text, exchange(t, server, text))
			}
		}
	}
}

// brokenTokens are answered 401 with the contract's codes.
func brokenTokens(t *testing.T, server *process, who *person) {
	good := strings.Split(who.client.Token, ".")
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, token := range []string{
		"", " ", ".", "..", "...", "null", "x.y.z", strings.Repeat("a", 50_000), "\x80\xff",
		good[0] + "." + good[1] + ".", good[0] + "." + good[1] + "." + good[2][:10], good[0] + "." + good[1] + "." + encode(noise(4, 32)),
		good[0] + "." + encode(`{"sub":1e400,"exp":1e400}`) + "." + good[2], good[0] + "." + encode(strings.Repeat("[", 20_000)) + "." + good[2],
		encode(`{"alg":"none"}`) + "." + good[1] + ".", encode(`{"alg":"HS256","crit":["x"]}`) + "." + good[1] + "." + good[2], encode("\x00") + "." + encode("\x00") + "." + encode("\x00"),
	} {
		text := request(operation{"GET", "/api/auth/me"}, token, "application/json", "")
		a := exchange(t, server, text)
		if a.status == 400 && !utf8.ValidString(token) { // no header may hold that
			continue
		}
		refused(t, text, a)
		if a.status != 401 || !strings.Contains(a.body, `"TOKEN_`) {
			t.Errorf("token %s is answered %d %s", short(token), a.status, a.body)
		}
	}
}
