-- Management of operators. Roles and passwords are changed here and nowhere else, each with its line in the audit
-- trail; p_actor_id is null when the command line acts.

CREATE OR REPLACE FUNCTION fn_operator_body(p_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('id', o.id, 'name', o.name, 'full_name', o.full_name, 'active', o.active,
        'language', o.language, 'has_password', o.password_hash IS NOT NULL,
        'roles', (SELECT coalesce(jsonb_agg(r.role ORDER BY r.role), '[]')
                    FROM operator_role r WHERE r.operator_id = o.id),
        'locked_until', (SELECT a.locked_until FROM login_attempt a
                          WHERE a.kind = 'name' AND a.subject = lower(o.name) AND a.locked_until > now()),
        'last_login_at', o.last_login_at, 'created_at', o.created_at, 'version', o.version)
      FROM operator o WHERE o.id = p_id
$$;
COMMENT ON FUNCTION fn_operator_body(uuid) IS 'An operator as the API shows it; never the password.';

-- Everyone who may still manage operators, locked, so that two administrators cannot remove each other at once.
CREATE OR REPLACE FUNCTION fn_operator_others_manage(p_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM operator o WHERE EXISTS (SELECT FROM operator_role r WHERE r.operator_id = o.id AND r.role = 'admin')
      ORDER BY o.id FOR NO KEY UPDATE;
    RETURN EXISTS (SELECT FROM operator o JOIN operator_role r ON r.operator_id = o.id
                    WHERE r.role = 'admin' AND o.active AND o.id <> p_id);
END
$$;
COMMENT ON FUNCTION fn_operator_others_manage(uuid) IS 'Whether an active administrator remains without this one.';

-- outcome: created | name_taken. Without a password the link in p_link_sha256 lets the operator choose one.
CREATE OR REPLACE FUNCTION fn_operator_create(p_actor_id uuid, p_id uuid, p_name text, p_full_name text,
    p_language text, p_roles text[], p_password_hash text, p_link_sha256 bytea, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO operator (id, name, full_name, language, password_hash)
    VALUES (p_id, p_name, p_full_name, p_language, p_password_hash)
    ON CONFLICT (lower(name)) DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'name_taken', NULL::text, NULL::text, NULL::bigint;
        RETURN;
    END IF;
    INSERT INTO operator_role (operator_id, role) SELECT DISTINCT p_id, r FROM unnest(p_roles) AS r;
    IF p_link_sha256 IS NOT NULL THEN
        PERFORM fn_setup_link_make(p_link_sha256, p_id);
    END IF;
    PERFORM fn_audit(p_actor_id, NULL, 'operator.create', 'operator', p_id::text,
        jsonb_build_object('name', p_name, 'roles', p_roles), p_request_id);
    RETURN QUERY SELECT 'created', fn_operator_body(p_id)::text, NULL::text, 1::bigint;
END
$$;
COMMENT ON FUNCTION fn_operator_create(uuid, uuid, text, text, text, text[], text, bytea, text) IS 'Makes an operator.';

-- Null leaves a value as it is. p_version null: whichever version is there.
-- outcome: done | not_found | precondition_failed | name_taken | last_admin.
CREATE OR REPLACE FUNCTION fn_operator_change(p_actor_id uuid, p_id uuid, p_version bigint, p_name text,
    p_full_name text, p_language text, p_active boolean, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_others boolean := coalesce(p_active, true) OR fn_operator_others_manage(p_id);
    o operator;
    v_word text;
BEGIN
    SELECT * INTO o FROM operator WHERE id = p_id FOR NO KEY UPDATE;
    v_word := CASE
        WHEN o.id IS NULL THEN 'not_found'
        WHEN o.version <> p_version THEN 'precondition_failed'
        WHEN p_active = false AND o.active AND NOT v_others AND fn_operator_may(p_id, 'operators.manage') THEN 'last_admin'
        WHEN EXISTS (SELECT FROM operator n WHERE lower(n.name) = lower(p_name) AND n.id <> p_id) THEN 'name_taken'
        END;
    IF v_word IS NOT NULL THEN
        RETURN QUERY SELECT v_word, NULL::text, NULL::text, NULL::bigint;
        RETURN;
    END IF;
    UPDATE operator n SET name = coalesce(p_name, n.name), full_name = coalesce(p_full_name, n.full_name),
           language = coalesce(p_language, n.language), active = coalesce(p_active, n.active), version = n.version + 1
     WHERE n.id = p_id;
    IF p_active = false THEN
        UPDATE setup_link SET used_at = now() WHERE operator_id = p_id AND used_at IS NULL;
    END IF;
    PERFORM fn_audit(p_actor_id, NULL, 'operator.change', 'operator', p_id::text, jsonb_strip_nulls(jsonb_build_object(
        'name', p_name, 'full_name', p_full_name, 'language', p_language, 'active', p_active)), p_request_id);
    RETURN QUERY SELECT 'done', fn_operator_body(p_id)::text, NULL::text, o.version + 1;
END
$$;
COMMENT ON FUNCTION fn_operator_change(uuid, uuid, bigint, text, text, text, boolean, text) IS
    'Changes name, language or activity; deactivating ends every session at once.';

-- New roles. The sessions of the operator end; when it is the caller's own, that session goes on under the new token
-- in p_token_sha256. outcome: done | not_found | precondition_failed | last_admin.
CREATE OR REPLACE FUNCTION fn_operator_roles(p_actor_id uuid, p_session_id uuid, p_id uuid, p_version bigint,
    p_roles text[], p_token_sha256 bytea, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_others boolean := 'admin' = ANY (p_roles) OR fn_operator_others_manage(p_id);
    v_old text[];
    o operator;
    v_word text;
BEGIN
    SELECT * INTO o FROM operator WHERE id = p_id FOR NO KEY UPDATE;
    SELECT coalesce(array_agg(r.role ORDER BY r.role), '{}') INTO v_old FROM operator_role r WHERE r.operator_id = p_id;
    v_word := CASE
        WHEN o.id IS NULL THEN 'not_found'
        WHEN o.version <> p_version THEN 'precondition_failed'
        WHEN NOT v_others AND o.active AND 'admin' = ANY (v_old) THEN 'last_admin'
        END;
    IF v_word IS NOT NULL THEN
        RETURN QUERY SELECT v_word, NULL::text, NULL::text, NULL::bigint;
        RETURN;
    END IF;
    DELETE FROM operator_role r WHERE r.operator_id = p_id;
    INSERT INTO operator_role (operator_id, role) SELECT DISTINCT p_id, r FROM unnest(p_roles) AS r;
    UPDATE operator n SET version = n.version + 1 WHERE n.id = p_id;
    PERFORM fn_session_end(p_id, 'roles_changed', NULL, p_session_id);
    UPDATE session SET token_sha256 = p_token_sha256
     WHERE id = p_session_id AND operator_id = p_id AND ended_at IS NULL;
    PERFORM fn_audit(p_actor_id, NULL, 'operator.roles', 'operator', p_id::text,
        jsonb_build_object('before', v_old, 'after', p_roles), p_request_id);
    RETURN QUERY SELECT 'done', fn_operator_body(p_id)::text, NULL::text, o.version + 1;
END
$$;
COMMENT ON FUNCTION fn_operator_roles(uuid, uuid, uuid, bigint, text[], bytea, text) IS 'Gives an operator other roles.';

-- A forgotten password: the old one stops, all sessions end, the waiting after wrong tries is forgotten, and a
-- one-time link is noted. outcome: done | not_found (also for an inactive operator).
CREATE OR REPLACE FUNCTION fn_operator_reset(p_actor_id uuid, p_id uuid, p_link_sha256 bytea, p_request_id text)
RETURNS TABLE (outcome text, expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE operator o SET password_hash = NULL, version = o.version + 1 WHERE o.id = p_id AND o.active;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_found', NULL::timestamptz;
        RETURN;
    END IF;
    PERFORM fn_session_end(p_id, 'password_changed', NULL, NULL);
    DELETE FROM login_attempt
     WHERE kind = 'name' AND subject = (SELECT lower(o.name) FROM operator o WHERE o.id = p_id);
    PERFORM fn_audit(p_actor_id, NULL, 'operator.reset', 'operator', p_id::text, NULL, p_request_id);
    RETURN QUERY SELECT 'done', fn_setup_link_make(p_link_sha256, p_id);
END
$$;
COMMENT ON FUNCTION fn_operator_reset(uuid, uuid, bytea, text) IS 'Withdraws a password and notes a one-time link for a new one.';

CREATE OR REPLACE FUNCTION fn_operator_read(p_id uuid)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 'done', fn_operator_body(o.id)::text, NULL::text, o.version FROM operator o WHERE o.id = p_id
$$;
COMMENT ON FUNCTION fn_operator_read(uuid) IS 'One operator; no row: there is none.';

-- A page by login name. p_after: the folded name after which it begins; p_search: part of name or full name.
CREATE OR REPLACE FUNCTION fn_operator_list(p_after text, p_limit bigint, p_search text, p_active boolean)
RETURNS TABLE (items text, next_key text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH found AS (
        SELECT o.id, lower(o.name) AS key, row_number() OVER (ORDER BY lower(o.name)) AS place
          FROM operator o
         WHERE (p_after IS NULL OR lower(o.name) > p_after) AND (p_active IS NULL OR o.active = p_active)
           AND (p_search IS NULL OR position(lower(p_search) IN lower(o.name)) > 0
                OR position(lower(p_search) IN lower(o.full_name)) > 0)
         ORDER BY lower(o.name) LIMIT p_limit + 1)
    SELECT coalesce(jsonb_agg(fn_operator_body(id) ORDER BY place) FILTER (WHERE place <= p_limit), '[]')::text,
           CASE WHEN count(*) > p_limit THEN max(key) FILTER (WHERE place = p_limit) END
      FROM found
$$;
COMMENT ON FUNCTION fn_operator_list(text, bigint, text, boolean) IS 'A page of operators and the key of the next one.';

CREATE OR REPLACE FUNCTION fn_operator_id(p_name text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT id FROM operator WHERE lower(name) = lower(p_name)
$$;
COMMENT ON FUNCTION fn_operator_id(text) IS 'The operator of a login name; null: there is none.';

CREATE OR REPLACE FUNCTION fn_role_list() RETURNS TABLE (outcome text, body text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 'done', jsonb_build_object('items', jsonb_agg(jsonb_build_object('name', r.name, 'permissions',
               (SELECT jsonb_agg(p.permission ORDER BY p.permission) FROM role_permission p WHERE p.role = r.name))
               ORDER BY r.name))::text
      FROM role r
$$;
COMMENT ON FUNCTION fn_role_list() IS 'The roles and what they may do.';
