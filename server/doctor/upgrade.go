package doctor

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const passUpgrade = "Let the proxy speak HTTP/1.1 to coach and pass Upgrade and Connection on: see deploy/nginx/coach.conf. Until then clients stay with polling, which works and costs more."

// upgrade changes a polling session over to WebSocket, as clients do right
// after they came in.
func (v *visit) upgrade(ctx context.Context, s *session) {
	if !s.upgrades {
		v.ok("upgrade", "WebSocket is turned off on the server (WS_TRANSPORTS).")
		return
	}
	began := time.Now()
	conn, err := v.dialUpgrade(ctx, s)
	if err != nil {
		v.fail("upgrade", "The upgrade to WebSocket does not get through: "+err.Error()+".", passUpgrade)
		return
	}
	defer conn.Close()
	// A connection that was taken over heeds no context.
	defer time.AfterFunc(stepLimit, func() { _ = conn.Close() }).Stop()
	if err := probe(conn); err != nil {
		v.fail("upgrade", "WebSocket opens, and then nothing comes through: "+err.Error()+".", "Look for a proxy or a scanner on the way that opens WebSockets without carrying them; TLS usually keeps those out.")
		return
	}
	v.timed("upgrade", "A polling session becomes a WebSocket", time.Since(began))
}

func (v *visit) dialUpgrade(ctx context.Context, s *session) (io.ReadWriteCloser, error) {
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand
	path := strings.Replace(s.path(), "transport=polling", "transport=websocket", 1)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.URL+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": base64.StdEncoding.EncodeToString(key[:]),
	} {
		req.Header.Set(name, value)
	}
	resp, err := v.http.Do(req)
	if err != nil {
		return nil, err
	}
	conn, both := resp.Body.(io.ReadWriteCloser)
	if resp.StatusCode == http.StatusSwitchingProtocols && both {
		return conn, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("it was answered with %d, %s", resp.StatusCode, brief(string(text)))
}

// probe is what Engine.IO wants before it changes over: a ping and a pong with
// the word probe, then the upgrade packet. It then leaves.
func probe(conn io.ReadWriter) error {
	if err := writeFrame(conn, "2probe"); err != nil {
		return err
	}
	text, err := readFrame(conn)
	if err != nil {
		return err
	}
	if text != "3probe" {
		return errors.New("the answer to the probe is " + brief(text))
	}
	if err := writeFrame(conn, "5"); err != nil {
		return err
	}
	return writeFrame(conn, "1")
}

// writeFrame writes a masked text frame of less than 126 bytes (RFC 6455,
// 5.2), which is all that the probe needs; gws belongs to engineio.
func writeFrame(w io.Writer, text string) error {
	var mask [4]byte
	_, _ = rand.Read(mask[:]) // never fails: crypto/rand
	frame := append([]byte{0x81, 0x80 | byte(len(text))}, mask[:]...)
	for i := range len(text) {
		frame = append(frame, text[i]^mask[i%4])
	}
	_, err := w.Write(frame)
	return err
}

// readFrame reads an unmasked text frame of less than 126 bytes.
func readFrame(r io.Reader) (string, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return "", err
	}
	if head[0] != 0x81 || head[1] >= 126 {
		return "", fmt.Errorf("a frame that does not belong there (%x)", head)
	}
	text := make([]byte, head[1])
	_, err := io.ReadFull(r, text)
	return string(text), err
}
