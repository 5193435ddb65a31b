-- Every refusal of a money act: its word, its numbers, and that it changes nothing.
\ir lib/flow.psql
SELECT no_plan();
SELECT t.give('x', 'one', 100, 100, 5);
-- Everything an act may write, as one number.
CREATE VIEW t.marks AS SELECT (SELECT count(*) FROM operation) + (SELECT count(*) FROM leg) + (SELECT count(*) FROM transfer) + (SELECT count(*) FROM entry)
    + (SELECT count(*) FROM epoch) + (SELECT count(*) FROM plan) + (SELECT count(*) FROM idempotency) + (SELECT count(*) FROM audit)
    + (SELECT sum(ledger_version + version) FROM card) + (SELECT sum(event_no) FROM desk_live) + (SELECT count(*) FROM card_case)
    + (SELECT count(*) FROM step_up WHERE used_at IS NOT NULL) AS n;
CREATE FUNCTION t.refused(p_want text, p_operator text, p_desk text, p_more jsonb, p_what text, p_extra jsonb DEFAULT '{}') RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    v_before numeric := (SELECT n FROM t.marks);
BEGIN
    RETURN NEXT is(t.prepare_extra(p_operator, p_desk, 'refused', p_more), jsonb_build_object('outcome', p_want) || p_extra, p_what);
    RETURN NEXT is((SELECT n FROM t.marks), v_before, p_what || ': nothing changed');
END
$$;

-- Limits, inclusive, to the last minor unit: stored + subsidy <= 99,999.00, water <= 999.99, times <= 9,999.
SELECT t.refused('over_limit', 'ann', 'a', '{"kind": "recharge", "water_minor": 99900}', 'water, one too many',
    '{"purse": "water", "limit_minor": 99999, "balance_minor": 100, "largest_minor": 99899}');
SELECT t.refused('over_limit', 'ann', 'a', '{"kind": "recharge", "consumption_minor": 9999801}', 'consumption, one too many',
    '{"purse": "consumption", "limit_minor": 9999900, "balance_minor": 100, "largest_minor": 9999800}');
SELECT t.refused('over_limit', 'ann', 'a', '{"kind": "recharge", "consumption_minor": 100, "water_minor": 99900}', 'one of two is enough',
    '{"purse": "water", "limit_minor": 99999, "balance_minor": 100, "largest_minor": 99899}');
SELECT t.refused('over_limit', 'ann', 'a', '{"kind": "recharge", "times": 9995}', 'times, one too many',
    '{"purse": "times", "limit_minor": 9999, "balance_minor": 5, "largest_minor": 9994}');
SELECT t.refused('over_limit', 'ann', 'a', '{"kind": "recharge", "consumption_minor": 9223372036854775807}', 'the largest number there is',
    '{"purse": "consumption", "limit_minor": 9999900, "balance_minor": 100, "largest_minor": 9999800}');
SELECT t.refused('short', 'ann', 'a', '{"kind": "withdraw", "water_minor": 101}', 'water, one too many',
    '{"purse": "water", "balance_minor": 100, "largest_minor": 100}');
SELECT t.refused('short', 'ann', 'a', '{"kind": "withdraw", "consumption_minor": 101}', 'consumption, one too many',
    '{"purse": "consumption", "balance_minor": 100, "largest_minor": 100}');
SELECT t.refused('short', 'ann', 'a', '{"kind": "withdraw", "times": 6}', 'times, one too many',
    '{"purse": "times", "balance_minor": 5, "largest_minor": 5}');
SELECT t.refused('nothing_to_do', 'ann', 'a', '{"kind": "recharge"}', 'no amount');
SELECT t.refused('nothing_to_do', 'ann', 'a', '{"kind": "recharge", "consumption_minor": null, "water_minor": null}', 'both empty');
SELECT t.refused('nothing_to_do', 'ann', 'a', '{"kind": "recharge", "consumption_minor": 0}', 'a typed zero');
SELECT t.refused('nothing_to_do', 'ann', 'a', '{"kind": "recharge", "consumption_minor": 100, "water_minor": -1}', 'less than nothing');
SELECT t.refused('bad_field', 'ann', 'a', '{"kind": "recharge", "consumption_minor": 100, "times": 1}', 'times together with money');
SELECT t.refused('card_changed', 'ann', 'a', jsonb_build_object('kind', 'recharge', 'water_minor', 1, 'presentation_id', t.id('no such reading')),
    'a reading that never was');
SELECT t.refused('card_changed', 'ann', 'a', jsonb_build_object('kind', 'recharge', 'water_minor', 1, 'presentation_id', (SELECT min(id::text) FROM presentation
    WHERE id <> t.shown('a'))), 'an older reading');
SELECT t.refused('card_changed', 'ann', 'a', '{"kind": "recharge", "water_minor": 1, "presentation_id": null}', 'no reading');
SELECT t.refused('wrong_desk', 'bob', 'a', '{"kind": "recharge", "water_minor": 1}', 'a desk the session has not chosen');
SELECT t.refused('no_card', 'bob', 'b', '{"kind": "recharge", "water_minor": 1}', 'no card on the reader');
SELECT is((SELECT outcome FROM fn_operation_prepare(sha256('nobody'), t.act('ann', 'a', 'k', '{"kind": "recharge", "water_minor": 1}'))),
    'unauthenticated', 'nobody');
DELETE FROM operator_role WHERE operator_id = t.id('bob');
SELECT t.refused('forbidden', 'bob', 'b', '{"kind": "recharge", "water_minor": 1}', 'an operator without the permission');
INSERT INTO operator_role VALUES (t.id('bob'), 'cashier');
UPDATE desk_live SET agent_online = false WHERE desk_id = t.id('desk a');
SELECT t.refused('agent_offline', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'the agent is silent');
UPDATE desk_live SET agent_online = true, reader_state = 'absent' WHERE desk_id = t.id('desk a');
SELECT t.refused('agent_offline', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'the reader is unplugged');
UPDATE desk_live SET reader_state = 'ok', presence_kind = 'two_cards' WHERE desk_id = t.id('desk a');
SELECT t.refused('two_cards', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'two cards');
UPDATE desk_live SET presence_kind = 'card' WHERE desk_id = t.id('desk a');
SELECT t.place('b', 'x');
SELECT t.refused('card_changed', 'bob', 'b', '{"kind": "recharge", "water_minor": 1, "presentation_id": null}', 'not read yet');

-- What the card itself forbids.
UPDATE card SET expires_on = fn_business_day(clock_timestamp()) - 1;
SELECT t.refused('card_expired', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'the last day has passed');
UPDATE card SET expires_on = fn_business_day(clock_timestamp()), block = 'leaver';
SELECT t.refused('card_blocked', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'blocked');
UPDATE card SET block = 'case';
SELECT t.refused('case_open', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'a case');
UPDATE card SET block = NULL, state = 'lost';
SELECT t.refused('card_state', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'lost');
UPDATE card SET state = 'active', has_purses = false;
SELECT t.refused('card_not_ours', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'a card without purses');
UPDATE card SET has_purses = true, expires_on = NULL;
UPDATE presentation SET seen = jsonb_set(seen, '{water,verdict}', '"unreadable"') WHERE id = t.shown('a');
SELECT t.refused('card_unreadable', 'ann', 'a', '{"kind": "recharge", "water_minor": 1}', 'the purse cannot be read');
SELECT t.prepare('ann', 'a', 'other purse', '{"kind": "recharge", "consumption_minor": 1}');
SELECT is(t.state('other purse'), 'prepared', 'but the other one can');
SELECT t.refused('operation_open', 'ann', 'a', '{"kind": "recharge", "consumption_minor": 1}', 'another operation is open');
SELECT t.take('a', 'p');
SELECT t.report('p', 'unknown', 0);
SELECT t.refused('card_in_doubt', 'ann', 'a', '{"kind": "recharge", "consumption_minor": 1}', 'another operation is in doubt');
SELECT t.read('a');
SELECT is(t.work('a'), 'operation', 'it is written after all');

-- Drawer and second password.
UPDATE site SET drawer_may_go_negative = false;
SELECT t.present('b', 'x');
SELECT t.refused('drawer_short', 'bob', 'b', '{"kind": "withdraw", "water_minor": 1}', 'an empty drawer pays nothing', '{"needed_minor": 1, "largest_minor": 0}');
SELECT t.present('a', 'x');
SELECT is(t.drawer('a'), 701::bigint, 'a drawer with 7.01 in it');
SELECT t.give('y', 'two', 650, 0);
SELECT is(t.prepare('ann', 'a', 'promised', '{"kind": "withdraw", "consumption_minor": 650}'), 'done', 'an open withdrawal is promised money');
SELECT t.take('a', 'p');
SELECT t.write('p', 0);
SELECT t.report('p', 'unknown', 0);
SELECT t.give('z', 'three', 800, 0);
SELECT t.refused('short', 'ann', 'a', '{"kind": "withdraw", "consumption_minor": 801}', 'short is said first', '{"purse": "consumption", "balance_minor": 800,
    "largest_minor": 800}');
SELECT t.prepare('ann', 'a', 'z1', '{"kind": "withdraw", "consumption_minor": 800}');
SELECT t.work('a');
SELECT is(t.drawer('a'), 1351::bigint, 'what is left');
SELECT t.prepare('ann', 'a', 'z2', '{"kind": "recharge", "consumption_minor": 800}');
SELECT t.work('a');
SELECT t.prepare('ann', 'a', 'z3', '{"kind": "withdraw", "consumption_minor": 800}');
SELECT t.work('a');
SELECT is(t.drawer('a'), 1351::bigint, 'the drawer goes down only by what is free');
UPDATE site SET drawer_may_go_negative = true, withdraw_step_up_minor = 100;
SELECT t.prepare('ann', 'a', 'z4', '{"kind": "recharge", "consumption_minor": 300, "water_minor": 300}');
SELECT t.work('a');
SELECT t.refused('step_up_required', 'ann', 'a', '{"kind": "withdraw", "consumption_minor": 51, "water_minor": 50}', 'one above the limit, both purses together',
    jsonb_build_object('operation_id', t.id('refused')));
SELECT is(t.prepare('ann', 'a', 'z5', '{"kind": "withdraw", "consumption_minor": 50, "water_minor": 50}'), 'done', 'the limit itself needs none');
SELECT t.work('a');
SELECT fn_step_up_grant(t.id('ann'), t.id('session ann'), sha256('grant'), 'withdraw', t.id('refused'), 'r');
SELECT fn_step_up_grant(t.id('bob'), t.id('session bob'), sha256('other'), 'withdraw', t.id('refused'), 'r');
SELECT fn_step_up_grant(t.id('ann'), t.id('session ann'), sha256('else'), 'withdraw', t.id('another key'), 'r');
SELECT t.refused('step_up_required', 'ann', 'a', jsonb_build_object('kind', 'withdraw', 'consumption_minor', 101, 'step_up', encode(sha256('other'), 'hex')),
    'a grant of another session', jsonb_build_object('operation_id', t.id('refused')));
SELECT t.refused('step_up_required', 'ann', 'a', jsonb_build_object('kind', 'withdraw', 'consumption_minor', 101, 'step_up', encode(sha256('else'), 'hex')),
    'a grant for another act', jsonb_build_object('operation_id', t.id('refused')));
SELECT t.refused('short', 'ann', 'a', jsonb_build_object('kind', 'withdraw', 'consumption_minor', 251, 'step_up', encode(sha256('grant'), 'hex')),
    'a refusal for another reason', '{"purse": "consumption", "balance_minor": 250, "largest_minor": 250}');
SELECT is(t.prepare('ann', 'a', 'refused', jsonb_build_object('kind', 'withdraw', 'consumption_minor', 101, 'step_up', encode(sha256('grant'), 'hex'))), 'done',
    'does not spend the grant');
SELECT isnt((SELECT used_at FROM step_up WHERE token_sha256 = sha256('grant')), NULL, 'the act does');
SELECT t.work('a');

-- The largest amounts that are possible.
SELECT is(t.prepare('ann', 'a', 'z6', '{"kind": "recharge", "consumption_minor": 9999751, "water_minor": 99749}'), 'done', 'both up to the limit');
SELECT t.work('a');
SELECT is(ARRAY[t.balance('three', 'stored'), t.balance('three', 'water')], ARRAY[9999900, 99999]::bigint[], 'full');
SELECT t.agrees('z', 'full');
SELECT t.sound('full');

-- The hourly roll-up of drawers and site accounts: balances stay what they are, before and after new entries.
CREATE TABLE t.drawer_before AS SELECT t.drawer('a') AS minor;
SET session_replication_role = replica;
UPDATE transfer SET created_at = created_at - interval '2 hours' WHERE id < (SELECT max(id) - 4 FROM transfer);
SET session_replication_role = origin;
SELECT FROM fn_sweep();
SELECT ok(count(*) > 3, 'accounts are rolled up') FROM account_roll_up;
SELECT is(t.drawer('a'), (SELECT minor FROM t.drawer_before), 'and stand where they stood');
SELECT t.prepare('ann', 'a', 'z7', '{"kind": "withdraw", "water_minor": 60}');
SELECT t.work('a');
SELECT is(t.drawer('a'), (SELECT minor - 60 FROM t.drawer_before), 'later entries count on top');
UPDATE account_roll_up SET at = at - interval '2 hours';
SELECT FROM fn_sweep();
SELECT is((SELECT count(*) FROM account_roll_up WHERE at < clock_timestamp() - interval '1 hour'), 0::bigint, 'an hour later they are rolled up anew');
SELECT is(t.drawer('a'), (SELECT minor - 60 FROM t.drawer_before), 'and stand where they stood');
SELECT is((SELECT string_agg(DISTINCT invariant, ', ') FROM t.violation WHERE invariant <> 'record_unchanged'), NULL,
    'the books are sound, but for the times put back for this test');
SELECT * FROM finish();
