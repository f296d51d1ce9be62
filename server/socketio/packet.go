package socketio

import (
	"encoding/json"
	"strconv"
)

// packetType is the first character of every packet.
type packetType byte

const (
	typeConnect      packetType = '0'
	typeDisconnect   packetType = '1'
	typeEvent        packetType = '2'
	typeAck          packetType = '3'
	typeConnectError packetType = '4'
	typeBinaryEvent  packetType = '5'
	typeBinaryAck    packetType = '6'
)

// rootNamespace is the namespace a packet belongs to when it names none.
const rootNamespace = "/"

// noAck is the ack id of a packet that asks for no acknowledgement; 0 is a valid id.
const noAck int64 = -1

// maxAckID is the largest integer a JavaScript number holds exactly; an id beyond it could not be answered.
const maxAckID int64 = 1<<53 - 1

// wirePacket is a packet as it travels, attachments aside.
type wirePacket struct {
	kind      packetType
	namespace string
	ack       int64             // noAck when there is none
	attached  int               // how many binary messages follow; 0 unless kind is a binary one
	payload   json.RawMessage   // the object of CONNECT and CONNECT_ERROR, nil when absent
	args      []json.RawMessage // the array of events and acks; an event's name is not among them
	name      string            // an event's name
}

func (t packetType) isBinary() bool { return t == typeBinaryEvent || t == typeBinaryAck }
func (t packetType) isEvent() bool  { return t == typeEvent || t == typeBinaryEvent }
func (t packetType) isAck() bool    { return t == typeAck || t == typeBinaryAck }

// isReserved reports names that mean something to clients themselves: an event of that name from the wire would pass
// for their own, so neither side may send one.
func isReserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// appendHeader writes everything before the JSON part: type, attachment count, namespace, ack id.
func appendHeader(dst []byte, kind packetType, attachments int, namespace string, ack int64) []byte {
	dst = append(dst, byte(kind))
	if kind.isBinary() {
		dst = strconv.AppendInt(dst, int64(attachments), 10)
		dst = append(dst, '-')
	}
	if namespace != rootNamespace {
		dst = append(dst, namespace...)
		dst = append(dst, ',')
	}
	if ack != noAck {
		dst = strconv.AppendInt(dst, ack, 10)
	}
	return dst
}

// appendPacket writes the whole text of p.
func appendPacket(dst []byte, p wirePacket) ([]byte, error) {
	dst = appendHeader(dst, p.kind, p.attached, p.namespace, p.ack)
	if !p.kind.isEvent() && !p.kind.isAck() {
		return append(dst, p.payload...), nil
	}
	dst = append(dst, '[')
	if p.kind.isEvent() {
		name, err := marshal(p.name)
		if err != nil {
			return nil, err
		}
		dst = append(dst, name...)
		if len(p.args) > 0 {
			dst = append(dst, ',')
		}
	}
	for i, arg := range p.args {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, arg...)
	}
	return append(dst, ']'), nil
}
