// Cards and their holders: photos, a card issued by mistake taken back, issued again, given up; a department in list order.
import { test as step, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage, shoot, axe, violations, setTheme, visit as visitPage } from './lib.mjs';
import { startSite } from './site.mjs';

const PASSWORD = 'four random words here';
let site;
let browser;
let page;

async function api(method, path, body, cookie) {
    const reply = await fetch(`${site.base}/api/v1${path}`, { method, body: body && JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', ...(cookie ? { Cookie: cookie } : {}) } });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status}`);
    return reply;
}

before(async () => {
    site = await startSite();
    const made = await api('POST', '/setup', { token: site.link.split('/setup/')[1], name: 'admin', full_name: 'Mei Chen', password: PASSWORD });
    const cookie = made.headers.get('set-cookie').split(';')[0];
    await api('PUT', '/settings/system-password', { digits: '2580' }, cookie);
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'Asia/Shanghai', colorScheme: 'light' });
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
const visit = (hash) => visitPage(page, hash);
const gone = (selector) => page.waitForSelector(selector, { state: 'detached' });
const lit = () => page.waitForSelector('[data-action=unissue]:not([aria-disabled])');

const complaints = [];
async function look(name) {
    if (process.env.LOOKS === 'no') return;
    await page.waitForTimeout(200);
    for (const theme of ['dark', 'light']) {
        await setTheme(page, theme);
        await shoot(page, theme === 'dark' ? `${name}-dark` : name);
        complaints.push(...(await axe(page, theme === 'dark' ? ['color-contrast'] : undefined)).map((found) => `${name}, ${theme}: ${found}`));
    }
}

let broken = false;
const test = (name, work) => step(name, async (t) => {
    if (broken) return t.skip('an earlier step failed');
    try {
        await work();
    } catch (error) {
        broken = true;
        await shoot(page, 'cards-failed').catch(() => null);
        throw error;
    }
    return undefined;
});

async function clean() {
    assert.deepEqual(page.wrong, [], 'the console says nothing');
    assert.deepEqual(await violations(page), [], 'no violation of the policy');
}

// What the virtual reader is told beside the drawer's buttons.
const reader = (body) => page.evaluate(async (asked) => {
    const desks = await (await fetch('/api/v1/desks')).json();
    const reply = await fetch(`/api/v1/desks/${desks.items[0].id}/training`, { method: 'POST', body: JSON.stringify(asked), headers: { 'Content-Type': 'application/json' } });
    return reply.json();
}, body);

// A drawn face as a PNG file, wider than a photo.
async function face() {
    const data = await page.evaluate(() => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 900, height: 700 });
        const draw = canvas.getContext('2d');
        const disc = (colour, x, y, size) => {
            draw.fillStyle = colour;
            draw.beginPath();
            draw.ellipse(x, y, size, size * 1.2, 0, 0, 7);
            draw.fill();
        };
        draw.fillStyle = '#9db7d5';
        draw.fillRect(0, 0, 900, 700);
        disc('#5a4030', 450, 290, 175);
        disc('#e9c3a0', 450, 330, 150);
        disc('#2d4f7c', 450, 800, 280);
        disc('#222', 395, 300, 14);
        disc('#222', 505, 300, 14);
        return canvas.toDataURL('image/png').split(',')[1];
    });
    return { name: 'face.png', mimeType: 'image/png', buffer: Buffer.from(data, 'base64') };
}

async function issueTo(name) {
    await stage('blank');
    await press('Enter');
    await page.waitForSelector('#issue-find:focus');
    await page.keyboard.type(name, { delay: 40 });
    await page.waitForSelector(`.found[aria-busy=false] button:not([disabled]) >> text=${name}`);
    await press('ArrowDown');
    await page.waitForSelector('.found .chosen');
    await press('Enter');
    await stage('active');
}

async function takeBack() {
    await lit();
    await page.click('[data-action=unissue]');
    await page.fill('dialog [name=password]', PASSWORD);
    await press('Enter');
    await gone('dialog[open]');
}

test('a card for a known person', async () => {
    await page.fill('[name=name]', 'admin');
    await page.fill('[name=password]', PASSWORD);
    await press('Enter');
    await stage('none');
    await page.waitForSelector('[data-action=unissue] >> text=Needs a card');
    await page.click('.drawer >> text=Blank card');
    await issueTo('Ann Bell');
    await clean();
});

test('a photo is chosen, cut to shape, kept, and shown beside the card', async () => {
    await press('F9');
    await page.waitForSelector('[data-person] .timeline li');
    await page.click('.person-head >> text=Photo');
    await page.waitForSelector('dialog >> text=Choose a picture');
    await page.setInputFiles('#photo-file', { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture at all') });
    await page.waitForSelector('dialog .problem');
    await look('photo-unusable');
    await page.setInputFiles('#photo-file', await face());
    await page.waitForSelector('dialog canvas:not([hidden])');
    await gone('dialog .problem');
    await look('photo-dialog');
    await page.click('dialog .btn-primary');
    await gone('dialog[open]');
    await page.waitForFunction(() => document.querySelector('.person-head img')?.naturalWidth === 480);
    await look('person-photo');
    await visit('#/people?q=ann');
    await page.waitForFunction(() => document.querySelector('tbody .photo.tiny img')?.naturalHeight === 600);
    await look('people-photos');
    await visit('#/desk');
    await page.waitForFunction(() => document.querySelector('.holder .photo img')?.naturalWidth === 480);
    await look('desk-photo');
    await clean();
});

test('a card with money on it is not taken back', async () => {
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await press('F6', 'Enter');
    await page.waitForSelector('.reminder.ok');
    await press('Enter');
    await page.waitForSelector('[data-action=unissue][aria-disabled=true]');
    assert.match(await text('[data-action=unissue]'), /Withdraw what is on it first/);
    await look('unissue-grey');
    await press('F3');
    await page.waitForSelector('#amount-consumption:focus');
    await page.keyboard.type('50', { delay: 40 });
    await press('Enter');
    await page.waitForSelector('.reminder .cash');
    await press('Enter');
    await lit();
});

test('an empty one is: reason and password, and the card is blank', async () => {
    page.expected.push(/401 \(Unauthorized\)/);
    await page.click('[data-action=unissue]');
    await page.waitForSelector('dialog [name=reason]:focus');
    await look('unissue-dialog');
    await press('Enter');
    await page.waitForSelector('dialog .problem >> text=Your password is missing');
    await page.fill('dialog [name=password]', 'not my password');
    await press('Enter');
    await page.waitForSelector('dialog .problem >> text=wrong');
    await look('unissue-wrong-password');
    await page.fill('dialog [name=password]', PASSWORD);
    await press('Enter');
    await stage('blank');
    await page.waitForSelector('.hand.settled >> text=is taken back');
    await page.waitForSelector('tbody >> text=Card taken back');
    assert.equal(await page.$('.holder'), null, 'nothing of the former holder is on the screen');
    await look('unissue-done');
    await clean();
});

test('a new person in place gets the same card', async () => {
    await press('Enter');
    await page.waitForSelector('#issue-find:focus');
    await page.click('dialog >> text=A new person');
    await page.fill('dialog [name=name]', 'Noor Haddad');
    await page.fill('dialog [name=personnel_no]', 'N-1');
    await look('issue-new-person');
    await press('Enter');
    await stage('active');
    assert.match(await text('.holder'), /Noor Haddad/);
    await clean();
});

test('cut in the middle it is in doubt, and put back it is finished', async () => {
    await reader({ action: 'cut', command: 60 });
    await takeBack();
    await stage('in_doubt');
    assert.equal(await page.$('.hand.settled'), null, 'the reminder of the act before is gone');
    await page.waitForSelector('.virtual[aria-pressed=false]');
    assert.match(await text('.guide'), /half wiped/);
    await look('unissue-in-doubt');
    await page.click('.virtual');
    await stage('blank');
    await clean();
});

test('issued again to its first holder: one timeline, a rail for each card', async () => {
    await issueTo('Ann Bell');
    await press('F9');
    await page.waitForFunction(() => document.querySelectorAll('.rail-key').length === 2);
    await page.waitForSelector('.timeline >> text=Card taken back');
    assert.equal(await page.$$eval('.timeline .what b', (all) => all.filter((b) => b.textContent === 'Card issued').length), 2);
    await look('person-two-cards');
    await visit('#/cards');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 3);
    await look('cards-reissued');
    await visit('#/transactions?kind=unissue');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 2);
    await visit('#/desk');
    await stage('active');
    await clean();
});

test('a card locked by a torn trailer is given up', async () => {
    await reader({ action: 'tear', write: 17, kind: 'zero' });
    await takeBack();
    await stage('in_doubt');
    await page.waitForSelector('.virtual[aria-pressed=false]');
    await page.click('.virtual');
    await page.waitForSelector('[data-state=in_doubt] >> text=This card cannot be finished');
    await look('unissue-locked');
    await page.click('text=Give this card up');
    await stage('scrapped');
    await look('unissue-scrapped');
    await page.click('.virtual.down');
    await stage('none');
    await clean();
});

test('a whole department in list order, one placement each', async () => {
    await visit('#/issue');
    await page.click('text=Issue for Canteen');
    await page.waitForSelector('tbody .chip.brand');
    const names = await page.$$eval('tbody tr', (rows) => rows.filter((row) => !row.querySelector('.chip.idle')).map((row) => row.querySelector('b').textContent));
    assert.ok(names.length >= 1);
    for (const [index, name] of names.slice(0, 2).entries()) {
        await page.waitForSelector(`.band >> text=${name}`);
        await page.click('.drawer >> text=Blank card');
        await page.waitForFunction((done) => document.querySelectorAll('tbody .chip.ok').length === done, index + 1);
        assert.match(await text('.band h2'), names.length > index + 1 ? /Take the card off/ : /Everybody has a card|Take the card off/);
        await page.click('.virtual.down');
        await gone('.virtual.down');
    }
    await look('department-two');
    await clean();
});

test('in Chinese', async () => {
    await visit('#/desk');
    await stage('none');
    await page.click('.switch.word');
    await page.waitForSelector('html[lang=zh-CN]');
    await page.click('.virtual >> nth=1');
    await stage('active');
    await lit();
    await page.click('[data-action=unissue]');
    await page.waitForSelector('dialog [name=reason]:focus');
    await look('unissue-dialog-zh');
    await press('Escape');
    await clean();
});

test('axe has nothing to say to any of these screens', async () => assert.deepEqual(complaints, []));
