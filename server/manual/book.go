package manual

import (
	"errors"
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"
)

// book is a description, with its lines in the order in which they were written.
type book struct {
	root   *yaml.Node
	shapes string // path of the page of its schemas
}

func newBook(text, shapes string) (*book, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("is not a mapping")
	}
	return &book{root: doc.Content[0], shapes: shapes}, nil
}

// at follows keys down from a node; nil where there is nothing. A reference on the way is followed.
func (b *book) at(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		n = child(b.follow(n), key)
	}
	return n
}

// text is the scalar at the end of keys, "" where there is none.
func (b *book) text(n *yaml.Node, keys ...string) string {
	if n = b.at(n, keys...); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// follow gives what a reference points to; anything else is given back.
func (b *book) follow(n *yaml.Node) *yaml.Node {
	for range 10 { // a circle ends
		ref := child(n, "$ref")
		if ref == nil {
			return n
		}
		n = b.root
		for step := range strings.SplitSeq(strings.TrimPrefix(ref.Value, "#/"), "/") {
			n = child(n, step)
		}
	}
	return nil
}

// name is the last word of a reference, "" where n is none.
func name(n *yaml.Node) string {
	ref := child(n, "$ref")
	if ref == nil {
		return ""
	}
	return ref.Value[strings.LastIndexByte(ref.Value, '/')+1:]
}

func child(n *yaml.Node, key string) *yaml.Node {
	for k, v := range pairs(n) {
		if k == key {
			return v
		}
	}
	return nil
}

// pairs walks over a mapping in the order of its lines.
func pairs(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// items are the members of a sequence.
func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}
