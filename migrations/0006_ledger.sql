-- The double-entry ledger. Rows are only ever added; the money functions alone write here.

CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('stored', 'subsidy', 'water', 'deposit', 'in_transit', 'uncollected', 'debt', 'times',
        'in_transit_times', 'uncollected_times', 'cash', 'revenue', 'safe', 'bank', 'subsidy_fund', 'card_fees',
        'times_issued', 'times_sales', 'refunds_due', 'imbalance', 'suspense', 'write_off')),
    unit text NOT NULL CHECK (unit IN ('money', 'count')),
    person_id uuid REFERENCES person,
    desk_id uuid REFERENCES desk,
    balance_minor bigint,
    version bigint NOT NULL DEFAULT 0,
    CHECK ((balance_minor IS NULL) = (person_id IS NULL)),
    CHECK (person_id IS NULL OR desk_id IS NULL),
    CHECK (CASE WHEN kind = 'debt' THEN balance_minor <= 0 ELSE balance_minor >= 0 END),
    CHECK ((unit = 'count') = (kind IN ('times', 'in_transit_times', 'uncollected_times', 'times_issued')))
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX account_person ON account (person_id, kind) WHERE person_id IS NOT NULL;
CREATE UNIQUE INDEX account_desk ON account (desk_id, kind) WHERE desk_id IS NOT NULL;
CREATE UNIQUE INDEX account_site ON account (kind) WHERE person_id IS NULL AND desk_id IS NULL;
COMMENT ON TABLE account IS 'Accounts: per person (with balance), per drawer and of the site (their balance is the sum of their entries)';
COMMENT ON COLUMN account.id IS 'Internal number';
COMMENT ON COLUMN account.kind IS 'What it is; debt is what the person owes, as a negative balance';
COMMENT ON COLUMN account.unit IS 'money (minor units) or count (times)';
COMMENT ON COLUMN account.person_id IS 'Holder, for a person account';
COMMENT ON COLUMN account.desk_id IS 'Desk, for a drawer';
COMMENT ON COLUMN account.balance_minor IS 'Balance of a person account; null elsewhere, so that no row is hot';
COMMENT ON COLUMN account.version IS 'Number of entries of a person account; gapless';
INSERT INTO account (kind, unit) VALUES ('safe', 'money'), ('bank', 'money'), ('subsidy_fund', 'money'), ('card_fees', 'money'),
    ('times_issued', 'count'), ('times_sales', 'money'), ('refunds_due', 'money'), ('imbalance', 'money'), ('suspense', 'money'),
    ('write_off', 'money');

CREATE TABLE transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('prepare', 'prove', 'void', 'spend', 'debt_paid', 'opening', 'correction')),
    operation_id uuid,
    leg_id uuid,
    uid bytea,
    operator_id uuid,
    event_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX transfer_leg ON transfer (leg_id) WHERE leg_id IS NOT NULL;
COMMENT ON TABLE transfer IS 'One movement: exactly two entries';
COMMENT ON COLUMN transfer.id IS 'Internal number; commits out of order, so never a feed position';
COMMENT ON COLUMN transfer.kind IS 'prepare, prove, void: the life of a leg; spend: a drop seen on the card; others by name';
COMMENT ON COLUMN transfer.operation_id IS 'Desk act that caused it';
COMMENT ON COLUMN transfer.leg_id IS 'Leg that caused it';
COMMENT ON COLUMN transfer.uid IS 'Chip whose content caused it';
COMMENT ON COLUMN transfer.operator_id IS 'Operator, if one acted';
COMMENT ON COLUMN transfer.event_at IS 'When it happened';
COMMENT ON COLUMN transfer.created_at IS 'When it was booked';

CREATE TABLE entry (
    transfer_id bigint NOT NULL REFERENCES transfer,
    account_id bigint NOT NULL REFERENCES account,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    account_version bigint,
    balance_before_minor bigint,
    balance_after_minor bigint,
    CHECK ((account_version IS NULL) = (balance_after_minor IS NULL)),
    CHECK (balance_after_minor = balance_before_minor + amount_minor)
);
CREATE INDEX entry_transfer ON entry (transfer_id);
CREATE UNIQUE INDEX entry_person ON entry (account_id, account_version) WHERE account_version IS NOT NULL;
CREATE INDEX entry_contra ON entry (account_id, transfer_id) WHERE account_version IS NULL;
COMMENT ON TABLE entry IS 'The two sides of each transfer: the source negative, the target positive';
COMMENT ON COLUMN entry.transfer_id IS 'Transfer';
COMMENT ON COLUMN entry.account_id IS 'Account';
COMMENT ON COLUMN entry.amount_minor IS 'Change of the balance';
COMMENT ON COLUMN entry.account_version IS 'Number of this entry within its person account';
COMMENT ON COLUMN entry.balance_before_minor IS 'Balance before, person accounts only';
COMMENT ON COLUMN entry.balance_after_minor IS 'Balance after, person accounts only';

CREATE TABLE account_roll_up (
    account_id bigint PRIMARY KEY REFERENCES account,
    through_transfer_id bigint NOT NULL,
    balance_minor bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE account_roll_up IS 'Sums of drawer and site accounts up to a transfer, so that reading them stays short';
COMMENT ON COLUMN account_roll_up.account_id IS 'Account';
COMMENT ON COLUMN account_roll_up.through_transfer_id IS 'Last transfer contained';
COMMENT ON COLUMN account_roll_up.balance_minor IS 'Sum of its entries up to there';
COMMENT ON COLUMN account_roll_up.at IS 'When it was made';

CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE ON transfer
    FOR EACH ROW EXECUTE FUNCTION trigger_append_only();
CREATE TRIGGER transfer_no_truncate BEFORE TRUNCATE ON transfer
    FOR EACH STATEMENT EXECUTE FUNCTION trigger_append_only();
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON entry
    FOR EACH ROW EXECUTE FUNCTION trigger_append_only();
CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION trigger_append_only();
