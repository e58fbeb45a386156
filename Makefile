# ktstr: make help lists what can be made.
BUILD  ?= release
PREFIX ?= /usr/local
CC     ?= cc
CLANG  ?= clang

B := build/$(BUILD)

PKGS      := ncursesw vterm libcjson libzstd libmnl
PKG_FLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# Linked; the others are opened on first use (src/base/lazylib.h). Without this one all cached kernels would seem broken.
PKG_LIBS  := $(shell pkg-config --libs libcjson 2>/dev/null || echo -lcjson)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wno-missing-field-initializers -Wno-unknown-attributes
VERSION := 0.1.0
COMMIT  := $(shell git rev-parse --short=10 HEAD 2>/dev/null || echo unknown)
# Day of the commit (of this file where there is no git): builds of one commit are the same. And as manual pages write it.
DAY     := $(shell date -u -d "@$$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile)" +%F)
DATE    := $(shell LC_ALL=C date -u -d $(DAY) '+%B %-d, %Y')
CPPFLAGS += -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
BASE_CFLAGS := -std=gnu11 -g $(WARN) $(WERROR) -fno-common -pthread $(PKG_FLAGS)

CFLAGS_release := -O2 -fPIE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection
LDFLAGS_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
CFLAGS_asan := -O1 -fPIE -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS_asan := -pie -fsanitize=address,undefined
# gcc says that it does not check stand-alone fences; the rings' fences only order what atomics carry.
CFLAGS_tsan := -O1 -fPIE -fsanitize=thread $(if $(findstring clang,$(CC)),,-Wno-tsan)
LDFLAGS_tsan := -pie -fsanitize=thread
CFLAGS_fuzz := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

ifeq ($(BUILD),fuzz)
CC := $(CLANG)
endif
ALL_CFLAGS := $(BASE_CFLAGS) $(CFLAGS_$(BUILD)) $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS_$(BUILD)) $(LDFLAGS)
# libc first: most names are its own, and the loader looks through the libraries in this order. Of libm nothing is needed
# where the compiler makes floor() and its like itself, as gcc does.
LIBS := -lc $(PKG_LIBS) -ldl -lm

# The monitor's part for the machine that is built for; the rest of it knows no architecture.
ARCH ?= $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null || uname -m)))
ARCHES := $(notdir $(wildcard vmm/kvm/arch/*))
ifneq ($(filter-out help clean format deps deps-test,$(or $(MAKECMDGOALS),all)),)
ifeq ($(filter $(ARCH),$(ARCHES)),)
$(error ktstr has no monitor for the architecture '$(ARCH)': vmm/kvm/arch/ has $(ARCHES) (ARCH= says what to build for))
endif
endif

SRC := $(sort $(shell find src ui vmm probes -name '*.c' -not -path 'vmm/guest/*' -not -path 'vmm/kvm/arch/*') \
	$(wildcard vmm/kvm/arch/$(ARCH)/*.c))
OBJ := $(SRC:%.c=$(B)/%.o)
MAIN_OBJ := $(B)/src/main.o
LIB := $(B)/libktstr.a
GUEST_INIT := build/guest/init

ifeq ($(BUILD),release)
PROGRAM := ktstr
else
PROGRAM := $(B)/ktstr
endif

ifneq ($(V),1)
Q := @
endif

.DEFAULT_GOAL := all
.PHONY: all
all: $(PROGRAM) ## build ./ktstr (release flags, hardened)

$(PROGRAM): $(MAIN_OBJ) $(LIB)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(MAIN_OBJ) -Wl,--whole-archive $(LIB) -Wl,--no-whole-archive $(LIBS)

$(LIB): $(filter-out $(MAIN_OBJ),$(OBJ))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The version is compiled into one file only, so that a commit rebuilds one file.
$(B)/src/cli/version.o: CPPFLAGS += -DKTSTR_VERSION='"$(VERSION)"' -DKTSTR_COMMIT='"$(COMMIT)"' \
	-DKTSTR_DAY='"$(DAY)"' -DKTSTR_DATE='"$(DATE)"'
$(B)/src/cli/version.o: $(wildcard .git/HEAD .git/refs/heads/main)

# The guest's PID 1: static, libc and the protocol only, never instrumented, embedded into the binary. With musl it has
# 80 KB, with glibc 700: each of them is copied, cleared for and unpacked at every start. musl brings no kernel headers.
GUEST_CC := $(or $(shell command -v musl-gcc),$(CC))
GUEST_CPPFLAGS := $(CPPFLAGS) $(if $(findstring musl,$(GUEST_CC)),-idirafter /usr/include -idirafter /usr/include/$(ARCH)-linux-gnu)
GUEST_SRC := $(sort $(wildcard vmm/guest/*.c)) vmm/proto.c vmm/conf.c src/base/crc32.c
$(GUEST_INIT): $(GUEST_SRC) $(wildcard vmm/guest/*.h) vmm/proto.h vmm/conf.h src/base/crc32.h
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)$(GUEST_CC) $(GUEST_CPPFLAGS) -std=gnu11 -Os $(WARN) $(WERROR) -static -s -ffunction-sections -fdata-sections \
		-Wl,--gc-sections -o $@ $(GUEST_SRC)
$(B)/vmm/payload/embed.o: $(GUEST_INIT)
$(B)/vmm/payload/embed.o: CPPFLAGS += -DGUEST_INIT_PATH='"$(GUEST_INIT)"'

$(B)/src/kernels/kconfig.o: src/kernels/kconfig/ktstr.kconfig src/kernels/kconfig/slim.kconfig

# ---- tests ---------------------------------------------------------------------------------------
# An archive: a test or fuzz target links what it uses of it, cmocka only where that does.
TEST_LIB := $(B)/libtests.a
# Some tests read the dashboard's screen with libvterm, and compare ours with it.
TEST_LIBS := -Wl,--as-needed $(shell pkg-config --libs vterm 2>/dev/null || echo -lvterm)
$(TEST_LIB): $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/*.c))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^
TEST_SRC := $(sort $(wildcard tests/unit/*_test.c tests/golden/*_test.c tests/live/*_test.c tests/tui/*_test.c \
	tests/vm/*_test.c))
# Programs that run in the nested host only, and what names the kernels for it.
KVM_SRC := $(sort $(wildcard tests/kvm/*_test.c)) tests/kvm/kernel.c
KVM_BIN := $(KVM_SRC:%.c=$(B)/%)
TEST_BIN := $(TEST_SRC:%.c=$(B)/%)
TEST_SH  := $(sort $(wildcard tests/*/*_test.sh))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZ_REPLAY := $(FUZZ_SRC:%.c=$(B)/%)

# A guest's first process that is not ours: static, never instrumented, beside the test that boots it.
HOSTILE_INIT := $(B)/tests/vm/hostile_init
HOSTILE_SRC := tests/vm/guest/hostile_init.c vmm/proto.c src/base/crc32.c
$(HOSTILE_INIT): $(HOSTILE_SRC) vmm/proto.h
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)$(GUEST_CC) $(GUEST_CPPFLAGS) -std=gnu11 -Os $(WARN) $(WERROR) -static -s -o $@ $(HOSTILE_SRC)
$(B)/tests/vm/hostile_init_test: | $(HOSTILE_INIT)

$(TEST_BIN) $(KVM_BIN): $(B)/%: $(B)/%.o $(TEST_LIB) $(LIB)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(TEST_LIB) $(LIB) -lcmocka $(LIBS) $(TEST_LIBS)

ifneq ($(BUILD),fuzz)
$(FUZZ_REPLAY): $(B)/%: $(B)/%.o $(B)/tests/fuzz/replay.o $(TEST_LIB) $(LIB)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(B)/tests/fuzz/replay.o $(TEST_LIB) $(LIB) $(LIBS) $(TEST_LIBS)
else
$(FUZZ_REPLAY): $(B)/%: $(B)/%.o $(TEST_LIB) $(LIB)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(TEST_LIB) $(LIB) $(LIBS) $(TEST_LIBS)
endif
.SECONDARY:

.PHONY: tests-build test-run test asan tsan fuzz-quick
tests-build: $(PROGRAM) $(TEST_BIN) $(KVM_BIN) $(FUZZ_REPLAY)

# Runs the suite of one build without installing anything: make test-run BUILD=asan ONLY=topo
test-run: tests-build
	@KTSTR=$(abspath $(PROGRAM)) BUILD=$(BUILD) tests/run.sh $(TEST_BIN) $(TEST_SH) $(FUZZ_REPLAY)

test: ## install what the tests need, build, run the whole suite
	@$(MAKE) --no-print-directory deps deps-test
	@$(MAKE) --no-print-directory -j$$(nproc) tests-build
	@$(MAKE) --no-print-directory test-run

asan: ## the whole suite under address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=asan tests-build
	@$(MAKE) --no-print-directory BUILD=asan test-run

# The nested host: what it ran, it says itself; one program for tests/run.sh.
.PHONY: test-kvm test-kvm-full
test-kvm: ## our own monitor under real KVM, in a nested host made by ktstr itself
	@$(MAKE) --no-print-directory deps deps-test
	@$(MAKE) --no-print-directory -j$$(nproc) tests-build
	@KTSTR=$(abspath $(PROGRAM)) BUILD=$(BUILD) LOGS=build/$(BUILD)/logs-kvm TEST_TIMEOUT=1400 ONLY= NESTED_ONLY=$(ONLY) VERBOSE=$(VERBOSE) \
		tests/run.sh tests/kvm/nested.sh

test-kvm-full: ## the same with every topology on every kernel, and 300 vCPUs
	@$(MAKE) --no-print-directory deps deps-test
	@$(MAKE) --no-print-directory -j$$(nproc) tests-build
	@KTSTR=$(abspath $(PROGRAM)) BUILD=$(BUILD) LOGS=build/$(BUILD)/logs-kvm TEST_TIMEOUT=7200 ONLY= NESTED_MODE=full NESTED_LIMIT=115m \
		NESTED_ONLY=$(ONLY) VERBOSE=$(VERBOSE) tests/run.sh tests/kvm/nested.sh

# Not part of every CI run: a kernel takes a quarter of an hour a CPU.
.PHONY: test-kernel deps-kernel
test-kernel: ## a real kernel, built by version and from git, booted, with a scheduler loaded; KERNEL_TEST=version|git
	@$(MAKE) --no-print-directory deps deps-kernel
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@KTSTR=$(abspath $(PROGRAM)) BUILD=$(BUILD) LOGS=build/$(BUILD)/logs-kernel TEST_TIMEOUT=14400 ONLY= \
		tests/run.sh tests/kernel/real.sh

deps-kernel: ## install what building kernels and BPF schedulers needs
	@.ci/deps kernel

# What has threads: the loop, the collector, the devices' register and queue paths.
TSAN_BIN := $(patsubst %,build/tsan/tests/unit/%_test,loop collector virtio_threads virtio_events ctprof_tree)
tsan: ## what has threads, under the thread sanitizer
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=tsan $(TSAN_BIN)
	@BUILD=tsan tests/run.sh $(TSAN_BIN)

.PHONY: bench-boot
bench-boot: ## our monitor's boots beside QEMU's, in the nested host; SLIM=DIR brings a kernel of one's own
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j$$(nproc) all $(B)/tests/kvm/kernel
	@KTSTR=$(abspath $(PROGRAM)) BUILD=$(BUILD) NESTED_LIMIT=60m tests/kvm/nested.sh bench

FUZZ_SECONDS ?= 10
fuzz-quick: ## every fuzz target for FUZZ_SECONDS (10) seconds
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=fuzz $(FUZZ_SRC:%.c=build/fuzz/%)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/quick.sh $(FUZZ_SRC:%.c=build/fuzz/%)

.PHONY: lint format bench screenshots docs install uninstall clean help run deps deps-test
lint: ## doors, headers alone, clang-tidy, cppcheck, format
	@tests/lint/run.sh

deps: ## install what building and running needs (Debian, Ubuntu; elsewhere it prints the command)
	@.ci/deps build

deps-test: ## install what tests, lint and sanitizers need
	@.ci/deps test

run: ## install, build and start the dashboard with a guest at hand; without a terminal, one batch frame
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@if [ -t 0 ] && [ -t 1 ]; then ./ktstr; else ./ktstr --batch --boot; fi

format: ## clang-format all sources in place
	clang-format -i $$(find src ui vmm probes tests -name '*.[ch]')

bench: $(PROGRAM) ## speed beside the peers, medians of runs side by side
	@KTSTR=$(abspath $(PROGRAM)) tests/bench/run.sh

# The pictures are drawn by tests, from the real program's screen; none is made by hand.
screenshots: $(PROGRAM) ## draw screenshots/*.svg from the dashboard's tests
	@$(MAKE) --no-print-directory $(B)/tests/tui/screens_test $(B)/tests/tui/ctprof_test $(B)/tests/vm/dashboard_test
	@rm -f screenshots/*.svg
	@SCREENSHOTS=screenshots KTSTR=$(abspath $(PROGRAM)) LC_ALL=C.UTF-8 $(B)/tests/tui/screens_test
	@SCREENSHOTS=screenshots KTSTR=$(abspath $(PROGRAM)) LC_ALL=C.UTF-8 $(B)/tests/tui/ctprof_test
	@SCREENSHOTS=screenshots KTSTR=$(abspath $(PROGRAM)) LC_ALL=C.UTF-8 ONLY_TEST=test_pictures $(B)/tests/vm/dashboard_test

docs: $(PROGRAM) ## manual pages into build/man, completions into build/completions
	@rm -rf build/man build/completions && mkdir -p build/man build/completions
	$(Q)$(abspath $(PROGRAM)) __man --all build/man
	$(Q)set -e; for shell in bash zsh fish elvish powershell; do \
		$(abspath $(PROGRAM)) completions $$shell >build/completions/$$shell; done

# Where each thing goes: TARGET is FILE:FOLDER:NAME.
DATADIR := $(PREFIX)/share
INSTALLED = $(PROGRAM):$(PREFIX)/bin:ktstr \
	build/completions/bash:$(DATADIR)/bash-completion/completions:ktstr \
	build/completions/zsh:$(DATADIR)/zsh/site-functions:_ktstr \
	build/completions/fish:$(DATADIR)/fish/vendor_completions.d:ktstr.fish \
	build/completions/elvish:$(DATADIR)/elvish/lib:ktstr.elv \
	$(foreach page,$(notdir $(wildcard build/man/*.1)),build/man/$(page):$(DATADIR)/man/man1:$(page))

install: docs ## binary, manual and completions below PREFIX (/usr/local); DESTDIR is put in front
	@$(MAKE) --no-print-directory install-files

uninstall: docs ## remove what install put there
	@$(MAKE) --no-print-directory uninstall-files

.PHONY: install-files uninstall-files
install-files:
	$(Q)set -e; for row in $(INSTALLED); do \
		file=$${row%%:*} name=$${row##*:} dir=$${row#*:}; dir='$(DESTDIR)'$${dir%:*}; \
		mode=644; case $$dir in */bin) mode=755;; esac; \
		install -d "$$dir"; install -m $$mode "$$file" "$$dir/$$name"; echo "  INSTALL $$dir/$$name"; done

uninstall-files:
	$(Q)for row in $(INSTALLED); do \
		name=$${row##*:} dir=$${row#*:}; dir='$(DESTDIR)'$${dir%:*}; rm -f "$$dir/$$name"; done

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

clean: ## remove everything that was built
	rm -rf build ktstr

-include $(shell find $(B) -name '*.d' 2>/dev/null)
