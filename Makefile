# Everything a person does with this tree. `make help` lists the targets.

.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= $(shell nproc)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=

# What the tests read our discs, pages and messages with, and what no Python package brings.
TEST_PROGRAMS := xorriso=xorriso 7z=p7zip-full udfinfo=udftools genisoimage=genisoimage \
	mosquitto=mosquitto chromium=chromium chromedriver=chromium-driver blkid=util-linux openssl=openssl \
	mtx=mtx mt-st=mt-st smartctl=smartmontools mkfs.ext4=e2fsprogs

# Files that the tests need, likewise with the Debian package that brings them.
TEST_FILES := /usr/share/fonts/truetype/wqy/wqy-microhei.ttc=fonts-wqy-microhei \
	/usr/lib/postgresql/*/bin/postgres=postgresql

.PHONY: help demo smoke test check format bench docs screenshots install install-dev test-programs clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: $(VENV)/.installed ## Archive a folder in a simulated cabinet and get it back; PROFILE=hybrid SOURCE=dir; Ctrl-C ends it
	@exec $(BIN)/python -m simulators.demo $(if $(PROFILE),--profile "$(PROFILE)") $(if $(SOURCE),--source "$(SOURCE)") $(if $(PORT),--port $(PORT))

smoke: $(VENV)/.installed ## The same without staying: PROFILE= SOURCE=dir OUT=dir; fails if anything differs
	@exec $(BIN)/python -m simulators.demo --smoke $(if $(PROFILE),--profile "$(PROFILE)") $(if $(SOURCE),--source "$(SOURCE)") $(if $(OUT),--out "$(OUT)")

test: $(VENV)/.installed-dev test-programs check ## Install what is needed, check, and run every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/.installed-dev ## Style, types, layers, and documents that must match the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m appliance.contract.document --check
	$(BIN)/python -m console.api.document --check
	$(BIN)/python -m pytest tests/documents

format: $(VENV)/.installed-dev ## Put the code into its standard form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-bench test-programs ## Measure against peers in the same run; prints and writes bench.json
	$(BIN)/python -m tests.bench $(BENCH)

docs: $(VENV)/.installed-dev ## Write the documents that are generated from the code
	$(BIN)/python -m appliance.contract.document
	$(BIN)/python -m console.api.document

screenshots: $(VENV)/.installed-dev test-programs ## Draw the pictures in the documents from the running product
	$(BIN)/python -m tests.screenshots

install: $(VENV)/.installed ## Make .venv with the product in it

install-dev: $(VENV)/.installed-dev ## Make .venv with the product and its tools in it

clean: ## Remove .venv, caches and what the demo left
	rm -rf $(VENV) run build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache bench.json

# Debian keeps venv in a package of its own; without it there is no ensurepip. pip is what comes into
# an environment last: one that was cut short while it was made is made anew.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Stele needs Python 3.11 or later; name yours: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call apt,python3-venv)
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/pip
	PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --editable ".[appliance,console,simulators]"
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --editable ".[appliance,console,simulators,dev]"
	@touch $@

$(VENV)/.installed-bench: pyproject.toml $(VENV)/.installed-dev
	PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --editable ".[appliance,console,simulators,dev,bench]"
	@touch $@

test-programs:
	@missing=; for pair in $(TEST_PROGRAMS); do \
		PATH=$$PATH:/usr/sbin:/sbin command -v $${pair%%=*} >/dev/null || missing="$$missing $${pair#*=}"; done; \
	for pair in $(TEST_FILES); do [ -e $${pair%%=*} ] || missing="$$missing $${pair#*=}"; done; \
	if [ -n "$$missing" ]; then $(call apt,$$missing); fi

define apt
{ as=; [ $$(id -u) -eq 0 ] || as=sudo; \
  command -v apt-get >/dev/null && { [ -z "$$as" ] || command -v sudo >/dev/null; } && \
  echo "installing:" $(1) && $$as apt-get update -q >/dev/null && \
  $$as env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(1) >/dev/null || \
  { echo "please install these Debian packages, then run make again:" $(1) >&2; exit 1; }; }
endef
