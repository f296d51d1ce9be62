package rest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

const description = "../../docs/openapi.yaml"

// contract is the description, read once for all tests.
var contract = sync.OnceValues(func() (*document, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, err
	}
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/markdown", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/zip", openapi3filter.FileBodyDecoder)
	for _, format := range []string{"png", "jpeg", "webp", "gif"} {
		openapi3filter.RegisterBodyDecoder("image/"+format, openapi3filter.FileBodyDecoder)
	}
	return &document{T: doc, router: router, seen: map[string]bool{}}, nil
})

type document struct {
	*openapi3.T
	router routers.Router

	mu   sync.Mutex
	seen map[string]bool // operations that answered as they should
}

// described holds an exchange against the description: every reply to a
// described route, and every request that was not refused (unless loose). It
// gives the operation, "" where there is none.
func described(t *testing.T, req *http.Request, res *http.Response, body []byte, loose bool) (operation string) {
	t.Helper()
	doc, err := contract()
	if err != nil {
		t.Fatalf("%s: %v", description, err)
	}
	if req.Method == http.MethodHead || req.Method == http.MethodOptions {
		return "" // they are those of GET without its body, and of CORS
	}
	route, params, err := doc.router.FindRoute(req)
	if err != nil {
		if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMethodNotAllowed && strings.HasPrefix(req.URL.Path, "/api/") &&
			res.StatusCode < http.StatusInternalServerError && res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s %s answers %d and is not described: %v", req.Method, req.URL.Path, res.StatusCode, err)
		}
		return ""
	}
	operation = req.Method + " " + route.Path
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if res.StatusCode < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil && !loose {
			t.Errorf("%s %s was taken but is not as described: %v", req.Method, req.URL, err)
		}
		doc.mu.Lock()
		doc.seen[operation] = true
		doc.mu.Unlock()
	}
	header := res.Header.Clone()
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Options: in.Options,
	})
	if err != nil {
		t.Errorf("%s %s answers %d, not as described: %v\n%s", req.Method, req.URL, res.StatusCode, err, body)
	}
	return operation
}
