package engineio

import (
	"bytes"
	"sync"
)

// bufferLimit is the largest buffer worth keeping; a rare huge body must not
// stay in memory for ever.
const bufferLimit = 64 << 10

// buffers are shared by everything that reads a body or joins frames.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() *bytes.Buffer {
	if buf, ok := b.pool.Get().(*bytes.Buffer); ok {
		return buf
	}
	return new(bytes.Buffer)
}

func (b *buffers) put(buf *bytes.Buffer) {
	if buf.Cap() > bufferLimit {
		return
	}
	buf.Reset()
	b.pool.Put(buf)
}
