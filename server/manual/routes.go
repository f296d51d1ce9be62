package manual

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/elite-trading-coach/coach/docs"
)

// tag is a chapter of the HTTP side.
type tag struct{ Name, Note, Path string }

// operation is a route with one method.
type operation struct {
	ID, Method, Path, Summary, Note string
	Open                            bool // no token is needed
	Parameters                      []field
	Body                            []content
	Replies                         []response
	Example                         *example
}

type content struct {
	Media  string
	Kind   kind
	Fields []field
}

type response struct {
	Status, Note string
	Kind         kind
	Media        string
}

// example is an exchange as text.
type example struct{ Request, Reply string }

func (b *book) tags() []tag {
	var out []tag
	for _, n := range items(child(b.root, "tags")) {
		name := b.text(n, "name")
		out = append(out, tag{Name: name, Note: b.text(n, "description"), Path: home + "/api/" + name})
	}
	return out
}

func (w *writer) writeRoutes() error {
	byTag := map[string][]operation{}
	var all []operation
	for path, item := range pairs(child(w.http.root, "paths")) {
		for method, n := range pairs(item) {
			if method == "parameters" {
				continue
			}
			op := w.operation(strings.ToUpper(method), path, item, n)
			all = append(all, op)
			for _, t := range items(child(n, "tags")) {
				byTag[t.Value] = append(byTag[t.Value], op)
			}
		}
	}
	type chapter struct {
		tag
		Operations []operation
	}
	var chapters []chapter
	for _, t := range w.http.tags() {
		c := chapter{t, byTag[t.Name]}
		chapters = append(chapters, c)
		if err := w.show(t.Path, "HTTP: "+t.Name, "routes.html", c); err != nil {
			return err
		}
	}
	err := w.show(home+"/api", "HTTP API", "api.html", struct {
		Note     string
		Chapters []chapter
		Count    int
	}{w.http.text(w.http.root, "info", "description"), chapters, len(all)})
	if err != nil {
		return err
	}
	return w.show(w.http.shapes, "Shapes of the HTTP API", "shapes.html", w.http.shapesOf())
}

// show fills a template and makes it a page.
func (w *writer) show(at, title, template string, data any) error {
	body, err := w.fill(template, data)
	if err != nil {
		return err
	}
	return w.page(at, title, body)
}

func (w *writer) operation(method, path string, item, n *yaml.Node) operation {
	b := w.http
	op := operation{
		ID: b.text(n, "operationId"), Method: method, Path: path,
		Summary: b.text(n, "summary"), Note: b.text(n, "description"),
		Example: exchange(method, w.examples.Routes[method+" "+path]),
	}
	if security := child(n, "security"); security != nil && len(security.Content) == 0 {
		op.Open = true
	}
	for _, p := range slices.Concat(items(child(item, "parameters")), items(child(n, "parameters"))) {
		op.Parameters = append(op.Parameters, field{
			Name: b.text(p, "name"), Required: b.text(p, "required") == "true",
			Kind: append(b.kind(b.at(p, "schema")), part{Text: ", in the " + b.text(p, "in")}), Note: b.text(p, "description"),
		})
	}
	for media, c := range pairs(b.at(n, "requestBody", "content")) {
		schema := child(c, "schema")
		one := content{Media: media, Kind: b.kind(schema), Fields: b.fields(schema)}
		if last := len(op.Body) - 1; last >= 0 && name(schema) != "" && op.Body[last].Kind[0].Link == one.Kind[0].Link {
			op.Body[last].Media += " or " + media // the same, written another way
			continue
		}
		op.Body = append(op.Body, one)
	}
	for status, r := range pairs(child(n, "responses")) {
		op.Replies = append(op.Replies, b.response(status, r))
	}
	return op
}

// response tells what comes back; of the envelope, only what is in it.
func (b *book) response(status string, r *yaml.Node) response {
	out := response{Status: status, Note: b.text(r, "description")}
	for media, c := range pairs(b.at(r, "content")) {
		schema := child(c, "schema")
		if data := b.at(schema, "properties", "data"); data != nil {
			schema = data
		}
		out.Media, out.Kind = media, b.kind(schema)
		break
	}
	return out
}

// exchange writes an example as it would be seen on the wire, without the headers that are always the same.
func exchange(method string, e docs.Exchange) *example {
	if e.Status == 0 {
		return nil
	}
	var out example
	out.Request = method + " " + e.Path
	if e.BodyType != "" && e.BodyType != "application/json" {
		out.Request += "\nContent-Type: " + e.BodyType
	}
	if body := readable(e.Body); body != "" {
		out.Request += "\n\n" + body
	}
	out.Reply = fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if e.ReplyType != "" && e.ReplyType != "application/json" {
		out.Reply += "\nContent-Type: " + e.ReplyType
	}
	if reply := readable(e.Reply); reply != "" {
		out.Reply += "\n\n" + reply
	}
	return &out
}

// readable lays JSON out in lines; a JSON string is shown as the text it holds.
func readable(raw json.RawMessage) string {
	var text string
	if raw == nil {
		return ""
	}
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}
