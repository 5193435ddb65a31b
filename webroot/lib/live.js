// What happens at the desk of this session, kept in step by events.
import { signal, batch, effect } from './html.js';
import { get } from './api.js';

export const live = signal(null); // {no, desk, agent, card}; null: not known yet
export const stream = signal('off'); // off, connecting, open, lost
export const streamLost = signal(false); // for longer than it takes to open it again after a login
export const act = signal(null); // the act this desk works on: an operation of the API
export const log = signal([]); // its steps with their times, newest last
export const taken = signal(null); // who took the desk over

let port = null;
let deskId = null;
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
        if (other) live.value = act.value = null; // the same desk stays on the screen until its snapshot comes
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
    if (id === deskId && (!live.value || present.no >= live.value.no)) live.value = present;
}

// The act on the screen: an open one stays until it is finished, and a finished one until it is put away.
function follow(operation) {
    const before = act.value;
    const same = before?.id === operation.id;
    if (!same && (operation.finished_at || (before && !before.finished_at))) return;
    if (!same) log.value = [];
    if (!same || before.state !== operation.state) note(`step.${operation.state}`);
    act.value = operation;
}

// Whatever card comes next, it closes the reminder of the one before.
function newCard(card) {
    if (act.value?.finished_at && act.value.card.id !== card?.card?.id) act.value = null;
    if (card?.operation) follow(card.operation);
}

const apply = {
    snapshot: (now, body) => {
        newCard(body.card);
        return body;
    },
    card_present: (now, body) => {
        newCard(body);
        return { ...now, card: body };
    },
    card_removed: (now) => {
        if (act.value && !act.value.finished_at) note('step.removed');
        return { ...now, card: null };
    },
    operation: (now, body) => {
        follow(body.operation);
        return { ...now, card: body.card };
    },
    agent_online: (now, body) => ({ ...now, agent: { ...now.agent, ...body, online: true } }),
    // The server keeps what lies there until it hears more, and so does the page: it is hidden, not forgotten.
    agent_offline: (now, body) => ({ ...now, agent: { ...now.agent, ...body, online: false } }),
};

function receive(data) {
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
