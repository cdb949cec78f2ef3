# What a person types. Everything lands in .venv and build; `make clean` takes it away again.

PYTHON ?= python3
# Empty: what CONFIG says, else the simulated classroom.
SOURCE ?=
CONFIG ?=
OUT ?=
# fused or distributed
MODE ?= fused
ARGS ?=
# Films, or folders of films.
FILM ?=
# Not empty: a short benchmark.
QUICK ?=
# Two results of the benchmark.
A ?=
B ?= benchmarks/results/latest.json
# Folder of a session, for its report.
SESSION ?=
# Not empty: a window of its own system.
DEMO ?=
# Folder of a recording.
BAG ?=
# Labelled faces to train on further, as `make label` exports them.
DATA ?=
# Whom to enrol, from which pictures or folder of pictures.
NAME ?=
PICTURES ?=
FOLDER ?=
# How fast it is played, and the recording whose results are to be kept (default: BAG's own).
RATE ?=
GOLDEN ?=
CLASSROOM_FER_DATA ?= $(CURDIR)/../shared/data

export CLASSROOM_FER_DATA
# Nothing that is started here talks to other machines, unless the user says so.
export ROS_AUTOMATIC_DISCOVERY_RANGE ?= LOCALHOST
# Its threads wait for each other longer than our small matrices take.
export OPENBLAS_NUM_THREADS ?= 1

# What the shell expands itself, so that any name will do.
export SOURCE CONFIG OUT MODE FILM SESSION BAG RATE GOLDEN DATA NAME FOLDER A B

# Relative, so that no path of the checkout is ever taken apart at a space.
VENV := .venv
PY := $(VENV)/bin/python
# A sourced ROS 2 needs the built messages sourced too; the wheels' venv finds its own.
RUN := $(if $(ROS_DISTRO),. $(VENV)/local_setup.sh &&,) $(PY)

# Also runs where nothing is set up yet, or not to the end, and says so.
DOCTOR := $(if $(wildcard $(VENV)/local_setup.sh),$(RUN),$(PYTHON)) -m classroom_fer_ros.doctor

.PHONY: help analyze clean doctor enroll fetch-models lint monitor people proof report run simulate test
.PHONY: label models record regress repair-bag replay
.PHONY: bench bench-compare bench-gallery bench-counts bench-peers train-expression train-eyes train-facenet
.PHONY: setup setup-monitor setup-report setup-test setup-teacher setup-training

help:  ## list what can be typed
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup:  ## set everything up (every other target does so by itself)
	@$(PYTHON) scripts/set_up.py

run: setup  ## run the system: SOURCE=simulated|0|film.mp4|folder|rtsp://…|topic:NAME OUT=folder MODE=distributed
	@$(RUN) -m classroom_fer_ros.run --mode "$$MODE" $(if $(SOURCE),--source "$$SOURCE") \
		$(if $(OUT),--out "$$OUT") $(if $(CONFIG),--config "$$CONFIG") $(ARGS)

monitor: setup-monitor  ## watch a running system in a window; DEMO=1 or SOURCE=… starts one besides
	@$(RUN) -m classroom_fer_ros.monitor \
		$(if $(SOURCE),--source "$$SOURCE",$(if $(DEMO),--source simulated)) $(ARGS)

report: setup-report  ## write a lesson's report as one HTML file: SESSION=folder|bag OUT=report.html
	@$(if $(SESSION),,echo "name a session's folder: make report SESSION=out/lesson" >&2; exit 2)
	@$(RUN) -m classroom_fer_ros.report "$$SESSION" $(if $(OUT),--out "$$OUT") $(ARGS)

analyze: setup  ## analyse a film or a folder of films: FILM=film.mp4 OUT=folder ARGS='--video --fps 15'
	@$(if $(FILM),,echo 'name a film or a folder of films: make analyze FILM=film.mp4' >&2; exit 2)
	@$(PY) -m classroom_fer_ros.analyze "$$FILM" --out "$${OUT:-out/analysis}" $(ARGS)

record: setup  ## record a running system, or start one: OUT=folder SOURCE=0 ARGS='--pictures --lossless'
	@$(RUN) -m classroom_fer_ros.record --out "$${OUT:-out/recording}" \
		$(if $(SOURCE),--source "$$SOURCE") $(ARGS)

replay: setup  ## play a recording: BAG=folder RATE=2 ARGS='--analyse fused --as-fast-as-possible'
	@$(if $(BAG),,echo 'name a recording: make replay BAG=out/recording' >&2; exit 2)
	@$(RUN) -m classroom_fer_ros.replay "$$BAG" $(if $(RATE),--rate "$$RATE") $(ARGS)

regress: setup  ## tell what has changed since a recording: BAG=folder GOLDEN=folder ARGS=--accept
	@$(if $(BAG),,echo 'name a recording: make regress BAG=out/recording' >&2; exit 2)
	@$(RUN) -m classroom_fer_ros.regress "$$BAG" $(if $(GOLDEN),--golden "$$GOLDEN") \
		$(if $(CONFIG),--config "$$CONFIG") $(ARGS)

repair-bag: setup  ## mend a recording that was broken off: BAG=folder
	@$(if $(BAG),,echo 'name a recording: make repair-bag BAG=out/recording' >&2; exit 2)
	@$(RUN) -m classroom_fer_ros.repair_bag "$$BAG"
label: setup-monitor  ## label captured faces in a window: OUT=folder of the exported set
	@$(PY) -m classroom_fer_ros.label --out "$${OUT:-out/labelled}" $(ARGS)

enroll: setup  ## enrol somebody from pictures or a folder: NAME='Ana' PICTURES='a.jpg b.jpg' or FOLDER=ana/
	@$(if $(NAME),,echo "name a person: make enroll NAME='Ana' FOLDER=ana/" >&2; exit 2)
	@$(PY) -m classroom_fer_ros.enroll "$$NAME" $(if $(FOLDER),"$$FOLDER") $(PICTURES) $(ARGS)

people: setup  ## list the enrolled, or ARGS='forget PERSON_ID', 'expire', 're-embed', 'encrypt', 'new-key'
	@$(PY) -m classroom_fer_ros.people $(or $(ARGS),list)

doctor:  ## look at packages, ROS 2, models, cameras, folders and discovery, and say what to do
	@$(DOCTOR) $(ARGS)

test: lint  ## run everything that CI runs
	@$(RUN) -m pytest

lint: setup-test  ## style, types and the order of imports
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-cache

proof: setup-test  ## the long proofs
	@$(RUN) -m pytest -m proof $(ARGS)

bench: setup-report  ## rates, latencies, processor time and memory of all modes; QUICK=1: in three minutes
	@$(RUN) -m benchmarks.bench $(if $(QUICK),--quick) $(ARGS)

bench-compare: setup  ## ratios of two results: A=old.json B=new.json (the latest)
	@$(if $(A),,echo 'name two results: make bench-compare A=old.json B=new.json' >&2; exit 2)
	@$(PY) -m benchmarks.compare "$$A" "$$B"

bench-counts: setup-test  ## count calls, conversions and memory a picture; ARGS=--write makes it the baseline
	@$(PY) -m benchmarks.counts $(ARGS)

bench-peers: setup  ## the same film through what one would take otherwise, in a venv of its own
	@$(PY) -m benchmarks.peers $(ARGS)

bench-gallery: setup  ## milliseconds to look somebody up among 10,000 embeddings
	@$(PY) -m benchmarks.gallery $(ARGS)

simulate: setup  ## render the simulated classroom with its ground truth: OUT=film.mp4
	@$(PY) -m classroom_fer_ros.simulate --out "$${OUT:-out/simulated.mp4}" $(ARGS)

models: setup  ## list installed models; ARGS='--use expression VERSION', ARGS='--roll-back expression'
	@$(PY) -m classroom_fer_ros.models $(ARGS)

fetch-models: setup  ## fetch the third-party models that are not in any package
	@$(PY) -m classroom_fer_ros.fetch_models $(or $(ARGS),yunet)

train-expression: setup-training  ## train the expression classifier; DATA=folder: further, on labelled faces
	@$(if $(DATA),$(PY) -m classroom_fer_ros.training.retrain_expression "$$DATA" --base,$(PY) \
		-m classroom_fer_ros.training.train_expression --data) "$$CLASSROOM_FER_DATA" $(ARGS)

train-eyes: setup-training  ## train the classifier of open and closed eyes and export it
	@$(PY) -m classroom_fer_ros.training.train_eyes --data "$$CLASSROOM_FER_DATA" $(ARGS)

train-facenet: $(if $(DATA),setup-training,setup-teacher)  ## train the face embedder; DATA=folder: further, on captured people
	@$(if $(DATA),$(PY) -m classroom_fer_ros.training.retrain_facenet "$$DATA" --base,$(PY) \
		-m classroom_fer_ros.training.train_facenet --data) "$$CLASSROOM_FER_DATA" $(ARGS)

setup-monitor:
	@$(PYTHON) scripts/set_up.py --with monitor

setup-report:
	@$(PYTHON) scripts/set_up.py --with report

setup-test:
	@$(PYTHON) scripts/set_up.py --with test --with training --with monitor --with report

setup-teacher:
	@$(PYTHON) scripts/set_up.py --with training --with teacher

setup-training:
	@$(PYTHON) scripts/set_up.py --with training

clean:  ## remove everything that was set up or built (training runs in .cache stay)
	rm -rf $(VENV) build install log .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
