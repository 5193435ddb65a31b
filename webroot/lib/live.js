// What happens at the desk of this session, kept in step by events.
import { signal, batch, effect } from './html.js';
import { get, post } from './api.js';

export const live = signal(null); // {no, desk, agent, card}; null: not known yet
export const stream = signal('off'); // off, connecting, open, lost
export const streamLost = signal(false); // for longer than it takes to open it again after a login
export const act = signal(null); // the act this desk works on: an operation of the API
export const log = signal([]); // its steps with their times, newest last
export const taken = signal(null); // who took the desk over
export const settled = signal([]); // acts of this desk that were decided while their cards were not on our reader, oldest first
export const late = signal(null); // id of an act that waits longer than it should, though its card lies there
export const turn = signal(0); // counts what was heard of acts, ours or not

let port = null;
let deskId = null;
let shown = null; // id of the act that came onto the screen last
let ending = []; // acts that ended while a card was being read
let concluded = []; // ids of the acts whose end was said, newest last
let aside = []; // open acts that made room for that of another card
let left = null; // the balances of the card that was taken off last
let unheard = null; // id of an act whose answer never came: whether it was begun is not known
const listeners = new Set();

export const onEvent = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
};

function script(url) {
    const policy = globalThis.trustedTypes?.createPolicy('cardwright', { createScriptURL: (own) => own });
    return policy ? policy.createScriptURL(url) : url;
}

function connectPort() {
    if (port) return;
    const url = script(new URL('./live-worker.js', import.meta.url).href);
    port = typeof SharedWorker === 'undefined' ? new Worker(url) : new SharedWorker(url).port;
    port.onmessage = ({ data }) => receive(data);
    addEventListener('pagehide', () => port.postMessage({ desk: null }));
    addEventListener('pageshow', (event) => event.persisted && deskId && watch(deskId, true));
}

export function watch(id, again = false) {
    if (id === deskId && !again) return;
    const other = id !== deskId;
    deskId = id;
    batch(() => {
        if (other) { // the same desk stays on the screen until its snapshot comes
            live.value = act.value = shown = null;
            settled.value = aside = ending = [];
        }
        stream.value = id ? 'connecting' : 'off';
    });
    if (!id && !port) return;
    connectPort();
    port.postMessage({ desk: id });
}

const LOST_AFTER_MS = 1500;
let lostTimer = null;
effect(() => {
    clearTimeout(lostTimer);
    if (stream.value === 'lost') lostTimer = setTimeout(() => (streamLost.value = true), LOST_AFTER_MS);
    else if (stream.value !== 'connecting') streamLost.value = false;
});

export const note = (key, values) => {
    log.value = [...log.value, { at: new Date().toISOString(), key, values }].slice(-12);
};

async function join() {
    const id = deskId;
    const present = await get(`/desks/${id}/live`);
    if (id !== deskId || (live.value && present.no < live.value.no)) return;
    live.value = present;
    lookForMissed();
}

const isOpen = (operation) => operation && !operation.finished_at;

// The act on the screen: an open one stays until it is finished, and a finished one until it is put away. A card that lies on
// the reader shows its own act, whichever stood there before.
function follow(operation, card) {
    const before = act.value;
    const same = before?.id === operation.id;
    const lies = card?.operation?.id === operation.id;
    aside = aside.filter((each) => each.id !== operation.id || isOpen(operation)).map((each) => (each.id === operation.id ? operation : each));
    if (!same && (!isOpen(operation) || (isOpen(before) && !lies))) return;
    if (!same) log.value = [];
    if (!same || before.state !== operation.state) note(`step.${operation.state}`);
    show(operation);
}

function show(operation) {
    const before = act.value;
    // What became of a card without money is old news once the next act begins.
    settled.value = settled.value.filter((each) => !['issue', 'unissue'].includes(each.kind) || each.id === operation.id);
    if (isOpen(before) && before.id !== operation.id) aside.push(before);
    aside = aside.filter((each) => each.id !== operation.id);
    shown = operation.id;
    act.value = operation;
}

// The reader is empty and no act stands on the screen: one that made room for another card comes back.
function backFromAside() {
    if (!isOpen(act.value) && aside.length) show(aside.pop());
}

export const dismiss = (operation) => (settled.value = settled.value.filter((each) => each.id !== operation.id));

// While its card lies there, an act is begun within a moment of its booking, or something keeps it from being begun.
const LATE_AFTER_MS = 8000;
let lateTimer = null;
let waitsFor = null;
effect(() => {
    const operation = live.value?.card?.operation;
    const waits = operation?.state === 'prepared' ? operation.id : null;
    if (waits === waitsFor) return;
    waitsFor = waits;
    clearTimeout(lateTimer);
    late.value = null;
    if (waits) lateTimer = setTimeout(() => (late.value = waits), LATE_AFTER_MS);
});

// Asks for the act to be undone; `scrap` gives its card up for ever. What is on the screen by the time of the answer may be
// another act.
export async function cancel(operation, body = {}) {
    hear(await post(`/operations/${operation.id}/cancel`, body, { repeatable: true }), live.value?.card);
}

const READ_ANEW_MS = 10000;
const READ_ANEW_MAX = 3;

// The card that lay there as `before` says, once it was read again: if chip and balances are the same, what was decided on the
// former reading holds for this one. Null: it is another card, or nothing new was read.
const readAnew = (before) => new Promise((done) => {
    let stop = null;
    const tell = (card) => {
        clearTimeout(late);
        queueMicrotask(() => stop());
        done(card);
    };
    const late = setTimeout(() => tell(null), READ_ANEW_MS);
    stop = effect(() => {
        const card = live.value?.card;
        if (!card?.presentation_id || card.presentation_id === before.presentation_id) return;
        const same = card.uid === before.uid && card.state === before.state && JSON.stringify(card.balances) === JSON.stringify(before.balances);
        tell(same ? card : null);
    });
});

// A reading may be renewed while the request is under way, as after an outage: then the same act is asked for on the new one.
async function ask(path, body, options, turns = READ_ANEW_MAX) {
    const before = live.value?.card;
    try {
        return await post(path, body, options);
    } catch (error) {
        if (error.code === 'key_reused') return get(`/operations/${options.key}`); // a try that nobody answered was heard after all
        const renewed = error.code === 'card_changed' && turns > 0 && before?.presentation_id === body.presentation_id && await readAnew(before);
        if (!renewed) throw error;
        return ask(path, { ...body, presentation_id: renewed.presentation_id }, options, turns - 1);
    }
}

// Asks for an act and brings it onto the screen. Its key is its id, so however often it is asked for, there is one of it.
export async function begin(path, body, options) {
    try {
        let made = await ask(path, body, options);
        // A repeat is answered as the first time; since then the act has gone on, or is finished.
        if (made.replayed) made = await get(`/operations/${made.id}`).catch((error) => Promise.reject(Object.assign(error, { unheard: true })));
        unheard = null;
        if (shown !== made.id) {
            log.value = [];
            show(made);
            if (!isOpen(made)) conclude(made, live.value?.card);
        }
        note('step.confirmed');
    } catch (error) {
        unheard = error.unheard ? options.key : null;
        throw error;
    }
}

// The stream is back: did the act that nobody answered begin? An act that is on the screen already needs no question.
async function lookForUnheard() {
    const id = unheard;
    unheard = null;
    if (!id || shown === id) return;
    const found = await get(`/operations/${id}`).catch(() => null);
    if (!found || shown === id) return;
    log.value = [];
    show(found);
    if (!isOpen(found)) conclude(found, live.value?.card);
}

// The present that was sent says of the card's own act only where it stands: what became of others was not heard.
async function lookForMissed() {
    const there = live.value?.card?.operation?.id;
    for (const before of [act.value, ...aside].filter((each) => isOpen(each) && each.id !== there)) {
        const found = await get(`/operations/${before.id}`).catch(() => null);
        if (found && (act.value === before || aside.includes(before))) hear(found, live.value?.card);
    }
}

// An act of ours that ended: its reminder stands beside its card. If that card is not on our reader, what to do with the cash
// is said all the same. While a card is being read nobody knows which one it is.
function conclude(operation, card) {
    if (operation.kind === 'issue') return;
    ending = ending.filter((each) => each.id !== operation.id);
    if (card?.state === 'reading') return void ending.push(operation);
    concluded = [...concluded, operation.id].slice(-CONCLUDED_MAX);
    // Of a card that is locked by a case the screen shows the case; that nothing was changed is said beside it.
    const locked = operation.state === 'aborted' && card?.card?.block === 'case';
    if (card?.card?.id === operation.card.id && !locked) return;
    settled.value = [...settled.value.filter((each) => each.id !== operation.id), operation];
    if (act.value?.id === operation.id) act.value = null;
    if (!card) backFromAside();
}

// Now it is known what lies there.
const concludeAll = (card) => ending.forEach((operation) => conclude(operation, card));

const CONCLUDED_MAX = 100;
// Where an act stands now, by an event or by an answer. Its end is said once, however often it is heard of.
function hear(operation, card) {
    const known = concluded.includes(operation.id) || (act.value?.id === operation.id && act.value.finished_at);
    follow(operation, card);
    if (!known && operation.finished_at && operation.desk_id === deskId) conclude(operation, card);
}

// Whatever card comes next, it closes the reminder of the one before; the same card closes it if it was used meanwhile.
function newCard(card) {
    concludeAll(card);
    const used = left && card && JSON.stringify(card.balances) !== left;
    if (act.value?.finished_at && (act.value.card.id !== card?.card?.id || used)) act.value = null;
    if (card) left = null;
    if (card?.operation) follow(card.operation, card);
    if (!card) backFromAside();
}

const apply = {
    snapshot: (now, body) => {
        newCard(body.card);
        queueMicrotask(lookForMissed);
        return body;
    },
    card_present: (now, body) => {
        newCard(body);
        return { ...now, card: body };
    },
    card_removed: (now) => {
        concludeAll(null);
        if (act.value && !act.value.finished_at) note('step.removed');
        left = now.card?.balances ? JSON.stringify(now.card.balances) : null;
        backFromAside();
        return { ...now, card: null };
    },
    operation: (now, body) => {
        turn.value += 1;
        hear(body.operation, body.card);
        return { ...now, card: body.card };
    },
    agent_online: (now, body) => ({ ...now, agent: { ...now.agent, ...body, online: true } }),
    // The server keeps what lies there until it hears more, and so does the page: it is hidden, not forgotten.
    agent_offline: (now, body) => ({ ...now, agent: { ...now.agent, ...body, online: false } }),
};

function receive(data) {
    if (data.state === 'joined' || data.state === 'open') lookForUnheard();
    if (data.state === 'joined') {
        stream.value = 'open';
        join().catch(() => (stream.value = 'lost'));
    } else if (data.state === 'closed') {
        stream.value = 'lost';
        // The session ended, or the server refuses: a read tells which, and waits for the login if need be.
        get(`/desks/${deskId}/live`).then(() => watch(deskId, true), () => setTimeout(() => watch(deskId, true), 2000));
    } else if (data.state) {
        stream.value = data.state;
    } else if (data.kind === 'session_taken') {
        taken.value = data.body;
    } else if (apply[data.kind] && (data.kind === 'snapshot' || (live.value && data.no > live.value.no))) {
        batch(() => {
            live.value = { ...apply[data.kind](live.value, data.body), no: data.no };
        });
        listeners.forEach((listener) => listener(data.kind, data.body));
    }
}
