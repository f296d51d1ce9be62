package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/strict"
)

func TestBodies(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	const (
		form  = "application/x-www-form-urlencoded"
		bad   = http.StatusBadRequest
		valid = "VALIDATION_ERROR"
		json_ = "MALFORMED_JSON"
	)
	for _, test := range []struct {
		name, kind, body string
		status           int
		code, field      string
	}{
		{"OK", "application/json", `{"title":"a"}`, 201, "", ""},
		{"Charset", "application/json; charset=UTF-8", `{"title":"a"}`, 201, "", ""},
		{"Null", "application/json", `{"title":null,"mode":null}`, 201, "", ""},
		{"Nothing", "application/json", ``, 201, "", ""},
		{"NothingAtAll", "", ``, 201, "", ""},
		{"Spaces", "application/json", " \n", 201, "", ""},
		{"UnknownFieldsAreIgnored", "application/json", `{"x":[{}],"x":1,"Title":7,"ownerId":"me","title":"a"}`, 201, "", ""},
		{"Emoji", "application/json", `{"title":"\ud83d\ude00 \\ud83d"}`, 201, "", ""},
		{"Form", form, "title=a+b%20%C3%A4&unknown=1&unknown=2", 201, "", ""},

		{"NotJSON", "application/json", `title=a`, bad, json_, ""},
		{"Cut", "application/json", `{"title":"a"`, bad, json_, ""},
		{"CutInKey", "application/json", `{"ti`, bad, json_, ""},
		{"TrailingGarbage", "application/json", `{"title":"a"}{}`, bad, json_, ""},
		{"TrailingComma", "application/json", `{"title":"a",}`, bad, json_, ""},
		{"Comment", "application/json", `{"title":"a"/*b*/}`, bad, json_, ""},
		{"Deep", "application/json", `{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, bad, json_, ""},
		{"BrokenArray", "application/json", `[1,`, bad, json_, ""},
		{"ByteOrderMark", "application/json", "\ufeff{}", bad, json_, ""},
		{"Array", "application/json", `[]`, bad, valid, "body"},
		{"Text", "application/json", `"title"`, bad, valid, "body"},
		{"JustNull", "application/json", `null`, bad, valid, "body"},
		{"Number", "application/json", `{"title":7}`, bad, valid, "title"},
		{"Object", "application/json", `{"mode":{}}`, bad, valid, "mode"},
		{"Boolean", "application/json", `{"coach":true}`, bad, valid, "coach"},
		{"NUL", "application/json", `{"title":"a\u0000"}`, bad, valid, "title"},
		{"RawControl", "application/json", "{\"title\":\"a\x01\"}", bad, json_, ""},
		{"BadUTF8", "application/json", "{\"title\":\"a\xff\"}", bad, valid, "title"},
		{"BadUTF8InAnUnknownField", "application/json", "{\"x\":\"a\xff\"}", bad, valid, "body"},
		{"BadUTF8InAKey", "application/json", "{\"x\xff\":1}", bad, valid, "body"},
		{"HalfAPair", "application/json", `{"title":"\ud83d"}`, bad, valid, "title"},
		{"HalfAPairTheOtherWay", "application/json", `{"title":"\ude00\ud83d"}`, bad, valid, "title"},
		{"HalfAPairBeforeText", "application/json", `{"title":"\ud83dx"}`, bad, valid, "title"},
		{"Twice", "application/json", `{"title":"a","title":"b"}`, bad, valid, "title"},
		{"WrongValue", "application/json", `{"mode":"poetry"}`, bad, valid, "mode"},
		{"FormTwice", form, "title=a&title=b", bad, valid, "title"},
		{"FormNUL", form, "title=a%00", bad, valid, "title"},
		{"FormBadUTF8", form, "title=%ff", bad, valid, "title"},
		{"FormBadEscape", form, "title=%zz", bad, valid, ""},

		{"NoKind", "", `{"title":"a"}`, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"XML", "application/xml", `<a/>`, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"Multipart", "multipart/form-data; boundary=x", "--x--", 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"OtherCharset", "application/json; charset=latin1", `{}`, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"NoKindAtAll", ";;", `{}`, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.t = t
			got := p.do(ask{"POST", "/api/conversations", ann.token, test.body, map[string]string{"Content-Type": test.kind}, strings.TrimSpace(test.body) == "" || strings.Contains(test.body, "null")})
			if test.code == "" {
				got.want(test.status)
				return
			}
			got.refused(test.status, test.code)
			if test.field != "" {
				got.names(test.field)
			}
		})
	}
}

func TestEveryWrongFieldIsNamedAtOnce(t *testing.T) {
	p := open(t)
	p.do(ask{"POST", "/api/auth/register", "", `{"email":1,"username":[],"password":"\u0000"}`, nil, false}).
		refused(400, "VALIDATION_ERROR").names("email").names("username").names("password")
	p.do(ask{"POST", "/api/auth/register", "", `{}`, nil, false}).
		refused(400, "VALIDATION_ERROR").names("email").names("username").names("password")
}

func TestWhatIsWrongIsBoundedByTheFields(t *testing.T) {
	p := open(t)
	body := `{` + strings.Repeat(`"email":0,"unknown":0,`, 1000) + `"password":"a\u0000"}`
	got := p.do(ask{"POST", "/api/auth/register", "", body, nil, false}).refused(400, "VALIDATION_ERROR").names("email").names("password")
	if len(got.Details) != 3 {
		t.Errorf("%d details: %+v", len(got.Details), got.Details[:min(5, len(got.Details))])
	}
}

func TestFormsWork(t *testing.T) {
	p := open(t)
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	p.do(ask{"POST", "/api/auth/register", "", "email=bob%40example.org&username=bob&password=" + password, form, false}).want(201)
	var in struct{ Token string }
	p.do(ask{"POST", "/api/auth/login", "", "username=bob&password=" + password, form, false}).want(200).into(&in)
	var c chat.Conversation
	p.do(ask{"POST", "/api/conversations", in.Token, "", form, false}).want(201).into(&c)
	p.do(ask{"POST", "/api/messages", in.Token, "content=hi+there&conversationId=" + c.ID, form, false}).want(201)
	p.do(ask{"POST", "/api/messages", in.Token, "uploadIds=a&uploadIds=b&conversationId=" + c.ID, form, false}).refused(400, "VALIDATION_ERROR").names("uploadIds")
	p.do(ask{"POST", "/api/messages", in.Token, strings.Repeat("uploadIds=a&", maxTexts+1) + "conversationId=" + c.ID, form, true}).refused(400, "VALIDATION_ERROR").names("uploadIds")
}

// endlessly gives a body of unknown length.
type endlessly struct{ left int }

func (e *endlessly) Read(b []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(len(b), e.left)
	for i := range n {
		b[i] = ' '
	}
	e.left -= n
	return n, nil
}

func TestFault29_ABodyIsNotHeldWithoutBound(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	t.Run("Announced", func(t *testing.T) {
		p.t = t
		got := tooLargeReply(t, p, ann, strings.NewReader(strings.Repeat(" ", maxBody+1)), "/api/conversations")
		got.refused(413, "PAYLOAD_TOO_LARGE")
	})
	t.Run("AnnouncedWhereNobodyReadsIt", func(t *testing.T) {
		p.t = t
		got := tooLargeReply(t, p, ann, strings.NewReader(strings.Repeat(" ", maxBody+1)), "/api/auth/logout")
		got.refused(413, "PAYLOAD_TOO_LARGE")
	})
	t.Run("Chunked", func(t *testing.T) {
		p.t = t
		tooLargeReply(t, p, ann, &endlessly{4 * maxBody}, "/api/conversations").refused(413, "PAYLOAD_TOO_LARGE")
	})
	t.Run("AsMuchAsIsAllowed", func(t *testing.T) {
		p.t = t
		body := `{"title":"a","x":"` + strings.Repeat("x", maxBody-20) + `"}`
		p.do(ask{"POST", "/api/conversations", ann.token, body, nil, false}).want(201)
	})
}

// tooLargeReply reads the reply to a body that the server stops reading: the
// client's transport may see the cut connection before it.
func tooLargeReply(t *testing.T, p *place, who *person, body io.Reader, path string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", p.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+who.token)
	written := make(chan struct{})
	go func() { defer close(written); _ = req.Write(conn) }()
	got := readReply(t, conn, req)
	_ = conn.Close()
	<-written
	return got
}

func TestASlowBodyIsCutOff(t *testing.T) {
	p := open(t)
	p.site.grace = time.Second // to be heard
	e := p.site.handler()
	r := route{"POST", "/slow", probes, time.Millisecond, func(c *call) error {
		var s string
		return bind(c, text("s", &s))
	}}
	p.site.mount(e, r)
	srv := newServer(t, e)
	conn, err := net.Dial("tcp", srv)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"s\":")
	if err != nil {
		t.Fatal(err)
	}
	readReply(t, conn, nil).refused(504, "TIMEOUT")
}

func TestPackedBodiesAreRefused(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	p.do(ask{"POST", "/api/conversations", ann.token, pack([]byte(`{}`)), map[string]string{"Content-Encoding": "gzip"}, false}).
		refused(415, "UNSUPPORTED_MEDIA_TYPE")
}

func TestTextsList(t *testing.T) {
	for _, test := range []struct {
		body, problem string
		want          []string
	}{
		{`{"l":["a","b"]}`, "", []string{"a", "b"}},
		{`{"l":[]}`, "", []string{}},
		{`{"l":null}`, "", nil},
		{`{"l":"a"}`, notTexts, nil},
		{`{"l":["a",7]}`, notTexts, nil},
		{`{"l":[null]}`, notTexts, nil},
		{`{"l":["a\u0000"]}`, strict.BadNUL, nil},
		{"{\"l\":[\"a\xff\"]}", strict.BadUTF8, nil},
		{`{"l":[` + strings.Repeat(`"a",`, maxTexts) + `"a"]}`, manyTexts, nil},
	} {
		var got []string
		err := bindJSON([]byte(test.body), []field{texts("l", &got)})
		problem := ""
		if f := fault.From(err); f != nil {
			problem = f.Message
		}
		if problem != test.problem || !cmp.Equal(got, test.want) {
			t.Errorf("%s: %q %q, want %q %q", test.body, got, problem, test.want, test.problem)
		}
	}
}

// FuzzBind holds bindJSON to encoding/json: it takes nothing that is not JSON,
// what it takes is the same text, and it never gives what a store or another
// client could not hold.
func FuzzBind(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":"x","b":null,"l":["y"]}`, `{"a":"\ud83d\ude00"}`, `{"a":"\ud83d"}`, "{\"a\":\"\xff\"}", `{"a":"\u0000"}`, `{"a":1}`,
		`[]`, `null`, `{"a":"x"}x`, `{"a":"x","a":"y"}`, `{"l":[["z"]]}`, `{"\u0061":"x"}`, `{"a":"\\ud800"}`, "\ufeff{}", `{"a":"`, `{"a"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var a string
		var b *string
		var l []string
		err := bindJSON(body, []field{text("a", &a), maybe("b", &b), texts("l", &l)})
		if err != nil {
			var refused *fault.Error
			if !errors.As(err, &refused) || refused.Code != fault.MalformedJSON && refused.Code != fault.Validation {
				t.Fatalf("%q: %v", body, err)
			}
			if (refused.Code == fault.MalformedJSON) == json.Valid(body) {
				t.Fatalf("%q is JSON: %v, and yet %v", body, json.Valid(body), err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("%q was taken", body)
		}
		var std map[string]json.RawMessage
		if err := json.Unmarshal(body, &std); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		var want string
		if raw, ok := std["a"]; ok {
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatalf("%q: a %v", body, err)
			}
		}
		if a != want {
			t.Fatalf("%q: %q, want %q", body, a, want)
		}
		all := append([]string{a}, l...)
		if b != nil {
			all = append(all, *b)
		}
		for _, s := range all {
			if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
				t.Fatalf("%q gave %q", body, s)
			}
		}
		if bytes.Contains(body, []byte(`\ud`)) && strings.ContainsRune(a, utf8.RuneError) && !bytes.Contains(body, []byte("\ufffd")) &&
			!bytes.Contains(bytes.ToLower(body), []byte(`\ufffd`)) {
			t.Fatalf("%q became %q", body, a)
		}
	})
}
