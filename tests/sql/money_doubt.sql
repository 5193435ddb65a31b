-- Doubt and its endings: receipts, fences, retries, refreshes, drops, cases. After each the books are sound.
\ir lib/flow.psql
SELECT no_plan();

-- Cancel before any plan: void at once.
SELECT t.give('x', 'one', 10000, 5000);
SELECT is(t.prepare('ann', 'a', 'c1', '{"kind": "recharge", "consumption_minor": 700, "water_minor": 300}'), 'done', 'prepared');
SELECT is(t.cancel('ann', 'c1'), 'done', 'cancelled');
SELECT is(t.legs('c1'), 'consumption X burnt, water X burnt', 'nothing was ever handed out: void');
SELECT is(t.state('c1'), 'aborted', 'aborted');
SELECT is((SELECT fn_operation_body(t.id('c1')) ->> 'cash_to_return_minor'), '1000', 'the cash goes back');
SELECT is(t.cancel('ann', 'c1'), 'replayed', 'again: the same answer');
SELECT is(t.take('a', 'p'), 'none', 'no plan after the void (R19)');
SELECT t.sound('cancelled before any plan');

-- Cancel while a plan is out, which is then burnt.
SELECT is(t.prepare('ann', 'a', 'c2', '{"kind": "withdraw", "consumption_minor": 700}'), 'done', 'prepared');
SELECT is(t.take('a', 'p'), 'operation', 'handed out');
SELECT is(t.cancel('ann', 'c2'), 'done', 'cancelled');
SELECT is(t.state('c2'), 'writing', 'a cancel decides nothing');
SELECT is(t.take('a', 'q'), 'cancel', 'the agent is asked to burn it, at once');
SELECT is(t.report('p', 'burnt', 0), 'done', 'it does');
SELECT is(t.report('p', 'burnt', 0), 'replayed', 'and says so again');
SELECT is(t.legs('c2'), 'consumption X burnt', 'void');
SELECT is(t.balance('one', 'stored'), 10000::bigint, 'the purse has its money back');
SELECT t.sound('burnt');
SELECT is(t.take('a', 'q'), 'read', 'the reading is used up');
SELECT t.read('a');

-- Two plans, one burnt: voids nothing (R14). Then the other one.
SELECT t.prepare('ann', 'a', 'c3', '{"kind": "recharge", "water_minor": 400}');
SELECT t.take('a', 'p1');
SELECT t.hello('a', 'a, restarted');
SELECT is(t.state('c3'), 'in_doubt', 'the agent process is another one: in doubt');
SELECT is(t.report('p1', 'burnt', 0, t.run('a, restarted')), 'agent_replaced', 'the new run cannot burn the plan of the old one (R17)');
SELECT is(t.report('p1', 'written', 9, t.run('a, restarted')), 'agent_replaced', 'nor report it');
SELECT t.present('a', 'x');
SELECT is(t.take('a', 'p2'), 'operation', 'a new run gets a new plan (R16)');
SELECT is((SELECT count(DISTINCT run) FROM plan WHERE operation_id = t.id('c3')), 2::bigint, 'made for that run');
SELECT is((SELECT count(*) FROM epoch e JOIN leg l ON l.id = e.leg_id WHERE l.operation_id = t.id('c3')), 1::bigint, 'the same epoch: the terms did not change');
SELECT t.cancel('ann', 'c3');
SELECT is(t.report('p2', 'burnt', 0), 'done', 'one of the two is burnt');
SELECT is(t.legs('c3'), 'water P', 'which voids nothing (R14)');
SELECT is(t.state('c3'), 'in_doubt', 'in doubt');
SELECT t.sound('one of two burnt');
SELECT is(t.report('p1', 'burnt', 0), 'done', 'the old process still lives and burns its own');
SELECT is(t.legs('c3'), 'water X burnt', 'all burnt: void');
SELECT t.sound('all burnt');

-- One plan burnt without a cancel: nothing is out, and the act goes on with a new plan.
SELECT t.present('a', 'x');
SELECT t.prepare('ann', 'a', 'c4', '{"kind": "recharge", "water_minor": 400}');
SELECT t.take('a', 'p1');
SELECT t.report('p1', 'burnt', 0);
SELECT is(t.state('c4'), 'prepared', 'nothing is out');
SELECT is(t.take('a', 'p2'), 'read', 'read anew');
SELECT t.read('a');
SELECT is(t.take('a', 'p2'), 'operation', 'and once more');
SELECT t.write('p2');
SELECT is(t.report('p2', 'unknown', 0), 'done', 'written, but the report says unknown');
SELECT is(t.legs('c4'), 'water P', 'which proves nothing (R6)');
SELECT t.sound('unknown');

-- Provisional sight, refresh, proof (R13).
SELECT is(t.read('a'), 'done', 'the card shows the new epoch in one slot');
SELECT is(t.legs('c4'), 'water P', 'one plain reading confirms nothing (R13)');
SELECT is(t.cancel('ann', 'c4'), 'done', 'a cancel comes too late');
SELECT is(t.legs('c4'), 'water P', 'and refunds nothing on a provisional sight (R40)');
SELECT is(t.take('a', 'p3'), 'refresh', 'it is written once more into the other slot');
SELECT t.write('p3');
SELECT is(t.report('p3', 'written'), 'done', 'acknowledged');
SELECT is(t.legs('c4'), 'water C refresh', 'now it is proven');
SELECT is(t.cancel('ann', 'c4'), 'too_late', 'too late');
SELECT t.agrees('x', 'refreshed');
SELECT t.sound('refreshed');

-- Both slots equal need no refresh.
SELECT t.prepare('ann', 'a', 'c5', '{"kind": "recharge", "water_minor": 100}');
SELECT t.take('a', 'p');
SELECT t.write('p');
UPDATE t.chip SET slots_equal = true;
SELECT t.report('p', 'unknown', 0);
SELECT t.read('a');
SELECT is(t.legs('c5'), 'water C presentation', 'two equal slots cannot both be marginal');
SELECT t.sound('proven by presentation');

-- Unknown, and nothing was written: the same epoch again.
SELECT t.prepare('ann', 'a', 'c6', '{"kind": "recharge", "consumption_minor": 2000, "water_minor": 100}');
SELECT t.take('a', 'p');
SELECT t.report('p', 'unknown', 0);
SELECT t.read('a');
SELECT is(t.take('a', 'p2'), 'operation', 'retry');
SELECT is((SELECT body -> 'request' -> 'legs' FROM t.taken WHERE name = 'p2'), (SELECT body -> 'request' -> 'legs' FROM t.taken WHERE name = 'p'),
    'with the same epochs');
-- A holder cannot spend while the card is on the reader, but on the way to another desk.
SELECT t.report('p2', 'unknown', 0);
SELECT t.remove('a');
SELECT t.spend('x', 'consumption', 500);
SELECT t.present('b', 'x');
SELECT is(ARRAY[t.balance('one', 'stored'), t.balance('one', 'uncollected')], ARRAY[9500, 500]::bigint[], 'the drop is booked at once');
SELECT t.sound('spent while in doubt');
SELECT is(t.take('b', 'p3'), 'operation', 'retry at another desk');
SELECT is((SELECT count(*) FROM epoch e JOIN leg l ON l.id = e.leg_id WHERE l.operation_id = t.id('c6') AND e.purse = 'consumption'), 2::bigint,
    'another result takes another epoch (R38)');
SELECT is(t.guard('p'), false, 'the old plan''s guard fails now (R4)');
SELECT t.write('p3', 1);
SELECT is(t.report('p3', 'unknown', 1), 'done', 'the first leg was acknowledged, the second not');
SELECT is(t.legs('c6'), 'consumption C report, water P', 'each leg by its own evidence (R22)');
SELECT is((SELECT state FROM operation WHERE id = t.id('c6')), 'in_doubt', 'in doubt');
SELECT t.sound('half');
SELECT t.cancel('ann', 'c6');
SELECT t.read('b');
SELECT is(t.take('b', 'f'), 'fence', 'the open part is fenced');
SELECT is((SELECT jsonb_array_length(body -> 'request' -> 'legs') FROM t.taken WHERE name = 'f'), 1, 'that part only');
SELECT t.write('f');
SELECT is(t.report('f', 'written'), 'done', 'the fence stands');
SELECT is(t.legs('c6'), 'consumption C report, water X fence', 'two legs, two results');
SELECT is(t.state('c6'), 'completed', 'the act is over');
SELECT is((SELECT fn_operation_body(t.id('c6')) ->> 'cash_to_return_minor'), '100', 'the void part goes back');
SELECT t.agrees('x', 'two results');
SELECT t.sound('two results');
SELECT is(t.report('p3', 'written'), 'replayed', 'a late repeat changes nothing');
SELECT is((SELECT t.cases('x')), '', 'no case');

-- A plan that never arrived: sent again, and burnt once the card was read anew.
SELECT t.prepare('bob', 'b', 'c7', '{"kind": "recharge", "water_minor": 100}');
SELECT t.take('b', 'p');
SELECT is(t.take('b', 'q'), 'none', 'it is on its way');
UPDATE plan SET sent_at = sent_at - interval '4 seconds', handed_at = handed_at - interval '4 seconds' WHERE reported_at IS NULL;
SELECT is(t.take('b', 'q'), 'operation', 'after three seconds it is sent again');
SELECT is((SELECT body FROM t.taken WHERE name = 'q'), (SELECT body FROM t.taken WHERE name = 'p'), 'the same row, the same bytes');
SELECT t.present('b', 'x');
UPDATE plan SET sent_at = sent_at - interval '2 seconds' WHERE reported_at IS NULL;
SELECT is(t.take('b', 'q'), 'cancel', 'the card was read anew: burn it');
SELECT t.report('p', 'burnt', 0);
SELECT is(t.work('b'), 'operation', 'a plan for the new reading');
SELECT is(t.legs('c7'), 'water C report', 'done');
SELECT t.sound('lost plan');

-- Fences: not applied, unknown, retried, proven late.
SELECT t.prepare('bob', 'b', 'c8', '{"kind": "withdraw", "consumption_minor": 1000, "water_minor": 100}');
SELECT t.take('b', 'p');
SELECT t.report('p', 'unknown', 0);
SELECT t.cancel('bob', 'c8');
SELECT t.read('b');
SELECT is(t.take('b', 'f1'), 'fence', 'both legs in one fence');
SELECT t.report('f1', 'unknown', 0);
SELECT t.remove('b');
SELECT t.spend('x', 'consumption', 100);
SELECT t.present('c', 'x');
SELECT is(t.take('c', 'f2'), 'fence', 'again, at another desk');
SELECT is((SELECT (body -> 'request' -> 'legs' -> 0 -> 'epoch_no')::int - 1 || ' ' || (body -> 'request' -> 'legs' -> 1 ->> 'epoch_no') FROM t.taken WHERE name = 'f2'),
    (SELECT (body -> 'request' -> 'legs' -> 0 ->> 'epoch_no') || ' ' || (body -> 'request' -> 'legs' -> 1 ->> 'epoch_no') FROM t.taken WHERE name = 'f1'),
    'the purse that fell takes a new epoch, the other one the same');
SELECT t.write('f2', 1);
SELECT t.report('f2', 'unknown', 0);
SELECT t.read('c');
SELECT is(t.legs('c8'), 'consumption P, water P', 'a provisional fence voids nothing');
SELECT is(t.take('c', 'f3'), 'refresh', 'refreshed');
SELECT t.write('f3');
SELECT t.report('f3', 'written');
SELECT is(t.legs('c8'), 'consumption X fence, water P', 'that leg is void');
SELECT is(t.take('c', 'f4'), 'fence', 'the other one follows');
SELECT t.write('f4');
SELECT t.report('f4', 'written');
SELECT is(t.legs('c8'), 'consumption X fence, water X fence', 'both');
SELECT is(t.state('c8'), 'aborted', 'aborted');
SELECT t.agrees('x', 'fenced');
SELECT t.sound('fenced');

-- Refresh of the first leg must not make the second look unapplied: both are on the card, both reports lost.
SELECT t.prepare('sue', 'c', 'c9', '{"kind": "recharge", "consumption_minor": 1000, "water_minor": 100}');
SELECT t.take('c', 'p');
SELECT t.write('p');
SELECT t.report('p', 'unknown', 0);
SELECT t.cancel('sue', 'c9');
SELECT t.read('c');
SELECT is(t.work('c'), 'refresh', 'first leg');
SELECT is(t.work('c'), 'refresh', 'second leg: refreshed, not fenced');
SELECT is(t.legs('c9'), 'consumption C refresh, water C refresh', 'both were on the card');
SELECT t.agrees('x', 'both refreshed');
SELECT t.sound('both refreshed');

-- A withdrawal that is not covered any more: the drop is larger than the purse account, the rest comes out of the withdrawal.
SELECT t.give('y', 'two', 10000, 0);
SELECT t.prepare('ann', 'a', 'd1', '{"kind": "withdraw", "consumption_minor": 8000}');
SELECT t.take('a', 'p');
SELECT t.report('p', 'unknown', 0);
SELECT t.remove('a');
SELECT t.spend('y', 'consumption', 5000);
SELECT t.present('b', 'y');
SELECT is(ARRAY[t.balance('two', 'stored'), t.balance('two', 'in_transit'), t.balance('two', 'uncollected')], ARRAY[0, 5000, 5000]::bigint[],
    'no purse is ever negative: the rest comes out of what was under way');
SELECT is((SELECT spent_from_transit_minor FROM leg WHERE operation_id = t.id('d1')), 3000::bigint, 'the leg remembers it');
SELECT isnt((SELECT cancel_requested_at FROM operation WHERE id = t.id('d1')), NULL, 'it can only be voided now');
SELECT t.sound('drop larger than the purse');
SELECT is(t.work('b'), 'fence', 'fenced');
SELECT is(ARRAY[t.balance('two', 'stored'), t.balance('two', 'in_transit'), t.drawer('b')], ARRAY[5000, 0, 100]::bigint[], 'what is left is back in the purse');
SELECT t.agrees('y', 'voided withdrawal');
SELECT t.sound('voided withdrawal');

-- A subsidy is spent first and cannot be paid out.
UPDATE card_purse SET opening_minor = 5000, opening_stored_minor = 3000 WHERE uid = t.uid('y') AND purse = 'consumption';
UPDATE epoch SET opening_minor = 5000, opening_stored_minor = 3000 WHERE uid = t.uid('y') AND purse = 'consumption' AND state = 'proven' AND opening_minor = 5000;
SELECT fn_transfer(fn_account_person(t.id('two'), 'stored'), fn_account_person(t.id('two'), 'subsidy'), 2000, 'opening', NULL::operation, NULL);
SELECT t.sound('with a subsidy');
SELECT t.present('a', 'y');
SELECT is(t.prepare_extra('ann', 'a', 's0', '{"kind": "withdraw", "consumption_minor": 3001}'),
    '{"outcome": "short", "purse": "consumption", "balance_minor": 5000, "largest_minor": 3000}', 'stored is all that can be paid out');
SELECT t.prepare('ann', 'a', 's1', '{"kind": "withdraw", "consumption_minor": 1000}');
SELECT t.work('a');
SELECT is(ARRAY[t.balance('two', 'stored'), t.balance('two', 'subsidy')], ARRAY[2000, 2000]::bigint[], 'out of stored');
SELECT t.remove('a');
SELECT t.spend('y', 'consumption', 2500);
SELECT t.present('a', 'y');
SELECT is(ARRAY[t.balance('two', 'stored'), t.balance('two', 'subsidy'), t.balance('two', 'uncollected')], ARRAY[1500, 0, 7500]::bigint[], 'subsidy first');
SELECT t.agrees('y', 'subsidy');
SELECT t.sound('subsidy');

-- An undo that was asked for while the second leg was being proven: never half of the act.
SELECT t.give('z', 'three', 10000, 5000);
SELECT t.prepare('ann', 'a', 'h1', '{"kind": "recharge", "consumption_minor": 700, "water_minor": 300}');
SELECT t.take('a', 'p');
SELECT t.write('p');
SELECT t.report('p', 'unknown', 1);
SELECT is(t.legs('h1'), 'consumption C report, water P', 'one leg is proven');
UPDATE t.chip SET slots_equal = true WHERE uid = t.uid('z');
ALTER FUNCTION fn_act_begin(bytea, text, jsonb) RENAME TO fn_act_begin_after;
CREATE FUNCTION fn_act_begin(p_token_sha256 bytea, p_permission text, p_act jsonb) RETURNS record LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, t AS $$
BEGIN
    PERFORM t.present('a', 'z'); -- what another request does while this one waits for the card
    RETURN fn_act_begin_after(p_token_sha256, p_permission, p_act || jsonb_build_object('presentation_id', t.shown('a')));
END
$$;
SELECT is(t.reverse('ann', 'a', 'h2', 'h1'), 'not_reversible', 'an undo meanwhile');
DROP FUNCTION fn_act_begin(bytea, text, jsonb);
ALTER FUNCTION fn_act_begin_after(bytea, text, jsonb) RENAME TO fn_act_begin;
SELECT is(t.legs('h1'), 'consumption C report, water C presentation', 'both legs are proven');
SELECT is(t.reverse('ann', 'a', 'h2', 'h1'), 'done', 'undone');
SELECT is(t.work('a'), 'operation', 'on the card');
SELECT is(ARRAY[t.balance('three', 'stored'), t.balance('three', 'water')], ARRAY[10000, 5000]::bigint[], 'all of it');
SELECT t.agrees('z', 'undone');
SELECT t.sound('undone');
SELECT * FROM finish();
