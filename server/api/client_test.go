package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/api"
)

// answering starts a server that gives every request the same reply.
func answering(t *testing.T, status int, body string) *api.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return &api.Client{BaseURL: s.URL}
}

func TestHealth(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	t.Run("OK", func(t *testing.T) {
		c := answering(t, 200, `{"success":true,"data":{"status":"degraded","version":"1.2.3","uptimeSeconds":5,"checks":{"ai":{"status":"degraded","message":"m","latencyMs":1.5}}}}`)
		got, err := c.Health(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		want := api.Health{Status: api.StatusDegraded, Build: api.Build{Version: "1.2.3"}, UptimeSeconds: 5, Checks: map[string]api.Check{
			"ai": {Status: api.StatusDegraded, Message: "m", LatencyMs: 1.5},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("health (-want +got):\n%s", diff)
		}
	})
	t.Run("down is an answer", func(t *testing.T) {
		c := answering(t, 503, `{"success":false,"error":"Down.","code":"UNAVAILABLE","retryable":true,"requestId":"r","data":{"status":"down","version":"1","uptimeSeconds":1,"checks":{}}}`)
		got, err := c.Health(t.Context(), "ready")
		if err != nil || got.Status != api.StatusDown {
			t.Errorf("Health = %v, %v; want down and no error", got, err)
		}
	})
	t.Run("somebody else answers", func(t *testing.T) {
		for _, body := range []string{"<html>nginx</html>", `{"ok":true}`, `{"success":true,"data":{}}`, `{"success":true,"data":[]}`, ""} {
			_, err := answering(t, 200, body).Health(t.Context(), "")
			if !errors.Is(err, api.ErrUnreachable) {
				t.Errorf("after %q: %v, want ErrUnreachable", body, err)
			}
		}
	})
	t.Run("nobody answers", func(t *testing.T) {
		s := httptest.NewServer(http.NotFoundHandler())
		s.Close()
		_, err := (&api.Client{BaseURL: s.URL}).Health(t.Context(), "")
		if !errors.Is(err, api.ErrUnreachable) {
			t.Errorf("Health: %v, want ErrUnreachable", err)
		}
	})
	t.Run("too slow", func(t *testing.T) {
		s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		t.Cleanup(s.Close)
		_, err := (&api.Client{BaseURL: s.URL, Timeout: time.Millisecond}).Health(t.Context(), "")
		if !errors.Is(err, api.ErrUnreachable) {
			t.Errorf("Health: %v, want ErrUnreachable", err)
		}
	})
	t.Run("the caller gives up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := answering(t, 200, `{}`).Health(ctx, "")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Health: %v, want the context's error", err)
		}
	})
}

func TestPost(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_ = json.NewEncoder(w).Encode(api.OK(map[string]string{
			"method": r.Method, "path": r.URL.Path, "token": r.Header.Get("Authorization"), "type": r.Header.Get("Content-Type"), "body": string(body),
		}))
	}))
	t.Cleanup(s.Close)
	c := &api.Client{BaseURL: s.URL + "/", Token: "tok", HTTP: s.Client()}
	var got map[string]string
	if err := c.Post(t.Context(), "/api/x", map[string]int{"a": 1}, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"method": "POST", "path": "/api/x", "token": "Bearer tok", "type": "application/json", "body": `{"a":1}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestRefusalsKeepTheirCode(t *testing.T) {
	c := answering(t, 429, `{"success":false,"error":"Too many.","code":"RATE_LIMITED","retryable":true,"requestId":"r","tier":"free","limit":10,"windowSeconds":60}`)
	err := c.Get(t.Context(), "/api/limits", nil)
	var refused *api.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("Get: %v, want a refusal", err)
	}
	want := &api.RefusedError{Status: 429, Failure: api.Failure{
		Error: "Too many.", Code: "RATE_LIMITED", Retryable: true, RequestID: "r", Tier: "free", Limit: 10, WindowSeconds: 60,
	}}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
}

func TestTimesOnTheWire(t *testing.T) {
	at := time.Date(2026, 11, 24, 1, 2, 3, 4_567_000, time.FixedZone("x", 3600))
	data, err := json.Marshal(api.User{CreatedAt: api.Time(at)})
	if err != nil || !strings.Contains(string(data), `"createdAt":"2026-11-24T00:02:03.004Z"`) {
		t.Errorf("wrote %s, %v", data, err)
	}
	var back api.Time
	if err := json.Unmarshal([]byte(`"2026-11-24T01:02:03.004+01:00"`), &back); err != nil || back.String() != "2026-11-24T00:02:03.004Z" {
		t.Errorf("read %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`5`), &back); err == nil {
		t.Error("read a number as a time")
	}
}
