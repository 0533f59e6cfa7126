# leadmilter - one Makefile, no configure.
#
#   make            build/leadmilter and build/leadctl      make check      all tests
#   make check-rt   with a real Request Tracker
#   make demo       the main job, shown                     make bench      ratios, side by side
#   make accuracy CORPUS=DIR    figures per set             make fuzz       a long fuzzing run
#   make install    DESTDIR and prefix are honoured         make deps       install what is needed
#   make check-page the page in a real browser             make check-hosts  several mail hosts, one PostgreSQL
#   make deb        a Debian package in build/deb           make check-deb  the package tested in a chroot
#   make format     clang-format                            make clean
#
# B is the build directory, SANITIZE a -fsanitize= list: make B=build/asan SANITIZE=address,undefined

B        ?= build
prefix   ?= /usr/local
sbindir  ?= $(prefix)/sbin
bindir   ?= $(prefix)/bin
mandir   ?= $(prefix)/share/man
datadir  ?= $(prefix)/share/leadmilter
sysconfdir ?= /etc
CC        = gcc
CXX       = $(if $(findstring clang,$(CC)),clang++,g++)
CFLAGS   ?= -O2 -g
CPPFLAGS ?=
LDFLAGS  ?=
SANITIZE ?=
CORPUS   ?= ../shared/corpus

PACKAGES = build-essential pkg-config clang libclang-rt-14-dev libmilter-dev libcurl4-openssl-dev \
	libcjson-dev perl libglib2.0-dev libgmime-3.0-dev libxml2-dev libpsl-dev publicsuffix \
	libidn2-dev libphonenumber-dev libvectorscan-dev libconfuse-dev libsqlite3-dev libssl-dev \
	libsystemd-dev libcsv-dev liblua5.4-dev libmicrohttpd-dev libpq-dev
TEST_PACKAGES = postfix postgresql pgbouncer python3 python3-milter mandoc procps openssl prometheus \
	tryton-server tryton-modules-party tryton-modules-sale-opportunity
RT_PACKAGES = request-tracker5 rt5-db-sqlite rt5-standalone dbconfig-no-thanks
HOSTS_PACKAGES = iproute2
NPM_PACKAGES = nodejs npm
PAGE_PACKAGES = chromium nginx-light
DEB_PACKAGES = debhelper dh-apparmor
DEB_TEST_PACKAGES = lintian debootstrap apparmor systemd-container iproute2 python3
# What builds the package needs: without what every builder has, and what only tests use.
DEB_BUILD_DEPENDS = $(filter-out build-essential perl clang libclang-rt-14-dev,$(PACKAGES)) $(NPM_PACKAGES)

MODULES  = glib-2.0 gio-2.0 gmime-3.0 libcurl libcjson libxml-2.0 libpsl libidn2 libhs libconfuse sqlite3 \
	openssl libsystemd lua5.4 libmicrohttpd libpq
WARN     = -Wall -Wextra -Wshadow -Wvla -Werror
CWARN    = -Wstrict-prototypes -Wmissing-prototypes
SAN      = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
PKG_CFLAGS := $(shell pkg-config --cflags $(MODULES) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS := $(shell pkg-config --libs $(MODULES) 2>/dev/null)
# V=1 shows the commands.
Q        = $(if $(V),,@echo '  $(B) $(@F)';)
VERSION  = 0.1.0
DEFS     = -D_GNU_SOURCE -DLEADMILTER_VERSION='"$(VERSION)"' -DLEADMILTER_SYSCONFDIR='"$(sysconfdir)/leadmilter"' \
	-DLEADMILTER_DATADIR='"$(datadir)"' -DG_LOG_DOMAIN='"leadmilter"'
ALL_CFLAGS = -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(SAN) $(WARN) $(CWARN) $(DEFS) -Imilter -I. $(PKG_CFLAGS) -pthread -MMD -MP
# The shim is linked into C programs, which lack the runtime of the vptr check.
ALL_CXXFLAGS = -std=gnu++17 $(CPPFLAGS) $(CFLAGS) $(SAN) $(if $(SANITIZE),-fno-sanitize=vptr) $(WARN) $(DEFS) -Imilter -I. $(PKG_CFLAGS) -pthread -MMD -MP
LIBS     = -lmilter -lphonenumber -lcsv $(PKG_LIBS) -lstdc++ -lm -pthread

LIB_SRC  = $(sort $(wildcard milter/base/*.c milter/mail/*.c milter/mail/*.cc milter/lead/*.c milter/store/*.c \
	hooks/out/*.c hooks/in/*.c))
TOP_SRC  = $(sort $(wildcard milter/*.c))
OBJ       = $(patsubst %,$(B)/obj/%.o,$(LIB_SRC))
DAEMON_OBJ = $(patsubst %,$(B)/obj/%.o,$(filter-out milter/leadctl% milter/doctor%,$(TOP_SRC)))
LEADCTL_OBJ = $(patsubst %,$(B)/obj/%.o,$(filter-out milter/main.c milter/filter.c milter/hook.c milter/metrics%,$(TOP_SRC)))
TOP_OBJ   = $(patsubst %,$(B)/obj/%.o,$(filter-out milter/main.c milter/filter.c milter/leadctl%,$(TOP_SRC)))
# The bundle of the page.
PAGE     ?= $(B)/page
PAGE_SRC := $(shell find hooks/page -name node_modules -prune -o -type f -print 2>/dev/null)
UNIT     = $(patsubst tests/unit/%.c,$(B)/tests/%,$(sort $(wildcard tests/unit/test-*.c)))
FUZZ     = $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz-*.c)))
BENCH    = $(patsubst tests/bench/%.c,$(B)/bench/%,$(sort $(wildcard tests/bench/*.c)))

all: $(B)/leadmilter $(B)/leadctl

$(B)/obj/%.c.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(B)/obj/%.cc.o: %.cc
	@mkdir -p $(@D)
	$(Q)$(CXX) $(ALL_CXXFLAGS) -c -o $@ $<
$(B)/libleadmilter.a: $(OBJ) $(B)/obj/page.o
	@rm -f $@
	$(Q)ar rcs $@ $^
# The page (hooks/page) is bundled once; other builds of the tree take it from PAGE.
$(PAGE)/work/.done: hooks/page/package.json hooks/page/package-lock.json
	@mkdir -p $(PAGE)/work
	cp hooks/page/package.json hooks/page/package-lock.json $(PAGE)/work/
	cd $(PAGE)/work && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent
	@touch $@
$(PAGE)/files.c: $(PAGE)/work/.done $(PAGE_SRC)
	@rm -rf $(PAGE)/work/src
	@cp -R hooks/page/src hooks/page/build.mjs $(PAGE)/work/
	node $(PAGE)/work/build.mjs --out $(PAGE) --incbin $(PAGE)
$(B)/obj/page.o: $(PAGE)/files.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
# What stands above the library without being a program, for the unit tests.
$(B)/libtop.a: $(TOP_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(B)/obj/hooks/in/description.c.o: conf/api/openapi.json
$(B)/leadmilter: $(DAEMON_OBJ) $(B)/libleadmilter.a
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(SAN) -o $@ $^ $(LIBS)
$(B)/leadctl: $(LEADCTL_OBJ) $(B)/libleadmilter.a
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(SAN) -o $@ $^ $(LIBS)

# --- tests: unit (plain, ASan+UBSan, TSan for what has threads), lint, system, fuzz ---
$(B)/tests/%: tests/unit/%.c $(B)/libtop.a $(B)/libleadmilter.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -DTEST_DATA='"$(CURDIR)/tests/data"' -DTEST_CONF='"$(CURDIR)/conf"' \
		-MF $@.d -o $@ $< $(B)/libtop.a $(B)/libleadmilter.a $(LIBS)
$(B)/bench/%: tests/bench/%.c $(B)/libleadmilter.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MF $@.d -o $@ $< $(B)/libleadmilter.a $(LIBS)
$(B)/fuzz/%: tests/fuzz/%.c $(B)/libleadmilter.a
	@mkdir -p $(@D)
	$(Q)clang $(ALL_CFLAGS) -Wno-missing-prototypes -DTEST_CONF='"$(CURDIR)/conf"' -fsanitize=fuzzer -MF $@.d -o $@ $< $(B)/libleadmilter.a $(LIBS)

unit: $(UNIT)
bench-programs: $(BENCH)

# Other builds of the same tree, each in its own directory.
JOBS    := $(shell nproc)
ASAN     = $(MAKE) -j$(JOBS) --no-print-directory B=$(B)/asan PAGE=$(PAGE) SANITIZE=address,undefined CFLAGS='-O1 -g'
TSAN     = $(MAKE) -j$(JOBS) --no-print-directory B=$(B)/tsan PAGE=$(PAGE) SANITIZE=thread CFLAGS='-O1 -g'
FUZZING  = $(MAKE) -j$(JOBS) --no-print-directory B=$(B)/fuzzing PAGE=$(PAGE) CC=clang SANITIZE=address,undefined,fuzzer-no-link CFLAGS='-O1 -g'
CLANG    = $(MAKE) -j$(JOBS) --no-print-directory B=$(B)/clang PAGE=$(PAGE) CC=clang
UNIT_NAMES = $(notdir $(UNIT))
# What has threads of its own runs under ThreadSanitizer too.
THREADED = $(filter test-store test-hosts test-asker test-writer test-spool test-outbox test-deliver test-delivery test-crm test-session test-notify test-webhook test-clerk test-phrases test-clockwork test-store-report test-vendors,$(UNIT_NAMES))
# What needs a store runs on PostgreSQL too (tests/run-test looks at the directory).
ON_SERVER = $(patsubst %,$(B)/postgresql/%,$(filter test-store test-store-report test-store-change test-store-conversation test-store-import \
	test-store-merge test-store-privacy test-outbox test-ledger-load,$(UNIT_NAMES)))
$(B)/postgresql/%: $(B)/tests/%
	@mkdir -p $(@D)
	@ln -sf ../tests/$(@F) $@
FUZZ_NAMES = $(notdir $(FUZZ))

fuzz-programs:
	$(FUZZING) $(patsubst %,$(B)/fuzzing/fuzz/%,$(FUZZ_NAMES))

npm: $(B)/npm/.done
$(B)/npm/.done: tests/npm/package.json tests/npm/package-lock.json
	@mkdir -p $(B)/npm
	cp tests/npm/package.json tests/npm/package-lock.json $(B)/npm/
	cd $(B)/npm && npm ci --no-audit --no-fund --silent
	@touch $@

# deps may install pkg-config itself, so what depends on it runs in a second make.
check: deps
	$(MAKE) -j$(JOBS) --no-print-directory check-programs
	$(MAKE) --no-print-directory check-installed
check-programs: all unit $(ON_SERVER) npm $(B)/bench/load
check-installed:
	$(CLANG) all unit
	$(ASAN) all $(patsubst %,$(B)/asan/tests/%,$(UNIT_NAMES))
	$(TSAN) $(patsubst %,$(B)/tsan/tests/%,$(THREADED))
	$(FUZZING) $(patsubst %,$(B)/fuzzing/fuzz/%,$(FUZZ_NAMES))
	LEADMILTER_BUILD=$(B) ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
		TSAN_OPTIONS=halt_on_error=1 prove -j2 --timer --exec tests/run-test \
		$(UNIT) $(ON_SERVER) $(patsubst %,$(B)/asan/tests/%,$(UNIT_NAMES)) $(patsubst %,$(B)/tsan/tests/%,$(THREADED)) \
		tests/system/*.t

# A real Request Tracker: 250 packages, so a stage of its own.
check-rt: deps
	@PACKAGES="$(RT_PACKAGES)" NPM_PACKAGES="$(NPM_PACKAGES)" contrib/install-deps
	$(MAKE) -j$(JOBS) --no-print-directory all
	LEADMILTER_BUILD=$(B) prove --timer --exec tests/run-test tests/crm/*.t

# The package; and the same built, looked through, installed, upgraded and removed: a stage of its own.
deb:
	@PACKAGES="$(DEB_PACKAGES) $(PACKAGES)" NPM_PACKAGES="$(NPM_PACKAGES)" contrib/install-deps
	@B=$(B) VERSION=$(VERSION) BUILD_DEPENDS="$(DEB_BUILD_DEPENDS)" contrib/build-deb
check-deb:
	@PACKAGES="$(DEB_PACKAGES) $(DEB_TEST_PACKAGES) $(PACKAGES)" NPM_PACKAGES="$(NPM_PACKAGES)" contrib/install-deps
	@rm -rf $(B)/deb $(B)/package
	@$(MAKE) --no-print-directory deb
	LEADMILTER_BUILD=$(B) prove -j2 --timer --exec tests/run-test tests/package/*.t; status=$$?; rm -rf $(B)/package; exit $$status

# Three mail hosts with one PostgreSQL, and what may break; LEADMILTER_MAILS=20000 is the full measure.
check-hosts: deps
	@PACKAGES="$(HOSTS_PACKAGES)" contrib/install-deps
	$(MAKE) -j$(JOBS) --no-print-directory all npm
	LEADMILTER_BUILD=$(B) prove --timer --exec tests/run-test tests/hosts/*.t

# The page, in a real browser: a stage of its own.
check-page: deps
	@PACKAGES="$(PAGE_PACKAGES)" NPM_PACKAGES="$(NPM_PACKAGES)" contrib/install-deps
	$(MAKE) -j$(JOBS) --no-print-directory all $(B)/page-tests/.done $(B)/page-dev/.done
	LEADMILTER_BUILD=$(B) prove -j2 --timer --exec tests/run-test tests/page/*.t
$(B)/page-tests/.done: tests/page/package.json tests/page/package-lock.json
	@mkdir -p $(@D)
	cp tests/page/package.json tests/page/package-lock.json $(@D)/
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@
$(B)/page-dev/.done: hooks/page/package.json hooks/page/package-lock.json
	@mkdir -p $(@D)
	cp hooks/page/package.json hooks/page/package-lock.json $(@D)/
	cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@
demo: deps
	$(MAKE) -j$(JOBS) --no-print-directory demo-installed
demo-installed: all npm
	LEADMILTER_BUILD=$(B) perl -Itests/system/lib tests/demo/run

bench: deps
	$(MAKE) -j$(JOBS) --no-print-directory bench-installed
bench-installed: all bench-programs
	LEADMILTER_BUILD=$(B) perl -Itests/system/lib tests/bench/run

accuracy: all
	python3 $(CORPUS)/eval/evaluate.py $(CORPUS) $(B)/leadctl $(SETS) $(if $(FAILS),--fails)
	tests/bench/spam-rules $(B)/leadctl $(CORPUS)

# SECONDS for each target; findings stay in $(B)/fuzzing/findings.
SECONDS ?= 3600
fuzz: deps
	$(MAKE) --no-print-directory fuzz-programs
	LEADMILTER_BUILD=$(B) tests/fuzz/run $(SECONDS)

deps:
	@PACKAGES="$(PACKAGES) $(TEST_PACKAGES)" NPM_PACKAGES="$(NPM_PACKAGES)" contrib/install-deps

install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 \
		$(DESTDIR)$(mandir)/man8 $(DESTDIR)$(sysconfdir)/leadmilter $(DESTDIR)$(datadir)/lists/phrases \
		$(DESTDIR)$(datadir)/scorecards $(DESTDIR)$(datadir)/schemas $(DESTDIR)$(datadir)/api
	install -m 755 $(B)/leadmilter $(DESTDIR)$(sbindir)/
	install -m 755 $(B)/leadctl $(DESTDIR)$(bindir)/
	install -m 644 contrib/man/leadctl.1 $(DESTDIR)$(mandir)/man1/
	install -m 644 contrib/man/leadmilter.conf.5 $(DESTDIR)$(mandir)/man5/
	install -m 644 contrib/man/leadmilter.8 $(DESTDIR)$(mandir)/man8/
	install -D -m 644 -t $(DESTDIR)$(mandir)/man7 contrib/man/*.7
	install -D -m 644 -t $(DESTDIR)$(datadir)/prometheus contrib/prometheus/*.yml
	install -D -m 644 -t $(DESTDIR)$(datadir)/grafana contrib/grafana/*.json
	install -m 644 conf/lists/*.txt $(DESTDIR)$(datadir)/lists/
	install -m 644 conf/lists/phrases/* $(DESTDIR)$(datadir)/lists/phrases/
	install -m 644 conf/scorecards/*.conf $(DESTDIR)$(datadir)/scorecards/
	install -m 644 conf/schemas/*.json $(DESTDIR)$(datadir)/schemas/
	install -m 644 conf/api/*.json $(DESTDIR)$(datadir)/api/
	install -d $(DESTDIR)$(datadir)/adapters/examples/events
	install -m 644 hooks/adapters/*.lua $(DESTDIR)$(datadir)/adapters/
	install -m 644 tests/data/adapters/*.json $(DESTDIR)$(datadir)/adapters/examples/
	install -m 644 tests/data/adapters/events/*.json $(DESTDIR)$(datadir)/adapters/examples/events/
	test -e $(DESTDIR)$(sysconfdir)/leadmilter/leadmilter.conf || \
		install -m 640 conf/leadmilter.conf $(DESTDIR)$(sysconfdir)/leadmilter/

format:
	clang-format -i $(shell git ls-files '*.c' '*.h' '*.cc')

clean:
	rm -rf $(B)


.PHONY: check-hosts check-page deb check-deb check-rt check-programs all unit bench-programs fuzz-programs npm check check-installed demo demo-installed bench \
	bench-installed accuracy fuzz deps install format clean
-include $(shell find $(B)/obj $(B)/tests $(B)/bench $(B)/fuzz -name '*.d' 2>/dev/null)
