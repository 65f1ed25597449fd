PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint types experiments benchmarks test-pi test-js test-old test-mediapipe test-scale fuzz clean

demo: $(INSTALLED)
	$(BIN)/kerascnn demo

test: lint
	$(BIN)/pytest -n 2 --dist loadfile

lint: types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# mypy reads the tree as it is installed, where export/ and edge/ stand inside kerascnn/.
types: $(INSTALLED)
	rm -rf build/installed build/lib build/bdist.*
	$(BIN)/pip install --quiet --no-deps --target build/installed .
	cd build/installed && ../../$(BIN)/mypy --config-file ../../pyproject.toml -p kerascnn

# MediaPipe is installed in build/mediapipe: it wants other versions of what TensorFlow needs.
test-mediapipe: $(INSTALLED)
	$(BIN)/pytest -m slow -rs tests/export/test_mediapipe.py

# All of training on many devices, records, checkpoints and serving, the slow ones too.
SCALE := training/distribution training/test_adversarial_replicas.py tasks/test_killed.py \
	tasks/test_keeping.py data/test_data_records.py serving
test-scale: $(INSTALLED)
	$(BIN)/pytest -m "slow or not slow" -n 2 --dist loadfile \
		$(addprefix tests/kerascnn/,$(SCALE)) tests/export/serving

experiments: $(INSTALLED)
	$(BIN)/pytest -m slow

benchmarks: $(INSTALLED)
	$(BIN)/python -m benchmarks

test-pi: $(INSTALLED)
	$(BIN)/pytest -m slow -rs -s tests/proofs/test_pi.py

test-js: $(INSTALLED)
	$(BIN)/pytest -m slow -rs tests/proofs/test_js.py

test-old: $(INSTALLED)
	$(BIN)/pytest -m slow -rs tests/proofs/test_old_runtime.py

fuzz: $(INSTALLED)
	$(BIN)/pytest -m "slow or not slow" -s tests/edge/test_edge_fuzz.py tests/proofs/test_fuzz.py

clean:
	rm -rf $(VENV) build *.egg-info

$(INSTALLED): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
