// Who works here, and at which desk.
import { signal, computed } from './html.js';
import { get, put, post, del, resume, loggedOut, Problem } from './api.js';
import { site } from './money.js';
import { live, watch, taken } from './live.js';
import { setLanguage, zone } from './i18n.js';

export const session = signal(null);
export const locked = signal(false);
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

export function lock(on) {
    locked.value = on;
    keep('locked', on ? session.value?.operator.name ?? '' : null);
}

export async function loadSite() {
    if (may('settings.read')) site.value = await get('/settings');
    zone.value = site.value.time_zone;
}

// Takes a session of the API as ours: after a login, a desk change, or at the start.
export async function adopt(body) {
    session.value = body;
    keep('signed-in', 'yes');
    if (body.desk) keep('desk', body.desk.id);
    await loadSite();
    watch(body.desk?.id ?? null);
}

export async function start() {
    locked.value = kept('locked') !== null;
    if (kept('signed-in') === null) return; // nobody has logged in with this browser: asking would only be refused
    try {
        await adopt(await get('/session', undefined, { open: true }));
    } catch (error) {
        if (!(error instanceof Problem) || error.status !== 401) throw error;
    }
}

export async function chooseDesk(id, takeOver = false) {
    await adopt(await put('/session/desk', takeOver ? { desk_id: id, take_over: true } : { desk_id: id }));
    taken.value = null;
}

export const rememberedDesk = () => kept('desk');

export async function logIn(name, password) {
    const before = session.value;
    const body = await post('/session', { name, password }, { open: true });
    lock(false);
    const desk = before?.desk;
    const language = before ? null : body.operator.language;
    await adopt(body);
    if (language && kept('language') === null) await setLanguage(language);
    // The old session of this browser handed its desk over, unless it had ended: then it is chosen again.
    if (desk && !body.desk && may('desks.use')) await chooseDesk(desk.id).catch(() => null);
    if (loggedOut.value) resume();
    if (session.value.desk && live.value === null) watch(session.value.desk.id, true);
}

export async function logOut(everywhere = false) {
    await del('/session', everywhere ? { everywhere: true } : {});
    keep('signed-in', null);
    watch(null);
    lock(false);
    session.value = null;
    location.hash = '#/';
}
