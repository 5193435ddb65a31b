# verify-ledger: one invariant a file, embedded as the statements of the server are.
$(OUT)/gen/verify/verify_statements.h: $(wildcard server/verify/sql/*.sql) .make/sql_statements.sh
	@mkdir -p $(dir $@)
	@bash .make/sql_statements.sh server/verify/sql > $@.tmp && mv $@.tmp $@
$(OUT)/obj/server/verify/verify.o: $(OUT)/gen/verify/verify_statements.h
FLOOR_verify := verify db base
