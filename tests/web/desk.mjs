// What the stories share that begin behind the set-up: a site made ready through the API, operators at desks, cards on
// virtual readers, and the books to look into.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openContext, openPage, WAIT_MS, answered, closed, focused, gone, press, reads } from './lib.mjs';
import { startSite } from './site.mjs';

export const PASSWORD = 'four random words here';
const LOOK_AGAIN_MS = 50;
const KEY_AGAIN_MS = 5000;

// The first truthy answer of `look`; fails after WAIT_MS naming `what`.
export async function until(look, what) {
    for (const late = Date.now() + WAIT_MS; Date.now() < late;) {
        const found = await look();
        if (found) return found;
        await new Promise((go) => setTimeout(go, LOOK_AGAIN_MS));
    }
    throw new Error(`waited in vain for ${what}`);
}

// UUIDv7, as the pages make their keys.
function newKey() {
    const bytes = randomBytes(16);
    bytes.writeUIntBE(Date.now(), 0, 6);
    bytes[6] = (bytes[6] & 15) | 112;
    bytes[8] = (bytes[8] & 63) | 128;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// The API with the cookies of a browser context. Anything but success is an error with the answer in it.
export function apiOf(context, base) {
    const call = (method) => async (path, data, headers) => {
        const reply = await context.request.fetch(`${base}/api/v1${path}`, { method, data, headers, timeout: WAIT_MS });
        assert.ok(reply.ok(), `${method} ${path}: ${reply.status()} ${await reply.text()}`);
        return reply.status() === 204 ? null : reply.json();
    };
    return { get: call('GET'), post: call('POST'), put: call('PUT'), patch: call('PATCH') };
}

// A site with its administrator and system password; `api` speaks as the administrator.
export async function readySite(browser) {
    const site = await startSite();
    const context = await browser.newContext();
    const api = apiOf(context, site.base);
    await api.post('/setup', { token: site.link.split('/').pop(), name: 'admin', full_name: 'Mei Chen', password: PASSWORD });
    await api.put('/settings/system-password', { digits: '2580' });
    const desk = (await api.get('/desks')).items[0];
    return { ...site, api, desk };
}

const online = (site, id) => until(async () => (await site.api.get(`/desks/${id}`)).agent?.online, 'the desk program');

export async function addDesk(site, name) {
    const desk = await site.api.post('/desks', { name });
    const { code } = await site.api.post(`/desks/${desk.id}/pairings`);
    site.startDesk(code);
    await online(site, desk.id);
    return desk;
}

export const liveOf = (site, desk) => site.api.get(`/desks/${desk.id}/live`);

export async function train(site, desk, body) {
    await online(site, desk.id);
    const told = await site.api.post(`/desks/${desk.id}/training`, body);
    assert.ok(told.ok, `${body.action}: ${told.message}`);
}
export const place = (site, desk, card) => train(site, desk, { action: 'place', card });
export const takeOff = (site, desk) => train(site, desk, { action: 'remove' });

// A card of that name for a person; it is off the reader again afterwards.
export async function issueCard(site, desk, card, personName) {
    const person = (await site.api.get(`/people?q=${encodeURIComponent(personName)}`)).items[0];
    await site.api.put('/session/desk', { desk_id: desk.id });
    await train(site, desk, { action: 'new', card });
    await place(site, desk, card);
    const blank = await until(async () => {
        const live = (await liveOf(site, desk)).card;
        return live?.state === 'blank' && live.presentation_id ? live : null;
    }, 'the blank card');
    await site.api.post(`/desks/${desk.id}/operations`, { kind: 'issue', presentation_id: blank.presentation_id, person_id: person.id },
        { 'Idempotency-Key': newKey() });
    await until(async () => (await liveOf(site, desk)).card?.state === 'active', 'the issued card');
    await takeOff(site, desk);
    await site.api.put('/session/desk', { desk_id: null });
    return person;
}

// What the books say of a person: balances, and the acts but issues, oldest first.
export async function booksOf(site, person) {
    const { balances } = await site.api.get(`/people/${person.id}`);
    const { items } = await site.api.get(`/operations?person_id=${person.id}&limit=200`);
    return { balances, acts: items.filter((item) => item.kind !== 'issue').reverse() };
}

export async function logIn(page, name, password = PASSWORD) {
    await page.waitForSelector('[name=password]');
    await page.fill('[name=name]', name);
    await page.fill('[name=password]', password);
    await page.press('[name=password]', 'Enter');
}

// A browser of its own in which somebody logs in and sits down at a desk that is free.
export async function sitAt(browser, site, desk, name = 'admin') {
    const page = await openPage(browser, site.base, await openContext(browser));
    await logIn(page, name);
    const choice = page.locator('.chooser li', { hasText: desk.name }).getByRole('button');
    await until(async () => {
        if (await page.$(`.top h1:text-is("${desk.name}")`)) return true;
        await choice.click({ timeout: LOOK_AGAIN_MS }).catch(() => null); // the only desk is chosen by the page itself
        return false;
    }, `a place at ${desk.name}`);
    await page.waitForSelector('[data-state]');
    return page;
}

export const stage = (page, name) => page.waitForSelector(`[data-state=${name}]`);

// A card of the training drawer by the name of its holder; `lies`: whether it lies on the reader by the list on the screen.
const virtual = (name, lies) => `.virtual[aria-pressed=${lies}]${name ? `:has-text("${name}")` : ''}`;
export const putOn = (page, name) => page.click(virtual(name, false));
export async function pullOff(page, name) {
    await page.click(virtual(name, true));
    await stage(page, 'none');
    await page.waitForSelector(virtual(name, false));
}
export const make = (page, kind) => page.click(`[data-make="${kind}"]`);

// An accident of the drawer; it has happened, or lies in wait, when this resolves.
export async function accident(page, name) {
    const reply = await answered(page, /\/training$/, () => page.click(`[data-accident=${name}]:enabled`), `"action":"${name}"`);
    assert.ok((await reply.json()).ok, name);
}

// Gives the blank card on the reader to somebody who is found by `typed`.
export async function issueTo(page, name, typed = name) {
    await focused(page, '#issue-find');
    await page.fill('#issue-find', typed);
    await press(page, 'ArrowDown');
    await page.waitForSelector(`.found .chosen:has-text("${name}")`);
    await page.press('#issue-find', 'Enter');
    await closed(page);
    await stage(page, 'active');
    await reads(page, '.who', new RegExp(name));
}
export async function openIssue(page) {
    await stage(page, 'blank');
    await focused(page, '.next-step button');
    await press(page, 'Enter');
    await focused(page, '#issue-find');
}

// Opens the dialog of an act on money by its key, the caret in the first amount. A card that is read once more at that moment
// takes no act, and the key is pressed again.
export async function openMoney(page, key) {
    await until(async () => {
        await page.waitForSelector(`[data-action=${key === 'F2' ? 'recharge' : 'withdraw'}]:not([aria-disabled])`);
        await press(page, key);
        return page.waitForSelector('#amount-consumption:focus', { timeout: KEY_AGAIN_MS }).catch(() => null);
    }, `what ${key} opens`);
}

// Opens it and fills amounts in, as fields are named: {consumption: '50'}.
export async function fillIn(page, key, amounts) {
    await openMoney(page, key);
    for (const [purse, amount] of Object.entries(amounts)) await page.fill(`#amount-${purse}`, amount);
}

export const enter = (page) => page.press('dialog[open] #amount-consumption', 'Enter');

// The whole act with a card that lies there, up to its reminder.
export async function move(page, key, amounts) {
    await fillIn(page, key, amounts);
    await page.waitForSelector('dialog .chip.ok');
    await enter(page);
    await page.waitForSelector('.reminder.ok');
    await closed(page);
}

// Puts the reminder away.
export async function done(page) {
    await page.click('[data-done]');
    await gone(page, '.reminder');
}

export async function lockScreen(page) {
    const reply = await answered(page, /\/session\/lock$/, () => press(page, 'F10'));
    assert.equal(reply.status(), 204);
    await focused(page, 'dialog [name=password]');
}

export async function logInOver(page, name) {
    await page.fill('dialog [name=name]', name);
    await page.fill('dialog [name=password]', PASSWORD);
    await page.press('dialog [name=password]', 'Enter');
    await gone(page, '#login-over');
}
