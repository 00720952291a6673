# Two commands: `make run` starts the chat, `make test` checks everything. Both do all of their set-up
# on a fresh Debian or Ubuntu with Python 3.11 or newer, and are quick the second time.

VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
MODERN := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3.12 python3.11 python3.13 python3; do \
	$$name -c '$(MODERN)' 2>/dev/null && echo $$name && break; done)
TORCH_CPU := https://download.pytorch.org/whl/cpu

.PHONY: run test endurance lint types check clean

run: $(VENV)/.run-stamp
	$(BIN)/python app.py

# Two processes, each with one thread for torch: half of the tests wait for a browser or a server.
test: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# What takes minutes a test: a server under load, killed while it takes over, restarted on an empty disk; pictures to look at.
endurance: $(VENV)/.test-stamp
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m endurance

check: lint types

lint: $(VENV)/.test-stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test-stamp
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed: $(SUDO) apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ $(APT) update && $(APT) install -y --no-install-recommends python3-venv; }
	$(PYTHON) -m venv $(VENV)

# Without a GPU the CPU build of torch is enough and saves gigabytes; where its index cannot be reached, pip's own will do.
$(VENV)/.run-stamp: requirements.txt | $(BIN)/python
	@extra=""; if ! command -v nvidia-smi >/dev/null && $(BIN)/python -c \
		'import urllib.request as r; r.urlopen("$(TORCH_CPU)/torch/", timeout=5)' 2>/dev/null; \
		then extra="--extra-index-url $(TORCH_CPU)"; fi; \
		echo "installing requirements.txt"; $(PIP) $$extra -r requirements.txt
	@touch $@

$(VENV)/.test-stamp: requirements-dev.txt $(VENV)/.run-stamp
	@echo "installing requirements-dev.txt"
	@$(PIP) -r requirements-dev.txt
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
		{ $(APT) update && $(APT) install -y --no-install-recommends postgresql; }
	@command -v chromium >/dev/null || \
		{ $(APT) update && $(APT) install -y --no-install-recommends chromium; }
	@chromium --version >/dev/null 2>&1 || $(BIN)/playwright install --with-deps chromium
	@touch $@
