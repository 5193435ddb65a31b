-- What is forgotten in time, and what never is.
\ir lib/flow.psql
SELECT no_plan();
-- Makes everything p_age older, but for what has its own name.
CREATE FUNCTION t.age(p_age interval) RETURNS void LANGUAGE sql AS $$
    UPDATE presentation SET at = at - p_age;
    UPDATE receipt_print SET created_at = created_at - p_age;
    UPDATE training_task SET created_at = created_at - p_age, done_at = done_at - p_age;
    UPDATE forget_mark SET at = at - p_age, readings_through = readings_through - p_age;
$$;
CREATE FUNCTION t.forget(p_turns integer DEFAULT 1) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..p_turns LOOP
        PERFORM fn_sweep();
    END LOOP;
    RETURN (SELECT count(*) FROM presentation);
END
$$;
CREATE TABLE t.kept (id uuid, why text);

SELECT t.give('x', 'one', 1000, 500);
SELECT t.give('y', 'two', 1000, 0);
-- Readings that must stay: of an act, of a plan, of a drop, of a case, and the one that lies on a desk.
SELECT t.present('b', 'x');
INSERT INTO t.kept SELECT t.shown('b'), 'an act';
SELECT t.prepare('bob', 'b', 'k1', '{"kind": "recharge", "water_minor": 10}');
SELECT t.remove('b');
SELECT t.present('c', 'x');
INSERT INTO t.kept SELECT t.shown('c'), 'a plan';
SELECT t.work('c');
SELECT t.remove('c');
SELECT t.spend('x', 'consumption', 100);
SELECT t.present('c', 'x');
INSERT INTO t.kept SELECT t.shown('c'), 'a drop';
SELECT t.remove('c');
UPDATE t.chip SET value_minor = value_minor + 50 WHERE uid = t.uid('x') AND purse = 'water';
SELECT t.present('c', 'x');
INSERT INTO t.kept SELECT t.shown('c'), 'a case';
UPDATE t.chip SET value_minor = value_minor - 50 WHERE uid = t.uid('x') AND purse = 'water';
SELECT t.remove('c');
SELECT t.present('a', 'y');
INSERT INTO t.kept SELECT t.shown('a'), 'the card on a desk';
-- Readings of cards that were only shown.
CREATE TABLE t.shown_only AS SELECT NULL::uuid AS id WHERE false;
CREATE FUNCTION t.show(p_times integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..p_times LOOP
        PERFORM t.present('b', CASE i % 3 WHEN 0 THEN 'y' ELSE 'foreign ' || i END);
        INSERT INTO t.shown_only SELECT t.shown('b');
        PERFORM t.remove('b');
    END LOOP;
END
$$;
SELECT t.show(450);
SELECT is((SELECT count(*) FROM presentation p JOIN t.shown_only s ON s.id = p.id), 450::bigint, 'many readings');
SELECT is(t.forget(5), (SELECT count(*) FROM presentation), 'young ones are not looked at');

-- ---- training, printing ----
INSERT INTO training_task (id, desk_id, body, done_at, result) VALUES
    (t.id('open'), t.id('desk a'), '{"action": "place"}', NULL, NULL),
    (t.id('before'), t.id('desk a'), '{"action": "cards"}', clock_timestamp() - interval '1 minute', '{"ok": true, "cards": []}'),
    (t.id('newest'), t.id('desk a'), '{"action": "cards"}', clock_timestamp(), '{"ok": true, "cards": [{"uid": "01020304"}]}'),
    (t.id('refused'), t.id('desk a'), '{"action": "place"}', clock_timestamp(), '{"ok": false}'),
    (t.id('desk b''s'), t.id('desk b'), '{"action": "cards"}', clock_timestamp(), '{"ok": true, "cards": []}');
INSERT INTO receipt_print (id, operation_id, desk_id, operator_id, kind, made_by, copy_no, done_at, problem)
SELECT t.id('print ' || coalesce(p, 'fine')), t.id('k1'), t.id('desk a'), t.id('ann'), 'receipt', 'printer', 0, clock_timestamp(), p
  FROM unnest(ARRAY[NULL, 'late', 'stalled', 'paper', 'agent', 'absent', 'cover', 'broken']) p;
SELECT t.age('23 hours');
SELECT t.forget();
SELECT is((SELECT count(*) FROM training_task) || ', ' || (SELECT count(*) FROM receipt_print), '5, 8', 'a day long all of it is there');
SELECT t.age('2 hours');
SELECT t.forget();
SELECT is((SELECT array_agg(id ORDER BY id) FROM training_task), (SELECT array_agg(i ORDER BY i) FROM unnest(ARRAY[t.id('newest'), t.id('desk b''s')]) i),
    'then what a desk''s reader said last of its cards');
SELECT is((SELECT array_agg(problem ORDER BY problem NULLS FIRST) FROM receipt_print), ARRAY[NULL, 'late', 'stalled'], 'and what may be on paper: it counts the copies');
SELECT is((SELECT count(*) FROM presentation p JOIN t.shown_only s ON s.id = p.id), 450::bigint, 'readings are kept longer');

-- ---- readings ----
SELECT t.age('88 days');
SELECT t.forget();
SELECT is((SELECT count(*) FROM presentation p JOIN t.shown_only s ON s.id = p.id), 450::bigint, 'up to 90 days');
SELECT t.age('2 days');
CREATE TABLE t.before AS SELECT count(*) AS n FROM presentation;
SELECT t.forget();
SELECT cmp_ok((SELECT n FROM t.before) - (SELECT count(*) FROM presentation), '<=', 200::bigint, 'then they go, a bounded number a turn');
SELECT cmp_ok((SELECT n FROM t.before) - (SELECT count(*) FROM presentation), '>', 100::bigint, 'but many');
SELECT t.forget(3);
SELECT is((SELECT count(*) FROM presentation p JOIN t.shown_only s ON s.id = p.id), 0::bigint, 'until none is left');
SELECT is((SELECT string_agg(why, ', ' ORDER BY why) FROM t.kept WHERE id IN (SELECT id FROM presentation)),
    'a case, a drop, a plan, an act, the card on a desk', 'what acts, plans and cases name, what taught the books something, and what lies on a desk stays');
SELECT is((SELECT count(*) FROM presentation p WHERE NOT EXISTS (SELECT FROM plan WHERE presentation_id = p.id)
        AND NOT EXISTS (SELECT FROM operation WHERE presentation_id = p.id) AND p.id NOT IN (SELECT id FROM t.kept)
        AND NOT jsonb_path_exists(seen, '$.* ? (@.lower == true || @.verdict == "applied")')), 0::bigint, 'and nothing else');
SELECT t.show(10);
SELECT t.age('91 days');
UPDATE forget_mark SET at = clock_timestamp() - interval '50 minutes';
SELECT is(t.forget() - (SELECT count(*) FROM presentation), 0::bigint, 'one turn an hour');
SELECT is((SELECT count(*) FROM presentation p JOIN t.shown_only s ON s.id = p.id), 10::bigint, 'so they are still there');
UPDATE forget_mark SET at = clock_timestamp() - interval '61 minutes';
SELECT t.forget();
SELECT is((SELECT count(*) FROM presentation p JOIN t.shown_only s ON s.id = p.id), 0::bigint, 'an hour later they are not');
SELECT t.sound('after forgetting');
SELECT t.present('a', 'y');
SELECT is(t.prepare('ann', 'a', 'k2', '{"kind": "recharge", "water_minor": 10}'), 'done', 'and acts go on');
SELECT is(t.work('a'), 'operation', 'as before');
SELECT * FROM finish();
