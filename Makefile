# Every target makes the environment it needs: clone, then `make run`.
# .venv/ holds the environment, build/ everything that is built. Nothing needs HOME.

VENV := .venv
READY := $(VENV)/.ready
BROWSER := $(VENV)/.browser
DEVICES := $(VENV)/.devices
INTEROP := build/interop/.ready
BIN := $(VENV)/bin
CACHE := build/cache
ENVIRONMENT := config/install/environment.sh

export MYPY_CACHE_DIR := $(CURDIR)/$(CACHE)/mypy
export RUFF_CACHE_DIR := $(CURDIR)/$(CACHE)/ruff
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/$(CACHE)/hypothesis

# ARGS goes to the program: make run ARGS=--no-browser, make test ARGS="-k money"
ARGS ?=
# Files of tests run side by side in this many processes; TESTERS=0 is one process, to use a debugger.
TESTERS ?= 4
# PYTHON names the interpreter that .venv/ is made with; by default the first of 3.11 or newer.
export PYTHON

.PHONY: help run test lint bench torture soak nspawn wheel deb catalogues pictures clean FORCE
.DEFAULT_GOAL := help

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

# An environment that was moved, or whose Python went away, is made again.
ifneq ($(shell $(ENVIRONMENT) check $(VENV) && echo whole),whole)
$(READY): FORCE
endif

$(READY): setup.cfg pyproject.toml
	@$(ENVIRONMENT) venv $(VENV)
	@touch $@

$(BROWSER): $(READY)
	@$(ENVIRONMENT) browser
	@touch $@

$(DEVICES): $(READY)
	@$(ENVIRONMENT) devices
	@touch $@

$(INTEROP): tests/interop/package.json tests/interop/package-lock.json
	@$(ENVIRONMENT) interop $(@D)

run: $(READY) ## a whole shop on this machine: box, printer, scanner, platforms, headquarters
	@exec $(BIN)/storebox demo $(ARGS)

test: $(BROWSER) $(DEVICES) $(INTEROP) ## every test but torture, soak and nspawn
	$(BIN)/python -m pytest -m "not torture and not soak and not nspawn" -n $(TESTERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(READY) ## style, types, import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --cache-dir $(CACHE)/import-linter

bench: $(READY) ## measure, and compare with the floor of this machine
	@exec $(BIN)/storebox bench $(ARGS)

torture: $(BROWSER) ## kill, cut, fill and unplug at every step
	@$(ENVIRONMENT) box
	$(BIN)/python -m pytest -m torture $(ARGS)

soak: $(READY) ## two thousand boxes come back to headquarters at once, twice, the second time while all is killed
	$(BIN)/python -m pytest -m soak -s $(ARGS)

wheel: $(READY) ## build/dist/storebox-*.whl
	@rm -rf build/lib build/bdist.* build/dist/*.whl
	$(BIN)/python -m pip wheel -qq --no-deps --wheel-dir build/dist .
	@ls build/dist/*.whl

DEB := build/dist/.debs
SOURCES := $(shell git ls-files --cached --others --exclude-standard agent drivers sync config systemd setup.cfg 2>/dev/null)

deb: $(DEB) ## build/dist/storebox_*.deb and storebox-hq_*.deb, for Debian 12

$(DEB): $(SOURCES) | $(READY)
	@rm -f build/dist/*.deb
	@config/install/deb.sh build/dist
	@touch $@

# What builds the root and the packages may fail or take too long: then the tests are skipped, and say what it said.
WITHIN := timeout --kill-after=20

nspawn: $(READY) ## install the package into a Debian 12 root, boot it, sell, upgrade, cut power; as root
ifeq ($(shell id -u),0)
	@$(WITHIN) 600 $(ENVIRONMENT) root build/nspawn/root || echo "nspawn: there is no Debian 12 root" >&2
	@mkdir -p build/dist
	@$(WITHIN) 900 $(MAKE) --no-print-directory deb >build/dist/deb.log 2>&1 || echo "nspawn: there are no packages" >&2
endif
	$(BIN)/python -m pytest -m nspawn -n 0 tests/nspawn $(ARGS)

pictures: $(READY) ## slips of setup as pictures, from a setup that really runs
	$(BIN)/python -m tests.setup_pictures docs/images/setup

catalogues: $(READY) ## compile every LC_MESSAGES/*.po
	@for po in agent/locale/*/LC_MESSAGES/*.po sync/hq/pages/locale/*/LC_MESSAGES/*.po; do \
		$(BIN)/pybabel --quiet compile --input-file $$po --output-file $${po%.po}.mo || exit 1; \
	done

clean: ## everything built; the environment stays (remove .venv to make it again)
	rm -rf build
	find agent drivers sync tests -name __pycache__ -type d -prune -exec rm -rf {} +
