// Package socketio speaks the Socket.IO protocol, revision 5, on top of engineio.
//
// The story of one client: engineio opens a session and hands over its messages one at a time. A conn
// (one per session) assembles them into packets. The first packet must be CONNECT; it names a Namespace, whose
// Handler says who may come in (Handler.Connect). From then on a Socket exists: its events reach Handler.Event in
// the order in which they were sent, it joins rooms, and whoever broadcasts to a room encodes a Packet once and
// hands the same frames to every member's outbox. When the transport is lost the socket is parked for a while
// (RecoveryOptions), and a client that returns with the same private id and identity gets what it missed.
//
// Memory is bounded everywhere: a packet by the engine's payload limit, a binary packet by MaxAttachments and
// MaxEventBytes, an outbox by the engine's limits, recovery by RecoveryOptions.MaxBytes. An idle socket costs no
// goroutine and no timer of its own. Whatever a client sends, the worst that happens is that its own connection ends.
//
// The package knows nothing of the application; it depends on engineio and the standard library only.
//
// Sources: the Socket.IO protocol page (revision 5) and the Engine.IO protocol page (revision 4) of the Socket.IO project.
package socketio
