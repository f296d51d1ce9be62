package trading

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxPlanBytes bounds what is read as a plan: a real one is a few kilobytes.
const maxPlanBytes = 64 << 10

// maxPlanNodes bounds what aliases may unfold a plan to.
const maxPlanNodes = 4_000

// Finding is one thing that is wrong with a plan.
type Finding struct {
	Line int    `json:"line"` // 1 is the first; 0 when it is about the plan as a whole
	Rule string `json:"rule"` // the name in the plan, with dots: risk.perTradePct
	Why  string `json:"why"`
}

// Error is the finding as one sentence.
func (f Finding) Error() string {
	if f.Line == 0 {
		return f.Rule + ": " + f.Why
	}
	return fmt.Sprintf("line %d: %s: %s", f.Line, f.Rule, f.Why)
}

// ReadPlan reads a plan from YAML or JSON (which is YAML too). What it does not
// name keeps its default. Unknown rules, values of the wrong kind and rules
// that contradict each other come back as findings; the plan is only of use
// when there are none.
func ReadPlan(text []byte) (Plan, []Finding) {
	plan := DefaultPlan()
	if len(text) > maxPlanBytes {
		return plan, []Finding{{Rule: "plan", Why: fmt.Sprintf("it has %d bytes, more than the %d a plan may have", len(text), maxPlanBytes)}}
	}
	root, findings := planNode(text)
	if len(findings) > 0 || root == nil {
		return plan, findings
	}
	lines := map[string]int{}
	findings = checkNode(root, reflect.TypeFor[Plan](), "", lines)
	switch err := root.Decode(&plan); {
	case err != nil && len(findings) > 0: // of the same values
		return plan, findings
	case err != nil:
		return plan, []Finding{yamlFinding(err)}
	}
	plan.fill()
	return plan, slices.Concat([]Finding{}, findings, lint(plan, lines))
}

// planNode parses one document. Tabs, duplicates and the like are yaml's to
// find.
func planNode(text []byte) (*yaml.Node, []Finding) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil // an empty plan is the default one
		}
		return nil, []Finding{yamlFinding(err)}
	}
	if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, []Finding{{Rule: "plan", Why: "there is more than one document; write one plan"}}
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, []Finding{{Line: root.Line, Rule: "plan", Why: "expected rules with names, such as risk: {perTradePct: 1}"}}
	}
	if countNodes(root) > maxPlanNodes {
		return nil, []Finding{{Rule: "plan", Why: "it has more values than a plan can have"}}
	}
	return root, nil
}

func countNodes(n *yaml.Node) int {
	sum := 1
	for _, c := range n.Content {
		if sum += countNodes(c); sum > maxPlanNodes {
			return sum
		}
	}
	return sum
}

func yamlFinding(err error) Finding {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if _, scanErr := fmt.Sscanf(text, "line %d:", &line); scanErr == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	return Finding{Line: line, Rule: "plan", Why: text}
}

// checkNode walks what was written beside the type it must become: it finds
// unknown names with the nearest known one, and notes the line of each rule.
func checkNode(n *yaml.Node, to reflect.Type, path string, lines map[string]int) []Finding {
	if n.Kind == yaml.AliasNode {
		return []Finding{{n.Line, orPlan(path), "aliases are not read in a plan; write the value out"}}
	}
	lines[path] = n.Line
	if to.Kind() == reflect.Pointer {
		to = to.Elem()
	}
	if n.Tag == "!!null" {
		return nil
	}
	switch {
	case to == decimalType:
		return checkNumber(n, path)
	case to.Kind() == reflect.Struct:
		return checkFields(n, to, path, lines)
	case to.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return []Finding{{n.Line, path, "expected a list in brackets"}}
		}
		var found []Finding
		for i, c := range n.Content {
			found = append(found, checkNode(c, to.Elem(), fmt.Sprintf("%s[%d]", path, i), lines)...)
		}
		return found
	case to.Kind() == reflect.Map:
		if n.Kind != yaml.MappingNode {
			return []Finding{{n.Line, path, "expected names with numbers, such as {MES: 5}"}}
		}
		var found []Finding
		for i := 0; i+1 < len(n.Content); i += 2 {
			found = append(found, checkNode(n.Content[i+1], to.Elem(), join(path, n.Content[i].Value), lines)...)
		}
		return found
	}
	return checkScalar(n, to, path)
}

func checkFields(n *yaml.Node, to reflect.Type, path string, lines map[string]int) []Finding {
	if n.Kind != yaml.MappingNode {
		return []Finding{{n.Line, orPlan(path), "expected rules with names"}}
	}
	var found []Finding
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		field, ok := fieldNamed(to, name)
		switch {
		case !ok:
			found = append(found, Finding{n.Content[i].Line, join(path, name), unknown(name, fieldNames(to))})
		case seen[name]:
			found = append(found, Finding{n.Content[i].Line, join(path, name), "it is given twice; keep one"})
		default:
			found = append(found, checkNode(n.Content[i+1], field.Type, join(path, name), lines)...)
		}
		seen[name] = true
	}
	return found
}

func checkNumber(n *yaml.Node, path string) []Finding {
	if n.Kind == yaml.ScalarNode {
		if _, ok := parseDigits(strings.TrimPrefix(n.Value, "-")); ok && n.Value != "" {
			return nil
		}
	}
	return []Finding{{n.Line, path, fmt.Sprintf("expected a plain number, not %q", shorten(n.Value))}}
}

func checkScalar(n *yaml.Node, to reflect.Type, path string) []Finding {
	want := map[reflect.Kind][2]string{reflect.Int: {"!!int", "a whole number"}, reflect.Bool: {"!!bool", "true or false"}, reflect.String: {"!!str", "text"}}[to.Kind()]
	if n.Kind == yaml.ScalarNode && (n.Tag == want[0] || to.Kind() == reflect.String) {
		if to.Kind() != reflect.Int || len(n.Value) <= 6 {
			return nil
		}
	}
	return []Finding{{n.Line, path, fmt.Sprintf("expected %s, not %q", want[1], shorten(n.Value))}}
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if fieldName(t.Field(i)) == name {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

func fieldNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = fieldName(t.Field(i))
	}
	return names
}

func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

func unknown(name string, known []string) string {
	why := "there is no such rule"
	if near := nearest(name, known); near != "" {
		return why + "; did you mean " + near + "?"
	}
	return why + "; known here are " + strings.Join(known, ", ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orPlan(path string) string {
	if path == "" {
		return "plan"
	}
	return path
}

// fill gives lists that were written as null their empty value, so that a plan
// is the same however it was written.
func (p *Plan) fill() {
	if p.Risk.MaxSize == nil {
		p.Risk.MaxSize = DefaultPlan().Risk.MaxSize
	}
	if p.Session.NoTrade == nil {
		p.Session.NoTrade = []Window{}
	}
	if p.Entries.Instruments == nil {
		p.Entries.Instruments = []string{}
	}
	if p.Critical == nil {
		p.Critical = []Rule{}
	}
}

// YAML writes the plan as a document that ReadPlan reads back to the same.
func (p Plan) YAML() ([]byte, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(raw, &node); err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	plainStyle(&node)
	out, err := yaml.Marshal(&node)
	if err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	return out, nil
}

// plainStyle turns JSON's braces and quotes into ordinary lines; numbers are
// strings in JSON and plain in YAML.
func plainStyle(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		n.Style = 0
	} else if _, ok := parseDigits(n.Value); ok && n.Tag == "!!str" {
		n.Tag, n.Style = "!!float", 0
	} else if n.Tag == "!!str" {
		n.Style = 0
	}
	for _, c := range n.Content {
		plainStyle(c)
	}
}
