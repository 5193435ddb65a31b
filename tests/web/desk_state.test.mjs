// What the desk shows of an act that is open: it never leaves the screen while money may move, and can be undone wherever it
// cannot go on.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { module } from './pages.mjs';

const { stageOf, openAct } = await module('lib/desk-state.js');

const agent = { online: true, reader_state: 'ok', update: null };
const ann = { id: 'card-ann', block: null };
const bob = { id: 'card-bob', block: null };
const actOf = (state, card = ann, id = `act-${card.id}`) => ({ id, state, card: { id: card.id }, finished_at: ['completed', 'aborted'].includes(state) ? 'now' : null });
const on = (card, state = 'active', operation = null) => ({ state, card, operation, presentation_id: 'p', uid: card?.id });
const stage = (card, act, more = {}) => stageOf({ live: { agent: { ...agent, ...more.agent }, card }, act, stream: 'open', ...more });

test('a card that leaves an open act behind: it stays on the screen, begun or not', () => {
    assert.equal(stage(null, actOf('prepared')), 'in_doubt');
    assert.equal(stage(null, actOf('writing')), 'in_doubt');
    assert.equal(stage(null, actOf('in_doubt')), 'in_doubt');
    assert.equal(stage(null, actOf('completed')), 'none');
    assert.equal(stage(null, null), 'none');
});

test('its reader or its server goes away as well: it stays', () => {
    for (const state of ['prepared', 'writing', 'in_doubt']) {
        assert.equal(stage(null, actOf(state), { serverAway: true }), 'in_doubt');
        assert.equal(stage(null, actOf(state), { agent: { online: false } }), 'in_doubt');
        assert.equal(stage(null, actOf(state), { agent: { reader_state: 'absent' } }), 'in_doubt');
    }
});

test('the card lies there: it is written, and one that is not begun says so', () => {
    const act = actOf('prepared');
    assert.equal(stage(on(ann, 'active', act), act), 'writing');
    assert.equal(stage(on(ann, 'active', act), act, { late: act.id }), 'in_doubt');
    assert.equal(stage(on(ann, 'active', act), act, { late: 'another' }), 'writing');
    const written = actOf('writing');
    assert.equal(stage(on(ann, 'in_doubt', written), written, { late: written.id }), 'writing');
});

test('a card that got a case or cannot be read: the act is no writing that lasts for ever', () => {
    for (const state of ['prepared', 'writing', 'in_doubt']) {
        const act = actOf(state);
        assert.equal(stage(on({ ...ann, block: 'case' }, 'blocked', act), act), 'case');
        assert.equal(openAct({ live: { agent, card: on({ ...ann, block: 'case' }, 'blocked', act) }, act }).id, act.id, 'it is offered there');
    }
    const act = actOf('prepared');
    assert.equal(stage(on(ann, 'damaged', act), act), 'damaged');
});

test('the card on the reader shows its own act, whatever else is in doubt', () => {
    const x = actOf('in_doubt', ann);
    const y = actOf('in_doubt', bob);
    const live = { agent, card: on(bob, 'in_doubt', y) };
    assert.equal(stageOf({ live, act: x, stream: 'open' }), 'in_doubt');
    assert.equal(openAct({ live, act: x }).id, y.id);
    assert.equal(stage(on(bob), x), 'active', 'a card without an act is served');
    assert.equal(openAct({ live: { agent, card: on(bob) }, act: x }), null);
    assert.equal(openAct({ live: { agent, card: null }, act: x }).id, x.id);
});

test('an act that ended is not open because the news of the card come later', () => {
    const ended = actOf('aborted');
    const card = on(ann, 'in_doubt', actOf('in_doubt'));
    assert.equal(openAct({ live: { agent, card }, act: ended }), null);
    assert.equal(stage(card, ended), 'reading');
});
