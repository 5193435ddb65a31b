-- Issues that tear, repeats of keys, contradictions, debts, and numbers that run out.
\ir lib/flow.psql
SELECT no_plan();

-- ---- issue ----
SELECT t.present('a', 'x');
SELECT is(t.issue('ann', 'a', 'i1', 'nobody'), 'not_found', 'no such person');
UPDATE person SET state = 'inactive' WHERE id = t.id('two');
SELECT is(t.issue('ann', 'a', 'i1', 'two'), 'person_inactive', 'an inactive person');
UPDATE person SET state = 'active' WHERE id = t.id('two');
UPDATE site SET system_password_sealed = NULL;
SELECT is(t.issue('ann', 'a', 'i1', 'one'), 'system_password_missing', 'no system password');
UPDATE site SET system_password_sealed = decode(repeat('ab', 44), 'hex');
SELECT is(t.issue('ann', 'a', 'i1', 'one'), 'done', 'issued');
SELECT is(t.issue('ann', 'a', 'i1', 'one'), 'replayed', 'again, the same');
SELECT is(t.issue('ann', 'a', 'i1', 'two'), 'key_reused', 'again, for somebody else');
SELECT is(t.issue('ann', 'a', 'i2', 'one'), 'operation_open', 'a double click with another key');
SELECT t.present('b', 'x');
SELECT is(t.issue('bob', 'b', 'i2', 'two'), 'operation_open', 'the same chip at another desk');
SELECT is(t.prepare('bob', 'b', 'i3', '{"kind": "recharge", "water_minor": 1}'), 'operation_open', 'no money before it is finished');
SELECT t.present('b', 'y');
SELECT is(t.issue('bob', 'b', 'i2', 'one'), 'person_has_card', 'another card for the same person');
SELECT t.present('a', 'x');
SELECT is(t.take('a', 'p'), 'operation', 'the plan of the issue');
SELECT t.write('p', 2);
SELECT t.report('p', 'unknown', 0);
SELECT t.remove('a');
SELECT t.present('b', 'x');
SELECT is((SELECT seen FROM presentation WHERE id = t.shown('b')), '{}', 'a torn issue is judged as a whole (R34)');
SELECT is(t.legs('i1'), 'card P', 'and not done');
SELECT is(t.issue('bob', 'b', 'i2', 'two'), 'operation_open', 'a half-issued card is never somebody else''s (R35)');
SELECT is(t.take('b', 'p2'), 'operation', 'it is continued at another desk');
SELECT is((SELECT body -> 'request' -> 'card' -> 'card_no' FROM t.taken WHERE name = 'p2'), (SELECT body -> 'request' -> 'card' -> 'card_no' FROM t.taken
    WHERE name = 'p'), 'with the same number');
SELECT is(t.guard('p'), false, 'the old plan''s guard fails (R31)');
SELECT t.write('p2');
SELECT t.report('p2', 'unknown', 0);
SELECT is(t.read('b'), 'done', 'the report is lost, the card is whole');
SELECT is(t.legs('i1'), 'card P', 'one plain reading does not prove it (R13)');
SELECT is(t.take('b', 'p3'), 'operation', 'one more plan writes the last trailer again');
SELECT is((SELECT body -> 'request' -> 'continued' FROM t.taken WHERE name = 'p3'), 'true', 'and knows that it continues');
SELECT t.write('p3');
SELECT t.report('p3', 'written');
SELECT is(t.legs('i1'), 'card C report', 'which proves it');
SELECT is((SELECT state FROM card WHERE id = t.id('i1')), 'active', 'active');
SELECT t.work('b');
SELECT t.agrees('x', 'issued');
SELECT t.sound('torn issue');

-- All plans burnt: the card is blank and free again.
SELECT t.present('a', 'y');
SELECT t.issue('ann', 'a', 'i4', 'two');
SELECT t.take('a', 'p');
SELECT t.cancel('ann', 'i4');
SELECT is(t.take('a', 'q'), 'cancel', 'burn it');
SELECT t.report('p', 'burnt', 0);
SELECT is((SELECT state FROM card WHERE id = t.id('i4')), 'cancelled', 'the row is over');
SELECT t.present('a', 'y');
SELECT is(t.issue('ann', 'a', 'i5', 'three'), 'done', 'the card is free for anybody');
SELECT is((SELECT array_agg(DISTINCT epoch_no) FROM epoch WHERE uid = t.uid('y')), ARRAY[1, 2]::bigint[], 'epochs go on counting');
SELECT t.work('a');
SELECT t.work('a');
SELECT t.agrees('y', 'issued after a void');
SELECT t.sound('issued after a void');
SELECT is(t.prepare('ann', 'a', 'i6', '{"kind": "recharge", "water_minor": 100}'), 'done', 'and it takes money');
SELECT t.work('a');
SELECT t.sound('recharged after a void');

-- A void that came too late: no plan will follow, and the reading of the whole card settles it.
INSERT INTO person (id, name) VALUES (t.id('late'), 'Person Late');
SELECT t.present('a', 'v');
SELECT t.issue('ann', 'a', 'i4 late', 'late');
SELECT t.take('a', 'p');
SELECT t.write('p');
SELECT t.report('p', 'unknown', 0);
SELECT t.cancel('ann', 'i4 late');
SELECT t.remove('a');
SELECT t.present('a', 'v');
SELECT is(t.legs('i4 late'), 'card C presentation', 'too late: the card is whole');
SELECT t.agrees('v', 'issued in spite of a void');
SELECT t.sound('issued in spite of a void');

-- Given up: the chip is blocked for ever (R32), also when the write is acknowledged late.
SELECT t.present('a', 'z');
SELECT t.issue('ann', 'a', 'i7', 'two');
SELECT t.take('a', 'p');
SELECT t.write('p', 1);
SELECT is(t.cancel('ann', 'i7', true), 'done', 'scrapped');
SELECT is(t.legs('i7'), 'card X scrapped', 'void');
SELECT is((SELECT state FROM card WHERE id = t.id('i7')), 'scrapped', 'scrapped');
SELECT t.write('p');
SELECT is(t.report('p', 'written'), 'done', 'a late acknowledge');
SELECT is(t.legs('i7'), 'card X scrapped', 'changes nothing');
SELECT is(t.cases('z'), '', 'and is no contradiction');
SELECT t.present('a', 'z');
SELECT is(t.issue('ann', 'a', 'i8', 'two'), 'scrapped', 'never issued again');
SELECT t.present('a', 'new');
SELECT is(t.issue('ann', 'a', 'i9', 'two'), 'done', 'the person gets another card');
SELECT isnt((SELECT card_no FROM card WHERE id = t.id('i9')), (SELECT card_no FROM card WHERE id = t.id('i7')), 'with another number');
SELECT is(t.cancel('ann', 'i9'), 'done', 'or none');
SELECT t.sound('scrapped');
SELECT is(t.cancel('ann', 'no such act'), 'not_found', 'what never was cannot be cancelled');
SELECT is((SELECT outcome FROM fn_operation_cancel(sha256('x'), t.id('i9'), false, 'r')), 'unauthenticated', 'nor by nobody');

-- ---- keys ----
SELECT t.present('a', 'x');
SELECT is(t.prepare('ann', 'a', 'k1', '{"kind": "recharge", "water_minor": 500}'), 'done', 'a key');
SELECT is((SELECT body FROM fn_operation_prepare(t.token('ann'), t.act('ann', 'a', 'k1', '{"kind": "recharge", "water_minor": 500}'))),
    (SELECT response FROM idempotency WHERE key = t.id('k1')), 'its first answer, again');
SELECT is(t.prepare('ann', 'a', 'k1', '{"kind": "recharge", "water_minor": 501}'), 'key_reused', 'with another body');
SELECT is(t.prepare('bob', 'b', 'k1', '{"kind": "recharge", "water_minor": 500}'), 'key_reused', 'by another operator');
SELECT is(t.issue('ann', 'a', 'k1', 'two'), 'key_reused', 'for an issue');
SELECT t.work('a');
SELECT is(t.prepare('ann', 'a', 'k1', '{"kind": "recharge", "water_minor": 500}'), 'replayed', 'long after it was done');
SELECT t.present('a', 'y');
SELECT is(t.prepare('ann', 'a', 'k1', '{"kind": "recharge", "water_minor": 500}'), 'replayed', 'with another card on the reader');
UPDATE session SET desk_id = NULL WHERE id = t.id('session ann');
SELECT is(t.prepare('ann', 'a', 'k1', '{"kind": "recharge", "water_minor": 500}'), 'replayed', 'from no desk');
UPDATE session SET desk_id = t.id('desk a') WHERE id = t.id('session ann');
CREATE TABLE t.kept AS SELECT * FROM idempotency WHERE key = t.id('k1');
DELETE FROM idempotency WHERE key = t.id('k1');
SELECT is(t.prepare('ann', 'a', 'k1', '{"kind": "recharge", "water_minor": 500}'), 'key_reused', 'the answer is gone, the key stays taken');
INSERT INTO idempotency SELECT * FROM t.kept;
SELECT is((SELECT count(*) FROM operation WHERE id = t.id('k1')), 1::bigint, 'done once');
SELECT t.sound('keys');

-- ---- contradictions ----
SELECT t.present('a', 'x');
SELECT t.prepare('ann', 'a', 'b1', '{"kind": "recharge", "water_minor": 100}');
SELECT t.take('a', 'p');
SELECT t.report('p', 'burnt', 0);
SELECT t.write('p');
SELECT is(t.report('p', 'written'), 'done', 'a plan that was burnt is said to be written');
SELECT is(t.cases('x'), 'burnt_but_written', 'that is a case');
SELECT is(t.legs('b1'), 'water P', 'and no evidence');
SELECT is((SELECT block FROM card WHERE id = t.id('i1')), 'case', 'the card is locked');
SELECT is(t.take('a', 'p'), 'none', 'and gets no plan') WHERE (SELECT t.take('a', 'q')) = 'read';
SELECT t.sound('burnt but written');
SELECT is((SELECT outcome FROM fn_case_close(t.token('sue'), (SELECT id FROM card_case WHERE closed_at IS NULL), 'agent replaced', 'r')), 'done', 'closed');
SELECT t.read('a');
SELECT is(t.work('a'), 'refresh', 'what the card shows decides');
SELECT is(t.legs('b1'), 'water C refresh', 'it was written indeed');
SELECT t.sound('burnt but written, settled');

-- A void leg's epoch on the card.
SELECT t.prepare('ann', 'a', 'v1', '{"kind": "recharge", "water_minor": 100}');
SELECT t.take('a', 'p');
SELECT t.cancel('ann', 'v1');
SELECT t.report('p', 'burnt', 0);
CREATE TABLE t.before AS SELECT * FROM t.chip;
SELECT t.write('p');
UPDATE card SET block = 'leaver' WHERE id = t.id('i1');
SELECT t.present('b', 'x');
SELECT is((SELECT block || ' over ' || block_under_case FROM card WHERE id = t.id('i1')), 'case over leaver', 'a case keeps the block it finds');
SELECT is(t.cases('x'), 'voided_on_card', 'the epoch of a void leg on the card is a case');
SELECT is(t.legs('v1'), 'water X burnt', 'the void stays');
SELECT t.sound('voided on card');
DELETE FROM t.chip WHERE uid = t.uid('x');
INSERT INTO t.chip SELECT * FROM t.before WHERE uid = t.uid('x');
SELECT fn_case_close(t.token('sue'), id, 'content put right', 'r') FROM card_case WHERE closed_at IS NULL;
SELECT is((SELECT block || coalesce(block_under_case, ' alone') FROM card WHERE id = t.id('i1')), 'leaver alone', 'closed, it is there again');
SELECT is((SELECT detail ->> 'card_unlocked' FROM audit WHERE action = 'case.close' ORDER BY no DESC LIMIT 1), 'false', 'and the audit does not say unlocked');
SELECT cmp_ok((SELECT count(*) FROM desk_event WHERE desk_id = t.id('desk b') AND kind = 'card_present' AND no = (SELECT event_no FROM desk_live
    WHERE desk_id = t.id('desk b'))), '=', 1::bigint, 'the desk that holds the card is told');
UPDATE card SET block = NULL WHERE id = t.id('i1');

-- An older content put back.
SELECT t.present('a', 'x');
SELECT t.prepare('ann', 'a', 'o1', '{"kind": "withdraw", "water_minor": 100}');
SELECT t.work('a');
SELECT t.remove('a');
CREATE TABLE t.after AS SELECT * FROM t.chip;
DELETE FROM t.chip WHERE uid = t.uid('x');
INSERT INTO t.chip SELECT * FROM t.before WHERE uid = t.uid('x');
SELECT t.present('a', 'x');
SELECT is(t.cases('x'), 'rollback', 'an older content put back is a case');
SELECT is(t.prepare('ann', 'a', 'o2', '{"kind": "recharge", "water_minor": 1}'), 'case_open', 'no service');
SELECT t.present('a', 'x');
SELECT is((SELECT count(*) FROM card_case WHERE closed_at IS NULL), 1::bigint, 'one case, however often it is read');
SELECT t.sound('rollback');
DELETE FROM t.chip WHERE uid = t.uid('x');
INSERT INTO t.chip SELECT * FROM t.after WHERE uid = t.uid('x');
SELECT fn_case_close(t.token('sue'), id, 'clone taken away', 'r') FROM card_case WHERE closed_at IS NULL;
SELECT t.present('a', 'x');
SELECT is(t.prepare('ann', 'a', 'o2', '{"kind": "recharge", "water_minor": 1}'), 'done', 'closed, the true card is served again');
SELECT t.work('a');
UPDATE t.chip SET epoch_no = epoch_no + 50 WHERE uid = t.uid('x') AND purse = 'water';
SELECT t.present('a', 'x');
SELECT is(t.cases('x'), 'ledger_behind', 'ahead of the books');
UPDATE t.chip SET epoch_no = epoch_no - 50 WHERE uid = t.uid('x') AND purse = 'water';
SELECT fn_case_close(t.token('sue'), id, 'books restored', 'r') FROM card_case WHERE closed_at IS NULL;
SELECT t.sound('contradictions');

-- A marginal slot showed less than there was; the plan on its way then writes over the true value.
SELECT t.present('a', 'y');
SELECT t.prepare('ann', 'a', 'm1', '{"kind": "recharge", "consumption_minor": 1000}');
SELECT t.work('a');
SELECT t.prepare('ann', 'a', 'm2', '{"kind": "withdraw", "consumption_minor": 900}');
SELECT t.take('a', 'p');
UPDATE t.chip SET value_minor = 300 WHERE uid = t.uid('y') AND purse = 'consumption';
SELECT t.present('b', 'y');
SELECT is(ARRAY[t.balance('three', 'stored'), t.balance('three', 'in_transit'), t.balance('three', 'uncollected')], ARRAY[0, 300, 700]::bigint[],
    'the low reading is booked at once');
SELECT t.sound('low reading');
UPDATE t.chip SET value_minor = 1000 WHERE uid = t.uid('y') AND purse = 'consumption';
SELECT is(t.guard('p'), true, 'the guard sees the true value');
SELECT t.write('p');
SELECT is(t.report('p', 'written'), 'done', 'acknowledged');
SELECT is(t.legs('m2'), 'consumption C report', 'proven');
SELECT is(ARRAY[t.balance('three', 'stored'), t.balance('three', 'in_transit'), t.balance('three', 'uncollected')], ARRAY[100, 0, 0]::bigint[],
    'the drop that never was goes back');
SELECT is(t.cases('y'), 'value_rose', 'with a case');
SELECT t.agrees('y', 'marginal');
SELECT t.sound('marginal');
SELECT fn_case_close(t.token('sue'), id, 'marginal slot', 'r') FROM card_case WHERE closed_at IS NULL;

-- Two reports that cannot both be true: the act, and the fence against it over the value of before. The second is a case.
SELECT t.present('a', 'y');
SELECT t.prepare('ann', 'a', 'n1', '{"kind": "recharge", "consumption_minor": 50}');
SELECT t.take('a', 'p');
SELECT t.hello('a', 'a, once more');
SELECT t.present('b', 'y');
SELECT t.cancel('ann', 'n1');
SELECT is(t.take('b', 'f'), 'fence', 'a fence is out');
SELECT is(t.report('p', 'written'), 'done', 'and the old process reports the act as written');
SELECT is(t.legs('n1'), 'consumption C report', 'proven');
SELECT t.write('p');
SELECT is(t.report('f', 'written'), 'done', 'then the fence is reported as written too');
SELECT is(t.legs('n1'), 'consumption C report', 'it voids nothing');
SELECT is(t.cases('y'), 'voided_on_card', 'but is a case');
SELECT t.sound('two reports');
SELECT fn_case_close(t.token('sue'), id, 'agent looked at', 'r') FROM card_case WHERE closed_at IS NULL;
SELECT t.present('a', 'y');
SELECT t.prepare('ann', 'a', 'n2', '{"kind": "withdraw", "consumption_minor": 50}');
SELECT t.work('a');
SELECT t.agrees('y', 'after two reports');

-- A report of an epoch over a value that the books never had there.
SELECT t.prepare('ann', 'a', 'n3', '{"kind": "recharge", "consumption_minor": 50}');
SELECT t.take('a', 'p');
UPDATE epoch SET opening_minor = opening_minor - 7, opening_stored_minor = opening_stored_minor - 7 WHERE uid = t.uid('y') AND purse = 'consumption' AND state = 'open';
SELECT is(t.report('p', 'written'), 'done', 'a report that does not follow from the books');
SELECT is(t.legs('n3') || ', ' || t.cases('y'), 'consumption P, record_conflict', 'proves nothing and is a case');
UPDATE epoch SET opening_minor = opening_minor + 7, opening_stored_minor = opening_stored_minor + 7 WHERE uid = t.uid('y') AND purse = 'consumption' AND state = 'open';
SELECT t.sound('a report that does not follow');
SELECT t.write('p');
SELECT fn_case_close(t.token('sue'), id, 'row put right', 'r') FROM card_case WHERE closed_at IS NULL;
SELECT t.present('a', 'y');
SELECT t.work('a');
SELECT is(t.legs('n3'), 'consumption C refresh', 'settled by the card');
SELECT t.reverse('ann', 'a', 'n4', 'n3');
SELECT t.work('a');
SELECT t.agrees('y', 'after a false report');

-- ---- debt ----
SELECT fn_transfer(fn_account_person(t.id('three'), 'debt'), fn_account_site('suspense'), 700, 'opening', NULL::operation, NULL);
SELECT t.present('a', 'y');
SELECT is(t.prepare('ann', 'a', 'e1', '{"kind": "recharge", "consumption_minor": 400, "water_minor": 1000}'), 'done', 'a recharge pays the debt first');
SELECT is((SELECT string_agg(purse || ' ' || amount_minor || ' ' || debt_minor || ' ' || state, ', ' ORDER BY purse) FROM leg WHERE operation_id = t.id('e1')),
    'consumption 400 400 C, water 1000 300 P', 'consumption first; what is all debt needs no card');
SELECT is(t.balance('three', 'debt'), -300::bigint, 'that part is paid at once');
SELECT t.sound('debt half paid');
SELECT is(t.cancel('ann', 'e1'), 'done', 'the other part is cancelled');
SELECT is(t.state('e1'), 'completed', 'a mixture is completed');
SELECT is((SELECT fn_operation_body(t.id('e1')) ->> 'cash_to_return_minor'), '1000', 'with the cash of the void part to return');
SELECT t.sound('debt, other part void');
SELECT t.prepare('ann', 'a', 'e2', '{"kind": "recharge", "water_minor": 1000}');
SELECT is(t.work('a'), 'operation', 'the rest goes on the card');
SELECT is(ARRAY[t.balance('three', 'debt'), t.balance('three', 'water')], ARRAY[0, 800]::bigint[], 'debt paid, water up by the rest');
SELECT t.agrees('y', 'debt paid');
SELECT t.sound('debt paid');
SELECT is(t.reverse('ann', 'a', 'e3', 'e1'), 'not_reversible', 'an act that put nothing on the card cannot be undone on it');
SELECT is(t.reverse('ann', 'a', 'e3', 'e2'), 'done', 'what went on the card can');
SELECT t.work('a');
SELECT is(ARRAY[t.balance('three', 'water'), t.balance('three', 'debt')], ARRAY[100, 0]::bigint[], 'that and no more');
SELECT fn_transfer(fn_account_person(t.id('three'), 'debt'), fn_account_site('suspense'), 50, 'opening', NULL::operation, NULL);
SELECT is(t.prepare_extra('ann', 'a', 'e4', '{"kind": "recharge", "water_minor": 99950}') ->> 'largest_minor', '99949',
    'the limit is for what goes on the card');
SELECT is(t.prepare('ann', 'a', 'e4', '{"kind": "recharge", "water_minor": 99949}'), 'done', 'the largest amount named is taken');
SELECT t.work('a');
SELECT is(t.balance('three', 'water'), 99999::bigint, 'full');
SELECT is(t.prepare('ann', 'a', 'e5', '{"kind": "recharge", "consumption_minor": 1}'), 'done', 'debt is over');
SELECT t.work('a');
SELECT t.sound('debt and limit');

-- ---- numbers run out ----
SELECT t.present('a', 'x');
CREATE FUNCTION t.burn_many(p_count integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_outcome text;
BEGIN
    FOR i IN 1..p_count LOOP
        v_outcome := t.prepare('ann', 'a', 'many ' || i || clock_timestamp(), '{"kind": "recharge", "consumption_minor": 1, "water_minor": 1}');
        EXIT WHEN v_outcome <> 'done';
        PERFORM fn_operation_cancel(t.token('ann'), (SELECT id FROM operation WHERE uid = t.uid('x') AND finished_at IS NULL), false, 'r');
    END LOOP;
    RETURN v_outcome;
END
$$;
SELECT is(t.burn_many(200), 'card_in_doubt', 'after 90 void acts the purse refuses before anything is written');
SELECT is((SELECT array_agg(highest_no - committed_no ORDER BY purse) FROM card_purse WHERE uid = t.uid('x') AND purse <> 'times'), ARRAY[90, 90]::bigint[],
    'with numbers left for a fence');
SELECT t.sound('numbers used up');
SELECT is(t.take('a', 'p'), 'fence', 'the card gets a fence of its own');
SELECT is((SELECT operation_id FROM plan WHERE id = (SELECT plan FROM t.taken WHERE name = 'p')), NULL, 'without an operation');
SELECT t.report('p', 'unknown', 0);
SELECT t.present('a', 'x');
SELECT is(t.take('a', 'p'), 'fence', 'again');
SELECT is((SELECT highest_no - committed_no FROM card_purse WHERE uid = t.uid('x') AND purse = 'water'), 91::bigint, 'with the same number');
CREATE TABLE t.event_no AS SELECT event_no FROM desk_live WHERE desk_id = t.id('desk a');
SELECT t.write('p');
SELECT is(t.report('p', 'written'), 'done', 'written');
SELECT is((SELECT kind FROM desk_event WHERE desk_id = t.id('desk a') AND no > (SELECT event_no FROM t.event_no)), 'card_present', 'the screen gets the new reading');
SELECT is((SELECT array_agg(highest_no - committed_no ORDER BY purse) FROM card_purse WHERE uid = t.uid('x') AND purse <> 'times'), ARRAY[0, 0]::bigint[],
    'counting goes on from there');
SELECT t.agrees('x', 'maintained');
SELECT is(t.burn_many(1), 'done', 'and acts are possible again');
SELECT t.sound('maintained');

-- The last number is for the fence of an operation that retried 99 times.
SELECT t.prepare('ann', 'a', 'last', '{"kind": "recharge", "consumption_minor": 500000}');
SELECT t.work('a');
SELECT t.prepare('ann', 'a', 'retries', '{"kind": "recharge", "consumption_minor": 100}');
CREATE FUNCTION t.retry_many(p_count integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_kind text;
BEGIN
    FOR i IN 1..p_count LOOP
        PERFORM t.present('a', 'x');
        v_kind := t.take('a', 'retry');
        EXIT WHEN v_kind <> 'operation';
        PERFORM t.report('retry', 'unknown', 0);
        PERFORM t.spend('x', 'consumption', 1);
    END LOOP;
    RETURN v_kind;
END
$$;
SELECT is(t.retry_many(200), 'none', 'a leg takes at most the 99th number');
SELECT is((SELECT highest_no - committed_no FROM card_purse WHERE uid = t.uid('x') AND purse = 'consumption'), 99::bigint, 'no more');
SELECT t.cancel('ann', 'retries');
SELECT is(t.take('a', 'f'), 'fence', 'the fence gets the 100th');
SELECT t.write('f');
SELECT t.report('f', 'written');
SELECT is(t.legs('retries'), 'consumption X fence', 'and voids the leg');
SELECT t.agrees('x', 'hundredth');
SELECT t.sound('hundredth');
SELECT * FROM finish();
