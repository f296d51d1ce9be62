package api_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/api"
)

func TestListsSayWhatIsWanted(t *testing.T) {
	var asked string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.String()
		_, _ = io.WriteString(w, `{"success":true,"data":{"items":[{"id":"x"}],"matched":1,"total":2}}`)
	}))
	t.Cleanup(s.Close)
	page, err := (&api.Client{BaseURL: s.URL}).Connections(t.Context(), api.List{Filter: "queue>0 user~é", Sort: "-age", Limit: 7})
	if err != nil || len(page.Items) != 1 || page.Total != 2 {
		t.Errorf("page %+v, %v", page, err)
	}
	if want := "GET /api/admin/connections?filter=queue%3E0+user~%C3%A9&limit=7&sort=-age"; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
}

func TestNamesInPathsAreEscaped(t *testing.T) {
	var asked string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.EscapedPath()
		_, _ = io.WriteString(w, `{"success":true,"data":{}}`)
	}))
	t.Cleanup(s.Close)
	if _, err := (&api.Client{BaseURL: s.URL}).Disable(t.Context(), "a/b@example.com"); err != nil {
		t.Fatal(err)
	}
	if want := "POST /api/admin/users/a%2Fb@example.com/disable"; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
}

func TestAnOlderServerIsSaidSo(t *testing.T) {
	c := answering(t, 404, `{"success":false,"error":"There is nothing at this address.","code":"NOT_FOUND","retryable":false,"requestId":"r"}`)
	if _, err := c.Snapshot(t.Context()); !errors.Is(err, api.ErrNoOperators) {
		t.Errorf("Snapshot: %v, want ErrNoOperators", err)
	}
	c = answering(t, 404, `{"success":false,"error":"There is no such connection.","code":"NOT_FOUND","retryable":false,"requestId":"r"}`)
	if err := c.Disconnect(t.Context(), "x"); err == nil || errors.Is(err, api.ErrNoOperators) {
		t.Errorf("Disconnect: %v, want the refusal itself", err)
	}
}

func TestEvents(t *testing.T) {
	const stream = "retry: 1000\n\n: alive\n\nevent: load\ndata: {\"sockets\":3}\n\nevent: tomorrow\ndata: {}\n\nevent: changed\ndata: {\"rooms\":true}\n\n" +
		"event: log\ndata: {\"level\":\"WARN\",\ndata: \"message\":\"m\"}\n\n"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, stream) }))
	t.Cleanup(s.Close)
	var got []api.Event
	var last error
	for e, err := range (&api.Client{BaseURL: s.URL}).Events(t.Context()) {
		if last = err; err == nil {
			got = append(got, e)
		}
	}
	want := []api.Event{
		{Name: "load", Load: &api.Load{Sockets: 3}},
		{Name: "changed", Changed: &api.Changed{Rooms: true}},
		{Name: "log", Log: &api.LogLine{Level: "WARN", Message: "m"}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b api.Time) bool { return a == b })); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if !errors.Is(last, api.ErrUnreachable) {
		t.Errorf("the end: %v, want ErrUnreachable", last)
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	c := answering(t, 403, `{"success":false,"error":"No.","code":"FORBIDDEN","retryable":false,"requestId":"r"}`)
	for _, err := range c.Events(t.Context()) {
		var refused *api.RefusedError
		if !errors.As(err, &refused) || refused.Code != "FORBIDDEN" {
			t.Errorf("events: %v, want the refusal", err)
		}
	}
}

func TestOverSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"success":true,"data":{"you":{"name":%q}}}`, r.Host)
	})}}
	s.Start()
	t.Cleanup(s.Close)
	found, err := api.OverSocket(path).Snapshot(t.Context())
	if err != nil || found.You.Name != "admin.sock" {
		t.Errorf("Snapshot = %+v, %v", found.You, err)
	}
	if _, err := api.OverSocket(path + "x").Snapshot(t.Context()); !errors.Is(err, api.ErrUnreachable) {
		t.Errorf("where nobody listens: %v, want ErrUnreachable", err)
	}
}
