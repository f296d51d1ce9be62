package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/elite-trading-coach/coach/cmd/loadtest"
	"github.com/elite-trading-coach/coach/configs"
)

// usageOf turns what the test says of its options into a mistake of the
// command line, with the name that was probably meant.
func usageOf(err error) error {
	var flag *loadtest.FlagError
	var unknown *loadtest.UnknownError
	switch {
	case errors.As(err, &unknown):
		text := unknown.Error()
		if near := configs.Nearest(unknown.Name, unknown.Known); near != "" {
			return &usageError{text + "; did you mean " + near + "?"}
		}
		return &usageError{text + "; there are " + strings.Join(unknown.Known, ", ")}
	case errors.As(err, &flag):
		return &usageError{flag.Error()}
	}
	return err
}

// reportFile is where the page goes: beside its name until it is whole, so
// that a run that fails leaves an older report as it was.
type reportFile struct {
	name string
	f    *os.File
}

// createReport makes room for the page; "" wants none.
func createReport(name string) (*reportFile, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no file is wanted
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".loadtest-*.html")
	if err != nil {
		return nil, fmt.Errorf("--report: %w", err)
	}
	return &reportFile{name, f}, nil
}

func (p *reportFile) discard() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.f.Close(), os.Remove(p.f.Name()))
}

func (p *reportFile) write(r *loadtest.Report) error {
	if p == nil {
		return nil
	}
	err := errors.Join(r.WriteHTML(p.f), p.f.Chmod(0o644), p.f.Close())
	if err == nil {
		err = os.Rename(p.f.Name(), p.name)
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", errors.Join(err, os.Remove(p.f.Name())))
	}
	return nil
}
