//go:build unix && !race

package crashtest

// buildFlags build the binary as it is shipped.
var buildFlags = []string{"-trimpath", "-ldflags", "-s -w"}

const (
	cgo = "CGO_ENABLED=0"
	// memoryCeiling is what a server may take under any flood, in bytes, generously.
	memoryCeiling = int64(300 << 20)
	// killBefore bounds the acknowledgement at which a round of a thousand sends
	// is cut.
	killBefore = 900
	// floodSends is how many messages a flood has.
	floodSends = 10_000
	// uploadGrowth is by how many MiB the memory may grow while 120 MiB come in.
	uploadGrowth = 80
)
