package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// released are the systems that a release has a binary for, as .goreleaser.yaml has them. Their modules differ a little.
var released = []string{"linux", "darwin", "windows"}

const licencesFile = "docs/licences.md"

// sentences tell licences apart, by their SPDX identifiers. Words are compared, white space is not.
var sentences = []struct{ licence, sentence string }{
	{"Apache-2.0", "Apache License,? Version 2\\.0"},
	{"BSD-3-Clause", "Redistribution and use in source and binary forms.*[Nn]either the names? "},
	{"ISC", "Permission to use, copy, modify, (and|and/or) distribute this software for any purpose with or without fee"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"MPL-2.0", "Mozilla Public License,? [Vv](ersion|\\.) ?2\\.0"},
}

// saidElsewhere are the modules without a file of their own for it: what their README says.
var saidElsewhere = map[string]string{"github.com/mattn/go-localereader": "MIT"}

// linked is a module that is in a binary.
type linked struct{ path, version, dir string }

// TestEveryLinkedModuleIsListedWithItsLicence holds docs/licences.md to what `go list` says is linked and to what the
// modules' own files say. COACH_TEST_UPDATE=1 writes the table anew.
func TestEveryLinkedModuleIsListedWithItsLicence(t *testing.T) {
	lines, complete := map[string]string{}, true
	for _, system := range released {
		modules, err := linkedOn(system)
		if err != nil && system != runtime.GOOS {
			t.Logf("what a binary for %s holds is not looked at: %v", system, err) // its modules were never fetched
			complete = false
			continue
		}
		if err != nil || len(modules) < 30 {
			t.Fatalf("a binary for %s holds %d modules, %v", system, len(modules), err)
		}
		for _, m := range modules {
			licence, err := m.licence()
			if err != nil {
				t.Errorf("%s %s: %v", m.path, m.version, err)
			}
			lines[m.path] = fmt.Sprintf("| `%s` | %s | %s |", m.path, m.version, licence)
		}
	}
	raw, err := os.ReadFile(filepath.FromSlash(licencesFile))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), "<!-- generated: modules -->\n")
	table, after, ok2 := strings.Cut(rest, "<!-- /generated -->")
	if !ok || !ok2 {
		t.Fatalf("%s has no generated table", licencesFile)
	}
	if os.Getenv("COACH_TEST_UPDATE") != "" && complete {
		table = "| Module | Version | Licence |\n| --- | --- | --- |\n"
		for _, path := range slices.Sorted(maps.Keys(lines)) {
			table += lines[path] + "\n"
		}
		text := before + "<!-- generated: modules -->\n" + table + "<!-- /generated -->" + after
		if err := os.WriteFile(filepath.FromSlash(licencesFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listed := strings.Split(strings.TrimSpace(table), "\n")
	for _, line := range lines {
		if !slices.Contains(listed, line) {
			t.Errorf("%s lacks %s\n(COACH_TEST_UPDATE=1 go test . -run Licence writes it)", licencesFile, line)
		}
	}
	if extra := len(listed) - 2 - len(lines); complete && extra > 0 {
		t.Errorf("%s lists %d modules that are in no binary", licencesFile, extra)
	}
}

// linkedOn asks what a binary for a system holds, apart from this module and the standard library.
func linkedOn(system string) ([]linked, error) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if .Version}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", ".")
	list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("go list: %w\n%s", err, exit.Stderr)
		}
		return nil, err
	}
	var modules []linked
	for line := range strings.Lines(string(out)) {
		if part := strings.Split(strings.TrimSpace(line), "\t"); len(part) == 3 {
			if m := (linked{part[0], part[1], part[2]}); !slices.Contains(modules, m) {
				modules = append(modules, m)
			}
		}
	}
	return modules, nil
}

// licence recognises the licences in a module's own file by sentences that only they have.
func (m linked) licence() (string, error) {
	files, err := filepath.Glob(filepath.Join(m.dir, "LICEN[CS]E*"))
	if err != nil {
		return "", err
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		name := filepath.Base(file)
		return strings.TrimSuffix(strings.TrimSuffix(name, ".txt"), ".md") != name[:len("LICENSE")]
	})
	if said, ok := saidElsewhere[m.path]; ok && len(files) == 0 {
		return said, nil
	}
	if len(files) != 1 {
		return "", fmt.Errorf("%d files with a licence in %s", len(files), m.dir)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		return "", err
	}
	found := licencesIn(raw)
	if len(found) == 0 {
		return "", fmt.Errorf("%s is a licence that is not known here", filepath.Base(files[0]))
	}
	return strings.Join(found, ", "), nil
}

func licencesIn(raw []byte) (found []string) {
	text := bytes.Join(bytes.Fields(bytes.ReplaceAll(raw, []byte("\n>"), []byte("\n"))), []byte(" "))
	for _, s := range sentences {
		if regexp.MustCompile(s.sentence).Match(text) {
			found = append(found, s.licence)
		}
	}
	if bytes.Contains(text, []byte("Redistribution and use in source and binary forms")) && !slices.Contains(found, "BSD-3-Clause") {
		found = append(found, "BSD-2-Clause")
	}
	return found
}

// TestWhatThePageCarriesIsListed holds the part of the list that is not modules: files embedded for the page at "/".
func TestWhatThePageCarriesIsListed(t *testing.T) {
	list, err := os.ReadFile(filepath.FromSlash(licencesFile))
	if err != nil {
		t.Fatal(err)
	}
	assets := filepath.Join("server", "web", "assets")
	client, err := os.ReadFile(filepath.Join(assets, "vendor", "socket.io.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`Socket\.IO v([0-9.]+)`).FindSubmatch(client)
	if len(version) < 2 || !bytes.Contains(list, []byte("| Socket.IO client | "+string(version[1])+" | MIT |")) {
		t.Errorf("%s does not list the Socket.IO client as %q", licencesFile, version)
	}
	for file, want := range map[string]string{
		"vendor/LICENSE.socket.io-client": "Permission is hereby granted, free of charge",
		"fonts/LICENSE.inter":             "SIL Open Font License, Version 1.1",
	} {
		text, err := os.ReadFile(filepath.Join(assets, filepath.FromSlash(file)))
		if err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s does not say %q: %v", file, want, err)
		}
		if !bytes.Contains(list, []byte("server/web/assets/"+file)) {
			t.Errorf("%s does not name %s", licencesFile, file)
		}
	}
	for _, folder := range []string{"vendor", "fonts"} {
		entries, err := os.ReadDir(filepath.Join(assets, folder))
		if err != nil || len(entries) != 2 {
			t.Errorf("%s holds %d files, %v; each that is somebody else's belongs into %s", folder, len(entries), err, licencesFile)
		}
	}
}
