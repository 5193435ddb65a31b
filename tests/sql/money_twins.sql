-- Two chips with one content: what one desk has proven since, a reading at another desk must not hide. Every act and every
-- plan is compared with the books as they are at that moment, epoch and value.
\ir lib/flow.psql
SELECT no_plan();

-- Desk a shows the first chip. Whatever t.twin puts into the chip's place is seen at other desks; t.back puts the first back.
CREATE TABLE t.first_chip AS SELECT * FROM t.chip WHERE false;
CREATE FUNCTION t.keep() RETURNS void LANGUAGE sql AS $$ DELETE FROM t.first_chip; INSERT INTO t.first_chip SELECT * FROM t.chip $$;
CREATE FUNCTION t.back() RETURNS void LANGUAGE sql AS $$ DELETE FROM t.chip; INSERT INTO t.chip SELECT * FROM t.first_chip $$;
CREATE FUNCTION t.soon() RETURNS void LANGUAGE sql AS $$ UPDATE desk_live SET read_asked_at = read_asked_at - interval '2 seconds' $$;
CREATE FUNCTION t.close_cases() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT fn_case_close(t.token('sue'), id, 'twin taken away', 'r') FROM card_case WHERE closed_at IS NULL) c
$$;
CREATE VIEW t.begun AS SELECT (SELECT count(*) FROM operation) + (SELECT count(*) FROM transfer) + (SELECT count(*) FROM plan) AS n;

-- ---- an older epoch: an act was proven at desk b while the reading of desk a stood ----
SELECT t.give('x', 'one', 10000, 5000, 10);
SELECT t.present('a', 'x');
SELECT t.keep();
SELECT t.present('b', 'x');
SELECT t.prepare('bob', 'b', 'e1', '{"kind": "recharge", "consumption_minor": 700}');
SELECT is(t.work('b'), 'operation', 'an act at desk b');
SELECT is(t.legs('e1'), 'consumption C report', 'is proven');
CREATE TABLE t.count AS SELECT n FROM t.begun;
SELECT is(t.prepare('ann', 'a', 'e2', '{"kind": "recharge", "consumption_minor": 100}'), 'card_changed', 'desk a acts on its older reading: refused');
SELECT is(t.prepare('ann', 'a', 'e2', '{"kind": "withdraw", "consumption_minor": 100}'), 'card_changed', 'a withdrawal too');
SELECT is(t.prepare('ann', 'a', 'e2', '{"kind": "recharge", "water_minor": 100}'), 'card_changed', 'and of the other purse: it is the same card');
SELECT is((SELECT n FROM t.begun), (SELECT n FROM t.count), 'no money was taken and nothing begun');
SELECT is(fn_desk_card_body(l) ->> 'state', CASE l.desk_id WHEN t.id('desk a') THEN 'reading' ELSE 'active' END, 'the screen of ' || d.name || ' says so')
  FROM desk_live l JOIN desk d ON d.id = l.desk_id WHERE l.uid = t.uid('x') ORDER BY d.name;
SELECT is(t.take('a', 'p'), 'read', 'the card is to be read again');
SELECT t.back();
SELECT t.present('a', 'x');
SELECT is(t.cases('x'), 'rollback', 'and what it shows then is a case');
SELECT is((SELECT fn_desk_card_body(l) ->> 'state' FROM desk_live l WHERE l.desk_id = t.id('desk a')), 'blocked', 'that the screen shows');
SELECT t.soon();
SELECT is(t.take('a', 'p'), 'none', 'one reading says it');
SELECT t.sound('an older epoch');
UPDATE t.chip SET epoch_no = (SELECT committed_no FROM card_purse c WHERE c.uid = chip.uid AND c.purse = chip.purse),
    value_minor = (SELECT lowest_minor FROM card_purse c WHERE c.uid = chip.uid AND c.purse = chip.purse);
SELECT is(t.close_cases(), 1::bigint, 'closed');

-- ---- the same epoch, less in it: the twin was spent from ----
SELECT t.present('a', 'x');
SELECT t.keep();
SELECT t.spend('x', 'consumption', 6000);
SELECT t.present('b', 'x');
SELECT is((SELECT lowest_minor FROM card_purse WHERE uid = t.uid('x') AND purse = 'consumption'), 4700::bigint, 'desk b sees a card that was spent from');
SELECT is(t.prepare('ann', 'a', 'v1', '{"kind": "recharge", "consumption_minor": 100}'), 'card_changed', 'desk a acts on the higher value: refused');
SELECT is(t.prepare('ann', 'a', 'v1', '{"kind": "recharge", "water_minor": 100}'), 'card_changed', 'of whatever purse');
SELECT is(t.take('a', 'p'), 'read', 'the card is to be read again, though nothing was written anywhere');
SELECT is(t.take('a', 'p'), 'none', 'not in a tight circle');
SELECT t.back();
SELECT t.present('a', 'x');
SELECT is(t.cases('x'), 'value_rose', 'and what it shows then is a case');
SELECT t.sound('the same epoch, less in it');
SELECT t.spend('x', 'consumption', 6000);
SELECT is(t.close_cases(), 1::bigint, 'closed');

-- ---- prepared in time, but the twin is seen before the plan is made ----
SELECT t.present('a', 'x');
SELECT t.keep();
SELECT is(t.prepare('ann', 'a', 'p1', '{"kind": "recharge", "consumption_minor": 100, "water_minor": 50}'), 'done', 'an act at desk a');
SELECT t.spend('x', 'consumption', 1000);
SELECT t.present('b', 'x');
SELECT t.back();
SELECT t.soon();
SELECT is(t.take('a', 'p'), 'read', 'no plan is made of the reading from before, also not for the other purse');
SELECT is((SELECT count(*) FROM plan WHERE operation_id = t.id('p1')), 0::bigint, 'none');
SELECT t.present('a', 'x');
SELECT is(t.cases('x') || ', ' || t.legs('p1'), 'value_rose, consumption P, water P', 'the evidence stays and makes a case');
SELECT is(t.take('a', 'p'), 'none', 'which stops the act');
SELECT t.sound('seen before the plan');
SELECT t.spend('x', 'consumption', 1000);
SELECT is(t.close_cases(), 1::bigint, 'the true card is the one with less on it');
SELECT t.present('a', 'x');
SELECT is(t.work('a'), 'operation', 'the act goes on with it');
SELECT is(t.legs('p1'), 'consumption C report, water C report', 'and is proven');
SELECT t.agrees('x', 'after the twins');

-- ---- cancelled meanwhile: a fence is a plan like any other ----
SELECT t.keep();
SELECT is(t.prepare('ann', 'a', 'f1', '{"kind": "withdraw", "water_minor": 50}'), 'done', 'an act');
SELECT t.take('a', 'p');
SELECT t.report('p', 'unknown', 0);
SELECT t.cancel('ann', 'f1');
SELECT t.present('a', 'x');
SELECT t.spend('x', 'water', 1000);
SELECT t.present('b', 'x');
SELECT t.back();
SELECT t.soon();
SELECT is(t.take('a', 'f'), 'read', 'no fence over what the twin has spent');
SELECT t.spend('x', 'water', 1000);
SELECT t.present('a', 'x');
SELECT is(t.work('a'), 'fence', 'but over what is proven');
SELECT is(t.legs('f1'), 'water X fence', 'void');
SELECT t.agrees('x', 'fenced');

-- ---- the plan of one purse is written while a twin shows less in the other ----
SELECT t.present('a', 'x');
SELECT t.prepare('ann', 'a', 'o1', '{"kind": "recharge", "consumption_minor": 100}');
SELECT is(t.take('a', 'p'), 'operation', 'a plan for one purse');
SELECT t.keep();
SELECT t.spend('x', 'water', 2000);
SELECT t.present('b', 'x');
SELECT t.back();
SELECT t.write('p');
SELECT is(t.report('p', 'written'), 'done', 'is written');
SELECT is(t.legs('o1'), 'consumption C report', 'and proven');
SELECT is((SELECT seen -> 'consumption' ->> 'value' || ' ' || (seen -> 'water' ->> 'value') FROM presentation WHERE id = t.shown('a')),
    (SELECT string_agg(value_minor::text, ' ' ORDER BY purse) FROM t.chip WHERE uid = t.uid('x') AND purse <> 'times'),
    'the new reading says what the card holds, not what the books hold');
SELECT is(t.prepare('ann', 'a', 'o2', '{"kind": "recharge", "water_minor": 100}'), 'card_changed', 'so the other purse is not written over');
SELECT t.soon();
SELECT is(t.take('a', 'p'), 'read', 'but read again');
SELECT t.present('a', 'x');
SELECT is(t.cases('x'), 'value_rose', 'a case');
SELECT t.sound('the other purse');
SELECT t.spend('x', 'water', 2000);
SELECT is(t.close_cases(), 1::bigint, 'closed');

-- ---- a reading that comes late is read again as well ----
SELECT t.place('a', 'x');
SELECT t.keep();
SELECT t.spend('x', 'times', 4);
SELECT t.present('b', 'x');
SELECT t.back();
SELECT is(t.read('a'), 'done', 'a reading that was ordered before desk b saw less');
SELECT is((SELECT seen -> 'times' ->> 'verdict' FROM presentation WHERE id = t.shown('a')), 'stale', 'is late, which is no contradiction');
SELECT t.soon();
SELECT is(t.take('a', 'p'), 'none', 'not asked for twice within a second') WHERE (SELECT t.take('a', 'q')) = 'read';
SELECT is(t.prepare('ann', 'a', 'l1', '{"kind": "recharge", "times": 1}'), 'card_changed', 'and nothing is based on it');
SELECT t.spend('x', 'times', 4);
SELECT t.present('a', 'x');
SELECT is(t.prepare('ann', 'a', 'l1', '{"kind": "recharge", "times": 1}'), 'done', 'the next one does');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(t.cases('x'), '', 'no case');
SELECT t.agrees('x', 'in the end');

-- ---- an empty card that is not empty at the other desk is not taken back ----
SELECT t.present('c', 'x');
SELECT is(t.unissue('sue', 'c', 'u1'), 'card_not_empty', 'a card with money is not taken back');
SELECT t.sound('in the end');
SELECT * FROM finish();
