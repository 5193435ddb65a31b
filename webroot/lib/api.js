// The API: JSON in and out, problems as exceptions, repeats with the same Idempotency-Key, and a way to go on after a
// session has ended: the request waits for the new login, so that nothing typed is lost.
import { signal } from './html.js';

const RETRIES = 6;
const RETRY_FIRST_MS = 300;
const RETRY_PAUSE_MS_MAX = 4000;
const GIVE_UP_MS = 30000;
const ANSWER_MS = 10000; // then a request that may be repeated is sent again
const ANSWER_ONCE_MS = 30000; // one that may not be repeated

export class Problem extends Error {
    constructor(body, status) {
        super(body.code);
        Object.assign(this, { code: 'internal', errors: [], ...body, status });
    }
}

// Why nobody may act here until somebody logs in: false, 'expired' or 'lock'. Whoever waits for that goes on by resume().
export const loggedOut = signal(false);
export const serverAway = signal(false);
let waiting = [];

// What an operator began is not done in the name of another one: then only reads go on.
export function resume(sameOperator) {
    const waited = waiting;
    waiting = [];
    held = false;
    loggedOut.value = false;
    waited.forEach(({ method, go, stop }) => (sameOperator || method === 'GET' ? go() : stop()));
}

const PULSE_MS = 6000;
const PULSE_TIMEOUT_MS = 4000;

// A server that hangs closes no stream, so somebody has to ask. Returns the undo.
export function watchServer() {
    const timer = setInterval(async () => {
        if (document.hidden) return;
        try {
            await fetch('/livez', { signal: AbortSignal.timeout(PULSE_TIMEOUT_MS), cache: 'no-store' });
            serverAway.value = false;
        } catch {
            serverAway.value = true;
        }
    }, PULSE_MS);
    return () => clearInterval(timer);
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const login = (why, method) => new Promise((go, refuse) => {
    waiting.push({ method, go, stop: () => refuse(new Problem({ code: 'operator_changed', local: true }, 0)) });
    loggedOut.value = why;
});

// A locked screen asks for nothing: calls wait for the login as if they had been refused. Resolved when those under way are
// answered, or after a moment.
const UNDER_WAY_MS = 1000;
let held = false;
let underWay = 0;
export async function holdCalls() {
    held = true;
    for (const until = Date.now() + UNDER_WAY_MS; underWay && Date.now() < until;) await sleep(20);
}
export const releaseCalls = () => (held = false); // new ones; those that wait go on by resume()

const LOGIN_FIRST = { unauthenticated: 'expired', session_locked: 'lock' };

// UUIDv7: time first. crypto.randomUUID is absent on plain http.
export function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const now = Date.now();
    for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (40 - 8 * i)) & 255;
    bytes[6] = (bytes[6] & 15) | 112;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

async function once(method, path, { body, raw, key, version, stepUp, accept }, repeatable) {
    const headers = { Accept: accept ?? 'application/json' };
    if (body !== undefined || raw) headers['Content-Type'] = raw ? raw.type : 'application/json';
    if (key) headers['Idempotency-Key'] = key;
    if (version !== undefined) headers['If-Match'] = `W/"${version}"`;
    if (stepUp) headers['Step-Up'] = stepUp;
    const limit = accept === 'text/csv' ? undefined : AbortSignal.timeout(repeatable ? ANSWER_MS : ANSWER_ONCE_MS);
    const reply = await fetch(path, { method, headers, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)), signal: limit });
    if (!reply.ok) throw new Problem(await reply.json().catch(() => ({})), reply.status);
    if (reply.status === 204) return null;
    if (accept === 'text/csv') return reply.blob();
    const answer = await reply.json();
    if (reply.headers.has('Idempotent-Replayed')) Object.defineProperty(answer, 'replayed', { value: true });
    return answer;
}

const goesAway = (error) => !(error instanceof Problem) || error.status === 503 || error.status === 502 || error.code === 'key_busy';

// Repeats only what may be repeated: reads, and what carries a key or an id of its own. A problem with `unheard` leaves open whether the
// act was begun or the thing was made: only the same request with the same key or id may follow it.
export async function call(method, path, options = {}) {
    const repeatable = method === 'GET' || options.key || options.repeatable;
    const named = Boolean(options.key || options.body?.id); // by whoever asks: a repeat is known for one
    const begun = performance.now();
    for (let attempt = 0; ; attempt++) {
        try {
            if (held && !options.open) await login('lock', method);
            underWay += 1;
            const answer = await once(method, path, options, repeatable).finally(() => (underWay -= 1));
            serverAway.value = false;
            return answer;
        } catch (error) {
            if (LOGIN_FIRST[error.code] && !options.open) {
                await login(LOGIN_FIRST[error.code], method);
                attempt = -1;
                continue;
            }
            if (!goesAway(error)) {
                serverAway.value = false;
                throw Object.assign(error, { unheard: named && error.status >= 500 });
            }
            const again = repeatable && attempt < RETRIES && performance.now() - begun < GIVE_UP_MS;
            if (attempt > 0 || !again) serverAway.value = !(error instanceof Problem);
            if (!again) {
                const problem = error instanceof Problem ? error : new Problem({ code: 'server_away' }, 0);
                throw Object.assign(problem, { unheard: named });
            }
            await sleep(Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_PAUSE_MS_MAX));
        }
    }
}

const query = (values) => {
    const entries = Object.entries(values ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== '');
    return entries.length ? `?${new URLSearchParams(entries)}` : '';
};

export const get = (path, values, options) => call('GET', `/api/v1${path}${query(values)}`, options);
export const post = (path, body, options) => call('POST', `/api/v1${path}`, { body, ...options });
export const put = (path, body, options) => call('PUT', `/api/v1${path}`, { body, repeatable: true, ...options });
export const patch = (path, body, version) => call('PATCH', `/api/v1${path}`, { body, version });
export const del = (path, values) => call('DELETE', `/api/v1${path}${query(values)}`);
export const csv = (path, values) => get(path, values, { accept: 'text/csv' });
