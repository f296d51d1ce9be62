package engineio

import (
	"net/http/httptest"
	"reflect"
	"testing"
)

func TestRequestsAreKeptAsTheyWere(t *testing.T) {
	r := httptest.NewRequest("GET", "/socket.io/a%2Fb?EIO=4&q=%0A%20x", nil)
	r.Header.Add("X-Forwarded-For", "1.2.3.4")
	r.Header.Add("X-Forwarded-For", "5.6.7.8")
	r.Header.Set("Cookie", "")
	k := keep(r)
	h := k.handshake()
	if !reflect.DeepEqual(h.Header, r.Header) {
		t.Errorf("header %v, want %v", h.Header, r.Header)
	}
	if h.URL.String() != r.URL.String() || h.URL.Path != r.URL.Path || !reflect.DeepEqual(h.URL.Query(), r.URL.Query()) {
		t.Errorf("URL %v, want %v", h.URL, r.URL)
	}
	if h.RemoteAddr != r.RemoteAddr || h.Host != r.Host || h.EIO != 4 || h.TLS || h.Time.IsZero() {
		t.Errorf("%+v", h)
	}
	s := &Session{opened: k}
	if s.Keeps() < len("X-Forwarded-For")*2+len(r.URL.String()) {
		t.Errorf("%d bytes", s.Keeps())
	}
}
