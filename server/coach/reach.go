package coach

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	openai "github.com/sashabaranov/go-openai"
)

// ErrNoModelList says that a provider answers, and does not tell which models
// it has; the address is right, and the rest shows with the first answer.
var ErrNoModelList = errors.New("the provider does not list its models")

// Reach asks the provider which models it has, which costs nothing. It fails
// where the provider is away, refuses the key or does not have the model, with
// an error fit for operators.
func (m *OpenAI) Reach(ctx context.Context) error {
	list, err := m.client(&retryAfter{}).ListModels(ctx)
	var status int
	var said string
	if err != nil {
		status, said = statusOf(err)
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("it refuses the key (%d)", status)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return ErrNoModelList
	case err != nil && status != 0:
		return fmt.Errorf("it answers %d: %s", status, m.discreet(said))
	case err != nil:
		return errors.New(m.discreet(err.Error()))
	case len(list.Models) > 0 && !slices.ContainsFunc(list.Models, func(one openai.Model) bool { return one.ID == m.endpoint.Model }):
		return errors.New("it does not have this model")
	}
	return nil
}
