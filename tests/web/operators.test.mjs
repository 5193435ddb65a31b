// Several operators at one desk: locking, taking over, receipts on the desk's printer, an old desk program, a case.
import { test as step, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, copyFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { openBrowser, openPage, shoot, axe, violations, setTheme, visit } from './lib.mjs';
import { startSite } from './site.mjs';

const PASSWORD = 'four random words here';
let site;
let browser;
let context;
let page;
let admin; // the API as the administrator

// The API without a browser: JSON in, JSON out, the cookie of a login kept.
function client(base) {
    let cookie = '';
    const call = async (method, to, body, headers = {}) => {
        const reply = await fetch(`${base}/api/v1${to}`, { method, body: body && JSON.stringify(body),
            headers: { ...(body ? { 'Content-Type': 'application/json' } : {}), Cookie: cookie, ...headers } });
        cookie = reply.headers.get('set-cookie')?.split(';')[0] ?? cookie;
        return { status: reply.status, etag: reply.headers.get('etag'), body: reply.status === 204 ? null : await reply.json() };
    };
    return { call, steal: (stolen) => (cookie = stolen) };
}

async function setUp() {
    admin = client(site.base);
    const token = site.link.split('/setup/')[1];
    assert.equal((await admin.call('POST', '/setup', { token, name: 'admin', full_name: 'Mei Chen', password: PASSWORD })).status, 201);
    assert.equal((await admin.call('PUT', '/settings/system-password', { digits: '2580' })).status, 204);
    for (const [name, full_name, role] of [['ann', 'Ann Lee', 'cashier'], ['bob', 'Bob Hill', 'cashier'], ['sue', 'Sue Park', 'supervisor']]) {
        assert.equal((await admin.call('POST', '/operators', { name, full_name, roles: [role], password: PASSWORD })).status, 201);
    }
}

async function changeDesk(change) {
    const { body } = await admin.call('GET', '/desks');
    const one = await admin.call('GET', `/desks/${body.items[0].id}`);
    assert.equal((await admin.call('PATCH', `/desks/${one.body.id}`, change, { 'If-Match': one.etag })).status, 200);
}

before(async () => {
    site = await startSite();
    await setUp();
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'Asia/Shanghai', colorScheme: 'light' });
    page = await openPage(browser, site.base, { context });
    page.setDefaultTimeout(30000); // generous: the machine may be busy with other tests
});

after(async () => {
    await browser?.close();
    await site?.stop();
});

const stage = (name) => page.waitForSelector(`[data-state=${name}]`);
const press = (...keys) => keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
const text = (selector) => page.textContent(selector);
const gone = (selector) => page.waitForSelector(selector, { state: 'detached' });
const complaints = [];
async function look(name, themes = ['dark', 'light']) {
    if (process.env.LOOKS === 'no') return;
    await page.waitForTimeout(200);
    for (const theme of themes) {
        await setTheme(page, theme);
        await shoot(page, theme === 'dark' ? `${name}-dark` : name);
        complaints.push(...(await axe(page, theme === 'dark' ? ['color-contrast'] : undefined)).map((found) => `${name}, ${theme}: ${found}`));
    }
}
async function lookInChinese(name) {
    await page.evaluate(() => document.querySelector('.top .switch.word').click()); // also under a dialog
    await page.waitForSelector('html[lang=zh-CN]');
    await page.waitForTimeout(200);
    await shoot(page, `${name}-zh`);
    await page.evaluate(() => document.querySelector('.top .switch.word').click());
    await page.waitForSelector('html[lang=en]');
}

let broken = false;
const test = (name, work) => step(name, async (t) => {
    if (broken) return t.skip('an earlier step failed');
    try {
        await work();
    } catch (error) {
        broken = true;
        await shoot(page, 'operators-failed').catch(() => null);
        throw error;
    }
    return undefined;
});

async function clean() {
    assert.deepEqual(page.wrong, [], 'the console says nothing');
    assert.deepEqual(await violations(page), [], 'no violation of the policy');
}

async function recharge(preset) {
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await press(preset, 'Enter');
    await page.waitForSelector('.reminder.ok');
}

async function lockScreen() {
    const locked = page.waitForResponse((reply) => reply.url().endsWith('/session/lock') && reply.status() === 204);
    await press('F10');
    await page.waitForSelector('#login-over');
    await locked;
}

async function logInOver(name) {
    await page.fill('dialog [name=name]', name);
    await page.fill('dialog [name=password]', PASSWORD);
    await press('Enter');
    await gone('#login-over');
}

test('a cashier, a desk, a card with money on it', async () => {
    await page.fill('[name=name]', 'ann');
    await page.fill('[name=password]', PASSWORD);
    await press('Enter');
    await stage('none');
    await page.click('.drawer >> text=Blank card');
    await stage('blank');
    await press('Enter');
    await page.waitForSelector('#issue-find');
    await page.keyboard.type('ann', { delay: 60 });
    await page.waitForSelector('.found[aria-busy=false] >> text=Ann Bell');
    await press('ArrowDown', 'Enter');
    await stage('active');
    await recharge('F7'); // the third preset
    await clean();
});

test('locked, the page can do nothing; the card stays; the same operator goes on where they were', async () => {
    page.expected.push(/423 \(Locked\)/, /401 \(Unauthorized\)/);
    await press('Escape');
    await page.waitForSelector('[data-action=recharge]');
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await page.keyboard.type('12.34', { delay: 60 });
    await lockScreen();
    const answers = await page.evaluate(async () => Promise.all(['/api/v1/people', '/api/v1/settings', '/api/v1/session'].map(async (to) => (await fetch(to)).status)));
    assert.deepEqual(answers, [423, 423, 423]);
    const act = await page.evaluate(async () => (await fetch('/api/v1/operations/019aabcd-1f2e-7a3b-9c4d-5e6f70819203/cancel',
        { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })).status);
    assert.equal(act, 423);
    assert.match(await text('.who'), /Ann Bell/);
    await press('F9'); // no key reaches what lies below
    assert.match(page.url(), /#\/desk$|\/$|#\/$/);
    await look('lock');
    await lookInChinese('lock');
    await page.fill('dialog [name=password]', 'not the password at all');
    await press('Enter');
    await page.waitForSelector('dialog .problem');
    await logInOver('ann');
    await page.waitForSelector('#amount-consumption');
    assert.equal(await page.inputValue('#amount-consumption'), '12.34', 'the form waited');
    await press('Escape');
    await clean();
});

test('another operator takes over: desk and card stay, the form of the former one is closed, their session has ended', async () => {
    await press('F3');
    await page.waitForSelector('#amount-consumption:focus');
    await page.keyboard.type('5', { delay: 60 });
    const thief = client(site.base);
    thief.steal((await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; '));
    assert.equal((await thief.call('GET', '/session')).body.operator.name, 'ann');
    await lockScreen();
    assert.equal((await thief.call('GET', '/session')).status, 423);
    await page.fill('dialog [name=name]', 'bob');
    await page.waitForSelector('text=Take over');
    await look('lock-take-over', ['light']);
    await logInOver('bob');
    await page.waitForSelector('.operator >> text=Bob Hill');
    await gone('dialog[open]');
    await stage('active');
    assert.match(await text('.who'), /Ann Bell/);
    assert.equal((await thief.call('GET', '/session')).status, 401);
    const { body } = await admin.call('GET', '/desks');
    assert.equal(body.items[0].session.operator, 'Bob Hill');
    await clean();
});

test('loaded again behind the lock: only a login goes on, and the desk is there again', async () => {
    await lockScreen();
    await page.reload();
    await page.waitForSelector('text=This screen was locked');
    assert.equal(await page.$('.who'), null, 'nothing of the card is in the page');
    await look('lock-reloaded', ['light']);
    await page.fill('[name=name]', 'bob');
    await page.fill('[name=password]', PASSWORD);
    await press('Enter');
    await stage('active');
    await clean();
});

// A new desk program begins with an empty virtual reader.
async function putBack() {
    await stage('none');
    await page.click('.virtual[aria-pressed=false]');
    await stage('active');
}

const paper = () => path.join(site.folder, 'paper');
const printed = () => readFileSync(paper()).toString('latin1');

test('the printer of the desk: not there, then the receipt, a copy, and in Chinese', async () => {
    await site.replaceDesk('cardwright-agent', '--printer', paper());
    await changeDesk({ receipt_by: 'printer', receipt_paper_mm: 58 });
    await putBack();
    await recharge('F6');
    page.expected.push(/409 \(Conflict\)/);
    await press('Control+p');
    await page.waitForSelector('text=Receipt was not printed');
    assert.match(await text('dialog[open]'), /printer is not there/);
    await look('receipt-not-printed');
    await lookInChinese('receipt-not-printed');
    await page.waitForSelector('dialog[open] .btn-primary:focus');
    await press('Enter');
    await page.waitForFunction(() => globalThis.printed === 1);
    assert.match(await text('#receipt'), /Taken in cashCNY 50\.00/);
    assert.doesNotMatch(await text('#receipt'), /COPY/);
    writeFileSync(paper(), '');
    await press('Control+p');
    await page.waitForSelector('.print-line >> text=printed');
    await look('receipt-printed', ['light']);
    let out = printed();
    assert.ok(out.startsWith('\x1b@\x1c.\x1bt\0'), 'initialised, English');
    assert.ok(out.endsWith('\x1dVB\0'), 'cut');
    assert.match(out, /COPY\n/);
    assert.match(out, /Taken in cash {10}CNY 50\.00\n/);
    assert.match(out, /Operator {16}Bob Hill\n/);
    await changeDesk({ receipt_language: 'zh-CN' });
    writeFileSync(paper(), '');
    await gone('.print-line .chip');
    await press('Control+p');
    await page.waitForSelector('.print-line >> text=printed');
    out = printed();
    assert.ok(out.startsWith('\x1b@\x1c&'), 'Chinese mode');
    assert.ok(out.includes('\xb3\xe4\xd6\xb5'), 'recharge in GB18030');
    await press('Enter');
    await clean();
});

test('what a desk prints with is set under Desks', async () => {
    await lockScreen();
    await logInOver('admin');
    await page.waitForSelector('.operator >> text=Mei Chen');
    await visit(page, '#/desks');
    await page.click('tbody tr');
    await page.waitForSelector('[name=receipt_by]');
    await look('desk-receipts');
    await lookInChinese('desk-receipts');
    await page.selectOption('[name=receipt_language]', 'en');
    await press('Enter');
    await gone('dialog[open]');
    const { body } = await admin.call('GET', '/desks');
    assert.equal(body.items[0].receipt_language, 'en');
    await clean();
});

test('a desk program that is too old: a banner until it is updated', async () => {
    await site.replaceDesk('cardwright-agent-old');
    await page.waitForSelector('[data-update=required]');
    assert.match(await text('[data-update]'), /this desk has 0\.9\.0, the server needs 1\.0\.0/);
    await page.waitForSelector('text=Program too old');
    await look('agent-too-old-desks', ['light']);
    await visit(page, '#/desk');
    await stage('agent_old');
    await look('agent-too-old');
    await lookInChinese('agent-too-old');
    await site.replaceDesk('cardwright-agent', '--printer', paper());
    await gone('[data-update]');
    await putBack();
    await clean();
});

// The card is copied as it is, used, and its old content put back: what a clone would show.
test('a card rolled back: locked with a case, which a supervisor closes with a reason', async () => {
    const file = path.join(site.cards, readdirSync(site.cards)[0]);
    const takeOff = async () => {
        await page.click('.virtual[aria-pressed=true]');
        await stage('none');
    };
    await takeOff();
    copyFileSync(file, `${paper()}-before`);
    await page.click('.virtual');
    await stage('active');
    await recharge('F6');
    await takeOff();
    copyFileSync(file, `${paper()}-after`);
    copyFileSync(`${paper()}-before`, file);
    await page.click('.virtual');
    await stage('case');
    await look('desk-case');
    await takeOff();
    copyFileSync(`${paper()}-after`, file); // the content is put right; the case stays
    await page.click('.virtual');
    await stage('case');
    await lockScreen();
    await logInOver('ann');
    await page.waitForSelector('.operator >> text=Ann Lee');
    await page.click('text=Show the case');
    await page.waitForSelector('#work .panel tbody tr');
    await look('view-cases');
    await lookInChinese('view-cases');
    await page.click('tbody tr');
    await page.waitForSelector('text=A supervisor closes the case');
    assert.equal(await page.$('dialog [type=submit].btn-primary'), null, 'a cashier looks only');
    await press('Escape');
    await lockScreen();
    await logInOver('sue');
    await page.waitForSelector('.operator >> text=Sue Park');
    await page.click('tbody tr');
    await page.waitForSelector('dialog [name=reason]:focus');
    await look('case');
    await lookInChinese('case');
    await press('Enter');
    await page.waitForSelector('dialog .problem');
    await page.fill('dialog [name=reason]', 'The content was put back by the holder; the card was put right');
    await press('Enter');
    await page.waitForSelector('text=is unlocked');
    await look('case-closed');
    await press('Escape');
    await page.waitForSelector('text=No open case');
    await visit(page, '#/desk');
    await stage('active');
    page.expected.push(/400 \(Bad Request\)/);
    page.wrong.length = 0;
    await clean();
});

test('axe has nothing to say to any of these screens', async () => assert.deepEqual(complaints, []));
