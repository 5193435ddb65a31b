-- The everyday life of a card: issue, recharge, withdrawal, times, undo. After each act the books are sound.
\ir lib/flow.psql
SELECT no_plan();

SELECT is(t.present('a', 'x'), 'done', 'a blank card is read');
SELECT is(t.prepare('ann', 'a', 'k0', '{"kind": "recharge", "water_minor": 1}'), 'card_not_ours', 'a blank card takes no money');
SELECT is(t.issue('ann', 'a', 'issue', 'one'), 'done', 'it is issued');
SELECT is(t.state('issue'), 'prepared', 'nothing is out yet');
SELECT is((SELECT cards_sealed_at FROM site), NULL, 'nothing sealed yet');
SELECT is(t.take('a', 'p'), 'operation', 'the agent gets the plan');
SELECT is(t.state('issue'), 'writing', 'and writes');
SELECT isnt((SELECT cards_sealed_at FROM site), NULL, 'the first plan of an issue seals the password');
SELECT t.write('p');
SELECT is(t.report('p', 'written'), 'done', 'it reports');
SELECT is(t.report('p', 'written'), 'replayed', 'a repeat of the report changes nothing');
SELECT is(t.state('issue'), 'completed', 'the issue is completed');
SELECT is(t.legs('issue'), 'card C report', 'proven by the report');
SELECT is((SELECT state FROM card WHERE id = t.id('issue')), 'active', 'the card is active');
SELECT is(t.take('a', 'p'), 'read', 'the card answers to other keys now: read it anew');
SELECT is(t.take('a', 'p'), 'none', 'asked for once a second');
SELECT is(t.read('a'), 'done', 'read');
SELECT t.agrees('x', 'issued');
SELECT t.sound('issued');

SELECT is(t.prepare('ann', 'a', 'r1', '{"kind": "recharge", "consumption_minor": 20000}'), 'done', 'recharge one purse');
SELECT is(t.balance('one', 'in_transit'), 20000::bigint, 'the money waits in transit (R1)');
SELECT is(t.balance('one', 'stored'), 0::bigint, 'and not in the purse');
SELECT is(t.drawer('a'), 20000::bigint, 'it is in the drawer');
SELECT t.sound('prepared');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(t.legs('r1'), 'consumption C report', 'proven');
SELECT is(t.balance('one', 'stored'), 20000::bigint, 'now it is in the purse');
SELECT is(t.balance('one', 'in_transit'), 0::bigint, 'and not under way');
SELECT t.agrees('x', 'recharged');
SELECT t.sound('recharged');

SELECT is(t.prepare('ann', 'a', 'r2', '{"kind": "recharge", "consumption_minor": 1000, "water_minor": 5000}'), 'done',
    'both purses, without a new reading between');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(t.legs('r2'), 'consumption C report, water C report', 'both proven');
SELECT is(ARRAY[t.balance('one', 'stored'), t.balance('one', 'water')], ARRAY[21000, 5000]::bigint[], 'both balances');
SELECT t.agrees('x', 'both');
SELECT t.sound('both');

SELECT is(t.prepare('ann', 'a', 'w1', '{"kind": "withdraw", "consumption_minor": 6000, "water_minor": 2000}'), 'done', 'withdraw from both');
SELECT is(t.drawer('a'), 26000::bigint, 'nothing is paid before the proof');
SELECT is(ARRAY[t.balance('one', 'stored'), t.balance('one', 'water'), t.balance('one', 'in_transit')], ARRAY[15000, 3000, 8000]::bigint[],
    'the money is in transit');
SELECT t.sound('withdrawal prepared');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(t.drawer('a'), 18000::bigint, 'paid after the proof');
SELECT is((SELECT fn_operation_body(t.id('w1')) ->> 'cash_to_pay_minor'), '8000', 'the screen says how much');
SELECT t.agrees('x', 'withdrawn');
SELECT t.sound('withdrawn');

SELECT is(t.prepare('ann', 'a', 't1', '{"kind": "recharge", "times": 10}'), 'done', 'times are sold');
SELECT is(ARRAY[t.balance('one', 'in_transit'), t.balance('one', 'in_transit_times')], ARRAY[1000, 10]::bigint[], 'money and count under way');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(t.balance('one', 'times'), 10::bigint, 'ten times');
SELECT t.sound('times sold');
UPDATE site SET times_price_minor = 250;
SELECT is(t.reverse('ann', 'a', 'u1', 't1'), 'done', 'undone after the price went up');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(ARRAY[t.drawer('a'), t.balance('one', 'times')], ARRAY[18000, 0]::bigint[], 'what was paid then is given back, not more');
SELECT t.agrees('x', 'times undone');
SELECT t.sound('times undone');
SELECT is(t.prepare('ann', 'a', 't2', '{"kind": "recharge", "times": 4}'), 'done', 'times again, at the new price');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(t.prepare('ann', 'a', 't3', '{"kind": "withdraw", "times": 1}'), 'done', 'one given back');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(ARRAY[t.drawer('a'), t.balance('one', 'times')], ARRAY[18750, 3]::bigint[], 'one time costs 2.50');
SELECT t.sound('times withdrawn');

SELECT is(t.reverse('ann', 'a', 'u2', 'r2'), 'short', 'a recharge whose water was taken off since cannot be undone');
SELECT is(t.reverse('ann', 'a', 'u3', 'w1'), 'done', 'the withdrawal from both is undone');
SELECT is((SELECT kind || ' ' || (reverses = t.id('w1')) || ' ' || reason FROM operation WHERE id = t.id('u3')), 'recharge true typed wrong',
    'by the opposite act that names it');
SELECT is(t.reverse('ann', 'a', 'u3', 'w1'), 'replayed', 'the same key again is a repeat');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(ARRAY[t.balance('one', 'stored'), t.balance('one', 'water'), t.drawer('a')], ARRAY[21000, 5000, 26750]::bigint[], 'all as before');
SELECT is(t.reverse('ann', 'a', 'u4', 'w1'), 'already_reversed', 'once');
SELECT is(t.reverse('ann', 'a', 'u4', 'u3'), 'not_reversible', 'an undo is not undone');
SELECT is(t.reverse('ann', 'a', 'u4', 'issue'), 'not_reversible', 'nor an issue');
SELECT is(t.reverse('ann', 'a', 'u4', 'nothing'), 'not_found', 'nor what never was');
SELECT is(t.reverse('ann', 'a', 'u2', 'r2'), 'done', 'now the recharge of both can be undone');
SELECT is(t.work('a'), 'operation', 'written');
SELECT is(ARRAY[t.balance('one', 'stored'), t.balance('one', 'water'), t.drawer('a')], ARRAY[20000, 0, 20750]::bigint[], 'both went back');
SELECT is((SELECT fn_operation_body(t.id('r2')) ->> 'reversed_by'), t.id('u2')::text, 'the first act names its undo');
SELECT t.agrees('x', 'undone');
SELECT t.sound('undone');

-- Who may undo what, and when.
SELECT t.present('b', 'x');
SELECT is(t.reverse('bob', 'b', 'u5', 'r1'), 'forbidden', 'a colleague may not');
CREATE TABLE t.real_end AS SELECT id, finished_at FROM operation WHERE id = t.id('r1');
UPDATE operation SET finished_at = finished_at - interval '1 day' WHERE id = t.id('r1');
SELECT t.present('a', 'x');
SELECT is(t.reverse('ann', 'a', 'u5', 'r1'), 'forbidden', 'nor the cashier on another business day');
UPDATE site SET time_zone = 'Asia/Shanghai', day_starts_at = '04:00';
UPDATE operation SET finished_at = (fn_business_day(clock_timestamp()) + time '04:00') AT TIME ZONE 'Asia/Shanghai' WHERE id = t.id('r1');
SELECT is((SELECT fn_reversal_check(t.id('ann'), c, t.id('r1')) FROM card c WHERE id = t.id('issue')), 'ok',
    'the day of the site begins when it says, in its zone');
UPDATE operation SET finished_at = finished_at - interval '1 millisecond' WHERE id = t.id('r1');
SELECT is((SELECT fn_reversal_check(t.id('ann'), c, t.id('r1')) FROM card c WHERE id = t.id('issue')), 'forbidden', 'not a moment earlier');
SELECT t.present('c', 'x');
SELECT is(t.reverse('sue', 'c', 'u5', 'r1'), 'done', 'a supervisor may, any day');
SELECT is(t.work('c'), 'operation', 'written');
SELECT is(ARRAY[t.balance('one', 'stored'), t.drawer('a'), t.drawer('c')], ARRAY[0, 20750, -20000]::bigint[], 'out of the drawer of that desk');
UPDATE operation o SET finished_at = r.finished_at FROM t.real_end r WHERE r.id = o.id;
SELECT t.sound('undone by a supervisor');
SELECT t.give('y', 'two', 1000, 0);
SELECT t.present('a', 'x');
SELECT is(t.reverse('ann', 'a', 'u6', 'first y'), 'card_changed', 'another card on the reader');
SELECT t.sound('in the end');

-- The last valid day goes onto the card in two bytes.
SELECT is(fn_expiry_days(day), days, 'days of ' || coalesce(day::text, 'no last day')) FROM (VALUES (date '2000-01-01', 0), ('2029-12-31', 10957),
    ('2179-06-05', 65534), ('2200-01-01', 65534), (NULL, 65535)) AS e (day, days);
SELECT * FROM finish();
