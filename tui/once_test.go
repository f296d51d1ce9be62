package tui

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/api"
)

func printed(t *testing.T, s *scripted, p Print) (string, error) {
	t.Helper()
	var out bytes.Buffer
	p.Now = noon()
	err := Once(t.Context(), &out, s, p)
	return out.String(), err
}

// TestOncePlain holds each page to a file, as TestScreens does.
func TestOncePlain(t *testing.T) {
	for _, name := range PageNames() {
		t.Run(name, func(t *testing.T) {
			server := aServer()
			for _, e := range append(append([]api.Event{{Load: &api.Load{}}}, logLines()...), api.Event{Load: &api.Load{}}) {
				server.events <- happening{event: e}
			}
			got, err := printed(t, server, Print{Page: name, Format: FormatPlain, List: api.List{Limit: 100}})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "once", name+".txt")
			if os.Getenv("COACH_TEST_UPDATE") != "" {
				if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(got), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnceJSON(t *testing.T) {
	t.Run("a list", func(t *testing.T) {
		got, err := printed(t, aServer(), Print{Page: "connections", Format: FormatJSON, List: api.List{Filter: "tier=premium", Sort: "user", Limit: 2}})
		if err != nil {
			t.Fatal(err)
		}
		var page api.Page[api.Connection]
		if err := json.Unmarshal([]byte(got), &page); err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != 2 || page.Items[0].Username != "carla" || page.NextCursor == "" || page.Matched != 3 {
			t.Errorf("page: %+v", page)
		}
	})
	t.Run("the overview is the snapshot", func(t *testing.T) {
		got, err := printed(t, aServer(), Print{Page: "overview", Format: FormatJSON})
		if err != nil {
			t.Fatal(err)
		}
		var shot api.Snapshot
		if err := json.Unmarshal([]byte(got), &shot); err != nil || shot.Load.Sockets != aSnapshot().Load.Sockets {
			t.Errorf("snapshot: %+v, %v", shot.Load, err)
		}
	})
}

func TestOnceRefuses(t *testing.T) {
	t.Run("an unknown page", func(t *testing.T) {
		if _, err := printed(t, aServer(), Print{Page: "nonsense"}); err == nil || !strings.Contains(err.Error(), "overview, connections") {
			t.Errorf("Once: %v", err)
		}
	})
	t.Run("a filter that does not parse", func(t *testing.T) {
		for _, name := range []string{"connections", "log"} {
			var wrong *api.FilterError
			if _, err := printed(t, aServer(), Print{Page: name, List: api.List{Filter: "tire=free"}}); !errors.As(err, &wrong) {
				t.Errorf("Once of %s: %v", name, err)
			}
		}
	})
	t.Run("a wrong token", func(t *testing.T) {
		server := aServer()
		server.fail(&api.RefusedError{Status: 401, Failure: api.Failure{Error: "This token is not valid."}})
		if _, err := printed(t, server, Print{Page: "users"}); err == nil || !strings.Contains(err.Error(), "coach token create") {
			t.Errorf("Once: %v", err)
		}
	})
}
