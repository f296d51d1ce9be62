package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// terminal reports whether a stream is a terminal, and its descriptor.
func terminal(stream any) (fd int, ok bool) {
	f, isFile := stream.(interface{ Fd() uintptr })
	if !isFile {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

// maxPassword bounds what is read of a password, in bytes; the longest that is
// accepted has 128 characters.
const maxPassword = 4096

// password reads a password that never stands on the command line, where other
// users of the machine could see it: from file, from standard input, or, when
// that is a terminal, twice without an echo.
func (a *app) password(ctx context.Context, file string) (string, error) {
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		defer f.Close()
		return firstLine(f)
	}
	fd, onTerminal := terminal(a.Stdin)
	if !onTerminal {
		return firstLine(a.Stdin)
	}
	first, err := a.ask(ctx, fd, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := a.ask(ctx, fd, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return given(first)
}

// onePassword is password for one that exists already: it is asked for once.
func (a *app) onePassword(ctx context.Context, file string) (string, error) {
	fd, onTerminal := terminal(a.Stdin)
	if file != "" || !onTerminal {
		return a.password(ctx, file)
	}
	text, err := a.ask(ctx, fd, "Password: ")
	if err != nil {
		return "", err
	}
	return given(text)
}

func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPassword)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return given(strings.TrimRight(line, "\r\n"))
}

func given(password string) (string, error) {
	if password == "" {
		return "", errors.New("no password was given; write it to standard input, or into a file and name that with --password-file")
	}
	return password, nil
}

// ask reads a line without showing it. When ctx ends first, the terminal is
// put right again; the read itself cannot be broken off and ends with the
// process, which is about to.
func (a *app) ask(ctx context.Context, fd int, prompt string) (string, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("ask for the password: %w", err)
	}
	tell(a.Stderr, prompt)
	defer tell(a.Stderr, "\n")
	type answer struct {
		text []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		answers <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	case got := <-answers:
		return string(got.text), got.err
	}
}

// printable makes text of others fit for a terminal: no control characters,
// nothing that turns the direction of writing.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
