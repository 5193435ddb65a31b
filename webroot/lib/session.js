// Who works here, and at which desk.
import { signal, computed, effect } from './html.js';
import { get, put, post, del, resume, holdCalls, releaseCalls, Problem } from './api.js';
import { site } from './money.js';
import { live, watch, taken } from './live.js';
import { setLanguage, zone } from './i18n.js';

export const session = signal(null);
export const locked = signal(false); // by F10 here, or found locked after the page was loaded again
export const may = (permission) => session.value?.permissions.includes(permission) ?? false;
export const deskId = computed(() => session.value?.desk?.id ?? null);

const keep = (name, value) => {
    try {
        if (value === null) localStorage.removeItem(name);
        else localStorage.setItem(name, value);
    } catch { /* the choice then lasts as long as the page */ }
};
const kept = (name) => {
    try {
        return localStorage.getItem(name);
    } catch {
        return null;
    }
};

const LOCK_AGAIN_MS = 2000;

// The screen is locked at once; the server as soon as it hears of it, and it refuses everything else from then on.
export async function lock() {
    if (!session.value || locked.value) return;
    locked.value = true;
    await holdCalls();
    while (locked.value) {
        try {
            await post('/session/lock', undefined, { open: true });
            return;
        } catch (error) {
            if (error.status === 401) return; // the session has ended anyway
            await new Promise((done) => setTimeout(done, LOCK_AGAIN_MS));
        }
    }
}

export async function loadSite() {
    if (may('settings.read')) site.value = await get('/settings');
}

// Times are shown in the zone of the site from the moment it is known or changed.
effect(() => {
    zone.value = site.value.time_zone;
});

// Takes a session of the API as ours: after a login, a desk change, or at the start.
export async function adopt(body) {
    session.value = body;
    keep('signed-in', body.id);
    if (body.desk) keep('desk', body.desk.id);
    await loadSite();
    watch(body.desk?.id ?? null);
}

export async function start() {
    if (kept('signed-in') === null) return; // nobody has logged in with this browser: asking would only be refused
    try {
        await adopt(await get('/session', undefined, { open: true }));
    } catch (error) {
        if (!(error instanceof Problem) || ![401, 423].includes(error.status)) throw error;
        locked.value = error.status === 423;
    }
}

// All tabs of a browser share one session: when another one logs in or out, this one starts anew with what is there.
addEventListener('storage', (event) => {
    if (event.key === 'signed-in' && session.value && event.newValue !== session.value.id) location.reload();
});

export async function chooseDesk(id, takeOver = false) {
    await adopt(await put('/session/desk', takeOver ? { desk_id: id, take_over: true } : { desk_id: id }));
    taken.value = null;
}

export const rememberedDesk = () => kept('desk');

export async function logIn(name, password) {
    const before = session.value;
    const body = await post('/session', { name, password }, { open: true });
    releaseCalls();
    locked.value = false;
    const desk = before?.desk;
    const language = before ? null : body.operator.language;
    await adopt(body);
    if (language && kept('language') === null) await setLanguage(language);
    // The old session of this browser handed its desk over, unless it had ended: then it is chosen again.
    if (desk && !body.desk && may('desks.use')) await chooseDesk(desk.id).catch(() => null);
    resume(!before || before.operator.id === body.operator.id);
    if (session.value.desk) watch(session.value.desk.id, true); // the stream of the old session ends with it
}

// Nobody is logged in here any more; what waited for a login is given up.
export function forgetSession() {
    keep('signed-in', null);
    locked.value = false;
    session.value = null;
    resume(false);
}

export async function logOut(everywhere = false) {
    await del('/session', everywhere ? { everywhere: true } : {});
    watch(null);
    forgetSession();
    location.hash = '#/';
}
