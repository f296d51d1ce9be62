//go:build unix && race

package crashtest

const (
	// raceFlag builds the binary as the tests are built.
	raceFlag = "-race=true"
	// memoryCeiling is what a server may take under any flood, in bytes, with what the
	// detector itself takes.
	memoryCeiling = int64(2 << 30)
)
