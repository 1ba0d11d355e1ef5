# printfarm: one static library per directory, objects under build/, libraries
# found by pkg-config.  Adding a .c file to a directory is all it takes to build it.

CC      ?= gcc
B       ?= build
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
SAN     ?=

VERSION := 0.1.0

PURE    := base gcode drivers scheduler daemon/wire
DAEMONS := daemon/control daemon/stream
PROGRAMS:= printfarmd printfarm-stream printfarm printfarm-sim

WARN    := -Wall -Wextra -Werror -Wshadow -Wformat=2 -Wswitch-enum \
           -Wstrict-prototypes -Wmissing-prototypes
STD     := -std=c11 -I. -DPRINTFARM_VERSION='"$(VERSION)"' -MMD -MP
ALL_CFLAGS = $(STD) $(WARN) $(CFLAGS) $(SAN)

# The pure directories get the C standard library only and -Wconversion on top.
$(B)/base/% $(B)/gcode/% $(B)/drivers/% $(B)/scheduler/% $(B)/daemon/wire/%: EXTRA := -Wconversion
$(B)/daemon/control/% $(B)/daemon/stream/% $(B)/cli/% $(B)/sim/% $(B)/tests/%: EXTRA := -D_GNU_SOURCE

pkg      = $(shell pkg-config --$(1) $(2) 2>/dev/null)
LIBS_GCODE   := zlib
LIBS_CONTROL := libevent sqlite3 libconfig libmicrohttpd jansson libsodium libsystemd
LIBS_STREAM  := libevent libserialport
LIBS_CLI     := libcurl jansson libsodium
LIBS_TEST    := cmocka

sources  = $(filter-out %/main.c,$(wildcard $(1)/*.c))
objects  = $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))
library  = $(B)/lib$(subst /,-,$(1)).a

LIBRARIES := $(foreach d,$(PURE) $(DAEMONS) cli sim,$(call library,$(d)))

.PHONY: all clean deps check check-long check-quick check-asan check-tsan check-valgrind check-clang \
        demo bench fuzz lint format install
all: $(addprefix $(B)/,$(PROGRAMS))

define library_rule
$(call library,$(1)): $(call objects,$(1))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach d,$(PURE) $(DAEMONS) cli sim,$(eval $(call library_rule,$(d))))

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc      $<"
	@$(CC) $(ALL_CFLAGS) $(EXTRA) -c -o $@ $<

link = @echo "  link    $@"; $(CC) $(CFLAGS) $(SAN) -o $@ $(filter %.o %.a,$^)

# Order of the archives: users before used.
PURE_ARCHIVES := $(call library,scheduler) $(call library,drivers) $(call library,daemon/wire) \
                 $(call library,gcode) $(call library,base)

$(B)/printfarmd: $(B)/daemon/control/main.o $(call library,daemon/control) $(PURE_ARCHIVES)
	$(link) $(call pkg,libs,$(LIBS_CONTROL) $(LIBS_GCODE)) -lpthread -lm
$(B)/printfarm-stream: $(B)/daemon/stream/main.o $(call library,daemon/stream) $(PURE_ARCHIVES)
	$(link) $(call pkg,libs,$(LIBS_STREAM)) -lm
$(B)/printfarm: $(B)/cli/main.o $(call library,cli) $(PURE_ARCHIVES)
	$(link) $(call pkg,libs,$(LIBS_CLI) $(LIBS_GCODE)) -lm
$(B)/printfarm-sim: $(B)/sim/main.o $(call library,sim) $(PURE_ARCHIVES)
	$(link) -lm

# ---- tests ------------------------------------------------------------------
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_HELPERS = $(patsubst %.c,$(B)/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(UNIT_HELPERS) $(LIBRARIES)
	@echo "  link    $@"
	@$(CC) $(CFLAGS) $(SAN) -o $@ $< $(UNIT_HELPERS) \
	  -Wl,--start-group $(LIBRARIES) -Wl,--end-group \
	  $(call pkg,libs,$(LIBS_TEST) $(LIBS_CONTROL) $(LIBS_STREAM) $(LIBS_CLI) $(LIBS_GCODE)) -lpthread -lm

check-quick: all $(UNIT_TESTS)
	@tests/run unit arrows
check: deps
	@$(MAKE) --no-print-directory all $(UNIT_TESTS)
	@tests/run

clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
