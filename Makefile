# tip_module: see README.md for the two commands, docs/development.md for more.

.DEFAULT_GOAL = all

EXTENSION  = tip_module
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big = $(EXTENSION)

OBJS = \
	src/tip_module.o \
	src/errors.o \
	src/codes.o \
	src/codes_current.o \
	src/codes_indicators.o \
	src/codes_io.o \
	src/codes_set.o \
	src/codes_stats.o \
	src/dates.o \
	src/rules_author.o \
	src/rules_case.o \
	src/rules_case_find.o \
	src/rules_case_judge.o \
	src/rules_case_reads.o \
	src/rules_check.o \
	src/rules_compile.o \
	src/rules_engine.o \
	src/rules_eval.o \
	src/rules_fast.o \
	src/rules_fast_leaf.o \
	src/rules_fast_run.o \
	src/rules_findings.o \
	src/rules_json.o \
	src/rules_load.o \
	src/rules_mapped.o \
	src/rules_noted.o \
	src/rules_record.o \
	src/rules_report.o \
	src/rules_ruleset.o \
	src/rules_save.o \
	src/rules_simplify.o \
	src/rules_table.o \
	src/rules_text.o \
	src/rules_trigger.o \
	src/load.o \
	src/load_case.o \
	src/load_move.o \
	src/load_progress.o \
	src/load_row.o \
	src/screening.o \
	src/attach.o \
	src/attach_crosswalk.o \
	src/attach_read.o \
	src/identity.o \
	src/identity_apart.o \
	src/identity_audit.o \
	src/identity_base32.o \
	src/identity_budget.o \
	src/identity_canon.o \
	src/identity_canon_fold.o \
	src/identity_canon_name.o \
	src/identity_code.o \
	src/identity_command.o \
	src/identity_crypto.o \
	src/identity_domain.o \
	src/identity_ff1.o \
	src/identity_find.o \
	src/identity_keys.o \
	src/identity_keys_check.o \
	src/identity_keys_file.o \
	src/identity_keys_memory.o \
	src/identity_keys_ring.o \
	src/identity_keys_uses.o \
	src/identity_ledger.o \
	src/identity_pseudonymize.o \
	src/identity_record.o \
	src/identity_reidentify.o \
	src/identity_rotate.o \
	src/identity_row.o \
	src/identity_seal.o \
	src/identity_siv.o \
	src/identity_store.o \
	src/identity_support.o \
	src/extract.o \
	src/tabulation.o \
	src/tabulation_about.o \
	src/tabulation_cell.o \
	src/tabulation_cells.o \
	src/tabulation_count.o \
	src/tabulation_dimensions.o \
	src/tabulation_io.o \
	src/tabulation_persons.o \
	src/tabulation_persons_count.o \
	src/tabulation_persons_key.o \
	src/tabulation_persons_state.o \
	src/tabulation_margins.o \
	src/tabulation_state.o \
	src/release.o \
	src/release_attack.o \
	src/release_audit.o \
	src/release_audit_attack.o \
	src/release_audit_insider.o \
	src/release_audit_model.o \
	src/release_audit_parts.o \
	src/release_choice.o \
	src/release_grid.o \
	src/release_lp.o \
	src/release_round.o \
	src/release_round_audit.o \
	src/release_round_draw.o \
	src/release_round_exact.o \
	src/release_round_frame.o \
	src/release_round_search.o \
	src/release_seal.o \
	src/release_suppress.o

# In the order in which CREATE EXTENSION runs them.
SQL_PARTS = \
	sql/00-guard.sql \
	sql/10-codes.sql \
	sql/11-code_types.sql \
	sql/12-code_functions.sql \
	sql/15-crosswalk.sql \
	sql/20-dates.sql \
	sql/25-statutes.sql \
	sql/30-model.sql \
	sql/40-rules.sql \
	sql/41-rules_catalogue.sql \
	sql/42-rules_facts.sql \
	sql/43-rules_findings.sql \
	sql/44-load.sql \
	sql/45-screening.sql \
	sql/46-attach.sql \
	sql/47-quality.sql \
	sql/50-identity.sql \
	sql/51-identity_keys.sql \
	sql/52-identity_pseudonymize.sql \
	sql/53-identity_seal.sql \
	sql/54-identity_ledger.sql \
	sql/55-identity_reidentify.sql \
	sql/56-identity_rotate.sql \
	sql/57-identity_codes.sql \
	sql/58-extract.sql \
	sql/60-tabulation.sql \
	sql/61-tabulation_persons.sql \
	sql/70-release.sql \
	sql/71-release_protect.sql \
	sql/72-release_publish.sql \
	sql/73-release_history.sql \
	sql/74-release_round.sql \
	sql/75-release_audit.sql \
	sql/76-release_certificate.sql \
	sql/77-release_policy.sql \
	sql/78-release_ask.sql \
	sql/79-release_shipped.sql \
	sql/80-report.sql \
	sql/90-privileges.sql

REGRESS = \
	codes \
	crosswalk \
	dates \
	statutes \
	model \
	rules \
	rules_findings \
	rules_hostile \
	load \
	screening \
	attach \
	quality \
	identity \
	identity_codes \
	identity_domains \
	identity_keys \
	identity_ledger \
	identity_pseudonymize \
	identity_seal \
	reidentify \
	extract \
	tabulation \
	tabulation_persons \
	release \
	release_round \
	revisions \
	release_audit \
	report \
	privileges

PG_CONFIG  ?= pg_config
BUILT      = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA_built = $(BUILT)
DATA       = $(filter-out $(BUILT),$(wildcard sql/$(EXTENSION)--*.sql))
SHLIB_LINK += -lcrypto
PG_CPPFLAGS += -I$(srcdir)/src
PG_CFLAGS  += -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-error=deprecated-declarations
REGRESS_OPTS += --inputdir=test --load-extension=$(EXTENSION)
EXTRA_CLEAN = sql/11-code_types.sql

.PHONY: demo test bench study lint docs docs-check print-regress

# These need no PostgreSQL to begin with: they install what is missing.
test:
	@sh test/run_test.sh
demo:
	@sh test/run_demo.sh
bench:
	@sh test/run_bench.sh
study:
	@sh test/run_study.sh
lint:
	@sh test/run_lint.sh
docs:
	@sh test/run_docs.sh print
docs-check:
	@sh test/run_docs.sh check

print-regress:
	@echo $(REGRESS)

ifneq ($(shell command -v $(PG_CONFIG) 2>/dev/null),)
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
endif
endif

# One row file says which types exist; each is stamped out of a template.
sql/11-code_types.sql: src/code_lists.def sql/code_type.sql.in \
		sql/code_set.sql.in sql/stamp.awk
	awk -f sql/stamp.awk sql/code_type.sql.in sql/code_set.sql.in \
		src/code_lists.def > $@.tmp
	mv $@.tmp $@

$(BUILT): $(SQL_PARTS) $(EXTENSION).control
	cat $(SQL_PARTS) > $@

$(OBJS): $(wildcard src/*.h src/*.def)
