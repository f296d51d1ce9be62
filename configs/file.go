package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The file is read as a tree of nodes and not into maps: nodes keep the line,
// for messages that point at it, and the text as it was written, for secrets
// that look like numbers.

// file reads the file of --config.
func (l *loader) file() layer {
	values := layer{}
	if l.ConfigFile == "" {
		return values
	}
	data, err := l.readFile(l.within(l.ConfigFile))
	if err != nil {
		l.add("", "--config "+l.ConfigFile, "cannot be read: "+reason(err))
		return values
	}
	root, err := parseYAML(data)
	if err != nil {
		l.add("", l.ConfigFile, err.Error())
		return values
	}
	if root != nil {
		l.mapping(root, "", values)
	}
	return values
}

// parseYAML returns the mapping at the top, or nil for a file that says nothing.
func parseYAML(data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) || (err == nil && len(document.Content) == 0) {
		return nil, nil
	}
	if err != nil {
		return nil, errors.New("is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("holds more than one document; keep the first")
	}
	root := document.Content[0]
	if isNull(root) {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("must hold settings as `group:` with `name: value` below it; `coach config default` shows how")
	}
	return root, nil
}

// mapping reads the names and values of node, whose own path is group.
func (l *loader) mapping(node *yaml.Node, group string, values layer) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		path := name.Value
		if group != "" {
			path = group + "." + name.Value
		}
		where := fmt.Sprintf("%s:%d", l.ConfigFile, name.Line)
		if first, twice := seen[path]; twice {
			l.add(path, where, fmt.Sprintf("%.80s stands here and on line %d; keep one of them", path, first))
			continue
		}
		seen[path] = name.Line
		l.entry(path, where, value, values)
	}
}

func (l *loader) entry(path, where string, value *yaml.Node, values layer) {
	k, isKey := l.table.byPath[path]
	switch {
	case isKey:
		raw, err := scalarText(value)
		if err != nil {
			l.add(path, where, path+" "+err.Error())
			return
		}
		if raw != "" {
			if _, twice := values[path]; twice {
				l.add(path, where, path+" is set twice; keep one of them")
			}
			values[k.Path] = given{raw: raw, source: Source{Kind: FromFile, Where: where}}
		}
	case l.table.groups[path] && value.Kind == yaml.MappingNode:
		l.mapping(value, path, values)
	case l.table.groups[path] && isNull(value): // a group with everything below it commented out
	case l.table.groups[path]:
		l.add("", where, path+" is a group: put `name: value` lines below it")
	default:
		l.add("", where, l.unknownPath(path))
	}
}

func (l *loader) unknownPath(path string) string {
	text := fmt.Sprintf("%.80q is no setting", path)
	if near := l.table.nearestPath(path); near != "" {
		return text + "; did you mean " + near + "?"
	}
	return text + "; `coach config default` shows them all"
}

// scalarText is a value as it was written; a sequence of values is the same as
// those values with commas between them.
func scalarText(node *yaml.Node) (string, error) {
	switch {
	case isNull(node):
		return "", nil
	case node.Kind == yaml.ScalarNode:
		return node.Value, nil
	case node.Kind == yaml.AliasNode:
		return "", errors.New("is an alias; write the value itself")
	case node.Kind != yaml.SequenceNode:
		return "", errors.New("takes a value, not names below it")
	}
	var parts []string
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode || isNull(item) {
			return "", errors.New("takes plain values in its list")
		}
		parts = append(parts, item.Value)
	}
	return strings.Join(parts, ","), nil
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }
