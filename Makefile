# Everything that a developer types. On a fresh Debian or Ubuntu machine with Python 3.11 and make,
# `make demo` and `make test` do the whole set-up themselves.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUN_WITH_DISPLAY := scripts/with-display.sh
# a display of its own is needed where there is none
HEADLESS := $(if $(DISPLAY)$(WAYLAND_DISPLAY),,headless)
TEST_WORKERS ?= 3
# run in a process of their own: scripts/run-tests.sh says why
DRAWN_BY_OPENGL := tests/app/viewport tests/app/fits tests/app/keypoints/test_inset.py tests/stories/test_fits.py \
	tests/stories/test_compose.py tests/stories/test_fits_people.py

.PHONY: help venv demo test lint bench installer screenshots reference shapes clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(STAMP)  ## make .venv with the pinned dependencies

$(STAMP): pyproject.toml constraints.txt
	@scripts/setup.sh
	@touch $@

demo: $(STAMP)  ## simulate a street, mine it and open the window on the result
	@scripts/system-packages.sh window $(HEADLESS)
	@scripts/demo.sh

test: $(STAMP)  ## lint, then every test, the window's included
	@scripts/system-packages.sh window headless test
	@$(RUN_WITH_DISPLAY) scripts/run-tests.sh $(TEST_WORKERS) $(DRAWN_BY_OPENGL)

lint: $(STAMP)  ## style, types and the floors of the house
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(STAMP)  ## the slow tests, then measure against named peers and limits; results in .bench/
	@scripts/system-packages.sh window headless
	@$(if $(BENCH),,$(RUN_WITH_DISPLAY) $(BIN)/python -m pytest -m slow)
	@$(RUN_WITH_DISPLAY) $(BIN)/python -m benchmarks $(BENCH)

installer: $(STAMP)  ## one-folder build in dist/, started once
	@scripts/system-packages.sh window headless build
	@installer/build.sh

screenshots: $(STAMP)  ## pictures of the demo for docs/
	@scripts/system-packages.sh window headless
	@scripts/screenshots.sh

reference: $(STAMP)  ## docs/keys.md and docs/commands.md from their declarations
	@$(BIN)/python -m app.actions_doc > docs/keys.md
	@$(BIN)/python -m scripts.write_reference

shapes: $(STAMP)  ## the default car shape space and the stand-in body in resources/
	@$(BIN)/python -m scripts.build_car_shapes
	@$(BIN)/python -m scripts.build_stand_in_body

clean:  ## remove what was built, but not .venv
	rm -rf build dist .demo .bench .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
