-- Who is asking. fn_session stands inside every function that a session may call, so it writes nothing and costs one
-- index lookup on the token, the operator's row and one lookup of the permission.

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

-- Always one row. outcome: ok | unauthenticated | forbidden. p_permission: a word of permissions.def; null or
-- 'session' means any operator who is logged in.
-- The ids are null when unauthenticated, and set when forbidden, so that the audit can name who tried.
CREATE OR REPLACE FUNCTION fn_session(p_token_sha256 bytea, p_permission text)
RETURNS TABLE (outcome text, operator_id uuid, session_id uuid, desk_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    SELECT 'ok', s.operator_id, s.id, s.desk_id INTO outcome, operator_id, session_id, desk_id
      FROM session s JOIN operator o ON o.id = s.operator_id
     WHERE s.token_sha256 = p_token_sha256 AND s.ended_at IS NULL AND o.active AND now() < s.expires_at
       AND now() < s.last_seen_at + fn_session_idle_limit(s.desk_id IS NOT NULL);
    IF NOT FOUND THEN
        outcome := 'unauthenticated';
    ELSIF p_permission IS NOT NULL AND p_permission <> 'session' AND NOT fn_operator_may(operator_id, p_permission) THEN
        outcome := 'forbidden';
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_session(bytea, text) IS 'Who a session is and whether it has a permission.';

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
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE session SET last_seen_at = now()
     WHERE token_sha256 = p_token_sha256 AND ended_at IS NULL AND now() < expires_at
       AND last_seen_at < now() - interval '1 minute'
       AND now() < last_seen_at + fn_session_idle_limit(desk_id IS NOT NULL)
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
