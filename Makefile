# One Makefile for everything; `make help` lists what it can do.
#
#   MODE=release (default) | asan (with ubsan) | tsan | cover
#   WERROR=1 makes warnings errors (CI does)

MODE ?= release
B := build/$(MODE)
CC ?= gcc
PYTHON := /usr/bin/python3

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wcast-qual -Wcast-align -Wwrite-strings -Wconversion \
	-Wsign-conversion -Wformat=2 -Wundef -Wvla -Wnull-dereference \
	-Wswitch-enum -Wimplicit-fallthrough
ifneq ($(WERROR),)
WARNINGS += -Werror
endif

HARDENING := -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection=full -ftrivial-auto-var-init=zero \
	-fno-delete-null-pointer-checks -fno-strict-overflow \
	-fno-strict-aliasing -fPIE
LINK_HARDENING := -pie -Wl,-z,relro,-z,now,-z,noexecstack \
	-Wl,-z,separate-code -Wl,--as-needed

CFLAGS_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS_tsan := -O1 -g -fsanitize=thread
CFLAGS_cover := -O0 -g --coverage -DRV_COVERAGE
ifeq ($(CFLAGS_$(MODE)),)
$(error MODE=$(MODE) is none of release, asan, tsan, cover)
endif

PACKAGES := libevent_core liburcu-qsbr jansson krb5-gssapi krb5 libpq \
	openssl libcurl libseccomp libxml-2.0
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES)) -lldap -llber
CLI_PACKAGES := libcurl jansson krb5 openssl
CLI_LIBS = $(shell pkg-config --libs $(CLI_PACKAGES))

DATADIR ?= /usr/share/reeve
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
CPPFLAGS += -D_GNU_SOURCE -Iinclude -DRV_DATADIR='"$(DATADIR)"'
CFLAGS = -std=c11 $(CFLAGS_$(MODE)) $(HARDENING) $(WARNINGS) -MMD -MP
LDFLAGS = $(CFLAGS_$(MODE)) $(LINK_HARDENING) -pthread
LDLIBS = $(PKG_LIBS) -lm

RBAC_SRC := $(sort $(wildcard rbac/*.c rbac/*/*.c))
AUTH_SRC := $(sort $(wildcard auth/*.c))
CLI_SRC := $(sort $(wildcard provider/cli/*.c))
PROVIDER_SRC := $(filter-out $(CLI_SRC), \
	$(sort $(wildcard provider/*.c provider/*/*.c)))
MAIN_SRC := provider/main.c
CLI_MAIN_SRC := provider/cli/main.c
UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))

objects = $(patsubst %.c,$(B)/%.o,$(1))
LIB_OBJ := $(call objects,$(RBAC_SRC) $(AUTH_SRC) \
	$(filter-out $(MAIN_SRC),$(PROVIDER_SRC)))
# Of the daemon the command takes what it names: the archive gives no more.
CLI_OBJ := $(call objects,$(filter-out $(CLI_MAIN_SRC),$(CLI_SRC)))
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
REPLAY := $(patsubst tests/fuzz/fuzz_%.c,$(B)/replay/%,$(FUZZ_SRC))

.PHONY: all help
.SECONDARY:
all: $(B)/reeved $(B)/reeve $(B)/takeover $(UNIT) $(REPLAY)

help:
	@sed -n 's/^##[ ]//p' Makefile tests/*.mk

# ---- Building -------------------------------------------------------------

## make            build the provider and the test programs
$(B)/provider/%.o $(B)/tests/%.o: CPPFLAGS += -Iprovider
$(B)/rbac/%.o: CPPFLAGS += -Irbac
$(B)/auth/%.o: CPPFLAGS += -Iauth
$(B)/tests/%.o: CPPFLAGS += -Irbac -Iauth -Itests

# A change of flags rebuilds.
FLAGS_NOW = $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $@ || \
	    echo '$(subst ','\'',$(FLAGS_NOW))' > $@
.PHONY: FORCE
FORCE:

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo '  cc    $<'
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -c -o $@ $<

# The program carries it.
$(B)/provider/rest/openapi_parts.o: provider/rest/openapi.json

$(B)/provider/version.o: CPPFLAGS += -DRV_VERSION='"$(VERSION)"'

$(B)/reeved: $(call objects,$(MAIN_SRC)) $(LIB_OBJ)
	@echo '  link  $@'
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libreeve.a: $(LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(B)/reeve: $(call objects,$(CLI_MAIN_SRC)) $(CLI_OBJ) $(B)/libreeve.a
	@echo '  link  $@'
	@$(CC) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

$(B)/libreeve-test.a: $(LIB_OBJ) $(CLI_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libreeve-test.a
	@mkdir -p $(@D)
	@echo '  link  $@'
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka
# Sets of ids are compared with CRoaring's, in tests alone.
$(B)/unit/rbac/test_ids%: LDLIBS += -lroaring

# Enters the sandbox of a process and tries what is forbidden there.
$(B)/takeover: $(B)/tests/hostile/takeover.o $(B)/libreeve-test.a
	@echo '  link  $@'
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/replay/%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o \
		$(B)/libreeve-test.a
	@mkdir -p $(@D)
	@echo '  link  $@'
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# ---- Installing and documents ---------------------------------------------

PREFIX ?= /usr
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
MANUALS := $(sort $(wildcard docs/man/*.[1-8]))

.PHONY: install docs
## make install    install under DESTDIR (PREFIX=/usr, SYSCONFDIR=/etc)
install: $(B)/reeved $(B)/reeve
	install -D -m 755 $(B)/reeve $(DESTDIR)$(PREFIX)/bin/reeve
	install -D -m 755 $(B)/reeved $(DESTDIR)$(PREFIX)/sbin/reeved
	install -d $(DESTDIR)$(DATADIR)/sql/migrations
	install -m 644 sql/migrations/*.sql $(DESTDIR)$(DATADIR)/sql/migrations
	for page in $(MANUALS); do install -D -m 644 $$page \
	    $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done
	install -D -m 640 docs/reeved.conf.example \
	    $(DESTDIR)$(SYSCONFDIR)/reeve/reeved.conf.example
	install -D -m 640 docs/authority.conf.example \
	    $(DESTDIR)$(SYSCONFDIR)/reeve/authority.conf.example
	install -D -m 640 docs/issuer.conf.example \
	    $(DESTDIR)$(SYSCONFDIR)/reeve/issuer.conf.example
	install -D -m 644 provider/reeved.service \
	    $(DESTDIR)$(UNITDIR)/reeved.service

## make docs       write reeved.conf(5) from the table, check the manuals
docs: $(B)/reeved
	$(B)/reeved --manual > docs/man/reeved.conf.5
	mandoc -T lint -W warning $(MANUALS)

-include $(shell find build/$(MODE) -name '*.d' 2>/dev/null)
-include tests/check.mk
