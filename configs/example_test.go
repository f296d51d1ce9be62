package configs

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExampleIsTheTable holds the embedded file to the table. To write it
// afresh: COACH_TEST_UPDATE=1 go test ./configs -run Example
func TestExampleIsTheTable(t *testing.T) {
	want := exampleText(Keys())
	if os.Getenv("COACH_TEST_UPDATE") != "" {
		if err := os.WriteFile("coach.example.yaml", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, Example()); diff != "" {
		t.Errorf("coach.example.yaml (-table +file):\n%s\nwrite it afresh: COACH_TEST_UPDATE=1 go test ./configs -run Example", diff)
	}
}

func TestExampleLoadsAsTheDefaults(t *testing.T) {
	want, _, err := Load(LoadOptions{readFile: noFiles})
	if err != nil {
		t.Fatal(err)
	}
	got, sources, err := Load(LoadOptions{ConfigFile: "coach.yaml", readFile: files{"coach.yaml": Example()}.read})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-defaults +example):\n%s", diff)
	}
	for _, k := range Keys() {
		if k.Default != "" && sources[k.Path].Kind != FromFile {
			t.Errorf("%s is not in the example file", k.Path)
		}
	}
}

func TestDotEnvTemplateLoadsAsTheDefaults(t *testing.T) {
	template := strings.ReplaceAll(DotEnv(), "\n#COACH_ENV", "\nCOACH_ENV")
	var lines []string
	for line := range strings.SplitSeq(template, "\n") {
		if name, _, found := strings.Cut(strings.TrimPrefix(line, "#"), "="); found && !strings.Contains(name, " ") {
			line = strings.TrimPrefix(line, "#")
		}
		lines = append(lines, line)
	}
	want, _, err := Load(LoadOptions{readFile: noFiles})
	if err != nil {
		t.Fatal(err)
	}
	got, sources, err := Load(LoadOptions{readFile: files{".env": strings.Join(lines, "\n")}.read})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-defaults +template):\n%s", diff)
	}
	for _, k := range Keys() {
		if k.Default != "" && sources[k.Path].Kind != FromDotEnv {
			t.Errorf("%s is not in the template", k.Env)
		}
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	paths, names := map[string]bool{}, map[string]bool{}
	for _, k := range Keys() {
		if k.Path == "" || k.Env == "" || k.Help == "" || k.Shape() == "" {
			t.Errorf("key %+v lacks a name, a shape or a help line", k.Path)
		}
		if strings.HasSuffix(k.Help, ".") || strings.Contains(k.Help, "\n") {
			t.Errorf("%s: the help must be one line without a full stop", k.Path)
		}
		for _, name := range []string{k.Env, k.Alias, k.FileEnv()} {
			if name != "" && names[name] {
				t.Errorf("%s stands for two keys", name)
			}
			names[name] = true
		}
		if paths[k.Path] {
			t.Errorf("%s stands twice in the table", k.Path)
		}
		paths[k.Path] = true
		var c Config
		if err := k.read(&c, k.Default); err != nil {
			t.Errorf("%s refuses its own default: %v", k.Path, err)
		}
		if got := k.Value(c); got != k.Default {
			t.Errorf("%s at its default is written as %q, want %q", k.Path, got, k.Default)
		}
	}
}
