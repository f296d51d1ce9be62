package rest

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// worthPacking is one packet's worth of bytes: below it, packing saves nothing.
const worthPacking = 1400

// pack compresses quickly: replies are made for one reader once, and the
// quickest level finds nearly all there is to find in JSON.
func pack(body []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(body) / 4)
	w := packer(&out)
	_, _ = w.Write(body) // a bytes.Buffer takes everything
	_ = w.Close()
	w.Reset(nil)
	packers.Put(w)
	return out.Bytes()
}

// packers keeps writers, each of which has a megabyte of tables: making one
// costs more than packing a reply.
var packers sync.Pool

func packer(out *bytes.Buffer) *gzip.Writer {
	if w, ok := packers.Get().(*gzip.Writer); ok {
		w.Reset(out)
		return w
	}
	w, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		panic("rest: " + err.Error()) // the level is a constant
	}
	return w
}

// takesGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip is named, or
// everything is, and its weight is not 0.
func takesGzip(h http.Header) bool {
	named, star := -1.0, -1.0
	for _, value := range h.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(value, ",") {
			coding, params, _ := strings.Cut(part, ";")
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				named = weight(params)
			case "*":
				star = weight(params)
			}
		}
	}
	if named >= 0 {
		return named > 0
	}
	return star > 0
}

func weight(params string) float64 {
	name, value, _ := strings.Cut(params, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}
