package manual

import (
	"go.yaml.in/yaml/v3"
)

// event is one that clients send, or that the server does.
type event struct {
	Name, Summary string
	Kind          kind
	Fields        []field
	Ack           kind
	Payload       string // an example, as JSON
	Answer        string // an example of the acknowledgement
}

func (w *writer) writeEvents() error {
	b := w.live
	var asked, told []event
	for name, op := range pairs(child(b.root, "operations")) {
		e := w.event(name)
		if b.text(op, "action") == "receive" {
			e.Ack = b.kind(b.at(b.root, "components", "messages", name+"_ack", "payload"))
			asked = append(asked, e)
			continue
		}
		told = append(told, e)
	}
	err := w.show(home+"/events", "Socket.IO events", "events.html", struct {
		Note        string
		Asked, Told []event
	}{b.text(b.root, "info", "description"), asked, told})
	if err != nil {
		return err
	}
	return w.show(b.shapes, "Shapes of the Socket.IO events", "shapes.html", b.shapesOf())
}

func (w *writer) event(name string) event {
	message := w.live.at(w.live.root, "components", "messages", name)
	said := w.examples.Events[name]
	return event{
		Name: name, Summary: w.live.text(message, "summary"),
		Kind: w.live.kind(payload(message)), Fields: w.live.fields(payload(message)),
		Payload: readable(said.Payload), Answer: readable(said.Ack),
	}
}

func payload(message *yaml.Node) *yaml.Node { return child(message, "payload") }
