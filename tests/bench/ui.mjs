// The pages in Chromium against a site of their own: bytes on the wire, time until a desk can be used, from an event or a card
// to the screen, and the keys a recharge takes. One line a figure with its goal; status 3: a goal was missed. Called by run.sh.
import net from 'node:net';
import { openBrowser } from '../web/lib.mjs';
import { readySite, issueCard, booksOf, sitAt, logIn, place, takeOff, stage, until, liveOf } from '../web/desk.mjs';

const LOADS = 5;
const PLACEMENTS = 15;
const GOALS = { bytes_kb: 150, usable_ms: 1000, event_ms: 100, card_ms: 300, keys: 3 };
let missed = false;

function line(label, values, unit, goal, digits = 1) {
    const sorted = [...values].sort((left, right) => left - right);
    const median = sorted[Math.floor((sorted.length - 1) / 2)];
    missed ||= median > goal;
    const figures = values.length > 1 ? `median ${median.toFixed(digits).padStart(6)} ${unit}   largest ${sorted.at(-1).toFixed(digits).padStart(6)}`
        : `       ${median.toFixed(digits).padStart(6)} ${unit}`;
    console.log(`${label.padEnd(34)} ${figures}   goal ${goal}   ${median > goal ? 'MISSED' : 'met'}`);
}

// A line to the server that counts what comes back: heads, bodies, and what workers of the page ask for.
function countingLine(port) {
    let bytes = 0;
    const sockets = new Set();
    const server = net.createServer((near) => {
        const far = net.createConnection(port, '127.0.0.1');
        for (const socket of [near, far]) {
            sockets.add(socket);
            socket.on('error', () => [near, far].forEach((each) => each.destroy()));
        }
        far.on('data', (data) => (bytes += data.length));
        near.pipe(far).pipe(near);
    });
    return new Promise((open) => server.listen(0, '127.0.0.1', () => open({
        base: `http://127.0.0.1:${server.address().port}`,
        count: () => bytes,
        close: () => {
            sockets.forEach((socket) => socket.destroy());
            server.close();
        },
    })));
}

async function firstLoad(browser, site) {
    const wire = await countingLine(Number(new URL(site.base).port));
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto(wire.base);
    await page.waitForSelector('[name=password]');
    await page.waitForLoadState('networkidle');
    const login = wire.count();
    await logIn(page, 'admin');
    await page.waitForSelector('[data-action]');
    await page.waitForSelector('[data-make]');
    await page.waitForLoadState('networkidle');
    line('first load: login page', [login / 1000], 'KB', GOALS.bytes_kb, 0);
    line('first load: login page and desk', [wire.count() / 1000], 'KB', GOALS.bytes_kb, 0);
    await context.close();
    wire.close();
}

// Notes in the page when a mark was painted: the frame after the change is drawn when the task behind it runs.
function watchPage() {
    const painted = (name) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => (globalThis.painted[name] ??= performance.timeOrigin + performance.now());
        channel.port2.postMessage(null);
    });
    globalThis.painted = {};
    globalThis.keys = 0;
    addEventListener('keydown', (event) => (globalThis.keys += event.isTrusted && !event.repeat), true);
    const look = () => {
        if (document.querySelector('[data-action=recharge]:not([aria-disabled])')) painted('usable');
        if (document.querySelector('.who h3')?.textContent && document.querySelector('.purses b')?.textContent) painted('card');
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    const Shared = globalThis.SharedWorker;
    globalThis.SharedWorker = class extends Shared {
        constructor(...given) {
            super(...given);
            this.port.addEventListener('message', ({ data }) => {
                if (data.kind === 'card_present') globalThis.painted.event ??= performance.timeOrigin + performance.now();
            });
        }
    };
}

// From the navigation until F2 would open: a card lies on the reader, and nothing is in the browser's cache.
async function usable(browser, site, kept) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', storageState: kept });
    const page = await context.newPage();
    await page.addInitScript(watchPage);
    await page.goto(site.base);
    await page.waitForFunction(() => globalThis.painted.usable);
    const took = await page.evaluate(() => globalThis.painted.usable - performance.timeOrigin);
    await context.close();
    return took;
}

async function emptyReader(site, page) {
    await until(async () => (await liveOf(site, site.desk)).card === null, 'the empty reader');
    await stage(page, 'none');
}

async function cardDown(site, page) {
    await emptyReader(site, page);
    await page.evaluate(() => (globalThis.painted = {}));
    const down = performance.timeOrigin + performance.now();
    await site.reader(1, 'place ann');
    await page.waitForFunction(() => globalThis.painted.card);
    const { event, card } = await page.evaluate(() => globalThis.painted);
    await site.reader(1, 'remove');
    return { event: card - event, card: card - down };
}

async function recharge(site, page, person) {
    await emptyReader(site, page);
    await place(site, site.desk, 'ann');
    await page.waitForSelector('[data-action=recharge]:not([aria-disabled])');
    const before = (await booksOf(site, person)).balances.stored_minor;
    await page.evaluate(() => (globalThis.keys = 0));
    await page.keyboard.press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await page.keyboard.press('F8');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.reminder.ok');
    const after = (await booksOf(site, person)).balances.stored_minor;
    if (after - before !== 20000) throw new Error(`200.00 were to be recharged, the books say ${(after - before) / 100}`);
    return page.evaluate(() => globalThis.keys);
}

const browser = await openBrowser();
let site;
try {
    site = await readySite(browser);
    const person = await issueCard(site, site.desk, 'ann', 'Ann Bell');
    await firstLoad(browser, site);
    const page = await sitAt(browser, site, site.desk);
    await place(site, site.desk, 'ann');
    await stage(page, 'active');
    const kept = await page.context().storageState();
    const loads = [];
    for (let turn = 0; turn <= LOADS; turn++) loads.push(await usable(browser, site, kept));
    line('desk usable after the navigation', loads.slice(1), 'ms', GOALS.usable_ms, 0);
    await takeOff(site, site.desk);
    await page.addInitScript(watchPage);
    await page.reload();
    const turns = [];
    for (let turn = 0; turn <= PLACEMENTS; turn++) turns.push(await cardDown(site, page));
    line('event to painted', turns.slice(1).map((each) => each.event), 'ms', GOALS.event_ms);
    line('card down to balances painted', turns.slice(1).map((each) => each.card), 'ms', GOALS.card_ms);
    line('keys for a recharge of 200.00', [await recharge(site, page, person)], 'keys', GOALS.keys, 0);
} finally {
    await browser.close();
    await site?.stop();
}
process.exitCode = missed ? 3 : 0;
