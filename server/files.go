package server

import (
	"errors"
	"log/slog"

	"github.com/elite-trading-coach/coach/configs"
)

// CheckFiles says what is wrong with the prompts and the certificate that the
// configuration names, which a start would stumble over one after the other.
func CheckFiles(c configs.Config) error {
	_, err := loadPrompts(c.AI)
	if c.Server.TLS.CertFile != "" {
		_, pair := openKeyPair(c.Server.TLS, slog.New(slog.DiscardHandler))
		err = errors.Join(err, pair)
	}
	return err
}
