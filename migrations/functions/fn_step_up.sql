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
