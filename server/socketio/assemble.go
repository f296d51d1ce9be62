package socketio

import "bytes"

// message is a packet with everything that belongs to it.
type message struct {
	wirePacket
	attachments [][]byte
}

// assembler puts binary packets together: a text part, then exactly as many binary messages as it announced.
// It keeps at most maxBytes of an unfinished packet.
type assembler struct {
	maxAttachments int
	maxBytes       int

	pending *message // waits for attachments
	size    int      // bytes kept in pending
}

// text takes a text message; done says whether m is complete.
func (a *assembler) text(data []byte) (m message, done bool, err error) {
	if a.pending != nil {
		return m, false, malformed("text where %d attachments are missing", a.missing())
	}
	p, err := decodeText(data, a.maxAttachments)
	if err != nil {
		return m, false, err
	}
	m.wirePacket = p
	if !p.kind.isBinary() {
		return m, true, nil
	}
	a.pending, a.size = &m, len(data)
	return m, false, nil
}

// binary takes a binary message, which must be an attachment that was announced. An empty one is valid.
func (a *assembler) binary(data []byte) (m message, done bool, err error) {
	if a.pending == nil {
		return m, false, malformed("attachment that was not announced")
	}
	a.size += len(data)
	if a.size > a.maxBytes {
		return m, false, malformed("event larger than %d bytes", a.maxBytes)
	}
	a.pending.attachments = append(a.pending.attachments, bytes.Clone(data))
	if a.missing() > 0 {
		return m, false, nil
	}
	m = *a.pending
	a.drop()
	return m, true, nil
}

func (a *assembler) missing() int {
	return a.pending.attached - len(a.pending.attachments)
}

// drop forgets an unfinished packet.
func (a *assembler) drop() { a.pending, a.size = nil, 0 }
