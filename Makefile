# The two commands are `make reproduce` and `make test`; both set up .venv by themselves.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
# The steps run `python`: that of .venv.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)
CORES ?= all

.PHONY: setup slurm learned reproduce verify test test-all lint lock record pull inputs figures docs clean help

help:  ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## make .venv from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# Not part of .venv by default: wherever Slurm is installed, its plugin asks the controller at every
# start of Snakemake, which takes ten seconds when none answers.
slurm: setup  ## the extra for clusters with Slurm
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[slurm]'

reproduce: setup  ## crystals -> patterns, densities, models, scores, report
	python -m pipeline.unlock
	python -m snakemake all --cores $(CORES) --quiet rules host reason
	@echo "Open reports/index.html"

verify: setup  ## make everything in a clone of HEAD: what differs from what is recorded, and by how much
	python -m pipeline.verify --fresh --cores $(CORES)

test: setup  ## everything that needs no GPU, no network, no key and no extra program
	@echo "Left out (make test-all runs them): kill -9 at 21 moments, queued experiments, 200 crystals"
	@echo "against pymatgen."
	OMP_NUM_THREADS=1 python -m pytest -n 2 --dist worksteal -m "not slow"

test-all: setup  ## the tests above and the slow ones, with shapes checked at every call
	OMP_NUM_THREADS=1 python -m pytest -n 2 --dist worksteal --every-call

lint: setup  ## ruff, mypy, snakemake --lint, and who may import whom
	python -m ruff check .
	python -m ruff format --check .
	python -m mypy
	lint-imports --no-cache
	python -m snakemake --lint

record: setup  ## after `snakemake all`: tell DVC that what lies here is the result
	python -m dvc commit --force

pull: setup  ## fetch the artifacts of this revision, and tell Snakemake that they are current
	python -m dvc pull
	python -m snakemake all --cores 1 --touch --quiet all

lock: setup  ## pin every package anew
	echo "torch==2.13.0" > .venv/constraints.txt
	$(BIN)/python -m piptools compile --quiet --upgrade --strip-extras --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--extra pipeline --extra dev --constraint .venv/constraints.txt \
		--output-file requirements.lock pyproject.toml
	sed -i 's/+cpu$$//' requirements.lock

inputs: setup  ## a named revision for each input of the ablation: dvc metrics diff baseline no_formula
	set -e; for input in $$(python -m pipeline.steps.focus --list); do \
	  python -m dvc exp remove --quiet $$input 2>/dev/null || true; \
	  python -m dvc exp run --quiet --temp --single-item --name $$input --set-param focus=$$input focus; \
	done

figures: setup  ## every table of docs/solve.md, as work/figures.md
	mkdir -p work
	python -m benchmarks.solve_documents --output work/figures.md

docs: setup  ## the documentation site, in work/site, with the pictures as the code is
	python -m pipeline.pictures
	mkdocs build --quiet --strict

learned: setup  ## train the networks that come with the project, and score them (2 cores: 3 hours)
	python -m snakemake metrics/learned.json --cores $(CORES) --quiet rules host reason

clean:  ## remove the work of interrupted and finished runs; artifacts stay
	rm -rf work
