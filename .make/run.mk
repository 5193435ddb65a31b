# make run: a demo site on this machine. PORT and DEVICE_PORT choose other ports, READER a real reader (libnfc's name),
# DATABASE_URL a PostgreSQL of yours (SEED=1 puts the demo site into it, if it is empty).
.PHONY: run db-reset
run:
	@bash .make/packages.sh run
	@$(MAKE) --question all 2>/dev/null || echo 'Building; the first time takes a minute.'
	@$(MAKE) --no-print-directory --silent -j$(shell nproc) all
	@OUT=$(OUT) PORT="$(PORT)" DEVICE_PORT="$(DEVICE_PORT)" READER="$(READER)" SEED="$(SEED)" bash .make/run.sh

# Recomputes the books of that site, also while it runs.
.PHONY: verify-ledger
verify-ledger:
	@OUT=$(OUT) bash .make/run.sh verify

# Forgets the demo site: its database, key, cards and pairing.
db-reset:
	@bash .make/run.sh forget
