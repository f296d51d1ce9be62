//go:build linux || darwin

package disk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Free tells how many bytes may still be written below a folder: statfs(2)'s
// blocks for programs without privileges.
func Free(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("ask how full the disk is: %w", err)
	}
	return st.Bavail * uint64(st.Bsize), nil
}
