//go:build unix && !race

package crashtest

// raceFlag builds the binary as the tests are built.
const raceFlag = "-race=false"
