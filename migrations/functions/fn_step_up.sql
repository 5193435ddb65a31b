-- Grants of a second password. A money function asks fn_step_up_valid among its checks and calls fn_step_up_use when
-- it writes, so that a refusal for another reason does not spend the grant.

CREATE OR REPLACE FUNCTION fn_step_up_valid(p_token_sha256 bytea, p_session_id uuid, p_operation_id uuid)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM step_up
         WHERE token_sha256 = p_token_sha256 AND session_id = p_session_id AND operation_id = p_operation_id
           AND used_at IS NULL AND now() < expires_at);
END
$$;
COMMENT ON FUNCTION fn_step_up_valid(bytea, uuid, uuid) IS 'Whether a grant would be taken now; spends nothing.';

-- True exactly once for a grant; two callers at the same instant wait for each other on the row.
CREATE OR REPLACE FUNCTION fn_step_up_use(p_token_sha256 bytea, p_session_id uuid, p_operation_id uuid)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE step_up SET used_at = now()
     WHERE token_sha256 = p_token_sha256 AND session_id = p_session_id AND operation_id = p_operation_id
       AND used_at IS NULL AND now() < expires_at;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION fn_step_up_use(bytea, uuid, uuid) IS 'Spends a grant: same session, same operation, once, within two minutes.';

-- Writes a grant after the password was checked. Grants that ran out unused are swept here, so a session never owns
-- more than those of two minutes.
CREATE OR REPLACE FUNCTION fn_step_up_grant(p_operator_id uuid, p_session_id uuid, p_token_sha256 bytea,
    p_purpose text, p_operation_id uuid, p_request_id text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_expires_at timestamptz := now() + interval '2 minutes';
BEGIN
    DELETE FROM step_up WHERE session_id = p_session_id AND (expires_at < now() OR used_at IS NOT NULL);
    INSERT INTO step_up (token_sha256, session_id, operator_id, purpose, operation_id, expires_at)
    VALUES (p_token_sha256, p_session_id, p_operator_id, p_purpose, p_operation_id, v_expires_at);
    PERFORM fn_audit(p_operator_id, NULL, 'session.step_up', 'operation', p_operation_id::text,
        jsonb_build_object('purpose', p_purpose), p_request_id);
    RETURN v_expires_at;
END
$$;
COMMENT ON FUNCTION fn_step_up_grant(uuid, uuid, bytea, text, uuid, text) IS 'Notes a grant for one operation, two minutes.';
