package needs_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/needs"
)

// verdict is a test that only notes how it was ended.
type verdict struct {
	testing.TB
	failed, skipped string
}

func (v *verdict) Helper() {}

func (v *verdict) Fatalf(format string, args ...any) {
	v.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (v *verdict) Skipf(format string, args ...any) {
	v.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func judge(test func(t testing.TB)) *verdict {
	v, done := &verdict{}, make(chan struct{})
	go func() {
		defer close(done)
		test(v)
	}()
	<-done
	return v
}

func TestWhatIsRequiredFailsAndTheRestSkips(t *testing.T) {
	t.Setenv("COACH_TEST_REQUIRE", "redis,abacus")
	lacking := func(service string) *verdict {
		return judge(func(t testing.TB) { needs.Program(t, service, "no-such-program", "nor-this") })
	}
	if v := lacking("abacus"); !strings.Contains(v.failed, "abacus: no no-such-program, nor-this in PATH") || v.skipped != "" {
		t.Errorf("a required program that is missing: %+v", v)
	}
	if v := lacking("aba"); !strings.Contains(v.skipped, "waits for aba") || v.failed != "" {
		t.Errorf("any other: %+v", v)
	}
	if v := judge(func(t testing.TB) { needs.Program(t, "go", "no-such-program", "go") }); v.failed+v.skipped != "" {
		t.Errorf("a program that is there: %+v", v)
	}
}

func TestNodeIsFoundFromAnyFolder(t *testing.T) {
	needs.Program(t, "node", "node")
	t.Chdir(filepath.Join("..", "..", "server"))
	if got := needs.Node(t); !filepath.IsAbs(got) || !strings.HasSuffix(got, filepath.Join("testdata", "node")) {
		t.Errorf("testdata/node is %q", got)
	}
	if v := judge(func(t testing.TB) { needs.Node(t, "no-such-package") }); !strings.Contains(v.failed+v.skipped, "npm ci") {
		t.Errorf("a package that is missing: %+v", v)
	}
}
