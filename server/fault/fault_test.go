package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/fault"
)

type sentinel string

func (s sentinel) Error() string     { return "pq: relation users" }
func (s sentinel) FaultCode() string { return string(s) }

func TestFrom(t *testing.T) {
	named := fault.Invalid("email", "That is no e-mail address.")
	cases := []struct {
		name string
		in   error
		want fault.Code
	}{
		{"Named", fmt.Errorf("register: %w", named), fault.Validation},
		{"Sentinel", fmt.Errorf("find: %w", sentinel("NOT_FOUND")), fault.NotFound},
		{"Deadline", fmt.Errorf("q: %w", context.DeadlineExceeded), fault.Timeout},
		{"Cancelled", context.Canceled, fault.Unavailable},
		{"Unknown", errors.New("pq: relation users"), fault.Internal},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := fault.From(c.in)
			if got.Code != c.want {
				t.Fatalf("code %s, want %s", got.Code, c.want)
			}
			if strings.Contains(got.Message, "pq:") {
				t.Fatalf("an internal text reached the caller: %q", got.Message)
			}
			if !errors.Is(got, c.in) && !errors.Is(c.in, got) {
				t.Fatal("the cause was lost")
			}
		})
	}
	if fault.From(nil) != nil {
		t.Fatal("no error became one")
	}
}
