# SPDX-License-Identifier: Apache-2.0
#
# A thin front to meson for people who just want it to run: "make test" and "make demo" do all the set-up on a fresh
# Debian 12 or 13. Whoever knows meson needs none of this.

BUILD ?= build
PREFIX ?= /usr
MESON_FLAGS ?=
TEST_FLAGS ?=
# Half of the tests mostly wait, for soaks and time-outs.
PROCESSES ?= $(shell echo $$((2 * $$(nproc))))

.PHONY: help demo demo-shell first-disk test mutants test-vm compare bench coverage build install clean setup

help:
	@echo "make demo         stafd, stacd and a target in one rootless run: discover, connect, re-zone"
	@echo "make demo-shell   the same environment with a shell inside"
	@echo "make first-disk   doc/first-disk.md in a guest with the real kernel: from nothing to a mounted disk (root and QEMU)"
	@echo "make test         build everything and run all test suites"
	@echo "make mutants      break the brains on purpose and see which test notices (MUTANTS=names for some of them)"
	@echo "make test-vm      scenarios with the real kernel, in a guest (root and QEMU; about an hour)"
	@echo "make compare      the same guest: our numbers beside those of nvme-stas 2.4.1 and nvme-cli"
	@echo "make bench        a table of numbers: starts, memory, times to connect, the brains, the target's data path"
	@echo "make coverage     which lines the tests run, by directory (gcovr; a build of its own)"
	@echo "make build        build only"
	@echo "make install      install the product (DESTDIR= for packagers, PREFIX=$(PREFIX))"
	@echo "make clean        remove the build directory"

# Installs missing packages when it may, else says which command does, and fails.
setup:
	@scripts/install-packages

$(BUILD)/build.ninja:
	meson setup $(BUILD) --prefix=$(PREFIX) $(MESON_FLAGS)

build: setup
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	ninja -C $(BUILD)

test: build
	meson test -C $(BUILD) --no-rebuild --print-errorlogs --num-processes $(PROCESSES) $(TEST_FLAGS)

mutants:
	tests/mutants/run.py $(MUTANTS)

test-vm: build
	@scripts/install-packages --vm
	meson test -C $(BUILD) --no-rebuild --print-errorlogs --suite vm $(TEST_FLAGS)

first-disk: build
	@scripts/install-packages --vm
	tests/vm/vm-test $(BUILD) first_disk

compare: build
	@scripts/install-packages --vm
	tests/vm/vm-test $(BUILD) comparison

bench: build
	ninja -C $(BUILD) tests/bench/connector-bench tests/bench/finder-bench tests/bench/target-bench
	tests/bench/table $(BUILD)

# Without optimization; what a daemon has run counts when it ends in order.
coverage: setup
	@command -v gcovr >/dev/null || { echo "gcovr is missing: apt-get install gcovr"; exit 1; }
	@test -e $(BUILD)-coverage/build.ninja || \
	  meson setup $(BUILD)-coverage --prefix=$(PREFIX) -Db_coverage=true -Doptimization=0 -Ddebug=false
	ninja -C $(BUILD)-coverage
	find $(BUILD)-coverage -name '*.gcda' -delete
	-meson test -C $(BUILD)-coverage --no-rebuild --num-processes $(PROCESSES) --timeout-multiplier 4 $(TEST_FLAGS)
	tests/coverage $(BUILD)-coverage

demo: build
	tests/e2e/demo $(BUILD)

demo-shell: build
	tests/e2e/demo $(BUILD) --shell

# What a package needs and no more: a build of its own, without tests and without the libraries they need. Never installs
# a package: what is missing is told.
install:
	@scripts/install-packages --product --check
	@test -e $(BUILD)-install/build.ninja || \
	  meson setup $(BUILD)-install --prefix=$(PREFIX) -Dtests=false $(MESON_FLAGS)
	ninja -C $(BUILD)-install
	DESTDIR=$(DESTDIR) meson install -C $(BUILD)-install --no-rebuild --strip

clean:
	rm -rf $(BUILD) $(BUILD)-install $(BUILD)-coverage
