package server

import (
	"net"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// peerLogin is whose process is at the other end of a Unix socket, as the
// kernel says (unix(7), SO_PEERCRED).
func peerLogin(conn net.Conn) string {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return "unknown"
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return "unknown"
	}
	var cred *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) { cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err != nil || failed != nil {
		return "unknown"
	}
	uid := strconv.FormatUint(uint64(cred.Uid), 10)
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return "uid-" + uid
}
