-- Cards, their purses as last proven, and the cases a contradiction opens.

CREATE SEQUENCE card_no_seq AS bigint MINVALUE 1 MAXVALUE 4294967295 START 100001 NO CYCLE;

CREATE TABLE card (
    id uuid PRIMARY KEY,
    uid bytea NOT NULL CHECK (octet_length(uid) IN (4, 7, 10)),
    chip text NOT NULL CHECK (chip IN ('1k', '4k')),
    card_no bigint NOT NULL UNIQUE CHECK (card_no BETWEEN 1 AND 4294967295),
    printed_no text CHECK (char_length(printed_no) BETWEEN 1 AND 40),
    person_id uuid NOT NULL REFERENCES person,
    key_version smallint NOT NULL REFERENCES site_key,
    start_sector smallint NOT NULL,
    has_purses boolean NOT NULL DEFAULT true,
    state text NOT NULL CHECK (state IN ('issuing', 'active', 'damaged', 'lost', 'replaced', 'cancelled', 'scrapped')),
    block text CHECK (block IN ('case', 'leaver', 'holder')),
    issued_on date NOT NULL,
    expires_on date,
    ledger_version bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX card_uid_in_use ON card (uid) WHERE state IN ('issuing', 'active', 'damaged', 'lost');
CREATE INDEX card_uid ON card (uid, created_at);
CREATE UNIQUE INDEX card_purse_card_a_person ON card (person_id)
    WHERE has_purses AND state IN ('issuing', 'active', 'damaged', 'lost');
CREATE INDEX card_person ON card (person_id);
CREATE INDEX card_printed_no ON card (printed_no);
COMMENT ON TABLE card IS 'One row per issuing of a physical card';
COMMENT ON COLUMN card.id IS 'Id; the same as its issue operation';
COMMENT ON COLUMN card.uid IS 'Serial number of the chip';
COMMENT ON COLUMN card.chip IS 'MIFARE Classic 1k or 4k';
COMMENT ON COLUMN card.card_no IS 'Issue number (u32), given once, never reused';
COMMENT ON COLUMN card.printed_no IS 'What stands on the plastic';
COMMENT ON COLUMN card.person_id IS 'Holder';
COMMENT ON COLUMN card.key_version IS 'Site key version its keys come from';
COMMENT ON COLUMN card.start_sector IS 'Physical sector of logical sector 0';
COMMENT ON COLUMN card.has_purses IS 'False: a temporary second card without purses';
COMMENT ON COLUMN card.state IS 'Stored state; blank, foreign, expired and in doubt are computed';
COMMENT ON COLUMN card.block IS 'Why no service is given: case, leaver or holder';
COMMENT ON COLUMN card.issued_on IS 'Day of issue, as written on the card';
COMMENT ON COLUMN card.expires_on IS 'Last valid day; null: never expires';
COMMENT ON COLUMN card.ledger_version IS 'Counts what was learnt about this card; evidence merged against an older count is stale';
COMMENT ON COLUMN card.version IS 'Counts changes; the ETag';
COMMENT ON COLUMN card.created_at IS 'When the issue was prepared';

CREATE TABLE card_purse (
    uid bytea NOT NULL,
    purse text NOT NULL CHECK (purse IN ('consumption', 'water', 'times')),
    committed_no bigint NOT NULL,
    highest_no bigint NOT NULL,
    opening_minor bigint NOT NULL CHECK (opening_minor >= 0),
    opening_stored_minor bigint NOT NULL CHECK (opening_stored_minor BETWEEN 0 AND opening_minor),
    lowest_minor bigint NOT NULL CHECK (lowest_minor >= 0),
    lowest_ordered_minor bigint NOT NULL,
    PRIMARY KEY (uid, purse),
    CHECK (highest_no >= committed_no AND lowest_minor <= lowest_ordered_minor AND lowest_ordered_minor <= opening_minor)
) WITH (fillfactor = 50);
COMMENT ON TABLE card_purse IS 'The newest proven state of each purse of each chip';
COMMENT ON COLUMN card_purse.uid IS 'Chip; epochs go on counting over re-issues';
COMMENT ON COLUMN card_purse.purse IS 'consumption (stored and subsidy), water or times';
COMMENT ON COLUMN card_purse.committed_no IS 'Newest proven epoch number c; its byte on the card is c mod 256';
COMMENT ON COLUMN card_purse.highest_no IS 'Highest epoch number allocated; at most c + 100';
COMMENT ON COLUMN card_purse.opening_minor IS 'T: balance when epoch c opened';
COMMENT ON COLUMN card_purse.opening_stored_minor IS 'S: stored part of T';
COMMENT ON COLUMN card_purse.lowest_minor IS 'L: lowest value proven in epoch c';
COMMENT ON COLUMN card_purse.lowest_ordered_minor IS 'Lowest value proven by acknowledged writes and sure records alone: a marginal slot cannot undercut it';

CREATE TABLE card_case (
    id uuid PRIMARY KEY,
    uid bytea NOT NULL,
    card_id uuid REFERENCES card,
    purse text,
    kind text NOT NULL CHECK (kind IN ('rollback', 'value_rose', 'ledger_behind', 'voided_on_card', 'burnt_but_written',
                                       'ceiling', 'below_zero', 'bad_mac', 'record_conflict', 'identity')),
    evidence jsonb NOT NULL,
    presentation_id uuid,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz,
    closed_by uuid REFERENCES operator,
    closed_reason text CHECK (char_length(closed_reason) BETWEEN 3 AND 400),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (closed_reason IS NULL))
);
CREATE INDEX card_case_open ON card_case (uid) WHERE closed_at IS NULL;
CREATE INDEX card_case_card ON card_case (card_id);
CREATE UNIQUE INDEX card_case_once ON card_case (uid, kind, coalesce(purse, '')) WHERE closed_at IS NULL;
COMMENT ON TABLE card_case IS 'A card that contradicts the books, with the evidence; it is locked until a supervisor closes the case';
COMMENT ON COLUMN card_case.id IS 'Id';
COMMENT ON COLUMN card_case.uid IS 'Chip';
COMMENT ON COLUMN card_case.card_id IS 'Card, if known';
COMMENT ON COLUMN card_case.purse IS 'Purse concerned';
COMMENT ON COLUMN card_case.kind IS 'What contradicts';
COMMENT ON COLUMN card_case.evidence IS 'What the card showed and what was booked';
COMMENT ON COLUMN card_case.presentation_id IS 'The reading that showed it';
COMMENT ON COLUMN card_case.opened_at IS 'When';
COMMENT ON COLUMN card_case.closed_at IS 'When a supervisor closed it';
COMMENT ON COLUMN card_case.closed_by IS 'Who';
COMMENT ON COLUMN card_case.closed_reason IS 'Why; closing moves no money';
