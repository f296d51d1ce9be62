package manual

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"github.com/elite-trading-coach/coach/docs"
)

//go:embed templates
var templates embed.FS

// writer makes pages; it is used once.
type writer struct {
	files    map[string]file
	markdown goldmark.Markdown
	layout   *template.Template
	guides   []guide
	http     *book
	live     *book
	examples docs.Examples
	style    string // path of the style sheet
}

// page is what the layout shows.
type page struct {
	Title, Path, Style string
	Guides             []guide
	Tags               []tag
	Body               template.HTML
}

func newWriter() (*writer, error) {
	w := &writer{files: map[string]file{}}
	w.markdown = goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithASTTransformers(linkChanger())),
		goldmark.WithRendererOptions(focusable()),
	)
	var err error
	if w.layout, err = template.New("").Funcs(template.FuncMap{"md": w.block, "line": w.inline}).ParseFS(templates, "templates/*.html"); err != nil {
		return nil, err
	}
	if w.http, err = newBook(docs.OpenAPI, home+"/api/shapes"); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	if w.live, err = newBook(docs.AsyncAPI, home+"/events/shapes"); err != nil {
		return nil, fmt.Errorf("asyncapi.yaml: %w", err)
	}
	w.examples, err = docs.LoadExamples()
	return w, err
}

func (w *writer) write() error {
	style, err := templates.ReadFile("templates/docs.css")
	if err != nil {
		return err
	}
	w.style = home + "/style." + sum(style)[:12] + ".css"
	w.files[w.style] = newFile("docs.css", style, keep)
	for _, step := range []func() error{w.readGuides, w.copyFiles, w.writeGuides, w.writeRoutes, w.writeEvents, w.writeHome} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// copyFiles serves as they are: the descriptions, for programs, and the pictures of the guides.
func (w *writer) copyFiles() error {
	w.files[home+"/openapi.yaml"] = newFile("openapi.yaml", []byte(docs.OpenAPI), ask)
	w.files[home+"/asyncapi.yaml"] = newFile("asyncapi.yaml", []byte(docs.AsyncAPI), ask)
	return fs.WalkDir(docs.Files, "images", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := docs.Files.ReadFile(name)
		w.files[home+"/"+name] = newFile(name, body, ask)
		return err
	})
}

// page puts a body into the layout, at a path.
func (w *writer) page(at, title string, body template.HTML) error {
	var b bytes.Buffer
	err := w.layout.ExecuteTemplate(&b, "layout.html", page{
		Title: title, Path: at, Style: w.style, Guides: w.guides, Tags: w.http.tags(), Body: body,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	w.files[at] = newFile("page.html", b.Bytes(), ask)
	return nil
}

// fill makes a body by one of the templates.
func (w *writer) fill(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := w.layout.ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil //nolint:gosec // made by html/template
}

// block makes HTML of Markdown. Raw HTML in it is left out by the renderer.
func (w *writer) block(text string) (template.HTML, error) {
	var b bytes.Buffer
	if err := w.markdown.Convert([]byte(text), &b); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil //nolint:gosec // the renderer escapes
}

// inline is block for a single line, without the paragraph around it.
func (w *writer) inline(text string) (template.HTML, error) {
	html, err := w.block(text)
	line := strings.TrimSpace(string(html))
	line = strings.TrimSuffix(strings.TrimPrefix(line, "<p>"), "</p>")
	return template.HTML(line), err //nolint:gosec // the renderer escapes
}

func (w *writer) writeHome() error {
	body, err := w.fill("home.html", struct {
		Guides []guide
		Tags   []tag
	}{w.guides, w.http.tags()})
	if err != nil {
		return err
	}
	if err := w.page(nowhere, "Not found", `<h1>There is no such page</h1><p>The list of pages is <a href="/docs">here</a>.</p>`); err != nil {
		return err
	}
	return w.page(home, "Documentation", body)
}
