# Cardwright. "make run" starts a demo site, "make test" proves everything. README.md says the rest.
# SAN=1 builds with ASan + UBSan, CC=clang with clang; every mix has its own folder under $(BUILD).

BUILD ?= build
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
SAN ?= 0
CFG := $(notdir $(CC))$(if $(filter 1,$(SAN)),-san,)$(if $(RULES_OFF),-rules-off,)
OUT := $(BUILD)/$(CFG)

PKGS := libmicrohttpd libpq jansson libsodium libcrypto libcurl inih
CPPFLAGS += -I. -Iserver -I$(OUT)/gen -D_GNU_SOURCE -D_FORTIFY_SOURCE=2
CFLAGS += -std=gnu17 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -O2 -g -fno-omit-frame-pointer \
	-fstack-protector-strong -fPIE
LDFLAGS += -pie -Wl,-z,relro,-z,now
ifeq ($(SAN),1)
CPPFLAGS := $(filter-out -D_FORTIFY_SOURCE=2,$(CPPFLAGS))
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -O1
LDFLAGS += -fsanitize=address,undefined
endif
# A test build in which single protocol rules can be switched off by the environment (CARDWRIGHT_RULE_OFF=R4).
ifneq ($(RULES_OFF),)
CPPFLAGS += -DCARDWRIGHT_RULES_OFF=1
endif
CPPFLAGS += $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lunistring -lpthread
NFC_LIBS := $(shell pkg-config --libs libnfc 2>/dev/null)

# One static library a folder: a test of a low floor links no higher floor, so floors hold at link time too.
FOLDERS := base crypto card codec db http store device flow api jobs verify
lib_of = $(OUT)/lib$(1).a
FLOOR_card := card crypto base
FLOOR_codec := codec base
FLOOR_base := base
FLOOR_crypto := crypto base
FLOOR_db := db base
FLOOR_http := http crypto base
ALL_LIBS := $(foreach f,$(FOLDERS),$(if $(wildcard server/$(f)/*.c),$(call lib_of,$(f))))

.PHONY: all
all: $(OUT)/cardwrightd $(OUT)/cardwright-agent $(OUT)/sim-reader

-include .make/*.mk

$(OUT)/obj/%.o: %.c | $(OUT)/gen/sql_statements.h
	@mkdir -p $(dir $@)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

define folder_lib
$(call lib_of,$(1)): $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard server/$(1)/*.c))
	@rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_lib,$(f))))

# One SQL statement a file; the build turns server/sql/card_by_uid.sql into SQL_CARD_BY_UID.
$(OUT)/gen/sql_statements.h: $(wildcard server/sql/*.sql) .make/sql_statements.sh
	@mkdir -p $(dir $@)
	@bash .make/sql_statements.sh server/sql > $@.tmp && mv $@.tmp $@

SERVER_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard server/*.c))
$(OUT)/cardwrightd: $(SERVER_OBJS) $(ALL_LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) $(SERVER_OBJS) -Wl,--start-group $(ALL_LIBS) -Wl,--end-group $(LIBS) -o $@

AGENT_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard agent/*.c))
$(OUT)/cardwright-agent: $(AGENT_OBJS) $(call lib_of,crypto) $(call lib_of,base)
	$(CC) $(CFLAGS) $(LDFLAGS) $(AGENT_OBJS) $(call lib_of,crypto) $(call lib_of,base) $(LIBS) $(NFC_LIBS) -o $@

SIM_READER_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/sim/reader/*.c))
$(OUT)/sim-reader: $(SIM_READER_OBJS) $(call lib_of,base)
	$(CC) $(CFLAGS) $(LDFLAGS) $(SIM_READER_OBJS) $(call lib_of,base) $(LIBS) -o $@

# Unit tests: tests/unit/<folder>/test_<file>.c is one Criterion program, linked with its folder and the floors below.
UNIT_SRCS := $(wildcard tests/unit/*/test_*.c)
UNIT_BINS := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(UNIT_SRCS))
unit_folder = $(word 3,$(subst /, ,$(1)))
unit_libs = $(foreach f,$(or $(FLOOR_$(call unit_folder,$(1))),$(FOLDERS)),$(if $(wildcard server/$(f)/*.c),$(call lib_of,$(f))))
define unit_rule
$(patsubst tests/unit/%.c,$(OUT)/unit/%,$(1)): $(OUT)/obj/$(1:.c=.o) $(call unit_libs,$(1)) $(if $(filter agent,$(call unit_folder,$(1))),$(filter-out %/main.o,$(AGENT_OBJS)))
	@mkdir -p $$(dir $$@)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -Wl,--start-group $$^ -Wl,--end-group $$(LIBS) $(if $(filter agent,$(call unit_folder,$(1))),$$(NFC_LIBS)) -lcriterion -o $$@
endef
$(foreach s,$(UNIT_SRCS),$(eval $(call unit_rule,$(s))))

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
