-- Plans that do not come back: of a card that is gone, and of one that no plan can be made for.
\ir lib/flow.psql
SELECT no_plan();
CREATE FUNCTION t.soon() RETURNS void LANGUAGE sql AS $$
    UPDATE plan SET sent_at = sent_at - interval '4 seconds' WHERE reported_at IS NULL
$$;

-- ---- the plan of a card that has left does not hold up the next card ----
SELECT t.give('x', 'one', 1000, 100);
SELECT t.give('y', 'two', 1000, 100);
SELECT t.present('a', 'x');
SELECT t.prepare('ann', 'a', 'x1', '{"kind": "recharge", "water_minor": 10}');
SELECT is(t.take('a', 'x1'), 'operation', 'a plan for a card');
SELECT t.write('x1');
SELECT t.remove('a');
SELECT is(t.state('x1'), 'in_doubt', 'which leaves before anything is said of it');
SELECT t.present('a', 'y');
SELECT is(t.prepare('ann', 'a', 'y1', '{"kind": "recharge", "water_minor": 20}'), 'done', 'an act on the next card');
SELECT is(t.take('a', 'p'), 'cancel', 'first the desk is asked to burn what it has');
SELECT is(t.take('a', 'y1'), 'operation', 'then the next card gets its plan, whether it has answered or not');
SELECT is((SELECT count(*) FROM plan WHERE desk_id = t.id('desk a') AND reported_at IS NULL), 2::bigint, 'one plan a card is out');
SELECT is(t.take('a', 'p'), 'none', 'and no second one of the card that lies there');
SELECT t.write('y1');
SELECT is(t.report('y1', 'written'), 'done', 'written');
SELECT is(t.legs('y1'), 'water C report', 'proven');
SELECT is(t.prepare('ann', 'a', 'y2', '{"kind": "withdraw", "water_minor": 20}'), 'done', 'and the next act');
SELECT is(t.work('a'), 'operation', 'too');
SELECT t.soon();
SELECT is(t.take('a', 'p'), 'cancel', 'meanwhile it is asked for the plan that is out, now and then');
SELECT is(t.take('a', 'p'), 'none', 'not in a tight circle');
SELECT is(t.legs('x1'), 'water P', 'what that did stays in doubt');
-- The card comes back before the report: its own plan is in the way.
SELECT t.present('a', 'x');
SELECT t.soon();
SELECT is(t.take('a', 'p'), 'cancel', 'the card is back, with its plan still out');
SELECT is(t.take('a', 'p'), 'none', 'no second plan for it');
SELECT is(t.report('x1', 'written'), 'done', 'the report comes at last');
SELECT is(t.legs('x1'), 'water C report', 'and is as good as ever');
SELECT t.present('a', 'x');
SELECT t.agrees('x', 'late report');
SELECT t.agrees('y', 'the card in between');

-- Two cards that left with their plans: each is asked for, and burnt by the run that has it.
SELECT t.prepare('ann', 'a', 'x2', '{"kind": "recharge", "water_minor": 10}');
SELECT t.take('a', 'x2');
SELECT t.present('a', 'y');
SELECT t.take('a', 'p');
SELECT t.prepare('ann', 'a', 'y3', '{"kind": "recharge", "water_minor": 10}');
SELECT is(t.take('a', 'y3'), 'operation', 'a second plan');
SELECT t.remove('a');
SELECT t.soon();
SELECT is(t.take('a', 'p') || ', ' || t.take('a', 'p'), 'cancel, cancel', 'both are asked for');
SELECT is(t.take('a', 'p'), 'none', 'once each');
SELECT is(t.report('x2', 'burnt', 0) || ', ' || t.report('y3', 'burnt', 0), 'done, done', 'both are burnt');
SELECT is(t.take('a', 'p'), 'none', 'nothing is left to ask for');
SELECT t.present('a', 'x');
SELECT is(t.work('a'), 'operation', 'each goes on when its card comes');
SELECT t.present('a', 'y');
SELECT is(t.work('a'), 'operation', 'as the other');
SELECT is(t.legs('x2') || ', ' || t.legs('y3'), 'water C report, water C report', 'proven');
SELECT t.agrees('x', 'two cards');
SELECT t.agrees('y', 'two cards');
SELECT t.sound('two cards');

-- ---- what no plan can be made of ----
CREATE FUNCTION t.unbuilt(p_name text, p_problem text) RETURNS text LANGUAGE sql AS $$
    SELECT u.outcome FROM t.taken k, fn_plan_unbuilt(t.id('agent ' || k.desk), k.run, k.plan, p_problem) u WHERE k.name = p_name
$$;
-- What an agent does with it: burns it when asked to, and presents the card anew.
CREATE FUNCTION t.burn_and_read(p_name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_tasks text;
BEGIN
    PERFORM t.soon();
    v_tasks := t.take('a', 'again');
    PERFORM t.report(p_name, 'burnt', 0);
    v_tasks := v_tasks || ', ' || t.take('a', 'again');
    PERFORM t.present('a', 'x');
    RETURN v_tasks;
END
$$;
SELECT t.present('a', 'x');
SELECT is(t.prepare('ann', 'a', 'u1', '{"kind": "recharge", "water_minor": 10}'), 'done', 'an act');
SELECT is(t.take('a', 'p1'), 'operation', 'a row');
SELECT is(t.unbuilt('p1', 'block_missing'), 'done', 'of which no plan can be made');
SELECT is(t.take('a', 'again'), 'none', 'the agent was asked to burn it at once');
SELECT is(t.unbuilt('p1', 'another reason'), 'done', 'said twice');
SELECT is((SELECT problem FROM plan WHERE id = (SELECT plan FROM t.taken WHERE name = 'p1')), 'block_missing', 'the first reason stays');
SELECT is(t.burn_and_read('p1'), 'cancel, read', 'burnt, and the card is read anew');
SELECT is(t.take('a', 'p2'), 'operation', 'a second row');
SELECT t.unbuilt('p2', 'sector_closed');
SELECT is(t.burn_and_read('p2'), 'cancel, read', 'fails for another reason');
SELECT is(t.take('a', 'p3'), 'operation', 'a third');
SELECT t.unbuilt('p3', 'block_missing');
SELECT t.burn_and_read('p3');
SELECT is(t.take('a', 'p4'), 'operation', 'a fourth');
SELECT t.unbuilt('p4', 'block_missing');
SELECT is(t.burn_and_read('p4'), 'cancel, read', 'the third time for one reason');
SELECT is(t.take('a', 'p5'), 'none', 'no more rows');
SELECT t.present('a', 'x');
SELECT is(t.take('a', 'p5'), 'none', 'also when the card is put on again');
SELECT is(t.state('u1') || ', ' || t.cases('x'), 'prepared, ', 'nothing is out, and there is no case');
SELECT t.sound('no plan can be made');
UPDATE plan SET handed_at = handed_at - interval '10 minutes' WHERE problem IS NOT NULL;
UPDATE operation SET created_at = created_at - interval '20 minutes' WHERE id = t.id('u1');
SELECT is(t.take('a', 'p5'), 'operation', 'after ten minutes it is tried again');
SELECT t.unbuilt('p5', 'block_missing');
SELECT t.burn_and_read('p5');
SELECT is(t.cancel('ann', 'u1'), 'done', 'or it is cancelled');
SELECT is(t.legs('u1'), 'water X burnt', 'at once: every row was burnt');
SELECT is(t.prepare('ann', 'a', 'u2', '{"kind": "recharge", "water_minor": 10}'), 'done', 'the next act');
SELECT is(t.work('a'), 'operation', 'begins anew');
SELECT is(t.legs('u2'), 'water C report', 'and is written');

-- A row that was sent before is not taken for burnt.
SELECT t.prepare('ann', 'a', 'u3', '{"kind": "recharge", "water_minor": 10}');
SELECT t.take('a', 'p');
SELECT t.write('p');
SELECT is(t.unbuilt('p', 'the keys of this card cannot be derived on this server'), 'done', 'another server cannot make the plan that was sent');
SELECT is(t.legs('u3'), 'water P', 'which decides nothing');
SELECT is(t.report('p', 'written'), 'done', 'it was written');
SELECT is(t.legs('u3'), 'water C report', 'and is proven');
SELECT is(t.unbuilt('p', 'block_missing'), 'done', 'said of a plan that is over');
SELECT is((SELECT count(*) FROM plan WHERE problem = 'block_missing' AND operation_id = t.id('u3')), 0::bigint, 'it is not kept');
UPDATE t.taken SET run = t.run('nobody') WHERE name = 'p';
SELECT is(t.unbuilt('p', 'no_free_record'), 'done', 'said of the plan of another process');
SELECT is(t.cases('x'), '', 'it is nothing');
SELECT t.agrees('x', 'plans that could not be made');

-- No free record on the card: nothing is written, and a case is opened (R41).
SELECT t.prepare('ann', 'a', 'u4', '{"kind": "recharge", "consumption_minor": 10}');
SELECT is(t.take('a', 'p'), 'operation', 'a row for a card without a free record');
CREATE TABLE t.event_no AS SELECT event_no FROM desk_live WHERE desk_id = t.id('desk a');
SELECT is(t.unbuilt('p', 'no_free_record'), 'done', 'is given up');
SELECT is(t.cases('x'), 'record_conflict', 'with a case');
SELECT is((SELECT evidence ->> 'problem' || ' ' || (presentation_id = t.shown('a'))::text FROM card_case WHERE closed_at IS NULL),
    'no_free_record true', 'that says why, and of which reading');
SELECT is((SELECT block FROM card WHERE id = t.id('issue x')), 'case', 'the card is locked');
SELECT cmp_ok((SELECT event_no FROM desk_live WHERE desk_id = t.id('desk a')), '>', (SELECT event_no FROM t.event_no), 'the desk is told');
SELECT is(t.burn_and_read('p'), 'cancel, read', 'the row is burnt');
SELECT is(t.take('a', 'p'), 'none', 'and there is no other one');
SELECT is(t.cancel('ann', 'u4'), 'done', 'the act can be cancelled');
SELECT is(t.legs('u4'), 'consumption X burnt', 'and is void');
SELECT t.sound('no free record');
SELECT * FROM finish();
