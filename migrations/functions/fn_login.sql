-- Wrong passwords and the waiting they cost. A try is counted before its password is looked at, so that many tries at
-- the same instant cannot slip past; a right password takes the count back.
--   by name     from the 5th try on: 5 s, 10 s, 20 s … 15 min; forgotten after a day without a try
--   by address  a bucket of 20 wrong tries that refills by one each 30 s
-- Names nobody has are counted in 4096 buckets, so that they behave like real ones and the table stays small.

-- By name at a login, by id when an operator who is logged in types the password again (p_name is null then).
-- outcome: done | login_locked. The operator's columns are null for a name nobody has, and password_hash for one
-- without a password: the caller then checks against nothing, so that it takes the same time.
CREATE OR REPLACE FUNCTION fn_login_begin(p_name text, p_operator_id uuid, p_address text)
RETURNS TABLE (outcome text, retry_after_s integer, operator_id uuid, password_hash text, name text, full_name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    o operator;
    v_wait interval;
BEGIN
    DELETE FROM login_attempt
     WHERE (kind, subject) IN (SELECT kind, subject FROM login_attempt
                               WHERE last_at < now() - interval '1 day'
                                  OR (kind = 'address' AND last_at < now() - interval '10 minutes')
                               ORDER BY last_at LIMIT 10 FOR UPDATE SKIP LOCKED);
    SELECT * INTO o FROM operator
     WHERE active AND CASE WHEN p_name IS NULL THEN id = p_operator_id ELSE lower(name) = lower(p_name) END;
    v_wait := fn_login_count_address(p_address);
    IF v_wait IS NULL THEN
        v_wait := CASE WHEN o.id IS NULL THEN fn_login_count_name('unknown', substr(md5(lower(p_name)), 1, 3))
                       ELSE fn_login_count_name('name', lower(o.name)) END;
    END IF;
    IF v_wait IS NOT NULL THEN
        RETURN QUERY SELECT 'login_locked', ceil(extract(epoch FROM v_wait))::integer, o.id, NULL::text, o.name,
            o.full_name;
    ELSE
        RETURN QUERY SELECT 'done', 0, o.id, o.password_hash, o.name, o.full_name;
    END IF;
END
$$;
COMMENT ON FUNCTION fn_login_begin(text, uuid, text) IS 'Counts a password try and says whether it may go on.';

-- Null: go on; else how long to wait. The row stays locked until the end of this short transaction, which puts tries
-- at the same instant into an order.
CREATE OR REPLACE FUNCTION fn_login_count_address(p_address text) RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    c_capacity CONSTANT integer := 20;
    c_refill CONSTANT interval := interval '30 seconds';
    a login_attempt;
    v_refilled integer;
BEGIN
    INSERT INTO login_attempt (kind, subject) VALUES ('address', p_address) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT a FROM login_attempt WHERE kind = 'address' AND subject = p_address FOR UPDATE;
    v_refilled := least(a.failures, floor(extract(epoch FROM now() - a.last_at) / extract(epoch FROM c_refill)));
    IF a.failures - v_refilled >= c_capacity THEN
        RETURN a.last_at + (v_refilled + 1) * c_refill - now();
    END IF;
    UPDATE login_attempt
       SET failures = a.failures - v_refilled + 1,
           last_at = CASE WHEN v_refilled = a.failures THEN now() ELSE a.last_at + v_refilled * c_refill END
     WHERE kind = 'address' AND subject = p_address;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION fn_login_count_address(text) IS 'Takes one try out of the bucket of an address.';

CREATE OR REPLACE FUNCTION fn_login_count_name(p_kind text, p_subject text) RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    c_free_tries CONSTANT integer := 5;
    a login_attempt;
    v_failures integer;
BEGIN
    INSERT INTO login_attempt (kind, subject) VALUES (p_kind, p_subject) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT a FROM login_attempt WHERE kind = p_kind AND subject = p_subject FOR UPDATE;
    IF now() < a.locked_until THEN
        RETURN a.locked_until - now();
    END IF;
    v_failures := CASE WHEN a.last_at < now() - interval '1 day' THEN 1 ELSE least(a.failures, 1000) + 1 END;
    UPDATE login_attempt
       SET failures = v_failures, last_at = now(),
           locked_until = CASE WHEN v_failures >= c_free_tries THEN now()
               + least(interval '15 minutes', interval '5 seconds' * 2 ^ least(v_failures - c_free_tries, 10)) END
     WHERE kind = p_kind AND subject = p_subject;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION fn_login_count_name(text, text) IS 'Counts one try against a name and sets the next wait.';

-- The password was right: the name starts anew and the address gets its try back.
CREATE OR REPLACE FUNCTION fn_login_clear(p_operator_id uuid, p_address text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE login_attempt SET failures = greatest(0, failures - 1) WHERE kind = 'address' AND subject = p_address;
    DELETE FROM login_attempt
     WHERE kind = 'name' AND subject = (SELECT lower(name) FROM operator WHERE id = p_operator_id)
$$;
COMMENT ON FUNCTION fn_login_clear(uuid, text) IS 'Forgets the counted tries after a right password.';

-- The typed name is not kept: people type their password there by mistake.
CREATE OR REPLACE FUNCTION fn_login_refused(p_operator_id uuid, p_ip text, p_action text, p_request_id text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT fn_audit(NULL, NULL, p_action, CASE WHEN p_operator_id IS NOT NULL THEN 'operator' END,
        p_operator_id::text, jsonb_build_object('ip', left(p_ip, 64)), p_request_id)
$$;
COMMENT ON FUNCTION fn_login_refused(uuid, text, text, text) IS 'Notes a wrong password in the audit trail.';

-- The end of a login. The operator row is locked: whoever deactivates them at this instant either comes first, and the
-- login fails, or waits and then ends the new session too. outcome: created | login_failed.
CREATE OR REPLACE FUNCTION fn_login_done(p_operator_id uuid, p_old_hash text, p_new_hash text, p_session_id uuid, p_token_sha256 bytea, p_previous_token_sha256 bytea, p_user_agent text, p_ip text,
    p_request_id text) RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM operator WHERE id = p_operator_id AND active AND password_hash = p_old_hash FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'login_failed', NULL::text;
        RETURN;
    END IF;
    IF p_new_hash IS NOT NULL THEN
        UPDATE operator SET password_hash = p_new_hash WHERE id = p_operator_id;
    END IF;
    RETURN QUERY SELECT 'created', fn_session_open(p_operator_id, p_session_id, p_token_sha256,
        p_previous_token_sha256, p_user_agent, p_ip, p_request_id)::text;
END
$$;
COMMENT ON FUNCTION fn_login_done(uuid, text, text, uuid, bytea, bytea, text, text, text) IS
    'Opens the session of a login whose password was right, and stores a renewed hash.';

-- A new password of one's own: every other session ends, this one gets a new token. outcome: done | login_failed.
CREATE OR REPLACE FUNCTION fn_password_change(p_operator_id uuid, p_session_id uuid, p_old_hash text, p_new_hash text,
    p_token_sha256 bytea, p_request_id text) RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_count integer;
BEGIN
    UPDATE operator SET password_hash = p_new_hash
     WHERE id = p_operator_id AND active AND password_hash = p_old_hash;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'login_failed', NULL::text;
        RETURN;
    END IF;
    v_count := fn_session_end(p_operator_id, 'password_changed', NULL, p_session_id);
    UPDATE session SET token_sha256 = p_token_sha256 WHERE id = p_session_id AND ended_at IS NULL;
    PERFORM fn_audit(p_operator_id, NULL, 'operator.password', 'operator', p_operator_id::text,
        jsonb_build_object('sessions_ended', v_count), p_request_id);
    RETURN QUERY SELECT 'done', fn_session_body(p_session_id)::text;
END
$$;
COMMENT ON FUNCTION fn_password_change(uuid, uuid, text, text, bytea, text) IS 'Sets an operator''s own new password.';
