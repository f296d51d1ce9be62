//go:build unix

package engineio

import (
	"errors"
	"net"
	"syscall"
)

// rawOf is how a connection is asked without waiting; nil where it cannot be.
func rawOf(conn net.Conn) syscall.RawConn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// writeNow writes what the system takes. Descriptors of net are non-blocking.
func writeNow(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), b)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

func isAgain(err error) bool { return errors.Is(err, syscall.EAGAIN) }
