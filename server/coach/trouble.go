package coach

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// trouble is what went wrong with a provider, sorted by what helps.
type trouble struct {
	kind troubleKind
	wait time.Duration // the provider's own wish, 0 for none
	err  error
}

type troubleKind string

const (
	troubleBusy    troubleKind = "busy"    // 429: later, or somebody else
	troubleAway    troubleKind = "away"    // 5xx, no connection, silence: again, then somebody else
	troubleRefused troubleKind = "refused" // 4xx: the same request will never work
)

func (t *trouble) Error() string { return string(t.kind) + ": " + t.err.Error() }
func (t *trouble) Unwrap() error { return t.err }

// trouble sorts the error of a call. An end that was asked for from above is
// handed up as it is: it is nobody's fault.
func (m *OpenAI) trouble(ctx context.Context, err error, wait time.Duration) error {
	if ctx.Err() != nil {
		cause := context.Cause(ctx)
		if errors.Is(cause, errFirstToken) || errors.Is(cause, errIdle) || errors.Is(cause, errCallLong) {
			return &trouble{kind: troubleAway, err: cause}
		}
		return cause
	}
	status, said := statusOf(err)
	t := &trouble{kind: troubleAway, wait: wait, err: errors.New(m.discreet(said))}
	switch {
	case status == http.StatusTooManyRequests:
		t.kind = troubleBusy
		if strings.Contains(said, "insufficient_quota") {
			t.kind = troubleRefused // the account is empty: waiting does not fill it
		}
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly, status >= 500:
	case status >= 300, misused(err):
		t.kind = troubleRefused
	}
	if status == 0 && t.kind == troubleAway {
		t.err = err
	}
	return t
}

// misused are go-openai's own refusals, which judges requests by the model's
// name, and addresses that are no endpoint: the remedy is in the
// configuration.
func misused(err error) bool {
	for _, own := range []error{
		openai.ErrReasoningModelMaxTokensDeprecated, openai.ErrReasoningModelLimitationsOther, openai.ErrReasoningModelLimitationsLogprobs,
		openai.ErrReasoningEffortUnsupported, openai.ErrReasoningToolsRequireResponses, openai.ErrReasoningSamplingUnsupported,
		openai.ErrChatCompletionInvalidModel, errElsewhere,
	} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}

func statusOf(err error) (int, string) {
	var api *openai.APIError
	if errors.As(err, &api) {
		return api.HTTPStatusCode, fmt.Sprintf("status %d, %v: %s", api.HTTPStatusCode, api.Code, api.Message)
	}
	var request *openai.RequestError
	if errors.As(err, &request) {
		return request.HTTPStatusCode, fmt.Sprintf("status %d", request.HTTPStatusCode)
	}
	return 0, err.Error()
}

// discreet keeps the key, which some providers repeat in their refusals, and
// long replies out of the log.
func (m *OpenAI) discreet(said string) string {
	if m.endpoint.Key != "" {
		said = strings.ReplaceAll(said, m.endpoint.Key, "[key]")
	}
	if r := []rune(said); len(r) > 300 {
		said = string(r[:300]) + "…"
	}
	return said
}

// fromProvider reports whether an error is a provider's, so that another model
// may help.
func fromProvider(err error) bool {
	var t *trouble
	return errors.As(err, &t)
}
