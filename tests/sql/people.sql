-- Rules of people, departments and search that live in SQL.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SELECT no_plan();

-- Folding and pieces.
SELECT is(fn_fold('  Ann  BELL '), 'annbell', 'letter case and blanks do not matter');
SELECT is(fn_fold('ＡＢＣ　１２'), 'abc12', 'width does not matter');
SELECT is(fn_fold('ÄÖ'), 'äö', 'letters beyond ASCII fold too');
SELECT is(fn_fold(NULL), NULL, 'nothing folds to nothing');
SELECT is(fn_grams('王小明'), ARRAY['小', '小明', '明', '王', '王小'], 'pieces of one and two characters');
SELECT is(fn_grams('aaa'), ARRAY['a', 'aa'], 'each piece once');
SELECT is(fn_grams(''), '{}', 'no pieces of nothing');

INSERT INTO person (id, name, personnel_no) VALUES ('00000000-0000-7000-8000-000000000001', 'Ann Bell', 'A 7');
SELECT results_eq('SELECT name_folded, personnel_folded, name_grams @> ARRAY[''nb'', ''ll''] FROM person',
    $$VALUES ('annbell' COLLATE "C", 'a7' COLLATE "C", true)$$, 'the trigger fills what the search reads');
UPDATE person SET name = 'Ann Hill', personnel_no = NULL;
SELECT results_eq('SELECT name_folded, personnel_folded, name_grams @> ARRAY[''nb''] FROM person',
    $$VALUES ('annhill' COLLATE "C", NULL::text COLLATE "C", false)$$, 'and keeps it in step');

-- Cursors are taken from anybody.
SELECT is(fn_cursor_rank(c), NULL, 'no cursor: ' || coalesce(c, 'null'))
  FROM unnest(ARRAY['', '1', '1.', 'x.00000000-0000-0000-0000-000000000000', '12.00000000-0000-0000-0000-000000000000',
      '1.00000000-0000-0000-0000-00000000000', '1.00000000-0000-0000-0000-0000000000000', '1.zzzzzzzz-0000-0000-0000-000000000000',
      E'1.00000000-0000-0000-0000-000000000000\n', NULL]) AS c;
SELECT is(fn_cursor_rank('3.00000000-0000-0000-0000-000000000001'), 3, 'stage of a cursor');
SELECT is(fn_cursor_number(c), NULL, 'no number: ' || c) FROM unnest(ARRAY['', '-1', '1.5', '9223372036854775808', 'x']) AS c;

-- Departments: 16 levels and not one more, by making and by moving.
INSERT INTO operator (id, name, full_name) VALUES ('00000000-0000-7000-8000-0000000000aa', 'ann', 'Ann');
INSERT INTO operator_role VALUES ('00000000-0000-7000-8000-0000000000aa', 'hr');
INSERT INTO session (id, token_sha256, operator_id, expires_at)
VALUES ('00000000-0000-7000-8000-0000000000ab', sha256('ann'), '00000000-0000-7000-8000-0000000000aa', now() + interval '1 hour');
CREATE FUNCTION pg_temp.level(p_n integer) RETURNS uuid LANGUAGE sql AS $$ SELECT md5('level' || p_n)::uuid $$;
SELECT is((SELECT outcome FROM fn_department_create(sha256('ann'), pg_temp.level(n), CASE WHEN n > 1 THEN pg_temp.level(n - 1) END,
    'level ' || n, NULL)), 'created', 'level ' || n) FROM generate_series(1, 16) AS n;
SELECT results_eq($$SELECT outcome, extra::jsonb #>> '{errors,0,code}' FROM fn_department_create(sha256('ann'), pg_temp.level(17),
    pg_temp.level(16), 'level 17', NULL)$$, $$VALUES ('bad_field', 'too_deep')$$, 'level 17 is refused');
SELECT is((SELECT outcome FROM fn_department_create(sha256('ann'), pg_temp.level(100), NULL, 'other', NULL)), 'created', 'another top');
SELECT is((SELECT outcome FROM fn_department_create(sha256('ann'), pg_temp.level(101), pg_temp.level(100), 'below', NULL)), 'created',
    'with one below');
SELECT is((SELECT outcome FROM fn_department_change(sha256('ann'), pg_temp.level(100), NULL, NULL, true, pg_temp.level(15), NULL)),
    'bad_field', 'two levels do not fit below level 15');
SELECT is((SELECT outcome FROM fn_department_change(sha256('ann'), pg_temp.level(100), NULL, NULL, true, pg_temp.level(14), NULL)),
    'done', 'but below level 14');
SELECT is((SELECT outcome FROM fn_department_change(sha256('ann'), pg_temp.level(2), NULL, NULL, true, pg_temp.level(101), NULL)),
    'bad_field', 'no circle over many levels');
SELECT is(cardinality(fn_department_subtree(pg_temp.level(1))), 18, 'the whole tree below the first');

-- A tree broken by hand ends no function.
UPDATE department SET parent_id = pg_temp.level(3) WHERE id = pg_temp.level(2);
SELECT is(cardinality(fn_department_subtree(pg_temp.level(2))), 17, 'a circle has an end');
SELECT lives_ok($$SELECT fn_department_depth(pg_temp.level(5)), fn_department_height(pg_temp.level(2))$$, 'depth and height too');

-- The server's role reaches none of this but through its functions.
SELECT is(has_table_privilege('cardwright_app', t, p), false, 'cardwright_app may not ' || p || ' ' || t)
  FROM unnest(ARRAY['person', 'department', 'card', 'card_case', 'site', 'site_key', 'desk', 'agent', 'pairing', 'training_task']) AS t,
       unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS p;
SELECT is(has_function_privilege('cardwright_app', f, 'EXECUTE'), false, 'cardwright_app may not ' || f)
  FROM unnest(ARRAY['fn_agent_revoke(uuid)', 'fn_desk_presence_end(uuid)']) AS f;
SELECT * FROM finish();
