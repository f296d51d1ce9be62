package engineio

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// kept is what stays of the request that opened a session: its parts as plain
// text, a third of what their maps take, because every idle session has one
// and it is asked for a few times only.
type kept struct {
	remoteAddr, host, url string
	header                string // name, newline, value, newline, …
	tls                   bool
	time                  time.Time
}

func keep(r *http.Request) kept {
	size := 0
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 2
		}
	}
	var header strings.Builder
	header.Grow(size)
	for name, values := range r.Header {
		for _, v := range values { // no line end is in either: net/http refuses them
			header.WriteString(name)
			header.WriteByte('\n')
			header.WriteString(v)
			header.WriteByte('\n')
		}
	}
	return kept{
		remoteAddr: r.RemoteAddr, host: strings.Clone(r.Host), url: r.URL.String(), header: header.String(),
		tls: r.TLS != nil, time: time.Now(),
	}
}

// handshake gives it back as it was.
func (k kept) handshake() Handshake {
	h := Handshake{RemoteAddr: k.remoteAddr, Host: k.host, Header: http.Header{}, EIO: protocol, TLS: k.tls, Time: k.time}
	var err error
	if h.URL, err = url.Parse(k.url); err != nil {
		h.URL = &url.URL{} // what net/http has read, url.String writes so that it can be read
	}
	rest := k.header
	for rest != "" {
		var name, value string
		name, rest, _ = strings.Cut(rest, "\n")
		value, rest, _ = strings.Cut(rest, "\n")
		h.Header[name] = append(h.Header[name], value)
	}
	return h
}
