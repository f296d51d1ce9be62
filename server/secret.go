package server

import (
	"context"
	"time"

	"github.com/elite-trading-coach/coach/configs"
)

// secretEvery is how soon a rotated secret of the data folder is in force.
const secretEvery = time.Second

// watchSecret brings a secret that `coach secret rotate` has replaced in the
// data folder to this node. One that was given from outside changes only with
// a restart.
func (s *Server) watchSecret(ctx context.Context) error {
	if s.Config.Auth.JWTSecret != "" {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(secretEvery)
	defer tick.Stop()
	inForce, failing := s.secret.Auth.JWTSecret, false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		found, err := s.takeSecret(inForce)
		if err != nil && !failing {
			s.log.Warn("the kept token secret cannot be read; the one in force stays", "err", err)
		}
		inForce, failing = found, err != nil
	}
}

// takeSecret puts the kept secrets in force if they are not yet, and gives the
// one that is.
func (s *Server) takeSecret(inForce configs.Secret) (configs.Secret, error) {
	secret, previous, err := configs.KeptSecrets(s.Config.DataDir)
	if err != nil || secret == inForce {
		return inForce, err
	}
	if given := s.Config.Auth.JWTSecretPrevious; given != "" {
		previous = given
	}
	if err := s.auth.Rotate([]byte(secret.Reveal()), []byte(previous.Reveal())); err != nil {
		return inForce, err
	}
	s.log.Info("the token secret was rotated; tokens of the one before stay good")
	return secret, nil
}
