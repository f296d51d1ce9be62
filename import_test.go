// Package main_test holds the one rule that no single room can keep by itself: who may import whom.
//
// The tables below are the ones of ARCHITECTURE.md. An arrow that is not drawn here fails the build, so that a room
// can be deleted by deleting its folder and the line that wires it. When a table is wrong, change it here and in
// ARCHITECTURE.md in one commit that says why.
package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/elite-trading-coach/coach"

// everyServerRoom in a list of arrows stands for all rooms below server/.
const everyServerRoom = "server/*"

// rooms says which rooms of this module each room may import. "." is main. A package below a room belongs to that
// room unless it has a line of its own; it may import the room it is in. Tests of a package are free.
var rooms = map[string][]string{
	".":            {"cmd"},
	"cmd":          {"server", "tui", "cmd/loadtest", "configs", "server/api", "deploy/monitoring", "docs"},
	"cmd/loadtest": {"server/api", "server/socketio"},
	"server":       {everyServerRoom, "storage", "migrations", "configs"},
	"tui":          {"server/api"},

	"server/rest": {
		"server/chat", "server/coach", "server/journal", "server/auth", "server/upload", "server/limit",
		"server/admin", "server/api", "server/strict", "server/fault",
	},
	"server/live":     {"server/chat", "server/auth", "server/limit", "server/bus", "server/socketio", "server/fault"},
	"server/chat":     {"server/auth", "server/bus", "storage", "server/fault"},
	"server/coach":    {"server/chat", "server/journal", "server/trading", "server/budget", "server/bus", "server/fault"},
	"server/budget":   {"storage", "server/fault"},
	"server/journal":  {"server/auth", "server/trading", "storage", "server/strict", "server/fault"},
	"server/auth":     {"server/bus", "storage", "server/fault"},
	"server/upload":   {"server/auth", "storage", "server/fault"},
	"server/admin":    {"server/api", "server/auth", "server/bus", "storage", "server/fault"},
	"server/archive":  {"storage", "server/fault"},
	"server/backup":   {"storage", "server/fault"},
	"server/socketio": {"server/engineio"},
	"server/engineio": {},
	"server/bus":      {},
	"server/limit":    {},
	"server/web":      {},
	"server/manual":   {"docs"},
	"server/strict":   {"server/fault"},
	"server/fault":    {},
	"server/api":      {},
	"server/disk":     {"server/fault"},
	"server/doctor":   {"server/api", "server/engineio", "server/socketio"},
	"server/sweep":    {},
	"server/trading":  {},
	"server/metrics":  {},
	"server/deadline": {},

	"server/needs":      {}, // what tests want of a machine
	"server/crashtest":  {}, // tests of the binary, and no code
	"deploy":            {}, // files to deploy with, and the tests that hold them
	"deploy/monitoring": {},
	"docs":              {}, // what is written, as files in the program

	"storage":             {},
	"storage/storagetest": {"migrations", "server/needs"},
	"migrations":          {},
	"configs":             {},
}

// anyone may import these.
var anyone = []string{"server/deadline", "server/metrics"}

// libraries says which rooms may import a library that one room is there to hide. Libraries that are not named here
// are anybody's.
var libraries = map[string][]string{
	"database/sql":                   {"storage", "migrations"},
	"modernc.org/sqlite":             {"storage"},
	"github.com/jackc/pgx/v5":        {"storage", "server/bus"},
	"github.com/redis/go-redis/v9":   {"server/bus", "server/limit"},
	"github.com/pressly/goose/v3":    {"migrations"},
	"github.com/lxzan/gws":           {"server/engineio"},
	"github.com/labstack/echo/v4":    {"server/rest"},
	"github.com/sashabaranov/":       {"server/coach"},
	"github.com/cloudinary/":         {"server/upload"},
	"github.com/golang-jwt/jwt/v5":   {"server/auth"},
	"golang.org/x/crypto/argon2":     {"server/auth"},
	"github.com/prometheus/":         {"server/metrics"},
	"github.com/knadh/koanf/":        {"configs"},
	"github.com/spf13/cobra":         {"cmd"},
	"github.com/charmbracelet/":      {"tui"},
	"github.com/shopspring/decimal":  {"server/trading", "server/journal", "server/coach"},
	"github.com/yuin/goldmark":       {"server/manual"},
	"github.com/getkin/kin-openapi/": {}, // tests only: descriptions are held by tests, not at run time
}

func TestRoomsImportOnlyWhatTheTableDraws(t *testing.T) {
	packages := listPackages(t)
	if len(packages) < 2 {
		t.Fatalf("go list ./... found %d packages: the check would pass on nothing", len(packages))
	}
	for _, problem := range undrawn(packages) {
		t.Error(problem)
	}
}

// TestEachRoomHasARowInARCHITECTURE holds the list of rooms to the packages.
func TestEachRoomHasARowInARCHITECTURE(t *testing.T) {
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "\n## The rooms\n")
	list, _, _ = strings.Cut(list, "\n## ")
	var rows []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(list, -1) {
		rows = append(rows, strings.TrimSuffix(strings.Replace(row[1], "main.go", ".", 1), "/"))
	}
	var built []string
	for _, p := range listPackages(t) {
		if room, ok := roomOf(within(p.ImportPath)); ok && !slices.Contains(built, room) {
			built = append(built, room)
		}
	}
	slices.Sort(rows)
	slices.Sort(built)
	if diff := cmp.Diff(built, rows); diff != "" {
		t.Errorf("rooms (-packages +rows of ARCHITECTURE.md):\n%s", diff)
	}
}

func TestUndrawnFindsEachKindOfBreach(t *testing.T) {
	packages := []goPackage{
		{ImportPath: module, Imports: []string{module + "/cmd", "os"}},
		{ImportPath: module + "/cmd", Imports: []string{module + "/storage", "github.com/spf13/cobra"}},
		{ImportPath: module + "/cmd/loadtest", Imports: []string{module + "/server/socketio"}},
		{ImportPath: module + "/server", Imports: []string{module + "/server/live", module + "/storage"}},
		{ImportPath: module + "/server/live", Imports: []string{module + "/storage/storagetest", module + "/server/metrics"}},
		{ImportPath: module + "/server/rest", Imports: []string{module + "/server/live", "github.com/labstack/echo/v4/middleware"}},
		{ImportPath: module + "/server/bus/bustest", Imports: []string{module + "/server/bus", "github.com/jackc/pgx/v5/pgxpool"}},
		{ImportPath: module + "/server/chat", Imports: []string{"database/sql"}},
		{ImportPath: module + "/utils"},
	}
	want := []string{
		"cmd imports storage: the table in import_test.go draws no such arrow",
		"server/live imports storage/storagetest: the table in import_test.go draws no such arrow",
		"server/rest imports server/live: the table in import_test.go draws no such arrow",
		"server/chat imports database/sql, which only storage, migrations may",
		"utils is in no room: give it a line in import_test.go and in ARCHITECTURE.md, or put it into a room",
	}
	if diff := cmp.Diff(want, undrawn(packages)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// goPackage is the part of `go list -json` that matters here.
type goPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatalf("read go list's answer: %v", err)
		}
		packages = append(packages, p)
	}
}

// undrawn returns a sentence for every import that the tables do not allow, in the order of packages.
func undrawn(packages []goPackage) []string {
	var problems []string
	for _, p := range packages {
		path := within(p.ImportPath)
		from, ok := roomOf(path)
		if !ok {
			problems = append(problems, path+" is in no room: give it a line in import_test.go and in ARCHITECTURE.md, or put it into a room")
			continue
		}
		for _, imported := range p.Imports {
			if problem := breach(from, imported); problem != "" {
				problems = append(problems, fmt.Sprintf("%s imports %s", path, problem))
			}
		}
	}
	return problems
}

// breach returns what is wrong with room from importing the package imported, or "".
func breach(from, imported string) string {
	if imported != module && !strings.HasPrefix(imported, module+"/") {
		return libraryBreach(from, imported)
	}
	path := within(imported)
	to, _ := roomOf(path)
	switch {
	case to == from, slices.Contains(anyone, to), slices.Contains(rooms[from], to):
		return ""
	case slices.Contains(rooms[from], everyServerRoom) && strings.HasPrefix(to, "server/"):
		return ""
	case strings.HasPrefix(from, to+"/") && to != "server":
		return "" // a package with a line of its own inside the room: storagetest in storage
	}
	return path + ": the table in import_test.go draws no such arrow"
}

func libraryBreach(from, imported string) string {
	for library, allowed := range libraries {
		if !inside(imported, strings.TrimSuffix(library, "/")) || slices.Contains(allowed, from) {
			continue
		}
		if len(allowed) == 0 {
			return imported + ", which only tests may"
		}
		return fmt.Sprintf("%s, which only %s may", imported, strings.Join(allowed, ", "))
	}
	return ""
}

// roomOf returns the innermost room that path lies in; server/ itself is a room only for its own files, so that a
// folder below it without a line is found out.
func roomOf(path string) (string, bool) {
	for candidate := path; ; {
		if _, ok := rooms[candidate]; ok && (candidate != "server" || path == "server") {
			return candidate, true
		}
		cut := strings.LastIndexByte(candidate, '/')
		if cut < 0 {
			return "", false
		}
		candidate = candidate[:cut]
	}
}

// within turns an import path of this module into a path inside it; the module itself is ".".
func within(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

func inside(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
