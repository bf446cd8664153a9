# make demo   a demo organisation on http://127.0.0.1:8000
# make test   every test: on SQLite, and on PostgreSQL where a server answers
# make lint   ruff, types of the public API, import contracts
# make docs   the generated reference under docs/reference
# make bench  our figures beside their floors and peers

VENV ?= .venv
DEMO ?= demo
PORT ?= 8000
PACKAGES := . $(wildcard plugins/oa-*) $(wildcard themes/oa-theme-*)
BUILD_FILES := $(foreach p,$(PACKAGES),$(wildcard $(p)/setup.cfg $(p)/pyproject.toml $(p)/package-lock.json))

# the first of these that is Python 3.11 or newer
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)

.PHONY: demo test lint docs bench clean install

install: $(VENV)/.installed

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新的版本（make PYTHON=/path/to/python3.11 …）" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BUILD_FILES) | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $(foreach p,$(PACKAGES),-e $(p))
	@touch $@

$(VENV)/.test-installed: $(VENV)/.installed
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e ".[test,lint]"
	@touch $@

$(DEMO)/README.txt: | $(VENV)/.installed
	$(VENV)/bin/oa demo $(DEMO)

demo: $(VENV)/.installed $(DEMO)/README.txt
	@cat $(DEMO)/README.txt
	@exec $(VENV)/bin/oa --config $(DEMO)/oa.yaml serve --port $(PORT)

test: $(VENV)/.test-installed
	$(VENV)/bin/python tests/run_suite.py

lint: $(VENV)/.test-installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: $(VENV)/.installed
	$(VENV)/bin/python docs/generate.py

bench: $(VENV)/.test-installed
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e ".[bench]"
	$(VENV)/bin/oa bench

clean:
	rm -rf $(VENV) $(DEMO)
