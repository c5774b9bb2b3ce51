# saring: `make train` is all a newcomer needs. Every target sets up what it needs.
.DEFAULT_GOAL := help
.PHONY: help setup train pretrained evaluate gate ablate bench score serve docs dist sbom picture test lint ruff mypy pytest format mlflow notebooks clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PORT ?= 5000
CONSTRAINTS ?= -c constraints.txt
CORPORA := data/corpus/articles.jsonl data/corpus/politics.jsonl data/corpus/borders.jsonl build/click-id.jsonl
PEERS := build/peers
PEER_FLAGS := -march=native -O3 -funroll-loops
# A target that needs CLICK-ID asks where it is and imports it.
define IMPORT
@test -n "$(CLICK_ID)" || { echo "usage: make $@ CLICK_ID=PATH, a folder, zip or web address of CLICK-ID" >&2; exit 2; }
$(BIN)/saring corpus import click-id "$(CLICK_ID)" --out build/click-id.jsonl --overwrite
endef

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

setup: $(READY) ## make .venv with everything, in the versions of constraints.txt

# A virtual environment holds its own path: that of a clone that was moved or copied is made again.
STALE := $(shell test ! -e $(READY) || { grep -qsF "$(CURDIR)/$(BIN)/python" $(BIN)/saring && $(BIN)/saring --version >/dev/null 2>&1; } || echo stale)
ifneq ($(STALE),)
.PHONY: $(READY)
endif

$(READY): pyproject.toml constraints.txt $(wildcard src/saring/__init__.py)
	@echo "setting up .venv: one or two minutes the first time" >&2
	@test -z "$(STALE)" || rm -rf .venv
	@if command -v uv >/dev/null; then \
		uv venv --quiet --seed --allow-existing --python $(PYTHON) .venv && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python $(CONSTRAINTS) -e '.[all,dev]'; \
	else \
		$(PYTHON) -m venv .venv && \
		$(BIN)/pip install -qq --disable-pip-version-check $(CONSTRAINTS) -e '.[all,dev]'; \
	fi
	@touch $@
	@echo "next: $(BIN)/saring predict FILE, or first: source $(BIN)/activate" >&2

train: $(READY) ## train on data/corpus: a table, a model in models/, a run in MLflow
	$(BIN)/saring train

pretrained: $(READY) ## train the model that ships: make pretrained CLICK_ID=PATH
	$(IMPORT)
	$(BIN)/saring train $(CORPORA) --config conf/pretrained.toml --bundle src/saring/shipped --no-log
	mv src/saring/shipped.md models/id-news.md

evaluate: $(READY) ## score your newest model on the corpus's test split
	$(BIN)/saring evaluate --model challenger

gate: $(READY) ## fail where a figure of your newest model or the shipped one falls below conf/thresholds.toml
	$(BIN)/saring evaluate --model challenger --gate conf/thresholds.toml
	$(BIN)/saring evaluate --model models/id-news --gate conf/thresholds.toml

ablate: $(READY) ## what each setting is worth, in a table and in MLflow: make ablate CLICK_ID=PATH
	$(IMPORT)
	$(BIN)/python bench/ablate.py $(CORPORA) $(if $(ONLY),--only "$(ONLY)")

bench: $(READY) ## speed and accuracy beside scikit-learn and fastText: make bench ARTICLES=FILE.parquet CLICK_ID=PATH
	@test -n "$(ARTICLES)" -a -n "$(CLICK_ID)" || { echo "usage: make bench ARTICLES=FILE.parquet CLICK_ID=PATH [LABELLED=FILE.jsonl] [ROWS=5000]" >&2; exit 2; }
	$(IMPORT)
	@$(MAKE) --no-print-directory $(PEERS)/.ready
	PYTHONPATH=$(PEERS) $(BIN)/python bench/peers.py $(ARTICLES) --train $(CORPORA) $(if $(LABELLED),--labelled $(LABELLED)) $(if $(ROWS),--rows $(ROWS))

# Beside .venv, not in it. fastText is compiled with the flags of its own Makefile.
$(PEERS)/.ready: bench/requirements.txt
	@echo "compiling fastText into $(PEERS): a minute or two, once" >&2
	@if command -v uv >/dev/null; then \
		CFLAGS="$(PEER_FLAGS)" uv pip install --quiet --no-cache --python $(BIN)/python --no-deps --target $(PEERS) -r $<; \
	else \
		CFLAGS="$(PEER_FLAGS)" $(BIN)/pip install -qq --disable-pip-version-check --no-cache-dir --upgrade --no-deps --target $(PEERS) -r $<; \
	fi
	@touch $@

score: $(READY) ## score new articles: make score IN=articles.csv OUT=rows.jsonl
	@test -n "$(IN)" -a -n "$(OUT)" || { echo "usage: make score IN=articles.csv OUT=rows.jsonl" >&2; exit 2; }
	$(BIN)/saring score $(IN) --out $(OUT)

serve: $(READY) ## a page to try articles on, and an API, at http://127.0.0.1:8765 (ARGS="--port 9000" for another)
	@exec $(BIN)/saring serve $(ARGS)

docs: $(READY) ## the API reference, from the docstrings: build/docs/index.html
	$(BIN)/python -c "from saring import *; from pdoc.__main__ import cli; cli()" -d numpy -o build/docs saring saring.batch saring.integrations.datatrove saring.spark

dist: $(READY) ## the wheel and the sdist of a release, checked, in dist/
	rm -rf dist && mkdir -p build && work=$$(mktemp -d) && trap 'rm -rf "$$work"' EXIT && \
	cp -r MANIFEST.in pyproject.toml README.md LICENSE CHANGELOG.md CITATION.cff SECURITY.md src "$$work" && \
	$(BIN)/python -m build --no-isolation --outdir dist "$$work" >build/dist.log || { cat build/dist.log; exit 1; }
	$(BIN)/twine check --strict dist/*

CHROMIUM = $(firstword $(shell command -v chromium chromium-browser google-chrome))
picture: $(READY) ## docs/report.png: the first screen of the report on our own corpus, as Chromium shows it
	$(BIN)/saring score data/corpus/articles.jsonl --keep text --out build/corpus.parquet --overwrite
	$(BIN)/saring report build/corpus.parquet --out build/corpus.html --overwrite
	$(CHROMIUM) --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1100,860 \
		--screenshot=docs/report.png "file://$(CURDIR)/build/corpus.html" 2>/dev/null

sbom: $(READY) ## what saring[all] is made of, as CycloneDX: build/saring.cdx.json
	rm -rf build/sbom && python=build/sbom/bin/python && \
	if command -v uv >/dev/null; then \
		uv venv --quiet --python $(BIN)/python build/sbom && uv pip install --quiet --python $$python $(CONSTRAINTS) '.[all]'; \
	else \
		$(BIN)/python -m venv --without-pip build/sbom && \
		$(BIN)/pip --python $$python install -qq --disable-pip-version-check $(CONSTRAINTS) '.[all]'; \
	fi
	sed "s/^dynamic = .*/version = \"$$($(BIN)/saring --version | cut -d' ' -f2)\"/" pyproject.toml >build/sbom/pyproject.toml
	$(BIN)/cyclonedx-py environment --pyproject build/sbom/pyproject.toml --mc-type library --output-reproducible --validate \
		--output-file build/saring.cdx.json build/sbom/bin/python

test: ruff ## ruff, mypy and pytest; mypy, which has one thread, beside tests that wait for other programs
	@$(MAKE) --no-print-directory --jobs=2 mypy pytest

lint: ruff mypy ## ruff and mypy

ruff: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy: $(READY)
	$(BIN)/mypy

# The tests start hundreds of processes: each would compile all modules again where no bytecode is kept.
pytest: export PYTHONDONTWRITEBYTECODE =
pytest: $(READY)
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

format: $(READY) ## let ruff mend and format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

mlflow: $(READY) ## the experiments in a browser, at http://127.0.0.1:5000 (PORT=... for another)
	@PORT=$(PORT) exec $(BIN)/python -m saring.tracking.server

notebooks: $(BIN)/jupyter-lab ## open the notebooks in JupyterLab, on this machine only
	@cd notebooks && $(QUIET) ../$(BIN)/jupyter-lab --ip 127.0.0.1 --log-level WARN $(LAB) --allow-root $(HEADLESS)

# JupyterLab asks the network for news, updates and extensions unless told not to.
LAB := --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate --LabApp.extension_manager=readonly
HEADLESS := $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname))),,--no-browser)

$(BIN)/jupyter-lab: $(READY)
	@echo "setting up JupyterLab: half a minute, once" >&2
	@if command -v uv >/dev/null; then \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python $(CONSTRAINTS) -e '.[notebooks]'; \
	else \
		$(BIN)/pip install -qq --disable-pip-version-check $(CONSTRAINTS) -e '.[notebooks]'; \
	fi
	@touch $@

clean: ## remove .venv and caches; models, data and MLflow runs stay
	rm -rf .venv build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
