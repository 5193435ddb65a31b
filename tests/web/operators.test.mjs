// Several operators at one desk: locking, taking over, receipts on the desk's printer, an old desk program, a case.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openContext, story, look, noBarriers, visit, reads, rows, press, gone, closed, refusals } from './lib.mjs';
import { PASSWORD, readySite, sitAt, logIn, stage, make, putOn, pullOff, openIssue, issueTo, move, fillIn, openMoney, enter, done, lockScreen, logInOver } from './desk.mjs';

let site;
let page;
const test = story(async (browser) => {
    site = await readySite(browser);
    for (const [name, full_name, role] of [['ann', 'Ann Lee', 'cashier'], ['bob', 'Bob Hill', 'cashier'], ['sue', 'Sue Park', 'supervisor']]) {
        await site.api.post('/operators', { name, full_name, roles: [role], password: PASSWORD });
    }
    page = await sitAt(browser, site, site.desk, 'ann');
});

async function changeDesk(change) {
    const { version } = await site.api.get(`/desks/${site.desk.id}`);
    await site.api.patch(`/desks/${site.desk.id}`, change, { 'If-Match': `W/"${version}"` });
}

async function takeOver(name, fullName) {
    await lockScreen(page);
    await logInOver(page, name);
    await reads(page, '.operator', new RegExp(fullName));
}

test('a cashier, a desk, a card with money on it', async () => {
    await make(page, 'blank');
    await openIssue(page);
    await issueTo(page, 'Ann Bell', 'ann');
    await openMoney(page, 'F2');
    await press(page, 'F7'); // the second preset
    await reads(page, 'dialog .btn-primary', /¥100\.00/);
    await enter(page);
    await page.waitForSelector('.reminder.ok');
    await done(page);
});

test('locked, the page can do nothing; the card stays; the same operator goes on where they were', async () => {
    refusals(page, 401, 423);
    await fillIn(page, 'F2', { consumption: '12.34' });
    await lockScreen(page);
    const answers = await page.evaluate(async () => Promise.all(['people', 'settings', 'session'].map(async (to) => (await fetch(`/api/v1/${to}`)).status)));
    assert.deepEqual(answers, [423, 423, 423]);
    const act = await page.evaluate(async () => (await fetch('/api/v1/operations/019aabcd-1f2e-7a3b-9c4d-5e6f70819203/cancel',
        { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })).status);
    assert.equal(act, 423);
    await reads(page, '.who', /Ann Bell/);
    await press(page, 'F9'); // no key reaches what lies below
    assert.match(page.url(), /#\/desk$|\/$|#\/$/);
    await look(page, 'lock', { chinese: true });
    await page.fill('dialog [name=password]', 'not the password at all');
    await page.press('dialog [name=password]', 'Enter');
    await page.waitForSelector('dialog .problem');
    await logInOver(page, 'ann');
    await page.waitForSelector('#amount-consumption');
    assert.equal(await page.inputValue('#amount-consumption'), '12.34', 'the form waited');
    await press(page, 'Escape');
    await closed(page);
});

test('another operator takes over: desk and card stay, the form of the former one is closed, their session has ended', async () => {
    await fillIn(page, 'F3', { consumption: '5' });
    const thief = await openContext(page.context().browser());
    await thief.addCookies(await page.context().cookies());
    const stolen = () => thief.request.get(`${site.base}/api/v1/session`);
    assert.equal((await (await stolen()).json()).operator.name, 'ann');
    await lockScreen(page);
    assert.equal((await stolen()).status(), 423);
    await page.fill('dialog [name=name]', 'bob');
    await page.waitForSelector('dialog .btn-primary >> text=Take over');
    await look(page, 'lock-take-over', { light: true });
    await logInOver(page, 'bob');
    await reads(page, '.operator', /Bob Hill/);
    await closed(page);
    await stage(page, 'active');
    await reads(page, '.who', /Ann Bell/);
    assert.equal((await stolen()).status(), 401);
    await thief.close();
    assert.equal((await site.api.get('/desks')).items[0].session.operator, 'Bob Hill');
});

test('loaded again behind the lock: only a login goes on, and the desk is there again', async () => {
    await lockScreen(page);
    await page.reload();
    await reads(page, 'main', /This screen was locked/);
    assert.equal(await page.$('.who'), null, 'nothing of the card is in the page');
    await look(page, 'lock-reloaded', { light: true });
    await logIn(page, 'bob');
    await stage(page, 'active');
});

const paper = () => path.join(site.folder, 'paper');
// Prints the reminder that stands there; resolves with what came out of the printer when the page has said so. What it says
// goes by itself, so it is watched from before.
async function printed() {
    writeFileSync(paper(), '');
    await page.evaluate(() => {
        globalThis.told = false;
        const line = document.querySelector('.print-line');
        new MutationObserver(() => (globalThis.told ||= /printed/i.test(line.textContent))).observe(line, { subtree: true, childList: true, characterData: true });
    });
    await press(page, 'Control+p');
    await page.waitForFunction(() => globalThis.told);
    return readFileSync(paper()).toString('latin1');
}

test('the printer of the desk: not there, then the receipt, a copy, and in Chinese', async () => {
    refusals(page, 409);
    await site.replaceDesk('cardwright-agent', '--printer', paper());
    await changeDesk({ receipt_by: 'printer', receipt_paper_mm: 58 });
    await stage(page, 'none');
    await putOn(page); // a new desk program begins with an empty reader
    await stage(page, 'active');
    await move(page, 'F2', { consumption: '50' });
    await press(page, 'Control+p');
    await reads(page, 'dialog[open]', /Receipt was not printed.*printer is not there/s);
    await look(page, 'receipt-not-printed', { chinese: true });
    await page.press('dialog[open] .btn-primary', 'Enter');
    await page.waitForFunction(() => globalThis.printed === 1);
    await reads(page, '#receipt', /Taken in cashCNY 50\.00/);
    assert.doesNotMatch(await page.textContent('#receipt'), /COPY/);
    await closed(page);
    let out = await printed();
    assert.ok(out.startsWith('\x1b@\x1c.\x1bt\0'), 'initialised, English');
    assert.ok(out.endsWith('\x1dVB\0'), 'cut');
    assert.match(out, /COPY\n/);
    assert.match(out, /Taken in cash {10}CNY 50\.00\n/);
    assert.match(out, /Operator {16}Bob Hill\n/);
    await look(page, 'receipt-printed', { light: true });
    await changeDesk({ receipt_language: 'zh-CN' });
    await gone(page, '.print-line .chip');
    out = await printed();
    assert.ok(out.startsWith('\x1b@\x1c&'), 'Chinese mode');
    assert.ok(out.includes('\xb3\xe4\xd6\xb5'), 'recharge in GB18030');
    await done(page);
});

test('what a desk prints with is set under Desks', async () => {
    await takeOver('admin', 'Mei Chen');
    await visit(page, '#/desks');
    await page.click('#work tbody tr');
    await page.waitForSelector('[name=receipt_by]');
    await look(page, 'desk-receipts', { chinese: true });
    await page.selectOption('[name=receipt_language]', 'en');
    await page.press('dialog [name=desk_name]', 'Enter');
    await closed(page);
    assert.equal((await site.api.get('/desks')).items[0].receipt_language, 'en');
});

test('a desk program that is too old: a banner until it is updated', async () => {
    await site.replaceDesk('cardwright-agent-old');
    await page.waitForSelector('[data-update=required]');
    await reads(page, '[data-update]', /this desk has 0\.9\.0, the server needs 1\.0\.0/);
    await reads(page, '#work', /Program too old/);
    await look(page, 'agent-too-old-desks', { light: true });
    await visit(page, '#/desk');
    await stage(page, 'agent_old');
    await look(page, 'agent-too-old', { chinese: true });
    await site.replaceDesk('cardwright-agent', '--printer', paper());
    await gone(page, '[data-update]');
    await stage(page, 'none');
    await putOn(page);
    await stage(page, 'active');
});

// The card is copied as it is, used, and its old content put back: what a clone would show.
test('a card rolled back: locked with a case', async () => {
    await pullOff(page);
    site.copyCard('card-1', 'card-1.before');
    await putOn(page);
    await stage(page, 'active');
    await move(page, 'F2', { consumption: '50' });
    await pullOff(page);
    site.copyCard('card-1', 'card-1.after');
    site.copyCard('card-1.before', 'card-1');
    await putOn(page);
    await stage(page, 'case');
    await look(page, 'desk-case');
    await pullOff(page);
    site.copyCard('card-1.after', 'card-1'); // the content is put right; the case stays
    await putOn(page);
    await stage(page, 'case');
});

// The case of the list, open in its dialog.
async function openCase(says) {
    await page.click('#work > .panel tbody tr');
    await reads(page, 'dialog[open]', says);
}

test('a cashier looks at the case, and a supervisor closes it with a reason', async () => {
    refusals(page, 400);
    await takeOver('ann', 'Ann Lee');
    await page.click('.guide >> text=Show the case');
    await page.waitForSelector('#work.work-cases tbody tr');
    await look(page, 'view-cases', { chinese: true });
    await openCase(/A supervisor closes the case/);
    assert.equal(await page.$('dialog [type=submit].btn-primary'), null, 'a cashier looks only');
    await press(page, 'Escape');
    await closed(page);
    await takeOver('sue', 'Sue Park');
    await openCase(/Reason/);
    await look(page, 'case', { chinese: true });
    await page.press('dialog [name=reason]', 'Enter');
    await page.waitForSelector('dialog .problem');
    await page.fill('dialog [name=reason]', 'The content was put back by the holder; the card was put right');
    await page.press('dialog [name=reason]', 'Enter');
    await reads(page, 'dialog', /is unlocked/);
    await look(page, 'case-closed');
    await press(page, 'Escape');
    await closed(page);
    await reads(page, '#work', /No open case/);
    await rows(page, 0);
    await visit(page, '#/desk');
    await stage(page, 'active');
});

test('axe has nothing to say to any of these screens', noBarriers);
