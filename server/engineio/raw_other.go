//go:build !unix

package engineio

import (
	"errors"
	"net"
	"syscall"
)

// rawOf finds no way to ask a connection without waiting.
func rawOf(net.Conn) syscall.RawConn { return nil }

func writeNow(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }

func isAgain(error) bool { return false }
