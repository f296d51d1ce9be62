package server

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/elite-trading-coach/coach/configs"
)

func TestEachDiskIsGuardedOnce(t *testing.T) {
	for name, test := range map[string]struct {
		data, uploads string
		also          bool // that of uploads is guarded beside the data folder's
	}{
		"below":                     {"/data/coach", "/data/coach/uploads", false},
		"the same":                  {"/data/coach", "/data/coach/", false},
		"a name that begins alike":  {"/data/coach", "/data/coach-uploads", true},
		"beside":                    {"/data/coach", "/data/coach/../images", true},
		"elsewhere":                 {"/data/coach", "/mnt/images", true},
		"relative, written shortly": {"./coach_data", "coach_data/uploads", false},
		"relative, alike":           {"coach_data", "coach_data2", true},
		"one of each":               {"coach_data", "/mnt/images", true},
	} {
		t.Run(name, func(t *testing.T) {
			data, uploads := filepath.FromSlash(test.data), filepath.FromSlash(test.uploads)
			want := []string{data}
			if test.also {
				want = append(want, uploads)
			}
			c := configs.Config{DataDir: data, Upload: configs.Upload{Dir: uploads}}
			if got := newDiskGuard(c, nil).Dirs; !slices.Equal(got, want) {
				t.Errorf("guards %q, want %q", got, want)
			}
		})
	}
}
