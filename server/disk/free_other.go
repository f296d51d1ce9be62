//go:build !linux && !darwin && !windows

package disk

// Free cannot tell on this system.
func Free(string) (uint64, error) { return 0, ErrUnsupported }
