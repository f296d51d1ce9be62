//go:build !linux

package cmd

// lateTimers is for Linux alone.
func lateTimers() {}
