package rest

import "testing"

// Nobody keeps any number of connections open by following answers; one that
// ends makes room.
func TestStreamsOfOneUserAreBounded(t *testing.T) {
	p, _ := openStream(t)
	ann, bob := p.person("ann"), p.person("bob")
	id := ann.question()
	first := ann.listen(id, "")
	for range maxStreams - 1 {
		ann.listen(id, "")
	}
	path := "/api/messages/" + id + "/stream"
	ann.get(path).refused(429, "RATE_LIMITED")
	bob.listen(bob.question(), "")
	first.leave()
	for p.following(ann.id) == maxStreams {
		ann.get("/api/auth/me")
	}
	ann.listen(id, "")
}

func (p *place) following(user string) int {
	p.site.streams.mu.Lock()
	defer p.site.streams.mu.Unlock()
	return p.site.streams.open[user]
}
