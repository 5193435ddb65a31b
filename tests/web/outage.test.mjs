// The server killed, hung and cut off while a cashier works: a banner, nothing typed lost, and never a second act.
import assert from 'node:assert/strict';
import { story, shoot, reads, closed, gone, press, outages } from './lib.mjs';
import { readySite, issueCard, booksOf, sitAt, place, stage, fillIn, enter, done, until } from './desk.mjs';

let site;
let person;
let page;
let keys = []; // of each act the page asked for, repeats included
const test = story(async (browser) => {
    site = await readySite(browser);
    person = await issueCard(site, site.desk, 'ann', 'Ann Bell');
    page = await sitAt(browser, site, site.desk);
    outages(page);
    page.on('request', (request) => asksForAct(request) && keys.push(request.headers()['idempotency-key']));
    await place(site, site.desk, 'ann');
    await stage(page, 'active');
});

const asksForAct = (request) => request.method() === 'POST' && /\/operations$/.test(request.url());
const away = () => page.waitForSelector('.banner.bad');
const backAgain = () => gone(page, '.banner.bad');

// A server that was away for longer than the page repeats an act is asked once more, for the same act, as the form says.
const heard = () => until(async () => {
    if (await page.$('.reminder.ok')) return true;
    if (await page.$('dialog .problem')) await page.press('dialog[open] #amount-consumption', 'Enter', { timeout: 1000 }).catch(() => null);
    return false;
}, 'the end of the act');

// One act came of it, for all the times it was asked for, and the books hold its amount.
async function oneAct(kind, stored, acts) {
    assert.ok(keys.length > 0, 'the act was asked for');
    assert.equal(new Set(keys).size, 1, `one key for ${keys.length} requests`);
    const books = await booksOf(site, person);
    assert.equal(books.acts.length, acts);
    const last = books.acts.at(-1);
    assert.deepEqual([last.id, last.kind, last.state], [keys[0], kind, 'completed']);
    assert.equal(books.balances.stored_minor, stored);
    keys = [];
}

test('killed with a card on the reader: a banner, and everything is there again', async () => {
    site.killServer();
    await away();
    await shoot(page, 'server-killed');
    site.back();
    await backAgain();
    await stage(page, 'active');
    await reads(page, '.who', /Ann Bell/);
    await page.waitForSelector('[data-action=recharge]:not([aria-disabled])');
});

test('killed with a form filled in: it waits, is sent until it is heard, and is done once', async () => {
    await fillIn(page, 'F2', { consumption: '12.50', water: '3' });
    site.killServer();
    await page.waitForSelector('dialog >> text=The server does not answer. What you typed stays here.');
    await enter(page);
    await page.waitForSelector('dialog >> text=The same act is sent again by itself');
    await until(() => keys.length > 1, 'a repeat');
    await shoot(page, 'form-while-server-away');
    assert.equal(await page.inputValue('#amount-consumption'), '12.50');
    site.back();
    await backAgain();
    await heard();
    await oneAct('recharge', 1250, 1);
    await done(page);
});

test('killed while the card is being written: the desk program reports when the server is back', async () => {
    await site.reader(1, 'pacing on'); // about a second for the write, as with a real reader
    await fillIn(page, 'F2', { consumption: '7.50' });
    await page.waitForSelector('dialog .chip.ok');
    const commands = Number(/commands=(\d+)/.exec(await site.reader(1, 'count'))[1]);
    const writing = site.reader(1, `wait commands ${commands + 8} 60000`);
    await enter(page);
    await writing;
    site.killServer();
    await away();
    await shoot(page, 'writing-while-server-away');
    site.back();
    await page.waitForSelector('.reminder.ok');
    await backAgain();
    await site.reader(1, 'pacing off');
    await oneAct('recharge', 2000, 2);
    await done(page);
});

test('hung while an act is posted: the form says so, and one act comes of it', async () => {
    await fillIn(page, 'F2', { consumption: '10' });
    process.kill(site.serverPid(), 'SIGSTOP'); // closes nothing and answers nothing
    await enter(page);
    await page.waitForSelector('dialog >> text=The same act is sent again by itself');
    await shoot(page, 'form-while-server-hangs');
    process.kill(site.serverPid(), 'SIGCONT');
    await backAgain();
    await heard();
    await oneAct('recharge', 3000, 3);
    await done(page);
});

test('the answer is lost on its way: the desk hears of the act all the same', async () => {
    let tries = 0;
    let say;
    const said = new Promise((done) => (say = done));
    await page.route('**/operations', async (route) => {
        if (route.request().method() !== 'POST') return route.fallback();
        if (++tries > 1) return said.then(() => route.fallback()).catch(() => null); // later ones wait until the desk has heard of it
        await route.fetch(); // it arrives, and is done
        return route.abort('connectionreset');
    });
    const heard = page.waitForResponse((reply) => asksForAct(reply.request()) && reply.ok());
    await fillIn(page, 'F3', { consumption: '4' });
    await enter(page);
    await reads(page, '.reminder', /Now pay out ¥4\.00/);
    await closed(page);
    say();
    await heard; // the page asks until it is answered, and takes a repeat for what it is
    await page.unroute('**/operations');
    await reads(page, '.reminder', /Now pay out ¥4\.00/);
    await oneAct('withdraw', 2600, 4);
    await done(page);
});

test('the line is cut for long: the amounts stand still until the same act was answered', async () => {
    await page.route('**/operations', (route) => (route.request().method() === 'POST' ? route.abort('connectionreset') : route.fallback()));
    await fillIn(page, 'F2', { consumption: '6' });
    await enter(page);
    await page.waitForSelector('dialog .problem >> text=Nobody knows yet whether this act has begun');
    assert.equal(await page.isEditable('#amount-consumption'), false);
    await page.keyboard.press('F9'); // a preset changes nothing now
    assert.equal(await page.inputValue('#amount-consumption'), '6');
    await shoot(page, 'form-unheard');
    assert.equal((await booksOf(site, person)).acts.length, 4);
    await page.unroute('**/operations');
    await enter(page);
    await page.waitForSelector('.reminder.ok');
    await oneAct('recharge', 3200, 5);
    await done(page);
});
