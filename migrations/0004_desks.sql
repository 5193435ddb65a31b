-- Desks, their agents and pairings, the card lying on each reader, and what desks are told.

CREATE TABLE desk (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 60),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE desk IS 'A cashier''s place: one reader, one drawer';
COMMENT ON COLUMN desk.id IS 'Id made by the caller (UUIDv7)';
COMMENT ON COLUMN desk.name IS 'Name on screens and receipts';
COMMENT ON COLUMN desk.active IS 'False: retired; its history stays';
COMMENT ON COLUMN desk.created_at IS 'When it was made';
COMMENT ON COLUMN desk.version IS 'Counts changes; the ETag';
ALTER TABLE session ADD FOREIGN KEY (desk_id) REFERENCES desk;

CREATE TABLE agent (
    id uuid PRIMARY KEY,
    desk_id uuid NOT NULL REFERENCES desk,
    key_sealed bytea NOT NULL,
    simulated boolean NOT NULL,
    host text NOT NULL DEFAULT '' CHECK (char_length(host) <= 120),
    paired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    paired_by uuid REFERENCES operator,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX agent_one_a_desk ON agent (desk_id) WHERE revoked_at IS NULL;
COMMENT ON TABLE agent IS 'A paired desk program; at most one that counts per desk';
COMMENT ON COLUMN agent.id IS 'Id given at pairing';
COMMENT ON COLUMN agent.desk_id IS 'Desk it serves';
COMMENT ON COLUMN agent.key_sealed IS 'Its 32-byte pairing key in a secretbox under a branch of the site key: nonce and box';
COMMENT ON COLUMN agent.simulated IS 'Whether its reader is simulated (training sites only)';
COMMENT ON COLUMN agent.host IS 'Name of the machine it runs on';
COMMENT ON COLUMN agent.paired_at IS 'When it was paired';
COMMENT ON COLUMN agent.paired_by IS 'Who made the code';
COMMENT ON COLUMN agent.revoked_at IS 'When it was replaced or revoked';

CREATE TABLE pairing (
    id uuid PRIMARY KEY,
    desk_id uuid NOT NULL REFERENCES desk,
    code_sha256 bytea NOT NULL,
    created_by uuid REFERENCES operator,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    wrong_tries smallint NOT NULL DEFAULT 0,
    used_at timestamptz
);
CREATE INDEX pairing_code ON pairing (code_sha256) WHERE used_at IS NULL;
COMMENT ON TABLE pairing IS 'One-time codes that pair an agent with a desk';
COMMENT ON COLUMN pairing.id IS 'Id';
COMMENT ON COLUMN pairing.desk_id IS 'Desk the agent will serve';
COMMENT ON COLUMN pairing.code_sha256 IS 'Hash of the eight characters';
COMMENT ON COLUMN pairing.created_by IS 'Operator who made it';
COMMENT ON COLUMN pairing.created_at IS 'When';
COMMENT ON COLUMN pairing.expires_at IS 'Ten minutes later';
COMMENT ON COLUMN pairing.wrong_tries IS 'Wrong codes typed while it was open; five void it';
COMMENT ON COLUMN pairing.used_at IS 'When an agent used it';

-- What changes at every tap is kept apart from desk, so that updates stay cheap (HOT).
CREATE TABLE desk_live (
    desk_id uuid PRIMARY KEY REFERENCES desk,
    event_no bigint NOT NULL DEFAULT 0,
    run bytea,
    agent_version text,
    reader_state text NOT NULL DEFAULT 'absent' CHECK (reader_state IN ('ok', 'absent', 'silent')),
    reader_name text NOT NULL DEFAULT '',
    agent_seen_at timestamptz,
    agent_online boolean NOT NULL DEFAULT false,
    presence_id uuid,
    presence_kind text CHECK (presence_kind IN ('card', 'two_cards', 'not_supported', 'system_password_missing')),
    read_mode text CHECK (read_mode IN ('known', 'issuing', 'unknown')),
    floor jsonb,
    uid bytea,
    sak smallint,
    presentation_id uuid
) WITH (fillfactor = 50);
COMMENT ON TABLE desk_live IS 'The present of each desk: its agent process, its reader and the card on it';
COMMENT ON COLUMN desk_live.desk_id IS 'Desk';
COMMENT ON COLUMN desk_live.event_no IS 'Number of the newest desk event';
COMMENT ON COLUMN desk_live.run IS 'Random id of the agent process heard last';
COMMENT ON COLUMN desk_live.agent_version IS 'Version of the agent';
COMMENT ON COLUMN desk_live.reader_state IS 'ok, absent (unplugged) or silent, as the agent says';
COMMENT ON COLUMN desk_live.reader_name IS 'Name of the reader';
COMMENT ON COLUMN desk_live.agent_seen_at IS 'When the agent was heard last';
COMMENT ON COLUMN desk_live.agent_online IS 'What the desk was told last about its agent';
COMMENT ON COLUMN desk_live.presence_id IS 'Current presence; null: no card';
COMMENT ON COLUMN desk_live.presence_kind IS 'card; two_cards, not_supported, system_password_missing: nothing was read';
COMMENT ON COLUMN desk_live.read_mode IS 'Which order of keys the read plan of this presence tried';
COMMENT ON COLUMN desk_live.floor IS 'What was proven of each purse when the reading began: a late image is no alarm';
COMMENT ON COLUMN desk_live.uid IS 'UID on the reader';
COMMENT ON COLUMN desk_live.sak IS 'SAK of the card on the reader: tells 1K from 4K';
COMMENT ON COLUMN desk_live.presentation_id IS 'Newest reading of this presence';

CREATE TABLE presentation (
    id uuid PRIMARY KEY,
    desk_id uuid NOT NULL REFERENCES desk,
    presence_id uuid NOT NULL,
    uid bytea NOT NULL,
    state text NOT NULL,
    blocks jsonb NOT NULL,
    sectors jsonb NOT NULL,
    seen jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX presentation_uid ON presentation (uid, at);
COMMENT ON TABLE presentation IS 'One reading of one card at a desk: the evidence';
COMMENT ON COLUMN presentation.id IS 'Id made by the agent (UUIDv7)';
COMMENT ON COLUMN presentation.desk_id IS 'Where';
COMMENT ON COLUMN presentation.presence_id IS 'The presence it belongs to';
COMMENT ON COLUMN presentation.uid IS 'UID of the card';
COMMENT ON COLUMN presentation.state IS 'What the card is: card, blank, foreign, half_issued, unreadable';
COMMENT ON COLUMN presentation.blocks IS 'Data blocks by physical number, hex; never trailers';
COMMENT ON COLUMN presentation.sectors IS 'By physical sector: result and the key kind that opened it';
COMMENT ON COLUMN presentation.seen IS 'By purse: verdict, epoch_no and value';
COMMENT ON COLUMN presentation.at IS 'When the server took it in';

CREATE TABLE desk_event (
    desk_id uuid NOT NULL REFERENCES desk,
    no bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('card_present', 'card_removed', 'operation', 'agent_online', 'agent_offline',
                                       'session_taken', 'enrol_swipe', 'progress')),
    body jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (desk_id, no)
);
CREATE INDEX desk_event_at ON desk_event (at);
COMMENT ON TABLE desk_event IS 'What a desk''s screen is told, in order, kept one hour; no keys, no card blocks';
COMMENT ON COLUMN desk_event.desk_id IS 'Desk';
COMMENT ON COLUMN desk_event.no IS 'Gapless number per desk; the SSE id';
COMMENT ON COLUMN desk_event.kind IS 'Kind of event';
COMMENT ON COLUMN desk_event.body IS 'What the screen needs';
COMMENT ON COLUMN desk_event.at IS 'When';
