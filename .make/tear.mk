# Cards cut and torn at every command, stale plans, and the rules switched off one by one. tests/tear/README.md.

# Programs that start whole sites without being Criterion runners.
RIG_LIB := $(OUT)/librig.a
$(RIG_LIB): $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/lib/rig*.c) tests/lib/pg.c tests/lib/server.c \
		tests/sim/reader_client.c tests/tear/plain_assert.c)
	@rm -f $@ && ar rcs $@ $^
