# printfarm: one static library per directory, objects under build/, libraries found by
# pkg-config.  Adding a .c file to a directory is all it takes to build it; a test or a fuzz
# target is found by its name.

CC      ?= cc
B       ?= build
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
SAN     ?=
FUZZ_S  ?= 60

VERSION  := 0.1.0
PURE     := base gcode drivers scheduler daemon/wire
IMPURE   := daemon/control daemon/stream cli sim
PROGRAMS := printfarmd printfarm-stream printfarm printfarm-sim

WARN := -Wall -Wextra -Werror -Wshadow -Wformat=2 -Wswitch-enum -Wstrict-prototypes -Wmissing-prototypes
STD  := -std=c11 -I. -DPRINTFARM_VERSION='"$(VERSION)"' -MMD -MP

# The pure directories get the C standard library only and -Wconversion on top (clang's includes
# a complaint about assert(!"sentence")).
$(B)/base/% $(B)/gcode/% $(B)/drivers/% $(B)/scheduler/% $(B)/daemon/wire/%: EXTRA := -Wconversion -Wno-string-conversion
$(B)/daemon/control/% $(B)/daemon/stream/% $(B)/cli/% $(B)/tests/%: EXTRA := -D_GNU_SOURCE
$(B)/sim/%: EXTRA := -D_GNU_SOURCE -Wconversion -Wno-string-conversion

pkg := pkg-config --silence-errors
GCODE_PC   := zlib libarchive
CONTROL_PC := libevent sqlite3 libconfig libmicrohttpd jansson libsodium libsystemd
STREAM_PC  := libevent libserialport
CLI_PC     := libcurl jansson libsodium libconfig libqrencode
PKG_CFLAGS   := $(shell $(pkg) --cflags $(GCODE_PC) $(CONTROL_PC) $(STREAM_PC) $(CLI_PC) cmocka)
GCODE_LIBS   := $(shell $(pkg) --libs $(GCODE_PC)) -lm
CONTROL_LIBS := $(shell $(pkg) --libs $(CONTROL_PC)) -lical $(GCODE_LIBS) -lpthread
STREAM_LIBS  := $(shell $(pkg) --libs $(STREAM_PC)) -lm
CLI_LIBS     := $(shell $(pkg) --libs $(CLI_PC)) $(GCODE_LIBS)
TEST_LIBS    := $(shell $(pkg) --libs cmocka) $(CONTROL_LIBS) $(STREAM_LIBS) $(CLI_LIBS)

objects   = $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(wildcard $(1)/*.c)))
library   = $(B)/lib$(subst /,-,$(1)).a
LIBRARIES := $(foreach d,$(PURE) $(IMPURE),$(call library,$(d)))
# Users before used.
PURE_ARCHIVES := $(foreach d,scheduler drivers daemon/wire gcode base,$(call library,$(d)))

UNIT_TESTS   := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
UNIT_HELPERS := $(patsubst %.c,$(B)/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
FUZZERS      := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAYS      := $(FUZZERS:%=$(B)/tests/fuzz/replay_%)
SHIMS        := $(patsubst %.c,$(B)/%.so,$(wildcard tests/shim/*.c))

.PHONY: all deps tests check check-quick check-long check-asan check-tsan check-valgrind check-clang \
        fuzz fuzzers bench lint format install demo clean
all: $(PROGRAMS:%=$(B)/%)
tests: all $(UNIT_TESTS) $(REPLAYS) $(SHIMS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc      $<"
	@$(CC) $(STD) $(WARN) $(CFLAGS) $(PKG_CFLAGS) $(SAN) $(EXTRA) -c -o $@ $<

define library_rule
$(call library,$(1)): $(call objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach d,$(PURE) $(IMPURE),$(eval $(call library_rule,$(d))))

# The status page is copied into the program by the assembler.
$(B)/daemon/control/web.o: $(wildcard web/*)

link = @echo "  link    $@"; $(CC) $(CFLAGS) $(LDFLAGS) $(SAN) -o $@ $(filter %.o,$^) \
       -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

$(B)/printfarmd: $(B)/daemon/control/main.o $(call library,daemon/control) $(PURE_ARCHIVES)
	$(link) $(CONTROL_LIBS)
$(B)/printfarm-stream: $(B)/daemon/stream/main.o $(call library,daemon/stream) $(PURE_ARCHIVES)
	$(link) $(STREAM_LIBS)
$(B)/printfarm: $(B)/cli/main.o $(call library,cli) $(PURE_ARCHIVES)
	$(link) $(CLI_LIBS)
$(B)/printfarm-sim: $(B)/sim/main.o $(call library,sim) $(PURE_ARCHIVES)
	$(link) -lm

# ---- tests ----------------------------------------------------------------------------------
$(UNIT_TESTS): %: %.o $(UNIT_HELPERS) $(LIBRARIES)
	$(link) $(TEST_LIBS)
$(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(LIBRARIES)
	$(link) $(TEST_LIBS)
$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIBRARIES)
	$(link) -fsanitize=fuzzer $(TEST_LIBS)
# Measured beside ours, as they are.
PEERS := $(B)/tests/bench/plain/devsim $(B)/tests/bench/plain/csend
$(PEERS): $(B)/%: %.c
	@mkdir -p $(@D)
	@echo "  cc      $<"
	@$(CC) -std=gnu11 -O2 -o $@ $< -lm
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(PURE_ARCHIVES)
	$(link) $(GCODE_LIBS)
$(B)/tests/shim/%.so: tests/shim/%.c
	@mkdir -p $(@D)
	@echo "  cc      $<"
	@$(CC) $(STD) $(WARN) -D_GNU_SOURCE= -O2 -g -fPIC -shared -o $@ $< -ldl

# Two compilations at a time where the caller has not said how many.
build = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j2) tests
run   = PRINTFARM_BUILD=$(B) tests/run
sub   = +@$(MAKE) --no-print-directory

check: deps
	+@$(build)
	@$(run)
check-quick:
	+@$(build)
	@$(run) unit arrows replay
check-long: deps
	+@$(build)
	@$(run) --long
	$(sub) fuzz
check-clang:
	+@$(build) CC=clang B=build/clang
	@PRINTFARM_BUILD=build/clang tests/run

# Instrumented code gives gcc false warnings: the plain build is the one where they are errors.
# gcc's ASan wants to be the first library: a preloaded shim is allowed to come before it.
ASAN := ASAN_OPTIONS=verify_asan_link_order=0:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
check-asan:
	+@$(build) B=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer -Wno-error' \
	  SAN='-fsanitize=address,undefined -fno-sanitize-recover=all'
	@$(ASAN) PRINTFARM_BUILD=build/asan tests/run
check-tsan:
	+@$(build) B=build/tsan CFLAGS='-O1 -g -Wno-error' SAN=-fsanitize=thread
	@TSAN_OPTIONS=halt_on_error=1:die_after_fork=0 PRINTFARM_BUILD=build/tsan tests/run unit system
VALGRIND := valgrind -q --error-exitcode=99 --exit-on-first-error=no --leak-check=full \
            --errors-for-leak-kinds=definite --child-silent-after-fork=yes
check-valgrind:
	+@$(build)
	@PRINTFARM_UNDER='$(VALGRIND)' $(run) unit replay system test_one_order test_streamer_killed

fuzz:
	$(sub) $(if $(findstring -j,$(MAKEFLAGS)),,-j2) fuzzers CC=clang B=build/fuzz CFLAGS='-O1 -g' \
	  SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	@tests/fuzz/run build/fuzz $(FUZZ_S) $(FUZZERS)
fuzzers: $(FUZZERS:%=$(B)/tests/fuzz/fuzz_%)

bench:
	+@$(build)
	$(sub) $(B)/tests/bench/gcode_speed $(B)/tests/bench/plan_speed $(PEERS)
	@PRINTFARM_BUILD=$(B) tests/bench/run

# ---- the rest ---------------------------------------------------------------------------------
SOURCES = $(shell git ls-files '*.c' '*.h')
PRODUCT = $(filter-out tests/%,$(filter %.c,$(SOURCES)))
lint:
	@tests/run arrows
	@# One file a run: clang-tidy 14 mixes up the va_lists of several.
	printf '%s\n' $(PRODUCT) | xargs -P2 -I{} clang-tidy --quiet {} -- -std=c11 -I. -D_GNU_SOURCE '-DPRINTFARM_VERSION="x"'
	cppcheck --quiet --std=c11 --inline-suppr --error-exitcode=1 --enable=warning,performance,portability \
	  --suppress=missingIncludeSystem -I. $(PRODUCT) \
	  '-Djson_array_foreach(a,i,v)=for(i=0;(v=json_array_get(a,i));i++)' \
	  '-Djson_object_foreach(o,k,v)=for(k="";(v=json_object_get(o,k));)'
	shellcheck $$(git ls-files '*.sh' .ci/run tests/fuzz/run)
	clang-format --dry-run -Werror $(SOURCES)
format:
	clang-format -i $(SOURCES)

demo: deps
	+@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j2) all
	@demo/run --build $(B)

# What builds and tests need on Debian 12; libc6-dev because gcc only recommends it.
PACKAGES := gcc libc6-dev make pkg-config libevent-dev libsqlite3-dev libconfig-dev libical-dev libmicrohttpd-dev \
            libjansson-dev libsodium-dev libsystemd-dev libserialport-dev zlib1g-dev libarchive-dev libcmocka-dev \
            python3 python3-yaml curl strace mandoc systemd libqrencode-dev zbar-tools \
            $(if $(shell $(pkg) --libs libcurl),,libcurl4-gnutls-dev)
installed = $(shell dpkg-query -W -f '$${Package}:$${db:Status-Status} ' $(PACKAGES) 2>/dev/null)
missing   = $(strip $(foreach p,$(PACKAGES),$(if $(filter $(p):installed,$(installed)),,$(p))))
APT      := $(if $(filter 0,$(shell id -u)),,sudo) env DEBIAN_FRONTEND=noninteractive apt-get -qq
deps:
	@test -z '$(missing)' || { echo '  deps    $(missing)'; \
	  $(APT) install -y --no-install-recommends $(missing) >/dev/null 2>&1 || \
	  { $(APT) update && $(APT) install -y --no-install-recommends $(missing) >/dev/null; }; }

bin  = $(DESTDIR)$(PREFIX)/bin
lib  = $(DESTDIR)$(PREFIX)/lib
man  = $(DESTDIR)$(PREFIX)/share/man
install: all
	install -d $(bin) $(lib)/systemd/system $(lib)/sysusers.d $(lib)/tmpfiles.d $(lib)/modules-load.d \
	  $(lib)/udev/rules.d $(DESTDIR)$(PREFIX)/share/printfarm/profiles
	install -m 755 $(PROGRAMS:%=$(B)/%) $(bin)
	for page in docs/*.[158]; do install -D -m 644 $$page $(man)/man$${page##*.}/$${page##*/} || exit 1; done
	for unit in systemd/*.service systemd/*.socket; do \
	  sed 's|/usr/bin/printfarm|$(PREFIX)/bin/printfarm|' $$unit >$(lib)/systemd/system/$${unit##*/} || exit 1; \
	  chmod 644 $(lib)/systemd/system/$${unit##*/}; done
	install -m 644 systemd/sysusers.conf $(lib)/sysusers.d/printfarm.conf
	install -m 644 systemd/tmpfiles.conf $(lib)/tmpfiles.d/printfarm.conf
	install -m 644 systemd/modules-load.conf $(lib)/modules-load.d/printfarm.conf
	install -m 644 systemd/60-printfarm.rules $(lib)/udev/rules.d/60-printfarm.rules
	install -m 644 $(wildcard profiles/*.cfg) $(DESTDIR)$(PREFIX)/share/printfarm/profiles

clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
