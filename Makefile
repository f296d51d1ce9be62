# make help lists what there is to do.

GO ?= go
BIN := bin/coach
GOLANGCI := $(GO) tool -modfile=tools.mod golangci-lint
# Not in tools.mod: it brings the clients of every cloud with it. Fetched only by who cuts a release.
GORELEASER := $(GO) run github.com/goreleaser/goreleaser/v2@v2.14.3

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT := $(shell git rev-parse HEAD 2>/dev/null || echo none)
DATE := $(shell date -u +%Y-%m-%dT%H:%M:%SZ)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

# The race detector needs cgo and a C compiler; without them the tests still run.
RACE := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null && echo -race)
# A program under the detector sleeps a second before it ends, which hundreds of commands in scripts would add up.
export GORACE ?= atexit_sleep_ms=50
PKG ?= ./...
FUZZTIME ?= 1m
COUNT ?= 20
RUNS ?= 3

.DEFAULT_GOAL := help
.PHONY: help build run test race lint fmt fuzz bench bench-pieces bench-server cover conformance manuals snapshot release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/coach for this machine
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) .

run: ## serve from the source tree, data in ./coach_data
	$(GO) run . serve

# One package after the other: some hold real clients to some hundred milliseconds, others load the machine on purpose. All
# are compiled before, on every core.
test: ## everything, shuffled; installs or starts what the tests need where it can
	@.ci/prepare
	$(GO) vet $(PKG)
	@$(GO) list $(RACE) -test -deps -export $(PKG) >/dev/null
	$(GO) test $(RACE) -p 1 -shuffle=on -timeout 20m $(PKG)

race: ## the tests of PKG under the race detector, nothing prepared
	$(GO) test -race -shuffle=on -timeout 20m $(PKG)

lint: ## golangci-lint, at the version that tools.mod pins
	$(GOLANGCI) run ./...

fmt: ## format as lint wants it
	$(GOLANGCI) fmt ./...

fuzz: ## every fuzz target for FUZZTIME (1m)
	@set -e; for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n1 dirname | sort -u); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go | cut -c6-); do \
			echo "== $$dir $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$dir; \
		done; \
	done

bench: bench-pieces bench-server ## every benchmark: the pieces of PKG, then the whole server

bench-pieces: ## the benchmarks of PKG, without those of the whole server
	$(GO) test -run '^$$' -bench . -skip '^BenchmarkServer' -benchmem -timeout 60m $(PKG)

bench-server: ## the whole server, spawned, RUNS (3) times: what its process used, and coach loadtest's checker
	$(GO) test -run '^$$' -bench '^BenchmarkServer' -benchtime $(RUNS)x -timeout 60m ./server/crashtest

cover: ## coverage of PKG, by function and in total
	@mkdir -p bin
	$(GO) test -coverprofile=bin/cover.out -coverpkg=./... $(PKG)
	$(GO) tool cover -func=bin/cover.out | tail -n 40

conformance: ## the Engine.IO 4 and Socket.IO 5 conformance tests, COUNT (20) times in a row
	$(GO) test $(RACE) -timeout 30m -count=$(COUNT) -run 'Conformance|Handshake|Polling|WebSocket|Heartbeat|Close|Upgrade' ./server/engineio/... ./server/socketio/...

manuals: ## man pages and completions in bin/manuals, as the archives hold them
	$(GO) run . docs man bin/manuals/man
	$(GO) run . docs completions bin/manuals/completions

release: ## build and publish the release of the tag that is checked out; needs GITHUB_TOKEN and docker buildx
	$(GORELEASER) release --clean

snapshot: ## the release archives of this tree in dist/, without images; nothing published
	$(GORELEASER) release --snapshot --clean --skip=docker

clean: ## remove what was built
	rm -rf bin dist
