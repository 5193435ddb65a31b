-- Plans that do not come back: of a card that is gone, and of one that no plan can be made for.
\ir lib/flow.psql
SELECT no_plan();
CREATE FUNCTION t.soon() RETURNS void LANGUAGE sql AS $$
    UPDATE plan SET sent_at = sent_at - interval '4 seconds', handed_at = handed_at - interval '4 seconds' WHERE reported_at IS NULL
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
SELECT * FROM finish();
