package socketio

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var comparePackets = cmp.Options{cmp.AllowUnexported(wirePacket{}), cmpopts.EquateEmpty()}

func rawArgs(args ...string) []json.RawMessage {
	var raw []json.RawMessage
	for _, arg := range args {
		raw = append(raw, json.RawMessage(arg))
	}
	return raw
}

func TestDecodeText(t *testing.T) {
	for text, want := range map[string]wirePacket{
		`0`:                            {kind: typeConnect, namespace: "/", ack: noAck},
		`0{"token":"123"}`:             {kind: typeConnect, namespace: "/", ack: noAck, payload: json.RawMessage(`{"token":"123"}`)},
		`0/custom`:                     {kind: typeConnect, namespace: "/custom", ack: noAck},
		`0/custom,`:                    {kind: typeConnect, namespace: "/custom", ack: noAck},
		`0/custom,{}`:                  {kind: typeConnect, namespace: "/custom", ack: noAck, payload: json.RawMessage(`{}`)},
		`0/a?b=c,{"pid":"x"}`:          {kind: typeConnect, namespace: "/a?b=c", ack: noAck, payload: json.RawMessage(`{"pid":"x"}`)},
		`1`:                            {kind: typeDisconnect, namespace: "/", ack: noAck},
		`1/custom,`:                    {kind: typeDisconnect, namespace: "/custom", ack: noAck},
		`2["a"]`:                       {kind: typeEvent, namespace: "/", ack: noAck, name: "a"},
		`2["a",1,"2",{"3":[true]}]`:    {kind: typeEvent, namespace: "/", ack: noAck, name: "a", args: rawArgs(`1`, `"2"`, `{"3":[true]}`)},
		`20["a"]`:                      {kind: typeEvent, namespace: "/", ack: 0, name: "a"},
		`2456["a"]`:                    {kind: typeEvent, namespace: "/", ack: 456, name: "a"},
		`2/custom,12["a",null]`:        {kind: typeEvent, namespace: "/custom", ack: 12, name: "a", args: rawArgs(`null`)},
		`2[7,"x"]`:                     {kind: typeEvent, namespace: "/", ack: noAck, name: "7", args: rawArgs(`"x"`)},
		`2["\u0061"]`:                  {kind: typeEvent, namespace: "/", ack: noAck, name: "a"},
		`2["a",{"__proto__":{"x":1}}]`: {kind: typeEvent, namespace: "/", ack: noAck, name: "a", args: rawArgs(`{"__proto__":{"x":1}}`)},
		`3456[]`:                       {kind: typeAck, namespace: "/", ack: 456},
		`30["connect"]`:                {kind: typeAck, namespace: "/", ack: 0, args: rawArgs(`"connect"`)},
		`4{"message":"no"}`:            {kind: typeConnectError, namespace: "/", ack: noAck, payload: json.RawMessage(`{"message":"no"}`)},
		`29007199254740991["a"]`:       {kind: typeEvent, namespace: "/", ack: 9007199254740991, name: "a"},
		`51-["a",{"_placeholder":true,"num":0}]`: {
			kind: typeBinaryEvent, namespace: "/", ack: noAck, attached: 1, name: "a", args: rawArgs(`{"_placeholder":true,"num":0}`),
		},
		`62-/custom,789[{"_placeholder":true,"num":0},[{"num":1,"_placeholder":true}]]`: {
			kind: typeBinaryAck, namespace: "/custom", ack: 789, attached: 2,
			args: rawArgs(`{"_placeholder":true,"num":0}`, `[{"num":1,"_placeholder":true}]`),
		},
	} {
		got, err := decodeText([]byte(text), 10)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got, comparePackets); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestDecodeTextRefuses(t *testing.T) {
	nested := strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)
	for name, text := range map[string]string{
		"Empty":                  ``,
		"UnknownType":            `abc`,
		"Type7":                  `7["a"]`,
		"EventObject":            `2{}`,
		"EventNoPayload":         `2`,
		"EventNull":              `2null`,
		"EventEmptyArray":        `2[]`,
		"EventNameObject":        `2[{}]`,
		"EventNameNull":          `2[null]`,
		"EventCutOff":            `2["a"`,
		"TrailingBytes":          `2["a"]x`,
		"TrailingArray":          `2["a"]["b"]`,
		"BadAckID":               `2abc["message-with-ack",1]`,
		"NegativeAckID":          `2-1["a"]`,
		"HugeAckID":              `29007199254740992["a"]`,
		"EndlessAckID":           `2` + strings.Repeat("9", 100_000) + `["a"]`,
		"AckWithoutID":           `3["a"]`,
		"AckObject":              `31{}`,
		"ConnectArray":           `0[]`,
		"ConnectNull":            `0null`,
		"ConnectString":          `0"x"`,
		"ConnectWithAck":         `012{}`,
		"ConnectCutOff":          `0{"a":1`,
		"DisconnectPayload":      `1{}`,
		"BinaryNoCount":          `5["a"]`,
		"BinaryBadCount":         `5x-["a"]`,
		"BinaryZero":             `50-["a"]`,
		"BinaryNegative":         `5-1-["a"]`,
		"BinaryFraction":         `51.5-["a"]`,
		"BinaryTooMany":          `511-["a"]`,
		"BinaryHugeCount":        `599999999999999999999-["a"]`,
		"PlaceholderTooHigh":     `51-["a",{"_placeholder":true,"num":1}]`,
		"PlaceholderNegative":    `51-["a",{"_placeholder":true,"num":-1}]`,
		"PlaceholderFraction":    `51-["a",{"_placeholder":true,"num":0.5}]`,
		"PlaceholderText":        `51-["a",{"_placeholder":true,"num":"0"}]`,
		"PlaceholderMissing":     `51-["a",{"_placeholder":true}]`,
		"PlaceholderNumIsObject": `51-["a",{"_placeholder":true,"num":{"num":0}}]`,
		"PlaceholderProto":       `51-["a",{"_placeholder":true,"num":"__proto__"}]`,
		"PlaceholderEscaped":     `51-["a",{"\u005fplaceholder":true,"num":5}]`,
		"PlaceholderLastWins":    `51-["a",{"_placeholder":false,"_placeholder":true,"num":0,"num":9}]`,
		"PlaceholderDeep":        `51-["a",` + strings.Repeat(`[{"x":`, 100) + `{"_placeholder":true,"num":3}` + strings.Repeat(`}]`, 100) + `]`,
		"NestedTooDeep":          `2["a",` + nested + `]`,
		"NestedTooDeepBinary":    `51-["a",` + nested + `]`,
		"ReservedConnect":        `2["connect"]`,
		"ReservedDisconnect":     `2["disconnect"]`,
		"ReservedConnectError":   `2["connect_error"]`,
		"ReservedNewListener":    `2["newListener"]`,
		"ReservedRemoveListener": `2["removeListener"]`,
		"ReservedDisconnecting":  `2["disconnecting"]`,
		"ReservedEscaped":        `2["connec\u0074"]`,
		"LongNamespace":          `0/` + strings.Repeat("a", maxNamespaceLength),
		"ControlInNamespace":     "0/a\x1eb",
		"NotUTF8":                "2[\"a\",\"\xff\"]",
		"NulInJSON":              "2[\"a\x00\"]",
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := decodeText([]byte(text), 10); !errors.Is(err, errMalformed) {
				t.Errorf("got %+v, %v; want malformed", p, err)
			}
		})
	}
}

func TestDecodeTextKeepsNothingOfItsInput(t *testing.T) {
	text := []byte(`2/custom,7["name",{"k":"v"}]`)
	p, err := decodeText(text, 10)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	want := wirePacket{kind: typeEvent, namespace: "/custom", ack: 7, name: "name", args: rawArgs(`{"k":"v"}`)}
	if diff := cmp.Diff(want, p, comparePackets); diff != "" {
		t.Error(diff)
	}
}

func TestPlaceholdersThatAreNone(t *testing.T) {
	for _, text := range []string{
		`{"_placeholder":false,"num":9}`, `{"num":9}`, `{"_placeholder":"true","num":9}`, `{"_placeholder":1,"num":9}`,
		`["_placeholder",true,"num",9]`, `{"a":"{\"_placeholder\":true,\"num\":9}"}`, `{"_placeholder":{"x":true},"num":9}`,
		`{"_placeholder":[true],"num":9}`, `{"x_placeholder":true,"num":9}`, `"\\"`, `{"a\\":"b\\\\\""}`, `true`, `{}`,
	} {
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s is not JSON", text)
		}
		if err := checkPlaceholders([]byte(text), 0); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The walk agrees with a plain recursive reading of the same JSON.
func TestPlaceholderWalkProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := drawValue(t, 4)
		text, err := marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(0, 2).Draw(t, "attachments")
		if got, want := checkPlaceholders(text, n) == nil, placeholdersFit(value, n); got != want {
			t.Fatalf("%s with %d attachments: walk says %v, want %v", text, n, got, want)
		}
	})
}

func drawValue(t *rapid.T, depth int) any {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 {
		kind %= 4
	}
	switch kind {
	case 0:
		return rapid.SampledFrom([]string{"_placeholder", "num", `"`, `\`, "{", "}", "[", ",", ":", ""}).Draw(t, "string")
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return float64(rapid.IntRange(-1, 3).Draw(t, "number"))
	case 3:
		return nil
	case 4:
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return drawValue(t, depth-1) }), 0, 4).Draw(t, "array")
	default:
		object := map[string]any{}
		for _, key := range rapid.SliceOfN(rapid.SampledFrom([]string{"_placeholder", "num", `a"b`, "x"}), 0, 4).Draw(t, "keys") {
			object[key] = drawValue(t, depth-1)
		}
		return object
	}
}

func placeholdersFit(value any, attachments int) bool {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			if !placeholdersFit(element, attachments) {
				return false
			}
		}
	case map[string]any:
		for _, element := range v {
			if !placeholdersFit(element, attachments) {
				return false
			}
		}
		if v[placeholderKey] == true {
			n, isNumber := v[indexKey].(float64)
			return isNumber && n >= 0 && int(n) < attachments
		}
	}
	return true
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`0`, `0{"token":"123"}`, `0/custom,{"a":[1]}`, `1`, `1/custom,`, `2["a",1,"2",{"3":[true]}]`, `2/custom,12["a"]`,
		`30["x"]`, `4{"message":"no"}`, `52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
		`61-/custom,5[{"_placeholder":true,"num":0}]`, `2[7]`, `2[-1.5e3]`, "2[\"\\ud800\"]", `2 ["a"] `, `0 {"a":1} `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := decodeText(text, 10)
		if err != nil {
			if !errors.Is(err, errMalformed) {
				t.Fatalf("%q: error of another kind: %v", text, err)
			}
			return
		}
		again, err := appendPacket(nil, first)
		if err != nil {
			t.Fatalf("%q: encode: %v", text, err)
		}
		second, err := decodeText(again, 10)
		if err != nil {
			t.Fatalf("%q encoded as %q: %v", text, again, err)
		}
		if diff := cmp.Diff(first, second, comparePackets); diff != "" {
			t.Fatalf("%q encoded as %q (-first +second):\n%s", text, again, diff)
		}
	})
}
