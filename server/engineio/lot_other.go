//go:build !linux

package engineio

import "github.com/lxzan/gws"

// lot is where Linux has connections wait that say nothing; elsewhere each
// keeps its reader.
type lot struct{}

func (*lot) park(*socket, *gws.Conn) bool { return false }
func (*lot) unpark(*socket)               {}
func (*lot) close()                       {}
