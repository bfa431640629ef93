PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:

.DEFAULT_GOAL := help
.PHONY: help setup tools demo run doctor serve check quick test pictures catalogues language bench tables privacy chaos machine monkey load soak fuzz interop lint audit format lock clean

# The locks hold every package by version and hash, so the same command gives the same
# environment everywhere; the stamps make a second call cost nothing. run.lock is all that the bot
# and its demo need; dev.lock adds the tests' and linters' packages.
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.ready ## install what the bot needs
tools: $(VENV)/.tools ## install what tests and linters need, too

$(VENV)/.ready: requirements/run.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Rushes needs Python 3.11 or newer; name it like this: make PYTHON=python3.11"; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements/run.lock
	@touch $@

$(VENV)/.tools: $(VENV)/.ready requirements/dev.lock
	@echo "Adding the tests' and linters' packages (once) ..."
	@$(PIP) -r requirements/dev.lock
	@touch $@

# PORT and HOST choose where it listens; KEEP names a folder that keeps its messages and videos. Only
# what is given to make itself counts: some shells export a HOST.
OPTION = $(if $(filter command,$(firstword $(origin $(1)))),--$(2) "$($(1))")
demo: setup ## try it: the real bot in a simulated Discord in your browser
	@$(BIN)/python -m bot demo $(call OPTION,PORT,port) $(call OPTION,HOST,host) \
		$(call OPTION,KEEP,keep)

run: setup ## run the bot on Discord
	@$(BIN)/python -m bot run

doctor: setup ## say what is missing, and how to fix it
	@$(BIN)/python -m bot doctor

serve: setup ## run only the embedded Videos server
	@$(BIN)/python -m bot serve

BROWSER_IS_THERE := [ -z "$$CHROMIUM" ] || command -v "$$CHROMIUM" >/dev/null || \
	{ echo "CHROMIUM names no program that can be started: $$CHROMIUM"; exit 1; }

# Side by side on two cores they take about 40 seconds: some 35 for the types, 40 for the tests.
check: tools ## check format, imports, types and the quick tests
	@$(MAKE) --no-print-directory --keep-going --jobs 2 lint quick

# Neither Discord nor a browser nor a rendered film: the folders whose tests need a process of their
# own at most.
QUICK := $(addprefix tests/,cards delivery http jobs privacy requests runtime transport videos test_settings.py)
quick: tools ## run the quick tests
	$(BIN)/python -m pytest --quiet -m "not slow" --numprocesses 2 --dist worksteal $(QUICK)

# Three at a time on two cores: most tests wait for a film, a clock or a socket.
test: tools ## run every test (needs Chromium or Chrome)
	@$(BROWSER_IS_THERE)
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal

# The README's and the documentation's pictures of the demo's page, in the light and in the dark.
pictures: tools ## take the documentation's pictures
	@$(BROWSER_IS_THERE)
	PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/demo/test_pictures.py \
		tests/demo/test_states.py tests/demo/test_governance.py

# The catalogues that are there are the languages that are offered. gettext keeps pt_BR where Discord
# says pt-BR.
LOCALES := bot/cards/locales
TEMPLATE := $(LOCALES)/rushes.pot
LANGUAGE = $(subst -,_,$(CODE))

# Extracts the template, updates each catalogue from it, and leaves no dates or names in the headers.
catalogues: tools ## bring the translations up to the words in the code
	$(BIN)/pybabel -q extract --mapping babel.cfg --no-default-keywords --keyword N_ --keyword NN_:1,2 \
		--no-location --sort-output --omit-header --output $(TEMPLATE) bot cogs
	for catalogue in $(LOCALES)/*/; do \
		$(BIN)/pybabel -q update --locale "$$(basename "$$catalogue")" --domain rushes \
			--no-fuzzy-matching --no-wrap --ignore-obsolete --input-file $(TEMPLATE) \
			--output-dir $(LOCALES) || exit 1; done
	sed -E -i.bak -e 's/^(# .* translations for) PROJECT\./\1 Rushes./' \
		-e '1,/^msgid/{/^#( Copyright.*| This file.*| FIRST AUTHOR.*|, fuzzy)?$$/d;}' \
		-e 's/^"Project-Id-Version: .*/"Project-Id-Version: Rushes\\n"/' \
		-e '/^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By):/d' \
		$(LOCALES)/*/LC_MESSAGES/rushes.po
	rm -f $(LOCALES)/*/LC_MESSAGES/rushes.po.bak

language: tools ## begin a translation: make language CODE=it
	@$(BIN)/python -c 'import sys, discord; sys.exit("$(CODE)" not in map(str, discord.Locale))' || \
		{ echo "Discord has no language \"$(CODE)\"; write it as Discord does, like it or pt-BR"; exit 1; }
	@[ ! -e $(LOCALES)/$(LANGUAGE) ] || { echo "$(LOCALES)/$(LANGUAGE) is there already"; exit 1; }
	@mkdir -p $(LOCALES)/$(LANGUAGE)/LC_MESSAGES
	@touch $(LOCALES)/$(LANGUAGE)/LC_MESSAGES/rushes.po
	@$(MAKE) -s catalogues
	@echo "Translate $(LOCALES)/$(LANGUAGE)/LC_MESSAGES/rushes.po; make quick names what is missing."

# What the bot costs beside the one that everybody writes, into docs/performance.md: all in under
# 30 minutes, or one by its name: make bench FIGURE=latency.
bench: tools ## measure the bot: all figures, or FIGURE=latency
	$(BIN)/python -m benchmarks $(FIGURE)

# docs/reliability.md, from the fault table that the tests play.
tables: tools ## write docs/reliability.md
	$(BIN)/python -m tests.reliability.document

# docs/privacy.md, from the schema and what each column of it is for.
privacy: tools ## write docs/privacy.md
	$(BIN)/python -m tests.privacy.document

# The bot killed at every step and at any moment, and everything counted: 300 runs, some 15 minutes.
chaos: tools ## kill the bot at every step, and count what is left
	$(BIN)/python -m tests.chaos $(CHAOS)

# The bot through any order of events, others each time: 500 courses of 40, some five minutes.
machine: tools ## lead the bot through any order of events
	$(BIN)/python -m tests.machine $(MACHINE)

# All people of the demo, 3,000 random actions with up to 40 rendered films: some 15 minutes.
monkey: tools ## press whatever the demo's page has
	@$(BROWSER_IS_THERE)
	$(BIN)/python -m tests.demo monkey $(MONKEY)

# 20 videos one after another and five at once, beside two busy processes: some ten minutes.
load: tools ## have the demo make many videos on a busy machine
	@$(BROWSER_IS_THERE)
	$(BIN)/python -m tests.demo load $(LOAD)

# Half an hour with 200 films in flight under faults; memory, tasks and the event loop measured.
soak: tools ## keep 200 films in flight under faults, for half an hour
	$(BIN)/python -m tests.soak $(SOAK)

# The embedded server against its own document and against odd bytes: more than 10,000 cases.
fuzz: tools ## try the embedded server with odd requests
	$(BIN)/python -m tests.fuzz $(FUZZ)

# Other people's programs and the embedded server: the SDKs, curl, LiteLLM's proxy, and the bot
# behind that proxy. Installs into .interop, by name; needs node, npm and curl.
interop: tools ## try other people's programs with the embedded server
	$(BIN)/python -m tests.interop $(INTEROP)

# Looks each package of the bot up among the known vulnerabilities; says so where it cannot.
audit: tools ## look for known vulnerabilities in the packages
	@$(BIN)/python .ci/audit.py requirements/run.lock

lint: tools ## check format, imports and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright --pythonpath $(BIN)/python

format: tools ## bring the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Hashes, no download addresses. UV=/path/to/uv names another.
UV ?= uv
COMPILE = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

lock: ## choose the package versions again (needs uv)
	$(COMPILE) --output-file requirements/run.lock
	$(COMPILE) --group dev --constraint requirements/run.lock \
		--output-file requirements/dev.lock

clean: ## remove what was installed
	rm -rf $(VENV) .interop
