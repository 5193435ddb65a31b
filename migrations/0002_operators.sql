-- Operators, what they may do, their sessions, the grants of a second password, and the audit trail.
-- Everything here names people who work with the system; card holders are in 0003.

CREATE FUNCTION trigger_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'table % only takes new rows (% refused)', TG_TABLE_NAME, TG_OP USING ERRCODE = '42501';
END
$$;
COMMENT ON FUNCTION trigger_append_only() IS
    'Refuses UPDATE, DELETE and TRUNCATE on tables of record, for the owner by mistake too.';

CREATE TABLE role (
    name text PRIMARY KEY CHECK (name ~ '^[a-z]{2,20}$')
);
COMMENT ON TABLE role IS 'The fixed set of roles; an operator has one or more.';
COMMENT ON COLUMN role.name IS 'Machine word of the role; the screens translate it.';

CREATE TABLE role_permission (
    role text NOT NULL REFERENCES role,
    permission text NOT NULL CHECK (permission ~ '^[a-z_]+(\.[a-z_]+)?$'),
    PRIMARY KEY (role, permission)
);
COMMENT ON TABLE role_permission IS 'What each role may do. Words are those of server/base/permissions.def.';
COMMENT ON COLUMN role_permission.role IS 'The role.';
COMMENT ON COLUMN role_permission.permission IS 'One permission word, such as people.read.';

INSERT INTO role (name) VALUES ('cashier'), ('supervisor'), ('hr'), ('finance'), ('technician'), ('admin');

INSERT INTO role_permission (role, permission)
SELECT grants.role, word
FROM (VALUES
    ('cashier', 'people.read people.write cards.read cards.issue money desks.use settings.read transactions.read '
        || 'cases.read training'),
    ('supervisor', 'people.read people.write cards.read cards.issue money money.reverse_any desks.use settings.read '
        || 'transactions.read cases.read cases.close audit.read training'),
    ('hr', 'people.read people.write cards.read settings.read'),
    ('finance', 'people.read cards.read transactions.read settings.read cases.read audit.read'),
    ('technician', 'cards.read desks.use desks.manage settings.read training'),
    ('admin', 'people.read people.write cards.read cards.issue money money.reverse_any desks.manage desks.use '
        || 'settings.read settings.write operators.manage audit.read transactions.read cases.read cases.close training')
) AS grants (role, words), unnest(string_to_array(grants.words, ' ')) AS word;

CREATE TABLE operator (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    full_name text NOT NULL CHECK (char_length(full_name) BETWEEN 1 AND 120),
    password_hash text CHECK (password_hash ~ '^\$argon2id\$'),
    active boolean NOT NULL DEFAULT true,
    language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'zh-CN')),
    last_login_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX operator_name_key ON operator (lower(name));
COMMENT ON TABLE operator IS 'A person who logs in. Rows are never deleted: the books and the audit trail name them.';
COMMENT ON COLUMN operator.id IS 'Public id, a UUIDv7 made by the server.';
COMMENT ON COLUMN operator.name IS 'Login name, unique whatever the letter case.';
COMMENT ON COLUMN operator.full_name IS 'Name on screens and receipts.';
COMMENT ON COLUMN operator.password_hash IS 'argon2id string of libsodium; null until the first password is chosen by a link.';
COMMENT ON COLUMN operator.active IS 'False: cannot log in, and sessions were ended.';
COMMENT ON COLUMN operator.language IS 'Language of the screens, a BCP 47 tag we have texts for.';
COMMENT ON COLUMN operator.last_login_at IS 'Last successful login.';
COMMENT ON COLUMN operator.created_at IS 'When the operator was made.';
COMMENT ON COLUMN operator.version IS 'Counts changes of the row or its roles; the ETag.';

CREATE TABLE operator_role (
    operator_id uuid NOT NULL REFERENCES operator,
    role text NOT NULL REFERENCES role,
    PRIMARY KEY (operator_id, role)
);
COMMENT ON TABLE operator_role IS 'The roles given to an operator.';
COMMENT ON COLUMN operator_role.operator_id IS 'The operator.';
COMMENT ON COLUMN operator_role.role IS 'The role.';

CREATE TABLE session (
    id uuid PRIMARY KEY,
    token_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(token_sha256) = 32),
    operator_id uuid NOT NULL REFERENCES operator,
    desk_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_reason text CHECK (ended_reason IN ('logout', 'logout_everywhere', 'deactivated', 'password_changed',
        'roles_changed', 'replaced', 'expired')),
    user_agent text CHECK (char_length(user_agent) <= 200),
    ip text CHECK (char_length(ip) <= 64),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX session_live_operator ON session (operator_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX session_live_desk_key ON session (desk_id) WHERE ended_at IS NULL AND desk_id IS NOT NULL;
COMMENT ON TABLE session IS 'One login of one browser. Ended rows stay for the audit.';
COMMENT ON COLUMN session.id IS 'Id of the session, safe to show; it opens nothing.';
COMMENT ON COLUMN session.token_sha256 IS 'SHA-256 of the cookie''s bytes as sent; the cookie itself is nowhere stored.';
COMMENT ON COLUMN session.operator_id IS 'Who logged in.';
COMMENT ON COLUMN session.desk_id IS 'The desk this session has chosen; one live session a desk.';
COMMENT ON COLUMN session.created_at IS 'Login time.';
COMMENT ON COLUMN session.last_seen_at IS 'Last request, stamped at most once a minute.';
COMMENT ON COLUMN session.expires_at IS 'Absolute end, 12 hours after login.';
COMMENT ON COLUMN session.ended_at IS 'When it was ended on purpose; null while it may live.';
COMMENT ON COLUMN session.ended_reason IS 'Why it was ended.';
COMMENT ON COLUMN session.user_agent IS 'The browser''s name for itself, cut to 200 characters.';
COMMENT ON COLUMN session.ip IS 'Address the login came from.';

CREATE TABLE setup_link (
    token_sha256 bytea PRIMARY KEY CHECK (octet_length(token_sha256) = 32),
    operator_id uuid REFERENCES operator,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX setup_link_operator ON setup_link (operator_id) WHERE used_at IS NULL;
COMMENT ON TABLE setup_link IS 'One-time links: the first administrator, or a new password for one operator.';
COMMENT ON COLUMN setup_link.token_sha256 IS 'SHA-256 of the token in the link.';
COMMENT ON COLUMN setup_link.operator_id IS 'Whose password it sets; null: it creates the first administrator.';
COMMENT ON COLUMN setup_link.created_at IS 'When it was printed.';
COMMENT ON COLUMN setup_link.expires_at IS 'Until when it works.';
COMMENT ON COLUMN setup_link.used_at IS 'When it was used or withdrawn.';

CREATE TABLE step_up (
    token_sha256 bytea PRIMARY KEY CHECK (octet_length(token_sha256) = 32),
    session_id uuid NOT NULL REFERENCES session,
    operator_id uuid NOT NULL REFERENCES operator,
    purpose text NOT NULL CHECK (char_length(purpose) BETWEEN 1 AND 40),
    operation_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX step_up_session ON step_up (session_id);
COMMENT ON TABLE step_up IS 'Grants got by typing the password again: one operation, one use, two minutes.';
COMMENT ON COLUMN step_up.token_sha256 IS 'SHA-256 of the grant''s token.';
COMMENT ON COLUMN step_up.session_id IS 'The session it was given to; no other may use it.';
COMMENT ON COLUMN step_up.operator_id IS 'Whose password was typed.';
COMMENT ON COLUMN step_up.purpose IS 'The act the screen asked for, for the audit.';
COMMENT ON COLUMN step_up.operation_id IS 'The one operation it opens: the Idempotency-Key of the coming request.';
COMMENT ON COLUMN step_up.created_at IS 'When the password was typed.';
COMMENT ON COLUMN step_up.expires_at IS 'Until when it can be used.';
COMMENT ON COLUMN step_up.used_at IS 'When it was used.';

CREATE TABLE login_attempt (
    kind text NOT NULL CHECK (kind IN ('name', 'unknown', 'address')),
    subject text NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 64),
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    last_at timestamptz NOT NULL DEFAULT now(),
    locked_until timestamptz,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX login_attempt_last_at ON login_attempt (last_at);
COMMENT ON TABLE login_attempt IS 'Wrong passwords by login name (known or not) and by address; drives the back-off, bounded in rows and age.';
COMMENT ON COLUMN login_attempt.kind IS 'name, address, or unknown: names nobody has, in 4096 buckets.';
COMMENT ON COLUMN login_attempt.subject IS 'The folded name, the address (IPv6: its /64), or the bucket.';
COMMENT ON COLUMN login_attempt.failures IS 'Tries not yet forgotten; a try counts before its password is checked.';
COMMENT ON COLUMN login_attempt.last_at IS 'The last try.';
COMMENT ON COLUMN login_attempt.locked_until IS 'No try is looked at before this moment.';

CREATE TABLE audit (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    operator_id uuid,
    agent_id uuid,
    api_key_id uuid,
    action text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    subject_kind text CHECK (subject_kind ~ '^[a-z_]{1,40}$'),
    subject_id text CHECK (char_length(subject_id) <= 64),
    detail jsonb NOT NULL DEFAULT '{}',
    request_id text CHECK (char_length(request_id) <= 64)
);
CREATE INDEX audit_subject ON audit (subject_kind, subject_id, no);
CREATE INDEX audit_operator ON audit (operator_id, no);
CREATE INDEX audit_at ON audit (at);
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION trigger_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION trigger_append_only();
COMMENT ON TABLE audit IS 'Who did what to whom. Only ever added to. Ids without foreign keys: a row must never wait for a lock.';
COMMENT ON COLUMN audit.no IS 'Order of writing; gaps are possible.';
COMMENT ON COLUMN audit.at IS 'When.';
COMMENT ON COLUMN audit.operator_id IS 'The operator, if one acted.';
COMMENT ON COLUMN audit.agent_id IS 'The desk agent, if one acted.';
COMMENT ON COLUMN audit.api_key_id IS 'The API key, if one acted.';
COMMENT ON COLUMN audit.action IS 'noun.verb, such as operator.create.';
COMMENT ON COLUMN audit.subject_kind IS 'Kind of the thing acted on.';
COMMENT ON COLUMN audit.subject_id IS 'Its id.';
COMMENT ON COLUMN audit.detail IS 'What changed; never a password, key or card block.';
COMMENT ON COLUMN audit.request_id IS 'Request id, as in the log and in error answers.';
