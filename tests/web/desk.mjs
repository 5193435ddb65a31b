// What the stories share that begin behind the set-up: a site made ready through the API, operators at desks, cards on
// virtual readers, and the books to look into.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openPage, WAIT_MS } from './lib.mjs';
import { startSite } from './site.mjs';

export const PASSWORD = 'four random words here';
const LOOK_AGAIN_MS = 50;

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
    return { get: call('GET'), post: call('POST'), put: call('PUT') };
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
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'Asia/Shanghai', colorScheme: 'light' });
    const page = await openPage(browser, site.base, { context });
    await logIn(page, name);
    await page.waitForSelector('[data-state], .chooser li button');
    const choice = page.locator('.chooser li', { hasText: desk.name }).getByRole('button');
    if (await page.$('.chooser')) await choice.click();
    await page.waitForSelector(`.top h1:text-is("${desk.name}")`);
    await page.waitForSelector('[data-state]');
    return page;
}

export const stage = (page, name) => page.waitForSelector(`[data-state=${name}]`);

// Opens a money dialog with its key and fills amounts in, as fields are named: {consumption: '50'}.
export async function fillIn(page, key, amounts) {
    await page.waitForSelector(`[data-action=${key === 'F2' ? 'recharge' : 'withdraw'}]:not([aria-disabled])`);
    await page.keyboard.press(key);
    await page.waitForSelector('#amount-consumption:focus');
    for (const [purse, amount] of Object.entries(amounts)) await page.fill(`#amount-${purse}`, amount);
}

export const enter = (page) => page.press('dialog[open] #amount-consumption', 'Enter');

// Puts the reminder away, if there is one.
export async function done(page) {
    await page.click('[data-done]');
    await page.waitForSelector('.reminder', { state: 'detached' });
}
