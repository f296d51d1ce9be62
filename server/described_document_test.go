package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var asyncAPI = filepath.Join("..", "docs", "asyncapi.yaml")

// document is the description of what is said over sockets.
type document struct {
	raw     any
	schemas map[string]*jsonschema.Schema // by message
	asked   []string                      // what clients send
	told    []string                      // what the server sends
}

// describedEvents reads docs/asyncapi.yaml: its schemas, and which messages go
// which way.
func describedEvents(t testing.TB) *document {
	t.Helper()
	text, err := os.ReadFile(asyncAPI)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jsonOf(text)
	if err != nil {
		t.Fatalf("%s: %v", asyncAPI, err)
	}
	var doc struct {
		Operations map[string]struct{ Action string }
		Components struct{ Messages map[string]json.RawMessage }
	}
	remarshal(t, raw, &doc)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7) // AsyncAPI 3, "Schema Object": a superset of draft 7
	if err := c.AddResource("doc.json", raw); err != nil {
		t.Fatal(err)
	}
	d := &document{raw: raw, schemas: map[string]*jsonschema.Schema{}}
	for name := range doc.Components.Messages {
		s, err := c.Compile("doc.json#/components/messages/" + name + "/payload")
		if err != nil {
			t.Fatalf("%s: the payload of %s: %v", asyncAPI, name, err)
		}
		d.schemas[name] = s
	}
	for name, op := range doc.Operations {
		switch op.Action {
		case "receive":
			d.asked = append(d.asked, name)
		case "send":
			d.told = append(d.told, name)
		}
	}
	return d
}

// jsonOf reads YAML as the JSON that it stands for.
func jsonOf(text []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(b))
}

func remarshal(t testing.TB, from, into any) {
	t.Helper()
	b, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// check says how a payload differs from the message of that name.
func (d *document) check(name string, payload json.RawMessage) error {
	s := d.schemas[name]
	if s == nil {
		return fmt.Errorf("%s is not described", name)
	}
	if payload == nil {
		return errors.New("no payload")
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// at finds a part of the document by the reference to it.
func (d *document) at(t testing.TB, ref string) map[string]any {
	t.Helper()
	v := d.raw
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		m, _ := v.(map[string]any)
		v = m[step]
	}
	m, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%s: nothing at %s", asyncAPI, ref)
	}
	return m
}

// openObjects lists the objects below a schema that leave room for fields
// nobody described.
func (d *document) openObjects(t testing.TB, where string, schema map[string]any, visited map[string]bool) []string {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		if visited[ref] {
			return nil
		}
		visited[ref] = true
		return d.openObjects(t, ref, d.at(t, ref), visited)
	}
	var out []string
	types, _ := schema["type"].([]any)
	if (schema["type"] == "object" || slices.Contains(types, any("object"))) && schema["additionalProperties"] != false {
		out = append(out, where)
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		out = append(out, d.openObjects(t, where+"/"+name, properties[name].(map[string]any), visited)...)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		out = append(out, d.openObjects(t, where+"/items", items, visited)...)
	}
	for _, word := range []string{"oneOf", "anyOf", "allOf"} {
		list, _ := schema[word].([]any)
		for _, one := range list {
			out = append(out, d.openObjects(t, where+"/"+word, one.(map[string]any), visited)...)
		}
	}
	return out
}
