-- One line of the audit trail. Part of the transaction that does the act: no act without its line, no line without
-- its act.
CREATE OR REPLACE FUNCTION fn_audit(p_operator_id uuid, p_agent_id uuid, p_action text, p_subject_kind text,
    p_subject_id text, p_detail jsonb, p_request_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO audit (operator_id, agent_id, action, subject_kind, subject_id, detail, request_id)
    VALUES (p_operator_id, p_agent_id, p_action, p_subject_kind, p_subject_id, coalesce(p_detail, '{}'),
        left(p_request_id, 64))
$$;
COMMENT ON FUNCTION fn_audit(uuid, uuid, text, text, text, jsonb, text) IS
    'Adds a line to the audit trail: operator or agent, noun.verb, subject, what changed, request.';
