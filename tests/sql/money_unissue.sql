-- A card issued by mistake is taken back: refusals, tears, voids, and the chip's next life.
\ir lib/flow.psql
SELECT no_plan();

-- ---- what is refused ----
SELECT t.present('a', 'x');
SELECT is(t.unissue('ann', 'a', 'u0'), 'card_not_ours', 'a blank card');
SELECT t.give('x', 'one', 5000, 300, 2);
SELECT is(t.unissue('ann', 'a', 'u0'), 'card_not_empty', 'a card with money on it');
SELECT is((SELECT extra FROM fn_operation_unissue(t.token('ann'), t.act('ann', 'a', 'u0', '{"reason": "x"}'))),
    '{"stored_minor": 5000, "subsidy_minor": 0, "water_minor": 300, "times": 2}', 'says what is on it');
SELECT t.prepare('ann', 'a', 'off', '{"kind": "withdraw", "consumption_minor": 5000, "water_minor": 300}');
SELECT is(t.unissue('ann', 'a', 'u0'), 'operation_open', 'while money is on its way');
SELECT t.work('a');
SELECT is(t.unissue('ann', 'a', 'u0'), 'card_not_empty', 'times are left');
SELECT t.prepare('ann', 'a', 'off2', '{"kind": "withdraw", "times": 2}');
SELECT t.work('a');
SELECT is(t.unissue('ann', 'b', 'u0'), 'wrong_desk', 'of another desk');
SELECT is((SELECT outcome FROM fn_operation_unissue(t.token('ann'), t.act('ann', 'a', 'u0', '{"reason": "x"}'))), 'step_up_required',
    'without a second password');
SELECT is(t.unissue('ann', 'a', 'u0', jsonb_build_object('presentation_id', t.id('no'))), 'card_changed', 'of another reading');
UPDATE card SET state = 'lost' WHERE uid = t.uid('x');
SELECT is(t.unissue('ann', 'a', 'u0'), 'card_state', 'a lost card is no mistake');
UPDATE card SET state = 'active' WHERE uid = t.uid('x');
UPDATE card SET block = 'holder' WHERE uid = t.uid('x');
SELECT is(t.unissue('ann', 'a', 'u0'), 'card_blocked', 'nor a blocked one');
UPDATE card SET block = NULL, expires_on = '2001-01-01' WHERE uid = t.uid('x');

-- ---- undisturbed; an expired card is no exception ----
SELECT is(t.unissue('ann', 'a', 'u1'), 'done', 'prepared');
SELECT is(t.unissue('ann', 'a', 'u1'), 'replayed', 'again, the same');
SELECT is(t.unissue('ann', 'a', 'u1', '{"reason": "another"}'), 'key_reused', 'again, for another reason');
SELECT is((SELECT count(*) FROM step_up WHERE operation_id = t.id('u1') AND used_at IS NOT NULL), 1::bigint, 'the grant is used');
SELECT is(t.prepare('ann', 'a', 'r1', '{"kind": "recharge", "water_minor": 1}'), 'operation_open', 'no money meanwhile');
SELECT is(t.take('a', 'p'), 'read', 'a reading made for money does not do');
SELECT is(t.take('a', 'p'), 'none', 'asked for once a second');
SELECT t.present('a', 'x');
SELECT is((SELECT read_mode FROM desk_live WHERE desk_id = t.id('desk a')), 'issuing', 'read whole, with every key');
SELECT is(t.take('a', 'p'), 'operation', 'the plan');
SELECT is((SELECT body -> 'request' -> 'legs' -> 0 ->> 'purse' FROM t.taken WHERE name = 'p'), NULL, 'of the whole card');
SELECT is(t.state('u1'), 'writing', 'writing');
SELECT t.write('p');
SELECT t.report('p', 'written');
SELECT is(t.state('u1') || ', ' || t.legs('u1'), 'completed, card C report', 'done');
SELECT is((SELECT state FROM card WHERE id = t.id('issue x')), 'cancelled', 'the card is nobody''s');
SELECT is((SELECT fn_desk_card_body(l) ->> 'state' FROM desk_live l WHERE desk_id = t.id('desk a')), 'reading', 'what was read is used up');
SELECT is(t.work('a'), 'read', 'and read anew');
SELECT t.present('a', 'x');
SELECT is((SELECT fn_desk_card_body(l) ->> 'state' FROM desk_live l WHERE desk_id = t.id('desk a')), 'blank', 'blank');
SELECT is((SELECT fn_desk_card_body(l) -> 'person' FROM desk_live l WHERE desk_id = t.id('desk a')), 'null', 'like one that was never issued');
SELECT is(t.cancel('ann', 'u1'), 'too_late', 'over');
SELECT is((SELECT count(*) FROM epoch WHERE uid = t.uid('x') AND state = 'open'), 0::bigint, 'no epoch is open');
SELECT t.sound('taken back');

-- The chip is free at once, for anybody; its numbers go on.
SELECT is(t.issue('ann', 'a', 'i2', 'two'), 'done', 'issued to somebody else');
SELECT t.work('a');
SELECT t.work('a');
SELECT is((SELECT string_agg(state, ' ' ORDER BY card_no) FROM card WHERE uid = t.uid('x')), 'cancelled active', 'with a number of its own');
SELECT is((SELECT epoch_no FROM t.chip WHERE uid = t.uid('x') AND purse = 'water'), (SELECT max(epoch_no) FROM epoch WHERE uid = t.uid('x')
    AND purse = 'water'), 'and the next epoch');
SELECT t.agrees('x', 'issued again');
SELECT t.present('a', 'z');
SELECT is(t.issue('ann', 'a', 'i3', 'one'), 'done', 'the first holder gets another card');
SELECT t.work('a');
SELECT t.work('a');
SELECT t.sound('both have cards');

-- ---- torn, and finished at another desk ----
SELECT t.present('a', 'x');
SELECT t.unissue('ann', 'a', 'u2');
SELECT t.present('a', 'x');
SELECT is(t.take('a', 'p'), 'operation', 'begun at desk a');
DELETE FROM t.chip WHERE uid = t.uid('x') AND purse = 'consumption';
SELECT t.report('p', 'unknown', 0);
SELECT t.remove('a');
SELECT is(t.state('u2'), 'in_doubt', 'in doubt');
SELECT is(t.cancel('ann', 'u2'), 'done', 'a void is asked for');
SELECT is(t.state('u2') || (SELECT cancel_requested_at IS NULL FROM operation WHERE id = t.id('u2')), 'in_doubttrue',
    'and cannot be had: nothing proves that the first write is not there');
SELECT t.present('b', 'x');
SELECT is((SELECT state || seen FROM presentation WHERE id = t.shown('b')), 'half_issued{}', 'half a card proves nothing of its purses');
SELECT is(t.cases('x'), '', 'and contradicts nothing');
SELECT is((SELECT fn_desk_card_body(l) ->> 'state' FROM desk_live l WHERE desk_id = t.id('desk b')), 'in_doubt', 'the desk says so');
SELECT is(t.take('b', 'p2'), 'operation', 'continued at desk b');
SELECT is((SELECT body -> 'request' -> 'continued' FROM t.taken WHERE name = 'p2'), 'true', 'knowing that it continues');
SELECT t.write('p2');
SELECT t.report('p2', 'unknown', 0);
SELECT is(t.read('b'), 'done', 'the report is lost, the card is blank');
SELECT is(t.legs('u2'), 'card P', 'one plain reading does not prove it (R13)');
SELECT is(t.take('b', 'p3'), 'operation', 'one more plan writes the last trailer again');
SELECT t.write('p3');
SELECT t.report('p3', 'written');
SELECT is(t.legs('u2'), 'card C report', 'which proves it');
SELECT is(t.report('p2', 'written'), 'replayed', 'a late report changes nothing');
SELECT t.sound('torn and finished');

-- ---- void while nothing is out, and when all of it is burnt ----
SELECT t.give('y', 'two', 0, 0);
SELECT t.unissue('ann', 'a', 'u3');
SELECT is(t.cancel('ann', 'u3'), 'done', 'at once');
SELECT is(t.state('u3') || ' ' || (SELECT state FROM card WHERE id = t.id('issue y')), 'aborted active', 'the card stays what it was');
SELECT t.present('a', 'y');
SELECT t.unissue('ann', 'a', 'u4');
SELECT t.present('a', 'y');
SELECT t.take('a', 'p');
SELECT t.report('p', 'burnt', 0);
SELECT is(t.state('u4'), 'prepared', 'a burnt plan leaves it waiting for the card');
SELECT t.cancel('ann', 'u4');
SELECT is(t.state('u4') || ' ' || t.legs('u4'), 'aborted card X burnt', 'void by receipts');
SELECT t.present('a', 'y');
SELECT is(t.prepare('ann', 'a', 'r4', '{"kind": "recharge", "water_minor": 100}'), 'done', 'it takes money again');
SELECT t.work('a');
SELECT t.agrees('y', 'after two voids');
SELECT t.sound('voids');

-- ---- given up ----
SELECT t.prepare('ann', 'a', 'w4', '{"kind": "withdraw", "water_minor": 100}');
SELECT t.work('a');
SELECT is(t.unissue('ann', 'a', 'u5'), 'done', 'once more');
SELECT t.present('a', 'y');
SELECT t.take('a', 'p');
DELETE FROM t.chip WHERE uid = t.uid('y') AND purse = 'water';
SELECT t.report('p', 'unknown', 0);
SELECT is(t.cancel('ann', 'u5', true), 'done', 'a sector is locked: given up');
SELECT is(t.state('u5') || ' ' || t.legs('u5') || ' ' || (SELECT state FROM card WHERE id = t.id('issue y')), 'aborted card X scrapped scrapped',
    'scrapped for ever');
SELECT t.present('a', 'y');
SELECT is(t.issue('ann', 'a', 'i5', 'three'), 'scrapped', 'the chip is never issued again (R32)');
SELECT t.present('a', 'w');
SELECT is(t.issue('ann', 'a', 'i6', 'two'), 'done', 'its holder gets another card');
SELECT t.work('a');
SELECT t.sound('scrapped');

SELECT * FROM finish();
