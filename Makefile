.PHONY: help demo test bench figurant lint fmt tidy deny doc setup

help:  ## list the recipes
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 16
demo:  ## make a company, run the main job on it and write the leaver pack
	@scripts/setup.sh demo && cargo run --quiet --locked --profile quick --package rollbook -- demo $(ARGS)
test:  ## everything that must hold, from formatting to other people's SCIM servers
	scripts/setup.sh test && cargo xtask test
bench:  ## speed and memory side by side with the alternatives
	scripts/setup.sh test && bench/idle/run.sh && bench/matching/run.sh && bench/pace/run.sh && bench/browser/run.sh && bench/reconcile/run.sh $(ARGS) && bench/scim-server/run.sh $(ARGS)
figurant:  ## the main job on an organisation with an answer key: make figurant SET=folder OUT=folder
	examples/figurant/run.sh $(SET) $(OUT)
lint:  ## what the compiler and clippy can see
	cargo clippy --workspace --all-targets --locked -- -D warnings
fmt:  ## format the code
	cargo fmt --all
tidy:  ## the repository's own rules
	cargo xtask tidy
deny:  ## licences, bans and sources with cargo-deny, which must be installed
	cargo deny check licenses bans sources
doc:  ## the documentation of the code
	cargo doc --workspace --no-deps --locked
setup:
	@scripts/setup.sh
