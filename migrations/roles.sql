-- What the server's role may do; applied again at the end of every migration run. Whoever adds a statement adds its
-- grants in the section of its area. Tables of record (ledger, operations, audit) are reached through functions only.

-- ---- everybody: functions run with the rights of the owner, so nobody gets one by default; the server gets those that its
-- statements (server/sql) call, by name and area, and never the steps inside them. tests/sql/rights.sql compares both.
DO $$
DECLARE
    v_callable text[] := string_to_array(
        -- operators, sessions, set-up, audit
        'fn_audit_list fn_login_begin fn_login_clear fn_login_done fn_login_refused fn_operator_change '
        || 'fn_operator_create fn_operator_id fn_operator_list fn_operator_read fn_operator_reset '
        || 'fn_operator_roles fn_password_change fn_role_list fn_session fn_session_desk fn_session_lock fn_session_logout '
        || 'fn_session_read fn_session_touch fn_setup_first fn_setup_link_make fn_setup_link_read '
        || 'fn_setup_needed fn_setup_password fn_setup_state fn_step_up_grant '
        -- people, cards, settings, desks, pairing, training, transactions
        || 'fn_agent_hello fn_agent_pair fn_card_change fn_card_list fn_card_read fn_case_body fn_case_close '
        || 'fn_case_list fn_department_body fn_department_change fn_department_create fn_department_delete '
        || 'fn_department_list fn_desk_agent_delete fn_desk_change fn_desk_create fn_desk_list fn_desk_read '
        || 'fn_pairing_create fn_receipt_ask fn_receipt_done fn_receipt_read fn_receipt_take fn_person_change fn_person_create fn_person_photo_read fn_person_photo_remove '
        || 'fn_person_photo_set fn_person_read fn_person_search fn_person_state '
        || 'fn_site_change fn_site_key_register fn_site_password fn_site_read fn_training_cards '
        || 'fn_training_create fn_training_read fn_training_result fn_training_take fn_transaction_list '
        -- acts on cards, agents, desk events
        || 'fn_desk_day fn_desk_events fn_desk_live fn_operation_cancel fn_operation_issue fn_operation_prepare '
        || 'fn_operation_list fn_operation_read fn_operation_reverse fn_operation_unissue fn_person_timeline '
        || 'fn_plan_report fn_plan_take fn_plan_unbuilt fn_presence fn_presentation fn_presentation_view fn_removed fn_sweep '
        , ' ');
    v_function record;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure AS signature, p.proname = ANY (v_callable) AS callable FROM pg_proc p
         WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole AND p.prokind = 'f'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, cardwright_app, cardwright_ro, cardwright_auditor',
            v_function.signature);
        IF v_function.callable THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cardwright_app', v_function.signature);
        END IF;
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
REVOKE ALL ON person_photo FROM cardwright_app;
-- Steps inside functions, which check nothing themselves.
REVOKE EXECUTE ON FUNCTION fn_agent_revoke(uuid), fn_desk_presence_end(uuid) FROM cardwright_app;

-- ---- ledger and operations: the server reads and writes them by functions only ----
REVOKE ALL ON account, account_roll_up, transfer, entry, operation, leg, fence, epoch, plan, idempotency, card, card_purse,
    presentation, desk_live, desk_event, receipt_print, forget_mark FROM cardwright_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON card_case, site, site_key, agent, desk, department, person FROM cardwright_app;

-- ---- reading only: cardwrightd verify-ledger and reports; no password, no key, no token ----
GRANT SELECT ON account, account_roll_up, transfer, entry, operation, leg, fence, epoch, plan, idempotency, card, card_purse, card_case,
    audit, person, department, desk TO cardwright_ro;
GRANT SELECT (only_row, site_id, name, mode, currency_code, currency_exponent, time_zone, day_starts_at, consumption_limit_minor,
    water_limit_minor, times_limit, times_price_minor, uses_times, presets_minor, withdraw_step_up_minor, drawer_may_go_negative,
    card_valid_years, start_sector, key_version, cards_sealed_at, money_sealed_at, version) ON site TO cardwright_ro;
GRANT SELECT (id, name, full_name, active) ON operator TO cardwright_ro;

-- ---- the auditor: the ledger and the audit trail ----
GRANT SELECT ON account, account_roll_up, transfer, entry, operation, leg, card_case, audit TO cardwright_auditor;
GRANT SELECT (id, name, full_name, active) ON operator TO cardwright_auditor;
