package docs

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
)

// Examples is what tests saw clients and the server say to each other, with ids, times and secrets made the same each
// time. Tests hold every one of them against the descriptions.
type Examples struct {
	// Routes is by operation, such as "GET /api/messages/{id}".
	Routes map[string]Exchange `json:"routes"`
	// Events is by name, both those of clients and those of the server.
	Events map[string]Said `json:"events"`
}

// Exchange is one request and its reply. A body is JSON, or a JSON string that holds a text; it is nil where there is
// none, or where it is not text.
type Exchange struct {
	Path      string          `json:"path"`               // with its query
	BodyType  string          `json:"bodyType,omitempty"` // media type
	Body      json.RawMessage `json:"body,omitempty"`
	Status    int             `json:"status"`
	ReplyType string          `json:"replyType,omitempty"` // media type
	Reply     json.RawMessage `json:"reply,omitempty"`
}

// Said is the payload of an event and, where a client said it, the acknowledgement.
type Said struct {
	Payload json.RawMessage `json:"payload,omitempty"`
	Ack     json.RawMessage `json:"ack,omitempty"`
}

// LoadExamples reads all files below examples/ together.
func LoadExamples() (Examples, error) {
	all := Examples{Routes: map[string]Exchange{}, Events: map[string]Said{}}
	names, err := fs.Glob(Files, "examples/*.json")
	if err != nil {
		return all, err
	}
	for _, name := range names {
		raw, err := Files.ReadFile(name)
		if err != nil {
			return all, err
		}
		var some Examples
		if err := json.Unmarshal(raw, &some); err != nil {
			return all, fmt.Errorf("read %s: %w", path.Base(name), err)
		}
		maps.Copy(all.Routes, some.Routes)
		maps.Copy(all.Events, some.Events)
	}
	return all, nil
}
