package loadtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

const (
	// batchSize is the most throw-away users that are asked for at once.
	batchSize = 250
	// maxUsers is how many are made at most; beyond it they have several
	// sockets each, as people with several devices do.
	maxUsers = 1000
	// atOnce bounds requests under way while a run is prepared and cleaned up.
	atOnce = 8
	// removal bounds the cleaning up, which runs after an interrupt too.
	removal = 2 * time.Minute
)

// user is one throw-away account.
type user struct {
	id, name string
	client   *api.Client // speaks with its token
	password string      // "" when an operator made it
}

// users are all of a run, and how they are removed again.
type users struct {
	url       string
	operator  *api.Client
	transport *http.Transport
	list      []user
	batches   []string
}

// makeUsers makes so many. What was made is removed by remove, also when an
// error is returned.
func makeUsers(ctx context.Context, o Options, n int) (*users, error) {
	u := &users{url: o.URL, operator: o.Operator, transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	if u.operator != nil {
		return u, u.order(ctx, n)
	}
	return u, u.register(ctx, n)
}

// order has an operator make them.
func (u *users) order(ctx context.Context, n int) error {
	for n > len(u.list) {
		made, err := u.operator.CreateTestUsers(ctx, api.NewTestUsers{Count: min(batchSize, n-len(u.list)), Tier: "enterprise"})
		if made.Batch != "" {
			u.batches = append(u.batches, made.Batch)
		}
		if err != nil {
			return fmt.Errorf("make throw-away users: %w", err)
		}
		for _, t := range made.Users {
			u.list = append(u.list, user{id: t.ID, name: t.Username, client: u.speaks(t.Token)})
		}
	}
	return nil
}

func (u *users) speaks(token string) *api.Client {
	return &api.Client{BaseURL: u.url, Token: token, HTTP: &http.Client{Transport: u.transport}, Timeout: 30 * time.Second}
}

// errSignUp explains what to do where users cannot sign up quickly enough.
var errSignUp = errors.New("the server limits how many may sign up; give an operator's token with --token-file, run beside the server so that its admin socket is found, or serve with RATE_LIMITS=off")

// register signs them up as strangers do.
func (u *users) register(ctx context.Context, n int) error {
	run := rand.Text()[:8]
	var mu sync.Mutex
	return each(ctx, n, func(ctx context.Context, i int) error {
		name := fmt.Sprintf("loadtest_%s_%d", run, i)
		password := rand.Text() + "-aB3"
		var grant struct {
			Token string
			User  struct{ ID string }
		}
		client := u.speaks("")
		err := client.Post(ctx, "/api/auth/register", map[string]string{"email": name + "@loadtest.invalid", "username": name, "password": password}, &grant)
		var no *api.RefusedError
		if errors.As(err, &no) && no.Code == "RATE_LIMITED" {
			return errSignUp
		}
		if err != nil {
			return fmt.Errorf("sign up a throw-away user: %w", err)
		}
		client.Token = grant.Token
		mu.Lock()
		defer mu.Unlock()
		u.list = append(u.list, user{id: grant.User.ID, name: name, client: client, password: password})
		return nil
	})
}

// remove deletes all that were made, with their data. It does its work after
// an interrupt as well.
func (u *users) remove(ctx context.Context) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), removal)
	defer cancel()
	defer u.transport.CloseIdleConnections()
	var failed error
	for _, batch := range u.batches {
		operator := *u.operator
		operator.Timeout = removal // a batch has data
		if _, err := operator.RemoveTestUsers(limited, batch); err != nil {
			failed = errors.Join(failed, fmt.Errorf("the throw-away users of batch %s are still there: %w", batch, err))
		}
	}
	return errors.Join(failed, each(limited, len(u.list), func(ctx context.Context, i int) error {
		one := u.list[i]
		if one.password == "" {
			return nil
		}
		if err := one.client.Delete(ctx, "/api/auth/me", map[string]string{"password": one.password}); err != nil {
			return fmt.Errorf("the throw-away user %s is still there: %w", one.name, err)
		}
		return nil
	}))
}

// each calls do for 0 to n-1, some at a time, until one fails.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, atOnce) {
		workers.Go(func() {
			for i := range next {
				if err := do(limited, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
		case <-limited.Done():
		}
	}
	close(next)
	workers.Wait()
	return context.Cause(limited)
}
