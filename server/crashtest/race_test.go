//go:build unix && race

package crashtest

// buildFlags build the binary of the packages that are compiled for the tests
// already: with -trimpath they would be compiled once more, which takes minutes.
var buildFlags = []string{"-race"}

const (
	cgo = "CGO_ENABLED=1"
	// memoryCeiling is what a server may take under any flood, in bytes, with what the
	// detector itself takes.
	memoryCeiling = int64(2 << 30)
	// killBefore bounds the acknowledgement at which a round of a thousand sends
	// is cut; the detector makes everything slow.
	killBefore = 300
	// floodSends is how many messages a flood has.
	floodSends = 3_000
	// uploadGrowth is by how many MiB the memory may grow while 120 MiB come in;
	// the detector keeps two bytes and more beside each that is touched.
	uploadGrowth = 160
)
