-- A card that lies on a reader is read in the end, whatever got lost on the way.
\ir lib/flow.psql
SELECT no_plan();

CREATE FUNCTION t.later(p_desk text) RETURNS void LANGUAGE sql AS $$
    UPDATE desk_live SET reading_due_at = reading_due_at - interval '10 seconds' WHERE desk_id = t.id('desk ' || p_desk)
$$;

SELECT is(t.place('a', 'x'), 'done', 'a card comes');
SELECT is(t.take('a', 'p'), 'none', 'its reading is on the way');
SELECT t.later('a');
SELECT is(t.take('a', 'p'), 'read', 'it did not come: the card is to be presented again');
SELECT is(t.take('a', 'p'), 'none', 'not in a tight circle');
SELECT t.later('a');
SELECT is(t.take('a', 'p'), 'read', 'and once more');
SELECT t.later('a');
SELECT is(t.place('a', 'x'), 'done', 'the card is presented again');
SELECT is(t.take('a', 'p'), 'none', 'that reading has its own time');
SELECT is(t.read('a'), 'done', 'it comes');
SELECT t.later('a');
SELECT is(t.take('a', 'p'), 'none', 'nothing is missing any more');
SELECT t.place('a', 'x');
SELECT t.later('a');
SELECT t.remove('a');
SELECT is(t.take('a', 'p'), 'none', 'a card that has left is not asked for');
SELECT is((SELECT outcome FROM fn_presence(t.id('agent a'), (SELECT run FROM desk_live WHERE desk_id = t.id('desk a')), gen_random_uuid(),
    'two_cards', t.uid('x'), 8::smallint)), 'done', 'two cards');
SELECT t.later('a');
SELECT is(t.take('a', 'p'), 'none', 'are not read at all');

-- A card presented anew while it is written: that reading is older than what the act proves.
SELECT t.remove('a');
SELECT t.give('y', 'two', 100, 100, 5);
SELECT t.place('a', 'y');
SELECT t.read('a');
SELECT is(t.prepare('ann', 'a', 'k1', '{"kind": "recharge", "consumption_minor": 10}'), 'done', 'an act');
SELECT is(t.take('a', 'written'), 'operation', 'is handed out');
SELECT t.place('a', 'y');
SELECT is(t.read('a'), 'done', 'the card is read anew before it is written');
SELECT t.write('written');
SELECT is(t.report('written', 'written'), 'done', 'and the act is proven');
SELECT is(t.take('a', 'later'), 'read', 'so it is to be read again');
SELECT is(t.take('a', 'later'), 'none', 'not in a tight circle');
SELECT t.place('a', 'y');
SELECT t.read('a');
UPDATE desk_live SET read_asked_at = read_asked_at - interval '2 seconds';
SELECT is(t.take('a', 'later'), 'none', 'and then no more');
SELECT is(t.prepare('ann', 'a', 'k2', '{"kind": "recharge", "consumption_minor": 10}'), 'done', 'the next act');
SELECT is(t.take('a', 'later'), 'operation', 'is handed out at once');

-- A removal that meets the next presence: what has come stays.
SELECT t.present('a', 'y');
ALTER FUNCTION fn_agent_desk(uuid, bytea) RENAME TO fn_agent_desk_before;
CREATE FUNCTION fn_agent_desk(p_agent_id uuid, p_run bytea) RETURNS TABLE (outcome text, live desk_live) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, t AS $$
BEGIN
    RETURN QUERY SELECT d.outcome, d.live FROM fn_agent_desk_before(p_agent_id, p_run) d;
    UPDATE desk_live SET presence_id = t.id('next'), uid = t.uid('x'), presentation_id = NULL WHERE desk_id = t.id('desk a'); -- comes now
END
$$;
SELECT is(t.remove('a'), 'done', 'a card leaves while the next one comes');
DROP FUNCTION fn_agent_desk(uuid, bytea);
ALTER FUNCTION fn_agent_desk_before(uuid, bytea) RENAME TO fn_agent_desk;
SELECT is((SELECT presence_id FROM desk_live WHERE desk_id = t.id('desk a')), t.id('next'), 'the next one lies there');
SELECT is((SELECT uid FROM desk_live WHERE desk_id = t.id('desk a')), t.uid('x'), 'with its number');
SELECT * FROM finish();
