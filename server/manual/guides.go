package manual

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/elite-trading-coach/coach/docs"
)

// source is where files lie that are not among the pages.
const source = "https://github.com/elite-trading-coach/coach/blob/main/"

// first are the guides in the order in which one reads them; all others follow by name.
var first = []string{"frontend", "team", "models", "migrating", "plan", "uploads", "export"}

type guide struct {
	Name, Title, Path string
	text              string
}

// readGuides finds every guide and its title, which is its first line.
func (w *writer) readGuides() error {
	names, err := fs.Glob(docs.Files, "*.md")
	if err != nil {
		return err
	}
	for _, file := range names {
		raw, err := docs.Files.ReadFile(file)
		if err != nil {
			return err
		}
		title, found := strings.CutPrefix(strings.SplitN(string(raw), "\n", 2)[0], "# ")
		if !found {
			return fmt.Errorf("%s does not begin with its title", file)
		}
		name := strings.TrimSuffix(file, ".md")
		w.guides = append(w.guides, guide{Name: name, Title: strings.ReplaceAll(title, "`", ""), Path: home + "/" + name, text: string(raw)})
	}
	place := func(g guide) int {
		if i := slices.Index(first, g.Name); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(w.guides, func(a, b guide) int { return place(a) - place(b) })
	return nil
}

func (w *writer) writeGuides() error {
	for _, g := range w.guides {
		body, err := w.block(g.text)
		if err != nil {
			return fmt.Errorf("%s: %w", g.Name, err)
		}
		if err := w.page(g.Path, g.Title, body); err != nil {
			return err
		}
	}
	return nil
}

// linker makes links between files links between pages.
type linker struct{}

func linkChanger() util.PrioritizedValue { return util.Prioritized(linker{}, 100) }

func (linker) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			n.Destination = []byte(linkTo(string(n.Destination)))
		case *ast.Image:
			n.Destination = []byte(linkTo(string(n.Destination)))
		}
		return ast.WalkContinue, nil
	})
}

// linkTo turns a link of a file in docs/ into one of its page.
func linkTo(to string) string {
	if strings.Contains(to, "://") || strings.HasPrefix(to, "#") || strings.HasPrefix(to, "/") || strings.HasPrefix(to, "mailto:") {
		return to
	}
	at, fragment, found := strings.Cut(to, "#")
	if found {
		fragment = "#" + fragment
	}
	at = path.Join("docs", at)
	inside, ok := strings.CutPrefix(at, "docs/")
	switch {
	case !ok, strings.HasSuffix(inside, ".json"):
		return source + at + fragment
	case strings.HasSuffix(inside, ".md"):
		return home + "/" + strings.TrimSuffix(inside, ".md") + fragment
	}
	return home + "/" + inside + fragment
}

// focusable lets tables and code that are wider than a phone be scrolled, by keyboard too, without the page.
func focusable() renderer.Option {
	return renderer.WithNodeRenderers(util.Prioritized(wide{}, 100))
}

type wide struct{}

func (wide) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, code)
	r.Register(ast.KindCodeBlock, code)
	r.Register(extast.KindTable, table)
}

//nolint:revive // the signature is goldmark's
func code(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString(`<pre tabindex="0"><code>`)
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		_, _ = w.Write(util.EscapeHTML(line.Value(source)))
	}
	_, _ = w.WriteString("</code></pre>\n")
	return ast.WalkSkipChildren, nil
}

//nolint:revive // the signature is goldmark's
func table(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(`<div class="wide" tabindex="0" role="group" aria-label="Table"><table>` + "\n")
	} else {
		_, _ = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}
