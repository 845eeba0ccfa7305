# Analysis: what looks for errors that no test expects.  Each target installs
# what it needs and prints every finding; a clean tree gives none.

ANALYZE_SRC := $(RBAC_SRC) $(AUTH_SRC) $(PROVIDER_SRC) $(CLI_SRC)
TIDY_SRC := $(ANALYZE_SRC) $(UNIT_SRC) $(FUZZ_SRC) tests/fuzz/replay.c
ANALYZE_FLAGS = $(CPPFLAGS) -Iprovider -Irbac -Iauth \
	-DRV_VERSION='"analysis"'

.PHONY: analyze tidy tsan memcheck run-analyze run-tidy

## make analyze    static analysis: cppcheck and gcc -fanalyzer
analyze:
	@tests/lab/install build develop
	@echo "== cppcheck"
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
	    $(ANALYZE_FLAGS) include rbac auth provider
	@echo "== gcc -fanalyzer"
	$(submake) -k run-analyze

# One file at a time: given several, clang-tidy 14 takes each va_list but the
# first for uninitialized.
## make tidy       clang-tidy, with the checks of .clang-tidy
tidy:
	@tests/lab/install build develop
	@echo "== clang-tidy"
	$(submake) -k run-tidy

# Two names for each file, since it goes through both.
run-analyze: $(ANALYZE_SRC:%=analyze/%)
run-tidy: $(TIDY_SRC:%=tidy/%)
.PHONY: $(ANALYZE_SRC:%=analyze/%) $(TIDY_SRC:%=tidy/%)

$(ANALYZE_SRC:%=analyze/%): analyze/%:
	@$(CC) $(ANALYZE_FLAGS) $(PKG_CFLAGS) -std=c11 $(CFLAGS_release) \
	    $(HARDENING) -fanalyzer -Werror -c -o /dev/null $*

# It counts on standard error what it does not show; a crash is said there.
$(TIDY_SRC:%=tidy/%): tidy/%:
	@said=$$(clang-tidy --quiet $* -- $(ANALYZE_FLAGS) -Itests \
	    $(PKG_CFLAGS) -std=c11 2>&1) || { echo "$$said"; exit 1; }

# ---- While the tests run ----------------------------------------------------

# The harness allows each test TEST_TIMEOUT seconds; these are slow.
slowly = TEST_TIMEOUT=1200 $(HARNESS) --output build/$(1)-output

# These have a malloc of their own; so has ThreadSanitizer, and valgrind.
TSAN_UNIT := $(filter-out %_memory.c,$(UNIT_SRC))

## make tsan       unit programs and all scenarios with ThreadSanitizer
tsan: packages
	@echo "== building: thread sanitizer"
	$(submake) MODE=tsan build/tsan/reeved build/tsan/reeve \
	    build/tsan/takeover \
	    $(TSAN_UNIT:tests/%.c=build/tsan/%)
	@echo "== testing with ThreadSanitizer"
	@$(call slowly,tsan) $(call scenarios,tsan) \
	    $(TSAN_UNIT:tests/%.c=unit:build/tsan/%)

# In test_acceptor several threads wait for the lock of the replay cache, but
# valgrind 3.19 does not know that F_OFD_SETLKW waits, and lets no other thread
# run meanwhile: for ever.  AddressSanitizer sees that program.
MEMCHECK_UNIT := $(filter-out %/test_acceptor.c,$(TSAN_UNIT))

## make memcheck   unit programs and all scenarios under valgrind
memcheck: packages
	@tests/lab/install develop
	@echo "== building: release"
	$(submake) MODE=release build/release/reeved build/release/reeve \
	    build/release/takeover \
	    $(MEMCHECK_UNIT:tests/%.c=build/release/%)
	@echo "== testing under valgrind"
	@$(call slowly,memcheck) $(SCENARIOS:%=memcheck:%) \
	    $(MEMCHECK_UNIT:tests/%.c=memcheck:build/release/%)
