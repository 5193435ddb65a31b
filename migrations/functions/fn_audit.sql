-- One line of the audit trail. Part of the transaction that does the act: no act without its line, no line without
-- its act.
CREATE OR REPLACE FUNCTION fn_audit(p_operator_id uuid, p_agent_id uuid, p_action text, p_subject_kind text,
    p_subject_id text, p_detail jsonb, p_request_id text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO audit (operator_id, agent_id, action, subject_kind, subject_id, detail, request_id)
    VALUES (p_operator_id, p_agent_id, p_action, p_subject_kind, p_subject_id, coalesce(p_detail, '{}'),
        left(p_request_id, 64));
END
$$;
COMMENT ON FUNCTION fn_audit(uuid, uuid, text, text, text, jsonb, text) IS
    'Adds a line to the audit trail: operator or agent, noun.verb, subject, what changed, request.';

-- Newest first; p_before: the number before which the page begins. Nulls do not filter.
CREATE OR REPLACE FUNCTION fn_audit_list(p_before bigint, p_limit bigint, p_operator_id uuid, p_action text,
    p_subject_kind text, p_subject_id text, p_from date, p_to date) RETURNS TABLE (items text, next_key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_zone text := (SELECT time_zone FROM site);
BEGIN
    RETURN QUERY
    WITH found AS (
        SELECT a.*, row_number() OVER (ORDER BY a.no DESC) AS place FROM audit a
         WHERE (p_before IS NULL OR a.no < p_before)
           AND (p_operator_id IS NULL OR a.operator_id = p_operator_id)
           AND (p_action IS NULL OR a.action = p_action OR split_part(a.action, '.', 1) = p_action)
           AND (p_subject_kind IS NULL OR a.subject_kind = p_subject_kind)
           AND (p_subject_id IS NULL OR a.subject_id = p_subject_id)
           AND (p_from IS NULL OR a.at >= p_from::timestamp AT TIME ZONE v_zone)
           AND (p_to IS NULL OR a.at < (p_to + 1)::timestamp AT TIME ZONE v_zone)
         ORDER BY a.no DESC LIMIT p_limit + 1)
    SELECT coalesce(jsonb_agg(jsonb_build_object('no', f.no, 'at', f.at, 'action', f.action,
               'operator', CASE WHEN o.id IS NOT NULL THEN jsonb_build_object('id', o.id, 'name', o.name,
                   'full_name', o.full_name) END,
               'agent_id', f.agent_id, 'api_key_id', f.api_key_id,
               'subject', CASE WHEN f.subject_kind IS NOT NULL THEN jsonb_build_object('kind', f.subject_kind,
                   'id', f.subject_id) END,
               'detail', f.detail, 'request_id', f.request_id) ORDER BY f.place)
               FILTER (WHERE f.place <= p_limit), '[]')::text,
           CASE WHEN count(*) > p_limit THEN (min(f.no) FILTER (WHERE f.place <= p_limit))::text END
      FROM found f LEFT JOIN operator o ON o.id = f.operator_id;
END
$$;
COMMENT ON FUNCTION fn_audit_list(bigint, bigint, uuid, text, text, text, date, date) IS
    'A page of the audit trail and the key of the next one.';
