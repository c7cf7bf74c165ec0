# Set-up, checks and runs; `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(foreach folder,schemas models stream tests tools bench,$(if $(wildcard $(folder)/*.py),$(folder)))
export GAUGER_DATA_DIR ?= ../shared/data

# Stamps carry the content of what they stand for: a checkout that changes times alone installs nothing.
CONSTRAINTS_STAMP := $(VENV)/.constraints-$(shell cksum constraints.txt | cut -d ' ' -f 1)
PACKAGE_STAMP := $(VENV)/.package-$(shell cksum pyproject.toml | cut -d ' ' -f 1)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet

.PHONY: help setup packages demo test test-integration check bench bench-detection bench-ablation bench-intents bench-peers bench-transfer bench-kafka bench-pipelines bench-profile bench-formats bench-console \
	parity chaos faults soak rehearsal fuzz mutation coverage pictures sbom licences schemas reference constraints clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(PACKAGE_STAMP) ## make .venv with everything pinned, and compile the kernels
	@$(BIN)/python -m stream.warm

packages: $(PACKAGE_STAMP) ## make .venv with everything pinned, and compile nothing

$(CONSTRAINTS_STAMP):
	@python=$$(tools/find_python "$(PYTHON)") && \
	echo "setting up $(VENV) with $$python (takes a minute or two)" && \
	"$$python" -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r constraints.txt
	@touch $@

$(PACKAGE_STAMP): $(CONSTRAINTS_STAMP)
	@$(PIP) install --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.package-*
	@touch $@

demo: setup ## run the detector over the shipped sample and judge what it found
	@mkdir -p out
	$(BIN)/gauger replay examples/events.jsonl.zst --facts examples/facts.jsonl --alerts out/alerts.jsonl
	$(BIN)/gauger evaluate --alerts out/alerts.jsonl --truth examples/truth.json --events examples/events.jsonl.zst

# One more than cores: tests of brokers and workers wait. Files in our order (tests/conftest.py), else
# those of few tests, which are just these, would come last.
TEST_PROCESSES ?= 3

test: setup ## run all tests; says at its end what was left out, as without a Kafka broker
	$(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

test-integration: setup ## run the tests that need a Kafka broker (given, in Docker, or in Java)
	$(BIN)/python -m pytest -q -m broker

check: $(PACKAGE_STAMP) ## lint, format, types
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy $(SOURCES)

# `make bench BENCH="--only kafka"`: one group of it; `--small` in minutes, to see that it works.
bench: setup ## speed and size in one table, beside all comparisons in the same run
	$(BIN)/python -m bench.speed $(BENCH)

# What bench-detection measures; `make bench-detection PARTS="quiet plots"` is about these two alone.
PARTS ?= detection evasions mixing evasion_cost quiet evidence plots

bench-detection: setup ## detection quality: campaigns, evasions, quiet traffic; then the plots
	@for part in $(PARTS); do $(BIN)/python -m bench.$$part || exit 1; done

bench-ablation: setup ## detection without one signal after the other, each time fitted anew
	$(BIN)/python -m bench.ablation

bench-intents: setup ## whether texts tell what they are for, on sources that were left out
	$(BIN)/python -m bench.fit_intents

bench-peers: setup ## other detectors beside Gauger: the same requests, budget and judge
	$(BIN)/python -m bench.peers.table

bench-transfer: setup ## detectors on public streams that are no model traffic; for information
	$(BIN)/python -m bench.transfer

bench-kafka: setup ## speed through Kafka, beside the straightforward pipeline on the same broker
	$(BIN)/python -m bench.kafka

bench-pipelines: setup ## install Quix Streams and Bytewax, for their rows in `make bench`
	$(PIP) install --upgrade --target .cache/pipelines "quixstreams>=3.28,<4" "bytewax>=0.21,<0.22"

bench-profile: setup ## draw docs/images/profile.svg: where the CPU time of a request goes
	@test -x $(BIN)/py-spy || $(PIP) install "py-spy>=0.4"
	$(BIN)/python -m bench.profile

bench-formats: setup ## how fast each input format is decoded, beside the native one
	$(BIN)/python -m bench.formats

bench-console: setup ## how long an analyst waits for pages, over a million requests
	$(BIN)/python -m bench.console

parity: setup ## 300,000 requests locally and through Kafka, the work shared in nine ways
	$(BIN)/python -m tests.long.parity

chaos: setup ## kill -9 of workers, workers added and removed, a broker that restarts and stalls
	$(BIN)/python -m tests.long.chaos

# `make faults FAULTS="network-cut poison"` tries these two alone.
faults: setup ## cut networks, full disks, wrong clocks, lost topics, poison, a rolling upgrade
	$(BIN)/python -m tests.long.faults $(FAULTS)

pictures: setup ## docs/images of the console, by the test of the page in a browser
	GAUGER_PICTURES=docs/images $(BIN)/python -m pytest -q tests/stream/console/test_browser.py -k becomes_its_pages

soak: setup ## months of turnover in one process; memory, files and tables must stay flat
	$(BIN)/python -m tests.long.soak

# `make rehearsal MINUTES=5` streams at the published size, or what fits, for five minutes.
MINUTES ?= 60

rehearsal: setup ## the campaigns of February 2026 in a stream: scaled down and judged, then at their size
	$(BIN)/python -m bench.rehearsal --part judged
	$(BIN)/python -m bench.rehearsal --part load --minutes $(MINUTES)

# `make mutation MODULES="evidence/budget wire/state"` tries these two alone.
mutation: setup ## small changes of evidence, policy and state, which some test must notice
	$(BIN)/python -m tools.mutation $(MODULES)

coverage: setup ## branches of schemas and models that tests without a broker take
	@$(BIN)/python -m coverage run -m pytest -q -m "not broker" tests/schemas tests/models tests/property tests/stream
	@$(BIN)/python -m coverage report

sbom: $(PACKAGE_STAMP) ## write out/sbom.json: what the product runs on, in CycloneDX
	@mkdir -p out
	@$(BIN)/python -m tools.sbom > out/sbom.json

licences: $(PACKAGE_STAMP) ## every dependency has a licence that is allowed
	@$(BIN)/python -m tools.licences

# Seconds for all targets together; `make fuzz FUZZ="--without-coverage"` where atheris does not install.
FUZZ ?= --seconds 600

fuzz: setup ## fuzz every decoder, guided by coverage; finds go to out/fuzz
	@case "$(FUZZ)" in *--without-coverage*) ;; *) $(BIN)/python -c "import atheris" 2> /dev/null || $(PIP) install "atheris>=3.0" ;; esac
	$(BIN)/python -m tests.fuzz $(FUZZ)

schemas: $(PACKAGE_STAMP) ## write docs/schemas from the types
	@$(BIN)/python -m tools.write_schemas

reference: $(PACKAGE_STAMP) ## write docs/reference.md from the code
	@$(BIN)/python -m tools.write_reference

constraints: ## pin all dependencies anew; needs uv on the path
	@command -v uv > /dev/null || { echo "make constraints needs uv on the path" >&2; exit 1; }
	@echo "# Every dependency, direct and indirect, with its hashes. Written by \`make constraints\`." > constraints.new
	@uv pip compile pyproject.toml --group dev --extra mmdb --extra otlp --extra parquet --extra rocksdict --universal \
		--python-version 3.11 --upgrade --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet >> constraints.new
	@mv constraints.new constraints.txt

clean: ## remove everything that was made here
	rm -rf $(VENV) out build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .cache
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +
