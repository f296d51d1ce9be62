// Package loadtest is virtual users over real Socket.IO: it finds out how much
// a server carries, and proves meanwhile that nothing is lost.
//
// The story of a run: throw-away users are made and put into conversations
// (users.go, rooms.go); their sockets connect one after another (crowd.go);
// then messages leave when the schedule says, whether or not the server keeps
// up (pacer.go), and every latency counts from the moment the message was
// meant to leave. Without that a server that stalls for a second would be
// measured once, and not for all who would have spoken in that second: the
// error that Gil Tene named coordinated omission. Each socket writes down what it hears
// (listener.go), each conversation what was sent and acknowledged
// (conversation.go). In the end the conversations are read over REST and all
// three accounts are held against each other (checker.go): an acknowledged
// message must be there once, in its place, and must have reached every socket
// that was to hear it. Thresholds decide how the run ends.
//
// A socket costs the one goroutine that reads it. Everything else is shared: a
// few goroutines that dial, a few that write, one clock.
package loadtest
