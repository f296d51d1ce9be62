package manual

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// kind says in words what a value may be; parts of it may be links to shapes.
type kind []part

type part struct{ Text, Link string }

// field is a line of a table of fields. Name is a path: a.b is a field of a field, a[].b of each in a list.
type field struct {
	Name     string
	Required bool
	Kind     kind
	Note     string // Markdown
}

// shape is a named schema.
type shape struct {
	Name, Note string
	Kind       kind
	Fields     []field
}

func (b *book) shapesOf() []shape {
	var out []shape
	for name, n := range pairs(b.at(b.root, "components", "schemas")) {
		out = append(out, shape{Name: name, Note: b.text(n, "description"), Kind: b.kind(n), Fields: b.fields(n)})
	}
	return out
}

// kind describes a schema in a phrase.
func (b *book) kind(n *yaml.Node) kind {
	if n == nil {
		return nil
	}
	if to := name(n); to != "" {
		return kind{{Text: to, Link: b.shapes + "#" + to}}
	}
	out := b.bare(n)
	if b.text(n, "nullable") == "true" {
		out = append(out, part{Text: " or null"})
	}
	return out
}

func (b *book) bare(n *yaml.Node) kind {
	for word, glue := range map[string]string{"oneOf": " or ", "anyOf": " or ", "allOf": " and "} {
		if list := items(child(n, word)); len(list) > 0 {
			return b.joined(list, glue)
		}
	}
	if list := items(child(n, "enum")); len(list) > 0 {
		return kind{{Text: values(list)}}
	}
	if c := child(n, "const"); c != nil {
		return kind{{Text: quoted(c)}}
	}
	types := []string{b.text(n, "type")}
	if list := items(child(n, "type")); len(list) > 0 {
		types = nil
		for _, t := range list {
			types = append(types, t.Value)
		}
	}
	if slices.Contains(types, "array") {
		return append(kind{{Text: "list of "}}, b.kind(child(n, "items"))...)
	}
	if types[0] == "" {
		types[0] = "anything"
	}
	text := strings.Join(types, " or ")
	if limits := b.limits(n); limits != "" {
		text += ", " + limits
	}
	return kind{{Text: text}}
}

func (b *book) joined(list []*yaml.Node, glue string) kind {
	var out kind
	for i, one := range list {
		if i > 0 {
			out = append(out, part{Text: glue})
		}
		out = append(out, b.kind(one)...)
	}
	return out
}

// limits puts the bounds of a value into words.
func (b *book) limits(n *yaml.Node) string {
	var out []string
	add := func(before, key, after string) {
		if v := b.text(n, key); v != "" {
			out = append(out, before+v+after)
		}
	}
	add("", "format", "")
	add("at least ", "minLength", " characters")
	add("at most ", "maxLength", " characters")
	add("from ", "minimum", "")
	add("to ", "maximum", "")
	add("default ", "default", "")
	return strings.Join(out, ", ")
}

// fields lists what an object holds, with the fields of unnamed objects in it.
func (b *book) fields(n *yaml.Node) []field {
	var out []field
	n = b.follow(n)
	for _, word := range []string{"oneOf", "anyOf", "allOf"} {
		for _, one := range items(child(n, word)) {
			if name(one) == "" {
				out = append(out, b.fields(one)...)
			}
		}
	}
	required := items(child(n, "required"))
	for name, p := range pairs(child(n, "properties")) {
		out = append(out, field{
			Name: name, Kind: b.kind(p), Note: b.text(p, "description"),
			Required: slices.ContainsFunc(required, func(r *yaml.Node) bool { return r.Value == name }),
		})
		out = append(out, b.inner(name, p)...)
	}
	return out
}

// inner lists the fields of an object, or of a list of objects, that has no name of its own.
func (b *book) inner(outer string, n *yaml.Node) []field {
	mark := "."
	if list := child(n, "items"); list != nil {
		n, mark = list, "[]."
	}
	if name(n) != "" {
		return nil
	}
	deep := b.fields(n)
	for i := range deep {
		deep[i].Name = outer + mark + deep[i].Name
	}
	return deep
}

func values(list []*yaml.Node) string {
	var out []string
	for _, v := range list {
		out = append(out, quoted(v))
	}
	return strings.Join(out, " | ")
}

// quoted writes a scalar as JSON would.
func quoted(n *yaml.Node) string {
	if n.Tag == "!!str" {
		return `"` + n.Value + `"`
	}
	return n.Value
}
