-- One-time links: the first administrator of a new site, and passwords chosen by their owners.

CREATE OR REPLACE FUNCTION fn_setup_needed() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM operator)
$$;
COMMENT ON FUNCTION fn_setup_needed() IS 'Whether nobody can log in yet because no operator was ever made.';

CREATE OR REPLACE FUNCTION fn_setup_state() RETURNS TABLE (outcome text, body text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 'done', jsonb_build_object('needed', fn_setup_needed(), 'site_mode', mode, 'site_name', name)::text FROM site
$$;
COMMENT ON FUNCTION fn_setup_state() IS 'What the first page needs before anybody is logged in.';

-- A link works for 24 hours. A newer link of the same operator withdraws the older ones; links for the first
-- administrator stay side by side, because several servers may have printed one.
CREATE OR REPLACE FUNCTION fn_setup_link_make(p_token_sha256 bytea, p_operator_id uuid) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_expires_at timestamptz := now() + interval '24 hours';
BEGIN
    UPDATE setup_link SET used_at = now() WHERE operator_id = p_operator_id AND used_at IS NULL;
    DELETE FROM setup_link WHERE operator_id IS NULL AND expires_at < now();
    INSERT INTO setup_link (token_sha256, operator_id, expires_at) VALUES (p_token_sha256, p_operator_id, v_expires_at);
    RETURN v_expires_at;
END
$$;
COMMENT ON FUNCTION fn_setup_link_make(bytea, uuid) IS 'Notes a one-time link and says until when it works.';

-- What a link is for. outcome: done | setup_link_invalid.
CREATE OR REPLACE FUNCTION fn_setup_link_read(p_token_sha256 bytea) RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT 'done', jsonb_build_object('kind', CASE WHEN l.operator_id IS NULL THEN 'first_admin' ELSE 'password' END,
               'name', o.name, 'full_name', o.full_name, 'expires_at', l.expires_at)::text
      FROM setup_link l LEFT JOIN operator o ON o.id = l.operator_id
     WHERE l.token_sha256 = p_token_sha256 AND l.used_at IS NULL AND now() < l.expires_at
       AND CASE WHEN l.operator_id IS NULL THEN fn_setup_needed() ELSE o.active END;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'setup_link_invalid', NULL::text;
    END IF;
END
$$;
COMMENT ON FUNCTION fn_setup_link_read(bytea) IS 'What a one-time link opens, without using it.';

-- Uses the link of the first administrator: makes them, names the site and fixes its mode when given, and logs them
-- in. The table lock puts two set-ups at the same instant into an order. outcome: created | setup_link_invalid.
CREATE OR REPLACE FUNCTION fn_setup_first(p_link_sha256 bytea, p_operator_id uuid, p_name text, p_full_name text,
    p_language text, p_password_hash text, p_site_name text, p_site_mode text, p_session_id uuid, p_token_sha256 bytea,
    p_user_agent text, p_ip text, p_request_id text) RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    LOCK TABLE setup_link IN SHARE ROW EXCLUSIVE MODE;
    UPDATE setup_link SET used_at = now()
     WHERE token_sha256 = p_link_sha256 AND operator_id IS NULL AND used_at IS NULL AND now() < expires_at
       AND fn_setup_needed();
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'setup_link_invalid', NULL::text;
        RETURN;
    END IF;
    PERFORM fn_operator_create(NULL, p_operator_id, p_name, p_full_name, p_language, '{admin}', p_password_hash, NULL,
        p_request_id);
    UPDATE site SET name = coalesce(p_site_name, name), mode = coalesce(p_site_mode, mode), version = version + 1
     WHERE p_site_name IS NOT NULL OR p_site_mode IS NOT NULL;
    RETURN QUERY SELECT 'created', fn_session_open(p_operator_id, p_session_id, p_token_sha256, NULL, p_user_agent,
        p_ip, p_request_id)::text;
END
$$;
COMMENT ON FUNCTION fn_setup_first(bytea, uuid, text, text, text, text, text, text, uuid, bytea, text, text, text) IS
    'Makes the first administrator and logs them in.';

-- Uses a link for a new password and logs its operator in; older sessions end. outcome: created | setup_link_invalid.
CREATE OR REPLACE FUNCTION fn_setup_password(p_link_sha256 bytea, p_password_hash text, p_session_id uuid,
    p_token_sha256 bytea, p_user_agent text, p_ip text, p_request_id text) RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
BEGIN
    UPDATE setup_link l SET used_at = now() FROM operator o
     WHERE l.token_sha256 = p_link_sha256 AND l.used_at IS NULL AND now() < l.expires_at
       AND o.id = l.operator_id AND o.active
    RETURNING o.id INTO v_operator_id;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'setup_link_invalid', NULL::text;
        RETURN;
    END IF;
    UPDATE operator SET password_hash = p_password_hash, version = version + 1 WHERE id = v_operator_id AND active;
    PERFORM fn_session_end(v_operator_id, 'password_changed', NULL, NULL);
    PERFORM fn_audit(v_operator_id, NULL, 'operator.password', 'operator', v_operator_id::text,
        jsonb_build_object('by', 'link'), p_request_id);
    RETURN QUERY SELECT 'created', fn_session_open(v_operator_id, p_session_id, p_token_sha256, NULL, p_user_agent,
        p_ip, p_request_id)::text;
END
$$;
COMMENT ON FUNCTION fn_setup_password(bytea, text, uuid, bytea, text, text, text) IS
    'Sets the password of a one-time link''s operator and logs them in.';
