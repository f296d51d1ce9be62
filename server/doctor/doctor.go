// Package doctor walks the way that a browser takes to a server, and says at
// each step what it found and what mends it.
//
// Between a client and coach stand a name server, TLS, proxies and balancers,
// and each can spoil the chat in a way of its own: one does not pass the
// upgrade to WebSocket, one keeps back what should stream, one sends each
// request of a session to another node. [Examine] goes through the public
// address as a client does: it asks for health, polls, signs in, upgrades,
// sends and waits for the answer. What it made there it takes away again.
package doctor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// Status is how a check went.
type Status string

// A check that warns is one that works, with less than it should.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Finding is the outcome of one check.
type Finding struct {
	Check   string `json:"check"`
	Status  Status `json:"status"`
	Message string `json:"message"`          // a sentence
	Remedy  string `json:"remedy,omitempty"` // what to do; "" where all is well
}

// Patient is the server that is examined, and how.
type Patient struct {
	// URL is its public address, without a path.
	URL string
	// Origin is that of a page which is to be let in: scheme://host[:port];
	// "" leaves the checks of CORS out.
	Origin string
	// Identifier and Password sign somebody in; without them an account is
	// made and deleted again.
	Identifier, Password string
	// Ask has the coach answer one short question, which may cost what such an
	// answer costs.
	Ask bool
}

const (
	// stepLimit bounds one step.
	stepLimit = 15 * time.Second
	// answerLimit bounds the wait for the coach.
	answerLimit = 90 * time.Second
	// slow is from when on a step that works is worth a word.
	slow = 2 * time.Second
)

// visit is one examination.
type visit struct {
	Patient
	base *url.URL
	http *http.Client
	told func(Finding)
	api  *api.Client

	account      bool   // made by us
	password     string // of that account
	conversation string
}

// Examine tries one step after another and tells of each as soon as it is
// done. It ends early where the rest cannot be tried.
func Examine(ctx context.Context, p Patient, told func(Finding)) {
	v := &visit{Patient: p, told: told}
	var err error
	if v.base, err = url.Parse(strings.TrimRight(p.URL, "/")); err != nil || v.base.Host == "" || v.base.Scheme != "http" && v.base.Scheme != "https" {
		v.fail("health", "The address cannot be read.", "Give it as https://coach.example.com, without a path.")
		return
	}
	v.URL = v.base.String()
	transport := newTransport()
	defer transport.CloseIdleConnections()
	jar, err := cookiejar.New(nil) // balancers that stick by a cookie
	if err != nil {
		v.fail("health", err.Error(), "")
		return
	}
	v.http = &http.Client{Transport: transport, Jar: jar, CheckRedirect: noRedirect}
	v.api = &api.Client{BaseURL: v.URL, HTTP: v.http, Timeout: stepLimit}
	if !v.health(ctx) {
		return
	}
	v.tls(ctx)
	if p.Origin != "" {
		v.cors(ctx)
	}
	v.chat(ctx)
}

// newTransport speaks HTTP/1.1 alone, which the upgrade needs, and opens a
// connection for each request: that is how a balancer without sticky sessions
// shows.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, DisableCompression: true,
		DialContext: (&net.Dialer{Timeout: stepLimit}).DialContext, TLSHandshakeTimeout: stepLimit,
		TLSNextProto: noHTTP2(),
	}
}

// noRedirect: a client of the API does not follow one either when it posts.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// chat is what needs somebody who is signed in.
func (v *visit) chat(ctx context.Context) {
	session := v.openPolling(ctx)
	if !v.signIn(ctx) {
		return
	}
	defer v.leave(context.WithoutCancel(ctx))
	if session != nil {
		v.pollOnce(ctx, session)
		v.upgrade(ctx, session)
	}
	v.talk(ctx)
}

func (v *visit) ok(check, format string, args ...any) {
	v.told(Finding{Check: check, Status: OK, Message: fmt.Sprintf(format, args...)})
}

func (v *visit) warn(check, message, remedy string) {
	v.told(Finding{Check: check, Status: Warn, Message: message, Remedy: remedy})
}

func (v *visit) fail(check, message, remedy string) {
	v.told(Finding{Check: check, Status: Fail, Message: message, Remedy: remedy})
}

// timed is ok, or a warning where it took long.
func (v *visit) timed(check, message string, took time.Duration) {
	text := fmt.Sprintf("%s (%d ms)", message, took.Milliseconds())
	if took < slow {
		v.ok(check, "%s.", text)
		return
	}
	v.warn(check, text+", which is slow.", "Look at the way there and at the load: `coach admin`, page Overview, on the server.")
}

// word is a random one, for names that nobody else has.
func word() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return hex.EncodeToString(b[:])
}
