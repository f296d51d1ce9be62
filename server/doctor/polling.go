package doctor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pollingPath opens a session of Engine.IO 4 over long-polling.
const pollingPath = "/socket.io/?EIO=4&transport=polling"

// maxReply bounds what is read of a reply, in bytes.
const maxReply = 1 << 20

// got is a whole reply.
type got struct {
	status int
	header http.Header
	body   string
	tls    *tls.ConnectionState
}

func (v *visit) get(ctx context.Context, path string, header map[string]string) (got, error) {
	return v.request(ctx, http.MethodGet, path, "", header)
}

func (v *visit) request(ctx context.Context, method, path, body string, header map[string]string) (got, error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, v.URL+path, strings.NewReader(body))
	if err != nil {
		return got{}, err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := v.http.Do(req)
	if err != nil {
		return got{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	return got{resp.StatusCode, resp.Header, string(text), resp.TLS}, err
}

// session is one of Engine.IO, over polling.
type session struct {
	id       string
	upgrades bool // to WebSocket
}

func (s *session) path() string { return pollingPath + "&sid=" + s.id }

const stickiness = "Several nodes need a balancer that keeps a session on one node (deploy/nginx: hash $remote_addr), or WS_TRANSPORTS=websocket."

// openPolling opens a session; nil where that cannot be done.
func (v *visit) openPolling(ctx context.Context) *session {
	began := time.Now()
	reply, err := v.get(ctx, pollingPath, nil)
	if err != nil {
		v.fail("polling", "Polling does not get through: "+err.Error()+".", "Let the proxy pass /socket.io/ on to coach.")
		return nil
	}
	var offer struct {
		SID      string
		Upgrades []string
	}
	rest, ok := strings.CutPrefix(reply.body, "0")
	switch {
	case strings.Contains(reply.body, "Transport unknown"):
		v.ok("polling", "Polling is turned off on the server (WS_TRANSPORTS); clients must ask for WebSocket alone.")
		return nil
	case reply.status == http.StatusServiceUnavailable:
		v.fail("polling", "The server takes no sockets now: "+brief(reply.body)+".", "Wait until it has started or restarted; its log says why.")
		return nil
	case reply.status != http.StatusOK || !ok || json.Unmarshal([]byte(rest), &offer) != nil || offer.SID == "":
		v.fail("polling", fmt.Sprintf("What answers at /socket.io/ is no Socket.IO of coach: %d, %s.", reply.status, brief(reply.body)), "Let the proxy pass /socket.io/ on to coach, path and query unchanged.")
		return nil
	}
	v.timed("polling", "A session opens over polling", time.Since(began))
	return &session{id: offer.SID, upgrades: len(offer.Upgrades) > 0}
}

// pollOnce enters the namespace over polling and has an event acknowledged.
func (v *visit) pollOnce(ctx context.Context, s *session) {
	began := time.Now()
	auth, err := json.Marshal(map[string]string{"token": v.api.Token})
	if err == nil {
		err = v.exchange(ctx, s, "40"+string(auth), "40")
	}
	if err == nil {
		err = v.exchange(ctx, s, `420["ping",1]`, "430")
	}
	var lost *lostError
	switch {
	case errors.As(err, &lost):
		v.fail("polling acknowledgement", "The second request of a polling session reached a server that does not know it.", stickiness)
	case err != nil:
		v.fail("polling acknowledgement", "An event sent by polling was not acknowledged: "+err.Error()+".", "Let the proxy pass POST on to /socket.io/, and hold a request for longer than 45 s.")
	default:
		v.timed("polling acknowledgement", "An event sent by polling is acknowledged", time.Since(began))
	}
}

// lostError says that a node does not know the session.
type lostError struct{}

func (*lostError) Error() string { return "the session is not known" }

// exchange posts a packet and polls for one that begins in some way.
func (v *visit) exchange(ctx context.Context, s *session, packet, want string) error {
	reply, err := v.request(ctx, http.MethodPost, s.path(), packet, map[string]string{"Content-Type": "text/plain;charset=UTF-8"})
	if err == nil {
		err = refusal(reply)
	}
	for deadline := time.Now().Add(stepLimit); err == nil && time.Now().Before(deadline); {
		if reply, err = v.get(ctx, s.path(), nil); err != nil {
			break
		}
		if err = refusal(reply); err != nil {
			break
		}
		for found := range strings.SplitSeq(reply.body, "\x1e") {
			switch {
			case strings.HasPrefix(found, want):
				return nil
			case strings.HasPrefix(found, "44"):
				return errors.New("the server refuses: " + brief(found[2:]))
			}
		}
	}
	if err == nil {
		err = errors.New("nothing came back")
	}
	return err
}

func refusal(reply got) error {
	switch {
	case reply.status == http.StatusOK:
		return nil
	case strings.Contains(reply.body, "Session ID unknown"):
		return &lostError{}
	}
	return fmt.Errorf("%d, %s", reply.status, brief(reply.body))
}

// brief is the beginning of a text of strangers, on one line.
func brief(text string) string {
	if text == "" {
		return "nothing"
	}
	return strconv.Quote(string([]rune(text)[:min(len([]rune(text)), 120)]))
}
