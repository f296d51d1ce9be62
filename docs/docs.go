// Package docs is what is written about coach, as files in the program: guides, and the two descriptions that clients are
// built by. They are served at /docs, printed by `coach spec`, and read on a code host as they lie here.
package docs

import "embed"

// Files holds the guides (*.md), their pictures below images/, the descriptions of what is said over HTTP
// (openapi.yaml, OpenAPI 3.0.3) and over Socket.IO (asyncapi.yaml, AsyncAPI 3.0.0), and below examples/ what tests saw
// the server say.
//
//go:embed *.md *.yaml images examples
var Files embed.FS

// OpenAPI is the description of the HTTP side, as it is written.
//
//go:embed openapi.yaml
var OpenAPI string

// AsyncAPI is the description of the Socket.IO side, as it is written.
//
//go:embed asyncapi.yaml
var AsyncAPI string
