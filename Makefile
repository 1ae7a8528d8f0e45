# Two commands for everybody: `make run` and `make test`. The rest is for those who change the code.

GO      ?= go
BIN     := bin/shoal
SOURCES := $(shell find . -name '*.go' -not -path './data/*') go.mod go.sum

.PHONY: run build test check unit e2e conformance differential month swarms bench bench-s3 fuzz fmt clean sim

run: build ## build and start the server on ./data
	exec $(BIN) serve

build: $(BIN)

$(BIN): $(SOURCES)
	$(GO) build -trimpath -o $@ ./cmd/shoal

test: build ## every test, with real S3 and BitTorrent clients (installed when missing)
	sh e2e/install-clients.sh
	$(GO) test -timeout 24m ./...

check: ## what a change must pass: format, vet, staticcheck, architecture, unit tests with the race detector
	@out=$$($(GO) tool gofumpt -l $$(git ls-files -co --exclude-standard '*.go')); test -z "$$out" || { echo "not gofumpt-formatted:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -race -short -shuffle=on -timeout 15m ./...

e2e: build ## only the black-box tests
	sh e2e/install-clients.sh
	$(GO) test -count=1 -v -timeout 20m ./e2e/...

conformance: build ## Versity's suite against us; writes what passes and what is to do to e2e/testdata/conformance
	sh e2e/install-clients.sh
	SHOAL_CONFORMANCE=update $(GO) test -count=1 -v -timeout 20m -run 'TestConformance$$' ./e2e

differential: build ## 50,000 random calls against us and Versity's gateway; also tells which known differences never occur
	sh e2e/install-clients.sh
	SHOAL_DIFFERENTIAL=50000 $(GO) test -count=1 -v -timeout 20m -run 'TestDifferential$$' ./e2e

month: build ## a month of three million requests and pieces, in which the server is killed 40 times, against its access logs; a quarter of an hour
	SHOAL_MONTH_EVENTS=3000000 SHOAL_MONTH_KILLS=40 $(GO) test -count=1 -v -timeout 40m -run 'TestMonth$$' ./e2e

SWARMS_FILE ?=
swarms: build ## real swarms in network namespaces against other seeders, as root; three quarters of an hour; see docs/performance.md
	sh e2e/install-clients.sh
	SHOAL_SWARMS=full SHOAL_SWARMS_FILE=$(SWARMS_FILE) $(GO) test -count=1 -v -timeout 90m -run 'InNamespaces|OtherSeeders|LonePeer' ./e2e

bench: build ## Go benchmarks, then whole-process runs; see docs/performance.md
	sh e2e/bench.sh

bench-s3: build ## PUT, GET, LIST and DELETE on Shoal and MinIO in turns; see docs/performance.md
	BENCH_ONLY=s3 sh e2e/bench.sh

sim: ## flash crowds in a model: copies and completion under the governor, super-seeding and plain seeding
	$(GO) run ./e2e/sim

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME each
	sh e2e/fuzz.sh $(FUZZTIME)

fmt:
	$(GO) tool gofumpt -w $$(git ls-files -co --exclude-standard '*.go')

clean:
	rm -rf bin
