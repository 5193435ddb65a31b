-- Desk acts on cards: operations, their legs, epochs, fences and plans, and the answers kept for repeats.

CREATE TABLE operation (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('issue', 'recharge', 'withdraw')),
    state text NOT NULL CHECK (state IN ('prepared', 'writing', 'in_doubt', 'completed', 'aborted')),
    cancel_requested_at timestamptz,
    card_id uuid NOT NULL REFERENCES card,
    uid bytea NOT NULL,
    person_id uuid NOT NULL REFERENCES person,
    desk_id uuid NOT NULL REFERENCES desk,
    operator_id uuid NOT NULL REFERENCES operator,
    presentation_id uuid NOT NULL REFERENCES presentation,
    reverses uuid REFERENCES operation,
    reason text CHECK (char_length(reason) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    handed_at timestamptz,
    finished_at timestamptz,
    CHECK ((finished_at IS NULL) = (state IN ('prepared', 'writing', 'in_doubt')))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX operation_open ON operation (uid) WHERE finished_at IS NULL;
CREATE UNIQUE INDEX operation_reverses ON operation (reverses) WHERE reverses IS NOT NULL AND state <> 'aborted';
CREATE INDEX operation_writing ON operation (handed_at) WHERE state = 'writing';
CREATE INDEX operation_card ON operation (card_id, id);
CREATE INDEX operation_person ON operation (person_id, id);
COMMENT ON TABLE operation IS 'One desk act on a card = one Idempotency-Key';
COMMENT ON COLUMN operation.id IS 'The Idempotency-Key (UUIDv7)';
COMMENT ON COLUMN operation.kind IS 'issue, recharge or withdraw';
COMMENT ON COLUMN operation.state IS 'prepared: nothing can be on the card; writing; in_doubt; completed; aborted';
COMMENT ON COLUMN operation.cancel_requested_at IS 'When a void was asked for: no new plan after it';
COMMENT ON COLUMN operation.card_id IS 'Card';
COMMENT ON COLUMN operation.uid IS 'Its chip';
COMMENT ON COLUMN operation.person_id IS 'Holder';
COMMENT ON COLUMN operation.desk_id IS 'Desk whose drawer it concerns';
COMMENT ON COLUMN operation.operator_id IS 'Who';
COMMENT ON COLUMN operation.presentation_id IS 'The reading the screen showed';
COMMENT ON COLUMN operation.reverses IS 'Operation it undoes';
COMMENT ON COLUMN operation.reason IS 'Reason given for an undo';
COMMENT ON COLUMN operation.created_at IS 'When it was prepared';
COMMENT ON COLUMN operation.handed_at IS 'When its newest plan was handed out';
COMMENT ON COLUMN operation.finished_at IS 'When its last leg was decided';

CREATE TABLE leg (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    operation_id uuid NOT NULL REFERENCES operation,
    purse text CHECK (purse IN ('consumption', 'water', 'times')),
    state text NOT NULL DEFAULT 'P' CHECK (state IN ('P', 'C', 'X')),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    debt_minor bigint NOT NULL DEFAULT 0 CHECK (debt_minor BETWEEN 0 AND amount_minor),
    price_minor bigint NOT NULL DEFAULT 0 CHECK (price_minor >= 0),
    spent_from_transit_minor bigint NOT NULL DEFAULT 0 CHECK (spent_from_transit_minor BETWEEN 0 AND amount_minor),
    decided_by text CHECK (decided_by IN ('report', 'presentation', 'refresh', 'burnt', 'fence', 'scrapped', 'no_write')),
    decided_at timestamptz,
    CHECK ((state = 'P') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX leg_operation ON leg (operation_id);
CREATE UNIQUE INDEX leg_once ON leg (operation_id, coalesce(purse, ''));
COMMENT ON TABLE leg IS 'The part of an operation that concerns one purse; P pending, C on the card, X never will be';
COMMENT ON COLUMN leg.id IS 'Id';
COMMENT ON COLUMN leg.operation_id IS 'Operation';
COMMENT ON COLUMN leg.purse IS 'Purse; null: the whole card (issue)';
COMMENT ON COLUMN leg.state IS 'P, C or X; decided once, by evidence';
COMMENT ON COLUMN leg.amount_minor IS 'Amount in minor units, or times';
COMMENT ON COLUMN leg.debt_minor IS 'Part of a recharge that pays the debt and does not go on the card';
COMMENT ON COLUMN leg.price_minor IS 'Money taken or given for times';
COMMENT ON COLUMN leg.spent_from_transit_minor IS 'Part of an open withdrawal that a drop on the card has used up';
COMMENT ON COLUMN leg.decided_by IS 'Kind of evidence that decided it';
COMMENT ON COLUMN leg.decided_at IS 'When';

CREATE TABLE fence (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    operation_id uuid REFERENCES operation,
    uid bytea NOT NULL,
    state text NOT NULL DEFAULT 'P' CHECK (state IN ('P', 'C')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX fence_operation ON fence (operation_id);
CREATE INDEX fence_maintenance ON fence (uid) WHERE operation_id IS NULL;
COMMENT ON TABLE fence IS 'A write without change of value that proves older legs can never reach the card';
COMMENT ON COLUMN fence.id IS 'Id';
COMMENT ON COLUMN fence.operation_id IS 'Operation it voids; null: maintenance, it only brings the epochs forward';
COMMENT ON COLUMN fence.uid IS 'Chip';
COMMENT ON COLUMN fence.state IS 'P, or C: seen on the card';
COMMENT ON COLUMN fence.created_at IS 'When';

CREATE TABLE epoch (
    uid bytea NOT NULL,
    purse text NOT NULL CHECK (purse IN ('consumption', 'water', 'times')),
    epoch_no bigint NOT NULL CHECK (epoch_no > 0),
    opening_minor bigint NOT NULL CHECK (opening_minor >= 0),
    opening_stored_minor bigint NOT NULL CHECK (opening_stored_minor BETWEEN 0 AND opening_minor),
    leg_id uuid REFERENCES leg,
    fence_id uuid REFERENCES fence,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'proven', 'void')),
    lowest_minor bigint CHECK (lowest_minor BETWEEN 0 AND opening_minor),
    PRIMARY KEY (uid, purse, epoch_no),
    CHECK ((leg_id IS NULL) <> (fence_id IS NULL)),
    CHECK ((lowest_minor IS NOT NULL) = (state = 'proven'))
) WITH (fillfactor = 70);
CREATE INDEX epoch_leg ON epoch (leg_id) WHERE leg_id IS NOT NULL;
CREATE INDEX epoch_fence ON epoch (fence_id) WHERE fence_id IS NOT NULL;
COMMENT ON TABLE epoch IS 'Every epoch number ever allocated: one epoch has one T and S for ever';
COMMENT ON COLUMN epoch.uid IS 'Chip';
COMMENT ON COLUMN epoch.purse IS 'Purse';
COMMENT ON COLUMN epoch.epoch_no IS 'Number; on the card it is this mod 256';
COMMENT ON COLUMN epoch.opening_minor IS 'T: value with which it opens';
COMMENT ON COLUMN epoch.opening_stored_minor IS 'S: stored part of T';
COMMENT ON COLUMN epoch.leg_id IS 'Leg it belongs to';
COMMENT ON COLUMN epoch.fence_id IS 'Fence it belongs to';
COMMENT ON COLUMN epoch.lowest_minor IS 'L: lowest value proven in it; null unless proven';
COMMENT ON COLUMN epoch.state IS 'open; proven: was on the card; void: never was and never may be';

CREATE TABLE plan (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('operation', 'fence', 'refresh')),
    operation_id uuid REFERENCES operation,
    uid bytea NOT NULL,
    agent_id uuid NOT NULL REFERENCES agent,
    desk_id uuid NOT NULL REFERENCES desk,
    run bytea NOT NULL CHECK (octet_length(run) = 16),
    presentation_id uuid NOT NULL REFERENCES presentation,
    attempt integer NOT NULL,
    request jsonb NOT NULL,
    handed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    result text CHECK (result IN ('written', 'unknown', 'burnt')),
    reason text,
    reported_at timestamptz,
    burnt_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX plan_operation ON plan (operation_id);
CREATE INDEX plan_open ON plan (desk_id) WHERE reported_at IS NULL;
CREATE UNIQUE INDEX plan_presentation ON plan (presentation_id);
COMMENT ON TABLE plan IS 'What an agent was told to do to one card; committed before it is built. No keys, no writes';
COMMENT ON COLUMN plan.id IS 'Id (UUIDv7)';
COMMENT ON COLUMN plan.kind IS 'operation, fence or refresh';
COMMENT ON COLUMN plan.operation_id IS 'Operation it serves; null: a maintenance fence';
COMMENT ON COLUMN plan.uid IS 'Chip';
COMMENT ON COLUMN plan.agent_id IS 'Agent it is sealed for';
COMMENT ON COLUMN plan.desk_id IS 'Its desk';
COMMENT ON COLUMN plan.run IS 'The one run of the one process that may start or burn it';
COMMENT ON COLUMN plan.presentation_id IS 'The reading its guard compares with; one plan a reading';
COMMENT ON COLUMN plan.attempt IS 'Counts the plans of its operation';
COMMENT ON COLUMN plan.request IS 'Legs, epochs and terms it was built from: the same row gives the same bytes';
COMMENT ON COLUMN plan.handed_at IS 'When it was handed out first';
COMMENT ON COLUMN plan.sent_at IS 'When it was sent last';
COMMENT ON COLUMN plan.result IS 'What its run reported first';
COMMENT ON COLUMN plan.reason IS 'Why, in the agent''s word';
COMMENT ON COLUMN plan.reported_at IS 'When';
COMMENT ON COLUMN plan.burnt_at IS 'When its run said it never was and never will be started';

CREATE TABLE idempotency (
    principal uuid NOT NULL,
    key uuid NOT NULL,
    request_sha256 bytea NOT NULL CHECK (octet_length(request_sha256) = 32),
    status smallint NOT NULL,
    response jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);
COMMENT ON TABLE idempotency IS 'First answers of acts on money, for 30 days; a repeat gets the same';
COMMENT ON COLUMN idempotency.principal IS 'Operator who sent it';
COMMENT ON COLUMN idempotency.key IS 'Idempotency-Key';
COMMENT ON COLUMN idempotency.request_sha256 IS 'Hash of method, path and canonical body';
COMMENT ON COLUMN idempotency.status IS 'HTTP status of the first answer';
COMMENT ON COLUMN idempotency.response IS 'Body of the first answer';
COMMENT ON COLUMN idempotency.created_at IS 'When';
