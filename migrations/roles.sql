-- What the server's role may do; applied again at the end of every migration run. Whoever adds a statement adds its
-- grants in the section of its area. Tables of record (ledger, operations, audit) are reached through functions only.

-- ---- everybody: functions run with the rights of the owner, so nobody gets one by default ----
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid FROM pg_proc p
         WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole AND p.prokind = 'f'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, cardwright_ro, cardwright_auditor', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cardwright_app', v_function);
    END LOOP;
END
$$;

-- ---- operators, sessions, audit: no table at all, and not the steps inside the functions ----
REVOKE ALL ON operator, operator_role, role, role_permission, session, setup_link, step_up, login_attempt, audit
    FROM cardwright_app;
REVOKE EXECUTE ON FUNCTION
    fn_audit(uuid, uuid, text, text, text, jsonb, text),
    fn_login_count_address(text),
    fn_login_count_name(text, text),
    fn_session_end(uuid, text, uuid, uuid),
    fn_session_open(uuid, uuid, bytea, bytea, text, text, text),
    fn_operator_others_manage(uuid),
    fn_step_up_use(bytea, uuid, uuid)
    FROM cardwright_app;

-- ---- people, cards, settings, desks, training: tables that statements of server/sql read themselves ----
GRANT SELECT ON department, card_case, agent, desk, site, site_key TO cardwright_app;
-- Steps inside functions, which check nothing themselves.
REVOKE EXECUTE ON FUNCTION fn_agent_revoke(uuid), fn_desk_presence_end(uuid) FROM cardwright_app;
