package disk

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Free tells how many bytes may still be written below a folder: what
// GetDiskFreeSpaceExW leaves to this user, quotas considered.
func Free(dir string) (uint64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, fmt.Errorf("ask how full the disk is: %w", err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("ask how full the disk is: %w", err)
	}
	return free, nil
}
