# All that a fresh machine needs is Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
INCIDENTS ?= 50
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help install lock lint test demo up bench chaos proofs audit-deps histories clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## install everything, checked by hash, into .venv

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock: $(STAMP) ## renew both locks: the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --extra dev --constraint requirements.txt pyproject.toml \
		--output-file requirements-dev.txt

lint: $(STAMP) ## the static checks alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A process of tests that has died is not replaced: its file would begin again for ever.
test: lint ## all static checks and all tests
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 --durations 20

demo: $(STAMP) ## one incident from a real alert to closed, in under two minutes
	$(BIN)/muster demo

up: $(STAMP) ## Temporal, worker, gateway and sandbox in one foreground command
	$(BIN)/muster up

bench: $(STAMP) ## the figures at full scale, as a table and as JSON; python -m benchmarks --short for less
	$(BIN)/python -m benchmarks

chaos: $(STAMP) ## break everything at random and judge the promises: make chaos INCIDENTS=500 SEED=1
	$(BIN)/python -m tests.chaos --incidents $(INCIDENTS) --seed $(SEED)

proofs: $(STAMP) ## the random and racing proofs at the size of their figures, in minutes
	$(BIN)/python -m pytest --full tests/workflows/test_window_edge.py tests/workflows/test_against_model.py \
		tests/workflows/test_outages.py tests/oncall/test_large.py tests/domain/test_ledger_size.py

audit-deps: $(STAMP) ## known vulnerabilities of all that the locks name; says where it could not look
	$(BIN)/python -m tests.project.advisories

histories: $(STAMP) ## put the histories of a release on the shelf: make histories VERSION=1.2.0
	test -n "$(VERSION)"
	test ! -e "tests/replay/histories/$(VERSION)"
	$(BIN)/python -m tests.replay.record "$(VERSION)"

clean: ## remove what make has made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
