// What the desk keeps of several acts at once, out of the events of its stream.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { module } from './pages.mjs';

const DESK = 'desk-1';
let port;
globalThis.Worker = class {
    constructor() {
        port = this;
    }
    postMessage() {}
};
delete globalThis.SharedWorker;
globalThis.addEventListener ??= () => null;
const answers = new Map(); // of the server, by the end of the address
globalThis.fetch = async (address) => {
    const found = [...answers].find(([end]) => address.endsWith(end));
    return found ? { ok: true, status: 200, headers: new Map(), json: async () => found[1] } : { ok: false, status: 404, json: async () => ({ code: 'not_found' }) };
};
const { watch, live, act, settled, dismiss, cancel } = await module('lib/live.js');

let no = 0;
const hear = (kind, body) => port.onmessage({ data: { kind, no: ++no, body } });
const agent = { online: true, reader_state: 'ok' };
const cardOf = (name, operation = null, state = 'active') => ({ presence_id: name, presentation_id: `p-${name}`, uid: name, state, operation, card: { id: name, block: null },
    balances: { stored_minor: 0 } });
const actOf = (name, state, cash = {}) => ({ id: `act-${name}`, kind: 'withdraw', state, desk_id: DESK, card: { id: name }, legs: [],
    finished_at: ['completed', 'aborted'].includes(state) ? 'now' : null, ...cash });
const begin = (card = null) => {
    watch(null);
    watch(DESK);
    act.value = null;
    hear('snapshot', { agent, card });
};

test('two acts that end elsewhere: both say what to do with the cash, until each is put away', () => {
    begin();
    const [x, y] = [actOf('ann', 'completed', { cash_to_pay_minor: 500 }), actOf('bob', 'completed', { cash_to_pay_minor: 700 })];
    hear('operation', { operation: x, card: null });
    hear('operation', { operation: y, card: null });
    hear('operation', { operation: x, card: null }); // told again
    assert.deepEqual(settled.value.map((each) => each.cash_to_pay_minor), [500, 700]);
    dismiss(x);
    hear('operation', { operation: x, card: null });
    assert.deepEqual(settled.value.map((each) => each.id), [y.id]);
});

test('two acts that end while a card is being read: neither is forgotten', () => {
    begin();
    const reading = { presence_id: 'r', presentation_id: null, state: 'reading' };
    hear('operation', { operation: actOf('carl', 'completed'), card: reading });
    hear('operation', { operation: actOf('dora', 'completed'), card: reading });
    hear('card_present', cardOf('emil'));
    assert.deepEqual(settled.value.map((each) => each.card.id).sort(), ['carl', 'dora']);
});

test('a card that comes with its own act shows it; the one that made room comes back', () => {
    begin();
    const [x, y] = [actOf('fay', 'in_doubt'), actOf('gus', 'in_doubt')];
    hear('card_present', cardOf('fay', x, 'in_doubt'));
    hear('card_removed', {});
    hear('card_present', cardOf('gus', y, 'in_doubt'));
    assert.equal(act.value.id, y.id);
    const ended = actOf('gus', 'completed', { cash_to_pay_minor: 300 });
    hear('operation', { operation: ended, card: cardOf('gus') });
    assert.equal(act.value.state, 'completed', 'its reminder stands beside its card');
    assert.deepEqual(settled.value, []);
    hear('card_removed', {});
    assert.equal(act.value.id, x.id);
    hear('operation', { operation: actOf('fay', 'aborted'), card: null });
    assert.equal(act.value, null);
    assert.deepEqual(settled.value.map((each) => each.card.id), ['fay']);
});

test('the answer to an undo belongs to its act, whatever is on the screen by then', async () => {
    begin();
    const [x, y] = [actOf('hal', 'in_doubt'), actOf('ida', 'in_doubt')];
    hear('card_present', cardOf('hal', x, 'in_doubt'));
    hear('card_removed', {});
    answers.set('/operations/act-hal/cancel', { ...x, cancel_requested: true });
    const asked = cancel(x);
    hear('card_present', cardOf('ida', y, 'in_doubt'));
    await asked;
    assert.equal(act.value.id, y.id);
    hear('card_removed', {});
    hear('operation', { operation: y, card: null });
    assert.equal(act.value.id, y.id, 'the card that was here last');
});

test('undone at once while no card lies there: the cash is said', async () => {
    begin();
    const x = actOf('jon', 'prepared');
    hear('card_present', cardOf('jon', x));
    hear('card_removed', {});
    answers.set('/operations/act-jon/cancel', actOf('jon', 'aborted', { cash_to_return_minor: 900 }));
    await cancel(x);
    assert.equal(act.value, null);
    assert.deepEqual(settled.value.map((each) => each.cash_to_return_minor), [900]);
    hear('operation', { operation: actOf('jon', 'aborted', { cash_to_return_minor: 900 }), card: null });
    assert.equal(settled.value.length, 1);
});

test('an end that was not heard is asked for when the desk is shown anew', async () => {
    begin();
    hear('card_present', cardOf('kim', actOf('kim', 'in_doubt'), 'in_doubt'));
    hear('card_removed', {});
    answers.set('/operations/act-kim', actOf('kim', 'completed', { cash_to_pay_minor: 100 }));
    hear('snapshot', { agent, card: null });
    for (let turn = 0; turn < 50 && !settled.value.length; turn++) await new Promise((go) => setTimeout(go, 20));
    assert.deepEqual(settled.value.map((each) => each.cash_to_pay_minor), [100]);
    assert.equal(live.value.card, null);
});
