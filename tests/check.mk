# Tests.  Everything runs under one harness (tests/lab/harness.pl), whose last
# line says how many checks passed and failed.

include tests/lab.mk
include tests/bench.mk

JOBS ?= 2
FUZZ_SECONDS ?= 60
# Some tests mount a small file system.  Who is not root may do so in a name
# space of its own, where the system allows that.
ifneq ($(shell id -u),0)
OWN_MOUNTS := unshare --user --map-current-user --keep-caps --mount
OWN_MOUNTS := $(shell $(OWN_MOUNTS) true 2>/dev/null && echo $(OWN_MOUNTS))
endif
HARNESS := $(OWN_MOUNTS) tests/lab/harness.pl -j $(JOBS)

SCENARIOS := $(sort $(wildcard tests/scenario/*.py))
# The rule three times over, for a short while; and what they must notice.
RULE := $(addprefix tests/differential/,run.py properties.py writes.py \
	delegation.py)
SEED ?= $(shell date -u +%F)
SECONDS ?= 120
LINTS := $(filter-out %/common.py,$(sort $(wildcard tests/lint/*.py)))
PGTAP := $(sort $(wildcard sql/tests/*.sql))
# unit and replay programs of a build, as the harness wants them
programs = $(patsubst tests/unit/%.c,unit:build/$(1)/unit/%,$(UNIT_SRC)) \
	$(patsubst tests/fuzz/fuzz_%.c,replay:build/$(1)/replay/%,$(FUZZ_SRC))
# They fail allocations one by one, which is not to be done to ASan's own.
asan_programs = $(filter-out %_memory,$(call programs,asan))
scenarios = $(addprefix $(1):,$(SCENARIOS))
submake = +@$(MAKE) --no-print-directory -j$(JOBS)

.PHONY: test check asan differential lint fmt-check fmt fuzz cover clean

## make test       install packages, build, and run all tests
test: packages
	+@$(MAKE) --no-print-directory check

## make check      the same, without installing anything
check:
	@echo "== building: release"
	$(submake) MODE=release all
	@echo "== testing"
	@$(HARNESS) $(call scenarios,release) $(addprefix release:,$(RULE)) \
	    $(call programs,release) \
	    $(addprefix sql:,$(PGTAP)) $(addprefix lint:,$(LINTS))

## make asan       the same programs and scenarios under ASan and UBSan
asan: packages
	@echo "== building: address and undefined-behaviour sanitizers"
	$(submake) MODE=asan all
	@echo "== testing with the sanitizers"
	@$(HARNESS) --output build/asan-output $(call scenarios,asan) \
	    $(addprefix asan:,$(RULE)) $(asan_programs)

## make differential  planted bugs, and SEED compared for SECONDS (120)
differential: packages
	@TEST_TIMEOUT=$$(($(SECONDS) + 1800)) $(HARNESS) \
	    --output build/differential-output \
	    $(addprefix script:tests/differential/bugs.py$(comma), \
	    engine sql prolog) \
	    script:tests/differential/compare.py,$(SEED),0,$(SECONDS)
comma := ,

## make lint       the lints alone
lint:
	$(submake) MODE=release build/release/reeved
	@$(HARNESS) $(addprefix lint:,$(LINTS))

## make fmt-check  whether the C files are formatted
fmt-check:
	@$(HARNESS) lint:tests/lint/format.py

## make fmt        format the C files
fmt:
	@clang-format -i $(C_FILES)
C_FILES = $(sort $(shell find include rbac auth provider tests -name '*.[ch]'))

# ---- What takes longer ------------------------------------------------------

F := build/fuzz
FUZZ_CFLAGS := -std=c11 -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))
FUZZERS := $(addprefix $(F)/,$(FUZZ))

$(F)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo '  clang $<'
	@clang $(CPPFLAGS) -Iprovider -Irbac -Iauth -DRV_VERSION='"fuzz"' \
	    $(PKG_CFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP \
	    -c -o $@ $<

$(F)/lib.a: $(patsubst %.c,$(F)/obj/%.o,$(RBAC_SRC) $(AUTH_SRC) \
		$(filter-out $(MAIN_SRC),$(PROVIDER_SRC)))
	@rm -f $@
	@ar rcs $@ $^

$(F)/%: $(F)/obj/tests/fuzz/fuzz_%.o $(F)/lib.a
	@clang $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS) -pthread

.PHONY: fuzzers
fuzzers: $(FUZZERS)

## make fuzz       each target of FUZZ (all) for FUZZ_SECONDS (60)
fuzz:
	@tests/lab/install build develop
	$(submake) fuzzers
	@set -e; for f in $(FUZZERS); do \
	    name=$$(basename $$f); \
	    echo "== fuzzing $$name for $(FUZZ_SECONDS) s"; \
	    mkdir -p $(F)/corpus/$$name $(F)/found; \
	    seed=tests/fuzz/corpus/$$name; [ -d $$seed ] || seed=; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
	        -artifact_prefix=$(F)/found/$$name- -print_final_stats=1 \
	        $(F)/corpus/$$name $$seed > $(F)/$$name.log 2>&1 || \
	        { tail -40 $(F)/$$name.log; echo "fuzz: $$name failed"; exit 1; }; \
	    grep 'stat::number_of_executed_units' $(F)/$$name.log; \
	done
	@echo "fuzz: nothing found"

# The provider may run as another user than the one who built it.
## make cover      tests with coverage; report in build/cover/report
cover: packages
	@tests/lab/install develop
	$(submake) MODE=cover all
	@find build/cover -name '*.gcda' -delete
	@find build/cover -type d -exec chmod a+rwx {} +
	@$(HARNESS) $(call programs,cover) $(call scenarios,cover)
	@mkdir -p build/cover/report
	@gcovr -r . -e tests/ --object-directory build/cover \
	    --html-details build/cover/report/index.html --print-summary

## make clean      remove build/ (a running site stays)
clean:
	@rm -rf build

include tests/analyze.mk
