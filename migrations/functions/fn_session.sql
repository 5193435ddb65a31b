-- Who is asking. fn_session stands inside every function that a session may call, so it writes nothing and is one
-- statement: the token's index, then the permission. It needs no look at the operator, because an inactive operator
-- has no live session (trigger_operator_deactivated, and the row lock in fn_login_done).

-- The two limits of a session, in one place: 15 idle minutes at a desk (where a screen shows people's money to
-- whoever stands there), 60 elsewhere, 12 hours in all.
CREATE OR REPLACE FUNCTION fn_session_idle_limit(p_at_desk boolean) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN p_at_desk THEN interval '15 minutes' ELSE interval '60 minutes' END
$$;
COMMENT ON FUNCTION fn_session_idle_limit(boolean) IS 'How long a session may be silent.';

CREATE OR REPLACE FUNCTION fn_session_absolute_limit() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT interval '12 hours'
$$;
COMMENT ON FUNCTION fn_session_absolute_limit() IS 'How long a session may last at all.';

-- Always one row. outcome: ok | unauthenticated | session_locked | forbidden. p_permission: a word of permissions.def; null,
-- 'session' or 'session.locked' means any operator who is logged in. p_even_locked: a locked screen may ask too; only for
-- what it goes on showing, and for the ways out of it.
-- The ids are null when unauthenticated, and set when locked or forbidden.
CREATE OR REPLACE FUNCTION fn_session(p_token_sha256 bytea, p_permission text, p_even_locked boolean DEFAULT false)
RETURNS TABLE (outcome text, operator_id uuid, session_id uuid, desk_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    SELECT CASE WHEN s.locked_at IS NOT NULL AND NOT p_even_locked THEN 'session_locked'
                WHEN p_permission IS NULL OR p_permission IN ('session', 'session.locked') OR EXISTS (
                     SELECT FROM operator_role r JOIN role_permission p ON p.role = r.role
                      WHERE r.operator_id = s.operator_id AND p.permission = p_permission)
                THEN 'ok' ELSE 'forbidden' END, s.operator_id, s.id, s.desk_id
      INTO outcome, operator_id, session_id, desk_id
      FROM session s
     WHERE s.token_sha256 = p_token_sha256 AND s.ended_at IS NULL AND now() < s.expires_at
       AND now() < s.last_seen_at + fn_session_idle_limit(s.desk_id IS NOT NULL);
    IF NOT FOUND THEN
        outcome := 'unauthenticated';
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_session(bytea, text, boolean) IS 'Who a session is and whether it has a permission.';

CREATE OR REPLACE FUNCTION fn_operator_may(p_operator_id uuid, p_permission text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM operator_role r JOIN role_permission p ON p.role = r.role
         WHERE r.operator_id = p_operator_id AND p.permission = p_permission);
END
$$;
COMMENT ON FUNCTION fn_operator_may(uuid, text) IS 'Whether one of the operator''s roles holds the permission.';

-- Stamps last_seen_at at most once a minute: a statement of its own, because a write in every request would make the
-- session row hot and every read a transaction with a commit to wait for. Dead sessions stay dead.
CREATE OR REPLACE FUNCTION fn_session_touch(p_token_sha256 bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE session SET last_seen_at = now()
     WHERE token_sha256 = p_token_sha256 AND ended_at IS NULL AND now() < expires_at
       AND last_seen_at < now() - interval '1 minute'
       AND now() < last_seen_at + fn_session_idle_limit(desk_id IS NOT NULL);
END
$$;
COMMENT ON FUNCTION fn_session_touch(bytea) IS 'Notes that a live session was used; once a minute at most.';

-- Ends sessions of one operator. p_only: this one; p_except: all but this one; both null: all of them.
-- Returns how many were ended.
CREATE OR REPLACE FUNCTION fn_session_end(p_operator_id uuid, p_reason text, p_only uuid, p_except uuid)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_count integer;
BEGIN
    UPDATE session SET ended_at = now(), ended_reason = p_reason
     WHERE operator_id = p_operator_id AND ended_at IS NULL
       AND (p_only IS NULL OR id = p_only) AND id IS DISTINCT FROM p_except;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION fn_session_end(uuid, text, uuid, uuid) IS 'Ends one, all or all other sessions of an operator.';

-- Whoever deactivates an operator, by whatever way, ends their sessions in the same transaction.
CREATE OR REPLACE FUNCTION trigger_operator_deactivated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM fn_session_end(NEW.id, 'deactivated', NULL, NULL);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION trigger_operator_deactivated() IS 'An inactive operator has no live session.';

CREATE OR REPLACE TRIGGER operator_deactivated AFTER UPDATE OF active ON operator
    FOR EACH ROW WHEN (NOT NEW.active) EXECUTE FUNCTION trigger_operator_deactivated();

-- What GET /api/v1/session answers: who, what they may do, where they sit, and when it ends.
CREATE OR REPLACE FUNCTION fn_session_body(p_session_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s session;
    v_desk jsonb;
    v_body jsonb;
BEGIN
    SELECT * INTO STRICT s FROM session WHERE id = p_session_id;
    IF s.desk_id IS NOT NULL THEN
        SELECT jsonb_build_object('id', d.id, 'name', d.name) INTO v_desk FROM desk d WHERE d.id = s.desk_id;
    END IF;
    SELECT jsonb_build_object('id', s.id,
        'operator', jsonb_build_object('id', o.id, 'name', o.name, 'full_name', o.full_name, 'language', o.language),
        'roles', (SELECT coalesce(jsonb_agg(r.role ORDER BY r.role), '[]')
                    FROM operator_role r WHERE r.operator_id = o.id),
        'permissions', (SELECT coalesce(jsonb_agg(DISTINCT p.permission), '[]')
                          FROM operator_role r JOIN role_permission p USING (role) WHERE r.operator_id = o.id),
        'desk', v_desk, 'created_at', s.created_at, 'expires_at', s.expires_at,
        'idle_limit_s', extract(epoch FROM fn_session_idle_limit(s.desk_id IS NOT NULL))::integer)
      INTO v_body FROM operator o WHERE o.id = s.operator_id;
    RETURN v_body;
END
$$;
COMMENT ON FUNCTION fn_session_body(uuid) IS 'A session as the API shows it.';

CREATE OR REPLACE FUNCTION fn_session_read(p_token_sha256 bytea) RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_who record;
BEGIN
    SELECT * INTO v_who FROM fn_session(p_token_sha256, NULL);
    IF v_who.outcome <> 'ok' THEN
        RETURN QUERY SELECT v_who.outcome, NULL::text;
        RETURN;
    END IF;
    PERFORM fn_session_touch(p_token_sha256);
    RETURN QUERY SELECT 'done', fn_session_body(v_who.session_id)::text;
END
$$;
COMMENT ON FUNCTION fn_session_read(bytea) IS 'Who am I: the session of a token, and a stamp that it was used.';

-- Opens a session for an operator whose password was just proven. The session that the same browser had before ends,
-- and its desk goes over to the new one when the new operator may use desks: that is how operators take turns at a
-- desk. An operator keeps at most 20 sessions; the oldest make room.
CREATE OR REPLACE FUNCTION fn_session_open(p_operator_id uuid, p_session_id uuid, p_token_sha256 bytea,
    p_previous_token_sha256 bytea, p_user_agent text, p_ip text, p_request_id text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_desk_id uuid;
BEGIN
    UPDATE session SET ended_at = now(), ended_reason = 'replaced'
     WHERE token_sha256 = p_previous_token_sha256 AND ended_at IS NULL
    RETURNING CASE WHEN now() < expires_at AND now() < last_seen_at + fn_session_idle_limit(desk_id IS NOT NULL)
                        AND fn_operator_may(p_operator_id, 'desks.use') THEN desk_id END
         INTO v_desk_id;
    UPDATE session SET ended_at = now(), ended_reason = 'expired'
     WHERE id IN (SELECT id FROM session WHERE operator_id = p_operator_id AND ended_at IS NULL
                  ORDER BY created_at DESC OFFSET 19);
    INSERT INTO session (id, token_sha256, operator_id, desk_id, expires_at, user_agent, ip)
    VALUES (p_session_id, p_token_sha256, p_operator_id, v_desk_id, now() + fn_session_absolute_limit(),
        left(p_user_agent, 200), left(p_ip, 64));
    UPDATE operator SET last_login_at = now() WHERE id = p_operator_id;
    PERFORM fn_audit(p_operator_id, NULL, 'session.login', 'session', p_session_id::text,
        jsonb_build_object('ip', left(p_ip, 64)), p_request_id);
    RETURN fn_session_body(p_session_id);
END
$$;
COMMENT ON FUNCTION fn_session_open(uuid, uuid, bytea, bytea, text, text, text) IS 'Starts a session after a login.';

-- Nothing opens a locked session again: whoever goes on logs in, which ends it and takes its desk over. A repeat changes
-- nothing.
CREATE OR REPLACE FUNCTION fn_session_lock(p_operator_id uuid, p_session_id uuid, p_request_id text)
RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE session SET locked_at = now() WHERE id = p_session_id AND ended_at IS NULL AND locked_at IS NULL;
    IF FOUND THEN
        PERFORM fn_audit(p_operator_id, NULL, 'session.lock', 'session', p_session_id::text, NULL, p_request_id);
    END IF;
    RETURN QUERY SELECT 'empty', NULL::text;
END
$$;
COMMENT ON FUNCTION fn_session_lock(uuid, uuid, text) IS 'Locks a session: it may only be looked after, logged out, or replaced.';

CREATE OR REPLACE FUNCTION fn_session_logout(p_operator_id uuid, p_session_id uuid, p_everywhere boolean,
    p_request_id text) RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_count integer;
BEGIN
    IF p_everywhere THEN
        v_count := fn_session_end(p_operator_id, 'logout_everywhere', NULL, NULL);
    ELSE
        v_count := fn_session_end(p_operator_id, 'logout', p_session_id, NULL);
    END IF;
    PERFORM fn_audit(p_operator_id, NULL, 'session.logout', 'session', p_session_id::text,
        jsonb_build_object('everywhere', p_everywhere, 'sessions', v_count), p_request_id);
    RETURN QUERY SELECT 'empty', NULL::text;
END
$$;
COMMENT ON FUNCTION fn_session_logout(uuid, uuid, boolean, text) IS 'Ends this session, or all of the operator.';

-- A session chooses its desk (null: leaves it). One live session a desk: another one there must be taken over on
-- purpose; sessions that died of age only free their desk here.
CREATE OR REPLACE FUNCTION fn_session_desk(p_operator_id uuid, p_session_id uuid, p_desk_id uuid, p_take_over boolean,
    p_request_id text) RETURNS TABLE (outcome text, body text, extra text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_other record;
BEGIN
    IF p_desk_id IS NOT NULL THEN
        PERFORM FROM desk WHERE id = p_desk_id AND active FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'not_found', NULL::text, NULL::text;
            RETURN;
        END IF;
        UPDATE session SET ended_at = now(), ended_reason = 'expired'
         WHERE desk_id = p_desk_id AND ended_at IS NULL AND id <> p_session_id
           AND (now() >= expires_at OR now() >= last_seen_at + fn_session_idle_limit(true));
        SELECT s.id, s.operator_id, o.full_name INTO v_other
          FROM session s JOIN operator o ON o.id = s.operator_id
         WHERE s.desk_id = p_desk_id AND s.ended_at IS NULL AND s.id <> p_session_id;
        IF FOUND AND NOT p_take_over THEN
            RETURN QUERY SELECT 'desk_taken', NULL::text,
                jsonb_build_object('operator', jsonb_build_object('full_name', v_other.full_name))::text;
            RETURN;
        ELSIF FOUND THEN
            UPDATE session SET desk_id = NULL WHERE id = v_other.id;
            PERFORM fn_audit(p_operator_id, NULL, 'session.take_over', 'desk', p_desk_id::text,
                jsonb_build_object('from_operator_id', v_other.operator_id), p_request_id);
            PERFORM fn_desk_event(p_desk_id, 'session_taken', (SELECT jsonb_build_object('session_id', v_other.id,
                'by', jsonb_build_object('full_name', full_name)) FROM operator WHERE id = p_operator_id));
        END IF;
    END IF;
    UPDATE session SET desk_id = p_desk_id, last_seen_at = now() WHERE id = p_session_id;
    PERFORM fn_audit(p_operator_id, NULL, 'session.desk', 'desk', p_desk_id::text, NULL, p_request_id);
    RETURN QUERY SELECT 'done', fn_session_body(p_session_id)::text, NULL::text;
END
$$;
COMMENT ON FUNCTION fn_session_desk(uuid, uuid, uuid, boolean, text) IS 'Chooses, takes over or leaves a desk.';
