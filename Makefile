# Linli: two commands. `make demo` shows it, `make test` checks it; both set everything up first.
#   make demo                      everything on this machine, until Ctrl-C
#   make demo ONCE=1               plays the story by itself and exits; SUMMARY=file.json keeps the figures
#   make demo CAMERA=clip.mp4      your own file or RTSP address instead of the sample
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --no-deps --progress-bar on
PHONE := hub_server/phone
PHONE_SOURCES := $(shell find $(PHONE) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help demo test test-models check bench soak bundle clean distclean setup setup-dev phone
.DEFAULT_GOAL := help

help:
	@sed -n '1,4s/^# \{0,1\}//p' Makefile
	@echo "  make test | test-models | check | bench | soak | bundle | clean"

# ---------------------------------------------------------------- environment
$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Linli needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "== Python environment ($(PYTHON)) in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt install python3-venv" >&2; exit 2; }
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml $(VENV)/.made
	@echo "== Packages of the programs (hashes checked)"
	@$(PIP) --require-hashes -r requirements/run.txt
	@$(PIP) -q --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "== Packages of the tests (hashes checked)"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

# ---------------------------------------------------------------- phone page
$(PHONE)/dist/index.html: $(PHONE_SOURCES) tools/phone.sh | $(VENV)/.made
	@sh tools/phone.sh "$(VENV)"
	@touch $@

phone: $(PHONE)/dist/index.html

# ---------------------------------------------------------------- the two commands
demo: $(VENV)/.run phone
	@exec $(BIN)/hub-server demo $(if $(ONCE),--once) $(if $(CAMERA),--camera "$(CAMERA)") $(if $(SUMMARY),--summary "$(SUMMARY)") $(DEMO_ARGS)

# Files of tests side by side: most of their time is waiting for brokers, databases and browsers.
JOBS ?= 2
test: $(VENV)/.dev phone
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not bench and not soak and not models" $(ARGS)

# ultralytics and NNCF: an environment of its own, of several GB (torch and what CUDA needs)
$(VENV)-models/.made: requirements/models.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Linli needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "== Packages that export, quantise and run models by ultralytics (several GB) in $(VENV)-models"
	@$(PYTHON) -m venv $(VENV)-models
	@$(VENV)-models/bin/python -m pip --disable-pip-version-check install --no-deps --require-hashes -r requirements/models.txt
	@$(VENV)-models/bin/python -m pip --disable-pip-version-check install -q --no-deps --no-build-isolation -e .
	@touch $@

test-models: $(VENV)-models/.made
	@$(VENV)-models/bin/python -m pytest -m models $(ARGS) tests/edge_agent/detectors tests/models

check: $(VENV)/.dev phone
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PATH="$(abspath $(BIN)):$$PATH" sh tools/phone.sh "$(VENV)" check
	$(BIN)/hub-server rules check rules
	$(BIN)/hub-server rules test rules
	$(BIN)/python -m pytest -q tests/docs

bench: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -s -m bench tests/bench $(if $(ONLY),-k "$(ONLY)")

soak: $(VENV)/.dev
	@$(BIN)/python -m pytest -s -m soak --timeout 3600 tests

clean:
	rm -rf .demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis $(PHONE)/dist
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) $(PHONE)/node_modules .cache

# ---------------------------------------------------------------- an archive that installs with no network
bundle: $(VENV)/.dev phone
	@$(BIN)/python tools/bundle.py $(or $(PART),hub) $(if $(ARCH),--arch $(ARCH)) $(foreach m,$(MODEL),--model $(m))
