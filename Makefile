# Weft's commands. Needs Debian 12 and Swift 6.3; what else is missing is installed, with
# a word about it. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

DESTDIR ?=
PREFIX ?= /usr/local
prefix := $(DESTDIR)$(PREFIX)
bash_completions := $(prefix)/share/bash-completion/completions
zsh_completions := $(prefix)/share/zsh/site-functions
# Weft as ipvsadm and its two scripts: not in bin, where it would stand before the real ones.
programs := $(prefix)/lib/weft
fish_completions := $(prefix)/share/fish/vendor_completions.d

# The Swift runtime is linked in, so that the binary runs where no toolchain is installed.
release := swift build --configuration release --product weft --static-swift-stdlib
weft := .build/release/weft

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: release ## Replay a real capture through a three-node mesh
	$(weft) replay -c bench-data/stacks/web.yml -i bench-data/traces/real.pcap -o out/demo
	@echo "Every packet with its decision: wireshark out/demo/node1.pcapng"

.PHONY: test
test: test-packages lint guards ## Check format and guards, and run every test
	swift test

.PHONY: lint
lint: ## Check the format of all Swift code
	swift format lint --strict --recursive Sources Tests Package.swift Benchmarks/Layers \
		Benchmarks/Package.swift

.PHONY: guards
guards: guard-packages ## Check in a release build: no allocation, no counting, no more instructions
	swift test --configuration release \
		--filter "DataplaneTests.AllocationTests|CorpusCutTests|BenchTests|BenchVerbTests"
	Tests/Guards/hot-functions.sh
	Tests/Guards/instructions.sh

.PHONY: build
build: build-packages ## Build everything for debugging
	swift build

.PHONY: release
release: build-packages ## Build the command, optimized, to .build/release/weft
	WEFT_REVISION=$$(git describe --always --dirty 2>/dev/null || true) $(release)

.PHONY: build-packages test-packages guard-packages
build-packages:
	@scripts/install-missing libpcap-dev
test-packages: build-packages
	@scripts/install-missing tshark
guard-packages: build-packages
	@scripts/install-missing binutils valgrind

.PHONY: install
install: release ## Install the command and its shell completions (DESTDIR=, PREFIX=/usr/local)
	install -d $(prefix)/bin $(programs) $(bash_completions) $(zsh_completions) $(fish_completions)
	install -s -m 755 $(weft) $(prefix)/bin/weft
	for name in ipvsadm ipvsadm-save ipvsadm-restore; do \
		ln -sf ../../bin/weft $(programs)/$$name; done
	$(weft) --generate-completion-script bash > $(bash_completions)/weft
	$(weft) --generate-completion-script zsh > $(zsh_completions)/_weft
	$(weft) --generate-completion-script fish > $(fish_completions)/weft.fish

.PHONY: uninstall
uninstall: ## Remove what install put there
	rm -f $(prefix)/bin/weft $(bash_completions)/weft $(zsh_completions)/_weft \
		$(fish_completions)/weft.fish $(programs)/ipvsadm \
		$(programs)/ipvsadm-save $(programs)/ipvsadm-restore
	rmdir $(programs) 2>/dev/null || true

# The kernel's answers are recorded anew and must be those that are kept; then Weft's must be the same.
.PHONY: oracle
oracle: build-packages ## Compare with a real Linux kernel's IPVS, byte for byte (needs root)
	@scripts/install-missing user-mode-linux ipvsadm iproute2 kmod iptables
	Tests/Oracle/record --check
	swift test --filter DirectorTests

# Seconds for each target.
fuzz_seconds ?= 30
fuzz_targets := wire capture dataplane director rules

.PHONY: fuzz
fuzz: $(fuzz_targets:%=fuzz-%) ## Fuzz Wire, Capture, the data plane, the director and its rules (fuzz_seconds=30 each)

.PHONY: $(fuzz_targets:%=fuzz-%)
$(fuzz_targets:%=fuzz-%): fuzz-%: build-packages
	scripts/fuzz $* $(fuzz_seconds)

.PHONY: bench-data
bench-data: release ## Make the deterministic traces of bench-data again
	@scripts/install-missing python3-scapy
	/usr/bin/python3 bench-data/make-malformed.py bench-data/traces
	$(weft) generate --seed 1 --flows 10000 --packets 100000 --zipf 1.1 --mix small --ipv6 10% \
		--tcp 70% --udp 25% --sctp 5% --fragments 1% --icmp-errors 0.5% --rate 100000 \
		-o bench-data/traces/generated.pcap
	$(weft) generate --seed 2 --flows 300 --packets 5000 --zipf 1 --mix 64:30,570:4,1500:1 \
		--ipv6 40% --tcp 45% --udp 35% --sctp 20% --fragments 10% --icmp-errors 3% \
		--malformed 2% --reopens 20% --resets 20% --jitter 50% --both-directions \
		-o bench-data/traces/generated-mixed.pcap
	cd bench-data && grep -E '^[0-9a-f]{64}  ' README.md | sha256sum --quiet --check

# Where `make bench` writes its tables; those of a machine worth keeping are committed.
bench_results ?= Benchmarks/results
# For `weft bench`; on a machine that others use, short trials: some of them pass undisturbed.
bench_options ?=
layers := swift package --package-path Benchmarks benchmark --no-progress --grouping metric --scale \
	--time-units nanoseconds

.PHONY: bench
bench: release ## Measure everything, and write tables to Benchmarks/results (five minutes)
	mkdir -p $(bench_results)
	$(weft) bench $(bench_options) --workers 2 --output $(bench_results)/bench.json \
		| tee $(bench_results)/bench.txt
	$(weft) bench $(bench_options) --growth | tee $(bench_results)/growth.txt
	$(weft) bench $(bench_options) --ipvs | tee $(bench_results)/ipvs.txt
	$(layers) | scripts/layer-table | tee $(bench_results)/layers.txt

.PHONY: bench-quick
bench-quick: release ## The same in under five minutes, to look at and not to keep
	$(weft) bench --quick --workers 2
	$(weft) bench --growth --quick
	$(weft) bench --ipvs --quick
	WEFT_BENCH_QUICK=1 $(layers) | scripts/layer-table

.PHONY: clean
clean: ## Remove everything built and written
	rm -rf .build Benchmarks/.build out
