package coach

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/elite-trading-coach/coach/server/trading"
)

//go:embed prompts/default
var embedded embed.FS

// maxPromptFile bounds a prompt file: a model reads all of it each time.
const maxPromptFile = 32 << 10

// promptFiles are the files that a folder of prompts has, no more and no fewer.
func promptFiles() []string {
	return []string{"analysis.md", "psychology.md", "system.md", "training.md", "version.txt"}
}

// Prompts are what models are told, from versioned files. They are built into
// the program, and a folder can take their place.
type Prompts struct {
	Version string // stored with every answer
	system  *template.Template
	modes   map[string]string
}

// instructions is what the template of system.md is filled with.
type instructions struct {
	Mode, Plan, Analysis, Now string
	Others, Images, Sees      bool
}

// LoadPrompts reads and checks a folder of prompts; "" takes those built in.
// Everything that is wrong is told at once.
func LoadPrompts(dir string) (*Prompts, error) {
	var files fs.FS
	name := "the prompts"
	if dir == "" {
		sub, err := fs.Sub(embedded, "prompts/default")
		if err != nil {
			return nil, err
		}
		files = sub
	} else {
		files, name = os.DirFS(dir), filepath.Clean(dir)
	}
	texts, err := readPrompts(files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &Prompts{Version: texts["version.txt"], modes: map[string]string{}}
	for _, mode := range []string{"analysis", "psychology", "training"} {
		p.modes[mode] = texts[mode+".md"]
	}
	if p.system, err = template.New("system.md").Option("missingkey=error").Parse(texts["system.md"]); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := p.lint(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

func readPrompts(files fs.FS) (map[string]string, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	var problems []error
	texts := map[string]string{}
	for _, e := range entries {
		if !e.IsDir() && !slices.Contains(promptFiles(), e.Name()) {
			problems = append(problems, fmt.Errorf("%s is no prompt; there are %s", e.Name(), strings.Join(promptFiles(), ", ")))
		}
	}
	for _, name := range promptFiles() {
		raw, err := fs.ReadFile(files, name)
		text := strings.TrimSpace(string(raw))
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s is missing", name))
		case text == "":
			problems = append(problems, fmt.Errorf("%s is empty", name))
		case len(raw) > maxPromptFile:
			problems = append(problems, fmt.Errorf("%s is longer than %d KiB", name, maxPromptFile>>10))
		case text != clean(text):
			problems = append(problems, fmt.Errorf("%s is not UTF-8 text", name))
		}
		texts[name] = text
	}
	if v := texts["version.txt"]; len(v) > 40 || strings.ContainsAny(v, " \n") {
		problems = append(problems, errors.New("version.txt must hold one word of at most 40 characters"))
	}
	return texts, errors.Join(problems...)
}

// lint fills the template in every way that it can be, and looks for what an
// answer cannot do without.
func (p *Prompts) lint() error {
	marks := instructions{Mode: "\x01mode", Plan: "\x01plan", Analysis: "\x01analysis", Now: "\x01now"}
	for n := range 8 {
		marks.Others, marks.Images, marks.Sees = n&1 > 0, n&2 > 0, n&4 > 0
		text, err := p.fill(marks)
		if err != nil {
			return err
		}
		for name, mark := range map[string]string{"Mode": marks.Mode, "Plan": marks.Plan, "Analysis": marks.Analysis} {
			if !strings.Contains(text, mark) {
				return fmt.Errorf("system.md leaves out {{.%s}}", name)
			}
		}
	}
	return nil
}

func (p *Prompts) fill(i instructions) (string, error) {
	var b strings.Builder
	if err := p.system.Execute(&b, i); err != nil {
		return "", err
	}
	return b.String(), nil
}

// instruct is what a model is told before the conversation. draft is what the
// built-in coach would say.
func (p *Prompts) instruct(prompt Prompt, draft Answer, sees bool) (string, error) {
	plan, err := planText(prompt)
	if err != nil {
		return "", err
	}
	mode, ok := p.modes[prompt.Mode]
	if !ok {
		mode = p.modes["analysis"]
	}
	verdict := draft.Verdict
	if verdict == "" {
		verdict = "none"
	}
	return p.fill(instructions{
		Mode: mode, Plan: plan, Analysis: "Verdict: " + verdict + "\n\n" + draft.Text, Now: prompt.Now.UTC().Format("Monday 2006-01-02 15:04 UTC"),
		Others: prompt.Others, Images: len(prompt.Images) > 0, Sees: sees,
	})
}

// planText is the plan as the trader may have written it; before others
// without the account.
func planText(p Prompt) (string, error) {
	plan := p.Plan
	if p.Others {
		plan.Account = trading.DefaultPlan().Account
		plan.Risk.MaxSize = nil
	}
	raw, err := yaml.Marshal(plan)
	if err != nil {
		return "", fmt.Errorf("write the plan: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}
