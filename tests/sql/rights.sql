-- Who may do what to the tables of record: the server only by the functions it calls, the owner not even by mistake.
\ir lib/flow.psql
SELECT no_plan();
SELECT t.give('x', 'one', 1000, 0);

-- SQLSTATE of a statement run as a role; 00000: it went through.
CREATE FUNCTION t.try(p_role text, p_sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', p_role);
    EXECUTE p_sql;
    RESET ROLE;
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RESET ROLE;
    RETURN SQLSTATE;
END
$$;

SELECT is(t.try('cardwright_app', format(act, name, col)), '42501', 'the server''s ' || split_part(act, ' ', 1) || ' on ' || name || ' is refused')
  FROM (VALUES ('account', 'kind'), ('account_roll_up', 'at'), ('transfer', 'kind'), ('entry', 'amount_minor'), ('operation', 'state'), ('leg', 'state'), ('fence', 'state'),
    ('epoch', 'state'), ('plan', 'result'), ('idempotency', 'status'), ('card_purse', 'lowest_minor'), ('card_case', 'kind'), ('audit', 'action'),
    ('card', 'state'), ('presentation', 'state'), ('desk_live', 'run'), ('desk_event', 'kind'), ('session', 'desk_id'), ('operator', 'active'),
    ('step_up', 'used_at'), ('site', 'mode'), ('site_key', 'version'), ('person_photo', 'version')) AS record (name, col),
       unnest(ARRAY['INSERT INTO %I DEFAULT VALUES', 'UPDATE %I SET %I = %2$I', 'DELETE FROM %I', 'TRUNCATE %I']) AS act;

-- By hand what the money functions do inside.
SELECT is(t.try('cardwright_app', call), '42501', 'the server cannot call ' || split_part(split_part(call, 'SELECT ', 2), '(', 1))
  FROM unnest(ARRAY[
    'SELECT fn_transfer(1, 2, 100, ''prove'', NULL::operation, NULL)', 'SELECT fn_leg_prove(NULL, ''report'')',
    'SELECT fn_leg_void(NULL, ''burnt'')', 'SELECT fn_epoch_prove(NULL, ''water'', 1, ''report'')', 'SELECT fn_purse_lower(NULL, ''water'', 0)',
    'SELECT fn_purse_raise(NULL, ''water'', 0)', 'SELECT fn_epoch_allocate(NULL, ''water'', 0, 0, NULL, NULL)', 'SELECT fn_operation_settle(NULL)',
    'SELECT fn_operation_void_if_burnt(NULL)', 'SELECT fn_legs_prepare(NULL, ''{}'')', 'SELECT fn_leg_book(NULL, NULL)',
    'SELECT fn_issue_book(NULL, NULL, NULL, NULL, ''{}'')', 'SELECT fn_evidence_book(NULL, ''{}'')', 'SELECT fn_case_open(NULL, ''water'', ''rollback'', ''{}'', NULL)',
    'SELECT fn_accounts_open(NULL)', 'SELECT fn_account_drawer(NULL)', 'SELECT fn_plan_new(NULL, NULL, NULL)', 'SELECT fn_plan_insert(NULL, NULL, NULL, NULL, ''x'', ''[]'')',
    'SELECT fn_audit(NULL, NULL, ''a.b'', NULL, NULL, NULL, NULL)', 'SELECT fn_step_up_use(NULL, NULL, NULL)', 'SELECT fn_desk_event(NULL, ''progress'', ''{}'')',
    'SELECT fn_operation_tell(NULL)', 'SELECT fn_session_open(NULL, NULL, NULL, NULL, NULL, NULL, NULL)']) AS call;
SELECT is(t.try('cardwright_app', 'SELECT setval(''card_no_seq'', 1)'), '42501', 'nor set back the card numbers');

-- The owner, by mistake.
SELECT is(t.try('cardwright_owner', format(act, name, col)), '42501', 'the owner''s ' || split_part(act, ' ', 1) || ' on ' || name || ' is refused')
  FROM (VALUES ('transfer', 'kind'), ('entry', 'amount_minor'), ('audit', 'action')) AS record (name, col),
       unnest(ARRAY['UPDATE %I SET %I = %2$I', 'DELETE FROM %I', 'TRUNCATE %I CASCADE']) AS act;

-- Exactly what the statements of the server call.
\set called `cat server/sql/*.sql | grep -o 'fn_[a-z_0-9]*' | sort -u | paste -sd ' '`
SELECT is((SELECT string_agg(DISTINCT p.proname, ' ' ORDER BY p.proname) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
        AND p.proname LIKE 'fn\_%' AND has_function_privilege('cardwright_app', p.oid, 'EXECUTE')),
    (SELECT string_agg(w, ' ' ORDER BY w COLLATE "C") FROM string_to_table(:'called', ' ') w), 'the server may call what its statements call, nothing else');
SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
        AND has_function_privilege('cardwright_app', p.oid, 'EXECUTE') AND p.proname LIKE 'fn\_%' AND NOT p.prosecdef), NULL,
    'all of those run as the owner');
SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'fn\_%'
        AND (has_function_privilege('cardwright_ro', p.oid, 'EXECUTE') OR has_function_privilege('cardwright_auditor', p.oid, 'EXECUTE'))), NULL,
    'readers and auditors call none');
SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
        AND NOT p.proconfig @> ARRAY['search_path=pg_catalog, public, pg_temp']), NULL, 'whoever runs as the owner has a fixed search path');

-- Readers.
SELECT is(t.try(role, 'SELECT count(*) FROM ' || what), '00000', role || ' reads ' || what)
  FROM unnest(ARRAY['cardwright_ro', 'cardwright_auditor']) AS role, unnest(ARRAY['entry', 'transfer', 'account', 'audit', 'operation']) AS what;
SELECT is(t.try(role, 'SELECT ' || what), '42501', role || ' does not see ' || what)
  FROM unnest(ARRAY['cardwright_ro', 'cardwright_auditor', 'cardwright_app']) AS role,
       unnest(ARRAY['password_hash FROM operator', 'token_sha256 FROM session', 'token_sha256 FROM step_up', 'token_sha256 FROM setup_link']) AS what;
SELECT is(t.try(role, 'SELECT ' || what), '42501', role || ' does not see ' || what)
  FROM unnest(ARRAY['cardwright_ro', 'cardwright_auditor']) AS role,
       unnest(ARRAY['system_password_sealed FROM site', 'key_sealed FROM agent', 'code_sha256 FROM pairing', 'blocks FROM presentation']) AS what;
SELECT t.sound('after all tries');
SELECT * FROM finish();
