# Measurements.  Nothing here is part of `make check`: speed is shown, with
# what it is measured against in the same run, and never asserted.

BENCH_PEERS := build/bench/peers
BENCH_SITE := $(call objects,tests/bench/site/rows.c tests/bench/site/build.c \
	tests/bench/site/bare.c \
	tests/bench/ask.c tests/bench/engine/bare.c)
# a program of its own each
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c \
	tests/bench/engine/bench_*.c))
BENCH_PROGRAMS := $(addprefix $(B)/bench/,$(basename $(notdir $(BENCH_SRC)))) \
	$(B)/bench/site_rows


$(B)/bench/site_rows: $(B)/tests/bench/site/site_rows.o
$(foreach source,$(BENCH_SRC),$(eval \
	$(B)/bench/$(basename $(notdir $(source))): $(call objects,$(source))))
$(BENCH_PROGRAMS): $(BENCH_SITE) $(B)/libreeve-test.a
	@mkdir -p $(@D)
	@echo '  link  $@'
	@$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

.PHONY: bench bench-peers bench-programs bench-packages

bench-programs: $(BENCH_PROGRAMS) $(B)/reeved

bench-packages: packages
	@tests/lab/install bench

## make bench      measure; BENCH=name for one of them, see docs/benchmarks.md
bench: bench-packages
	@echo "== building: release"
	$(submake) MODE=release bench-programs
	@tests/bench/run.py $(BENCH)

# Two steps: what npm installs is left alone until the list changes.
## make bench-peers  the engine against libraries from npm
bench-peers: bench-packages
	@command -v npm >/dev/null && command -v node >/dev/null || { \
	    echo "bench-peers: needs node and npm (Debian: apt install npm)"; \
	    exit 1; }
	$(submake) MODE=release bench-programs $(BENCH_PEERS)/installed
	@tests/bench/run.py --peers $(BENCH)

$(BENCH_PEERS)/installed: $(addprefix tests/bench/peers/,package.json \
		package-lock.json .npmrc)
	@mkdir -p $(@D)
	@echo "  npm   $(@D)"
	@cp $^ $(@D)
	@cd $(@D) && npm ci --no-progress --loglevel=error
	@touch $@
