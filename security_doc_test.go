package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWhatTheThreatModelNamesIsThere holds SECURITY.md to the tree: a test or a script that it names as holding something
// must exist, and a test that is named after a point of the standard must be named there.
func TestWhatTheThreatModelNamesIsThere(t *testing.T) {
	raw, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsOfTheTree(t)
	named := map[string]bool{}
	for _, found := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(raw), -1) {
		if named[found[1]] = true; tests[found[1]] == "" {
			t.Errorf("SECURITY.md names %s, which is no test", found[1])
		}
	}
	if len(named) < 30 {
		t.Fatalf("only %d names can be read of SECURITY.md", len(named))
	}
	for name, file := range tests {
		if strings.HasPrefix(name, "TestASVS_") && !named[name] {
			t.Errorf("SECURITY.md does not name %s of %s", name, file)
		}
	}
	for _, found := range regexp.MustCompile("`((?:testdata|server|docs|deploy)/[\\w./-]+)`").FindAllStringSubmatch(string(raw), -1) {
		if _, err := os.Stat(filepath.FromSlash(found[1])); err != nil {
			t.Errorf("SECURITY.md names %s: %v", found[1], err)
		}
	}
}

// testsOfTheTree gives the file of every test.
func testsOfTheTree(t *testing.T) map[string]string {
	t.Helper()
	tests := map[string]string{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "dist"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		raw, err := os.ReadFile(path)
		for _, found := range declared.FindAllSubmatch(raw, -1) {
			tests[string(found[1])] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
