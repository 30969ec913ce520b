# The one entrance. `make` alone prints what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# The system's own where it can make an environment: it is built for speed, which those of version managers often are not.
PYTHON ?= $(shell for each in /usr/bin/python3.11 python3.11; do $$each -c 'import ensurepip, venv' 2>/dev/null && echo $$each && exit; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
KARRIO := .venv-karrio
STAMP := $(VENV)/.installed
# Compiled once, not anew by every process of the tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install run test test-postgres test-crashes test-karrio lifecycle ninety-days flash-sale bulk-proof model-proof \
	export-proof log-proof erase-proof sheet-proof mixed-traffic pool-proof bench-peers tampering check smoke bench bench-scale docs lock clean

help: ## Show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make the environment in .venv

# Packages are compiled here, once: four processes that each compile them at every start are seconds late. The cache stays
# inside and goes again, because nothing outside the checkout is written.
$(STAMP): requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir uv >/dev/null 2>&1 || true
	@UV_SYSTEM_CERTS=1 UV_CACHE_DIR=$(VENV)/.cache $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python \
		--no-deps --require-hashes -r requirements.lock 2>/dev/null \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes -r requirements.lock
	@rm -rf $(VENV)/.cache
	@touch $(STAMP)

.env: $(STAMP)
	@$(BIN)/python -m config.local.keys

run: $(STAMP) .env ## Run the shop here: web, sandbox gateway, background work
	@exec $(BIN)/python manage.py up

test: $(STAMP) ## Run the tests on SQLite: no service needed
	$(BIN)/python -m pytest -q -n auto --dist worksteal

test-postgres: $(STAMP) ## Run the tests, races and crashes on PostgreSQL and Redis
	THOROUGH=$${THOROUGH:-1} DATABASE_URL=$${TEST_DATABASE_URL:-postgres://root@127.0.0.1:5432/bahi} \
		$(BIN)/python -m pytest -q -n auto --dist worksteal
	CRASHES=1 CRASH_ROUNDS=$${CRASH_ROUNDS:-6} $(BIN)/python -m pytest -q tests/crashes

test-crashes: $(STAMP) ## Kill web and workers at random, on both engines
	CRASHES=1 $(BIN)/python -m pytest -q tests/crashes -s

lifecycle: $(STAMP) ## Build every reachable state of an order and ask what may be changed
	LIFECYCLE=1 $(BIN)/python -m pytest -q -n auto --dist worksteal tests/flows/test_allowed_when.py

.PHONY: axe
axe: $(STAMP) ## Ask axe-core about every page of shop, account and console: light, dark, desk, phone (WCAG 2.2 AA; needs Chromium)
	AXE=1 $(BIN)/python -m pytest -q -n 0 tests/browser/test_axe.py

.PHONY: kill-proof
kill-proof: $(STAMP) ## Kill sealer, relay, worker, receiver and Redis for KILL_SECONDS (600); the consumer must know all, once
	CRASHES=1 KILL_SECONDS=$${KILL_SECONDS:-600} $(BIN)/python -m pytest -q -n 0 -s tests/crashes/test_kill_proof.py

ninety-days: $(STAMP) ## Live 90 business days with planted faults; print planted, found, false
	NINETY_DAYS=90 $(BIN)/python -m pytest -q -n 0 -s tests/ninety

flash-sale: $(STAMP) ## Sell 1,000 units to 64 clients who try 20,000 times, over HTTP on PostgreSQL; print sold, refused, other
	$(BIN)/python -m tests.benchmarks.flash_sale

mixed-traffic: $(STAMP) ## Reads, changes and placements over HTTP on PostgreSQL for TRAFFIC_S seconds (600); print p50, p99, memory, doctor
	$(BIN)/python -m tests.benchmarks.traffic

pool-proof: $(STAMP) ## More threads than connections, a locked table, connections ended by PostgreSQL; print answers and connections
	$(BIN)/python -m tests.benchmarks.pool_proof

PEERS := .venv-peers-oscar/.installed .venv-peers-pretix/.installed

# Each in an environment of its own: their Django is not ours, and nothing of theirs comes near the shop. One that cannot be
# installed here is left out, and the programme says so.
.venv-peers-oscar/.installed: PEER = django-oscar==4.2.1
.venv-peers-pretix/.installed: PEER = pretix==2026.8.0
$(PEERS): $(STAMP)
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet --no-cache --python $(@D)/bin/python "$(PEER)" "psycopg[binary]>=3.2,<4" \
		|| $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir "$(PEER)" "psycopg[binary]>=3.2,<4" \
		|| { echo "$(PEER) could not be installed" >&2; exit 1; }
	@touch $@

bench-peers: $(STAMP) ## Measure placement, list, detail and search beside django-oscar and pretix (from PyPI), on PostgreSQL
	-@$(MAKE) --no-print-directory -k $(PEERS)
	$(BIN)/python -m tests.benchmarks.bench_peers

bulk-proof: $(STAMP) ## Run a 10,000-row file of parcels whose worker is killed again and again; print rows/s, memory, duplicates
	$(BIN)/python -m tests.benchmarks.bulk_proof

$(KARRIO)/.installed: requirements.lock pyproject.toml
	@test -x $(KARRIO)/bin/python || $(PYTHON) -m venv $(KARRIO)
	@$(KARRIO)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(KARRIO)/bin/python -m pip install --quiet --disable-pip-version-check "karrio>=2026.1.32,<2027" "karrio-ups>=2026.1.32,<2027"
	@touch $@

test-karrio: $(KARRIO)/.installed ## Run karrio's carriers against a stub, in an environment of their own
	$(KARRIO)/bin/python -m pytest -q -n 0 tests/contracts/carriers

export-proof: $(STAMP) ## Export a million events in each form on PostgreSQL, beside COPY; print rows/s and peak memory
	$(BIN)/python -m tests.benchmarks.export_proof

log-proof: $(STAMP) ## Seal and verify a log of a million events on PostgreSQL, and prove one order; print rates, ms, bytes
	$(BIN)/python -m tests.benchmarks.log_proof

erase-proof: $(STAMP) ## Erase a planted customer on a PostgreSQL of its own; search all its files and a restored backup; print what was found
	$(BIN)/python -m tests.benchmarks.erase_proof

sheet-proof: $(STAMP) ## Open an export of 400 hostile texts in LibreOffice (soffice); print cells and formulas
	SHEETS=1 $(BIN)/python -m pytest -q -n 0 -s tests/exports/test_sheet.py

tampering: $(STAMP) ## Change the sealed past in ten ways, a thousand times each; print what was found
	TAMPERINGS=$${TAMPERINGS:-1000} $(BIN)/python -m pytest -q -n 0 -s tests/log/test_tampering_programme.py

model-proof: $(STAMP) ## Take 30,000 steps with goods and money against a small reference model
	MODEL_EXAMPLES=$${MODEL_EXAMPLES:-600} MODEL_STEPS=$${MODEL_STEPS:-50} $(BIN)/python -m pytest -q -n 0 -s tests/flows/test_goods_model.py

check: $(STAMP) ## Lint, types, layers, migrations, generated files
	$(BIN)/ruff check .
	$(BIN)/mypy timeline inventory payments shipping orders config tests
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.settings
	$(BIN)/python manage.py docs --check --settings tests.settings
	@$(BIN)/python manage.py spectacular --settings tests.settings | diff -u docs/openapi.yaml - \
		|| { echo "docs/openapi.yaml is stale, run make docs" >&2; exit 1; }

smoke: $(STAMP) ## Bring the whole shop up in a temporary folder, drive one order, stop
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
		$(BIN)/python -m config.local.keys "$$folder/.env"; \
		BAHI_ENV="$$folder/.env" BAHI_VAR="$$folder" PORT=18000 $(BIN)/python manage.py up --once

bench: $(STAMP) ## Measure against the floor, side by side, on PostgreSQL
	$(BIN)/python tests/benchmarks/bench.py

bench-scale: $(STAMP) ## Seed 10,000, 100,000 and 1,000,000 orders (SCALES=…) on PostgreSQL; measure lists, details, searches; print growth
	$(BIN)/python -m tests.benchmarks.scale

docs: $(STAMP) ## Write the generated pages anew
	$(BIN)/python manage.py docs --settings tests.settings
	$(BIN)/python manage.py spectacular --settings tests.settings --file docs/openapi.yaml

# axe-core comes in a package that also wants a driver of 150 MB: the tests speak to the browser themselves, so the driver and
# what only it wants are no part of the lock. What is locked is installed as it stands there, with nothing added (--no-deps).
lock: $(STAMP) ## Resolve the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --extra test --generate-hashes --python-version 3.11 --no-header \
		--no-emit-package playwright --no-emit-package greenlet \
		--no-emit-index-url --no-emit-find-links -o requirements.lock -q

clean: ## Take away what `make run` and the tests made (the database too)
	rm -rf .venv-peers-* var build .mypy_cache .ruff_cache .import_linter_cache .hypothesis
