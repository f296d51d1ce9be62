package socketio

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// A binary attachment is named in the JSON part by {"_placeholder":true,"num":<index>}.

const (
	placeholderKey = "_placeholder"
	indexKey       = "num"
)

func appendPlaceholder(dst []byte, index int) []byte {
	dst = append(dst, `{"_placeholder":true,"num":`...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	return append(dst, '}')
}

// placeholderIndex returns the attachment an argument stands for.
func placeholderIndex(arg json.RawMessage) (index int, ok bool) {
	var object map[string]json.RawMessage
	if len(arg) == 0 || arg[0] != '{' || json.Unmarshal(arg, &object) != nil || string(object[placeholderKey]) != "true" {
		return 0, false
	}
	index, err := strconv.Atoi(string(object[indexKey]))
	return index, err == nil
}

// checkPlaceholders refuses a placeholder anywhere in valid JSON whose index is not that of an attachment: the
// receiver would otherwise read past the end of what was sent. It walks the text once without recursion, so that
// deep nesting costs one small frame a level and no stack.
func checkPlaceholders(text []byte, attachments int) error {
	walk := placeholderWalk{text: text, attachments: attachments}
	return walk.run()
}

// containsPlaceholder reports whether valid JSON names an attachment.
func containsPlaceholder(text []byte) bool {
	return checkPlaceholders(text, 0) != nil
}

type placeholderWalk struct {
	text        []byte
	attachments int
	stack       []placeholderFrame
}

// placeholderFrame is one open object or array.
type placeholderFrame struct {
	object bool
	inKey  bool   // the next string is a key
	key    string // the last key, when it is one of the two that matter
	marked bool   // "_placeholder": true was seen
	num    []byte // the text of "num", nil when absent
}

func (w *placeholderWalk) run() error {
	for i := 0; i < len(w.text); {
		switch c := w.text[i]; c {
		case '{', '[':
			w.value(w.text[i : i+1])
			w.stack = append(w.stack, placeholderFrame{object: c == '{', inKey: c == '{'})
			i++
		case '}', ']':
			if err := w.pop(); err != nil {
				return err
			}
			i++
		case ',':
			top := w.top()
			top.inKey = top.object
			i++
		case '"':
			end := i + stringLength(w.text[i:])
			w.str(w.text[i:end])
			i = end
		case ':', ' ', '\t', '\r', '\n':
			i++
		default:
			end := i + literalLength(w.text[i:])
			w.value(w.text[i:end])
			i = end
		}
	}
	return nil
}

func (w *placeholderWalk) top() *placeholderFrame {
	if len(w.stack) == 0 {
		return &placeholderFrame{}
	}
	return &w.stack[len(w.stack)-1]
}

func (w *placeholderWalk) str(token []byte) {
	top := w.top()
	if !top.inKey {
		w.value(token)
		return
	}
	top.inKey = false
	top.key = ""
	switch key := unquoteKey(token); key {
	case placeholderKey, indexKey:
		top.key = key
	}
}

// value notes what the enclosing object says under one of the two keys; the last of several wins, as in JavaScript.
func (w *placeholderWalk) value(token []byte) {
	top := w.top()
	switch top.key {
	case placeholderKey:
		top.marked = string(token) == "true"
	case indexKey:
		top.num = token
	}
	top.key = ""
}

func (w *placeholderWalk) pop() error {
	top := w.top()
	if top.marked {
		n, err := strconv.Atoi(string(top.num))
		if err != nil || n < 0 || n >= w.attachments {
			return malformed("placeholder without its attachment")
		}
	}
	if len(w.stack) > 0 {
		w.stack = w.stack[:len(w.stack)-1]
	}
	return nil
}

func unquoteKey(token []byte) string {
	if len(token) < 2 {
		return ""
	}
	if !bytes.ContainsRune(token, '\\') {
		return string(token[1 : len(token)-1])
	}
	var key string
	if json.Unmarshal(token, &key) != nil {
		return ""
	}
	return key
}

// stringLength returns the length of the string token that text begins with, quotes included.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func literalLength(text []byte) int {
	for i, c := range text {
		switch c {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return max(i, 1)
		}
	}
	return len(text)
}
