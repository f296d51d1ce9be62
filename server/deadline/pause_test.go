package deadline_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/deadline"
)

func TestAPauseLastsItsTimeOrUntilTheContextEnds(t *testing.T) {
	for name, c := range map[string]struct {
		ends, want time.Duration
		whole      bool
	}{
		"the context goes on": {time.Hour, time.Minute, true},
		"the context ends":    {time.Second, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.ends)
				defer cancel()
				began := time.Now()
				if whole := deadline.Pause(ctx, time.Minute); whole != c.whole || time.Since(began) != c.want {
					t.Errorf("it took %s, whole %t", time.Since(began), whole)
				}
			})
		})
	}
}
