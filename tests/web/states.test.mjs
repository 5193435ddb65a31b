// Every state of a desk, brought about by the virtual reader where an accident makes it, and by the database where an act of
// a later server does: band, icon, sentence, what is lit, and why everything else is not.
import { test as step, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { openBrowser, openPage, shoot, axe, violations, setTheme, visit, root } from './lib.mjs';
import { startSite } from './site.mjs';

const PASSWORD = 'four random words here';
const WAIT_MS = 60000; // the machine may be busy with other tests
let site;
let browser;
let page;
const complaints = [];

before(async () => {
    site = await startSite();
    browser = await openBrowser();
    page = await openPage(browser, site.link);
    page.setDefaultTimeout(WAIT_MS);
});

after(async () => {
    await browser?.close();
    await site?.stop();
});

let broken = false;
const test = (name, work) => step(name, async (t) => {
    if (broken) return t.skip('an earlier step failed');
    try {
        await work();
    } catch (error) {
        broken = true;
        await shoot(page, 'states-failed').catch(() => null);
        throw error;
    }
    return undefined;
});

const press = (key) => page.keyboard.press(key);
const stage = (name) => page.waitForSelector(`.band[data-state=${name}]`);
const make = (kind) => page.click(`[data-make="${kind}"]`);
const accident = (name) => page.click(`[data-accident=${name}]:enabled`);
const cardOf = (name) => `.virtual:has-text("${name}")`;

// The reasons of the six acts in their order; null: the act is lit.
async function reasons() {
    const heights = await page.$$eval('.actions .action', (all) => all.map((each) => each.getBoundingClientRect().height));
    assert.ok(heights.every((height) => height <= 61), 'a reason has one line');
    return page.$$eval('.actions .action', (all) => all.map((each) =>
        (each.classList.contains('grey') ? each.querySelector('small')?.textContent ?? '' : null)));
}

async function look(name) {
    await page.mouse.move(640, 8);
    for (const theme of ['dark', 'light']) {
        await setTheme(page, theme);
        await shoot(page, theme === 'dark' ? `state-${name}-dark` : `state-${name}`);
        complaints.push(...(await axe(page, theme === 'dark' ? ['color-contrast'] : undefined)).map((found) => `${name}, ${theme}: ${found}`));
    }
    await page.click('.switch.word');
    await page.waitForSelector('html[lang=zh-CN]');
    await shoot(page, `state-${name}-zh`);
    await page.click('.switch.word');
    await page.waitForSelector('html[lang=en]');
}

// What stands there: colour, icon, a word and a sentence, and for every act "lit" or why not.
async function shows(state, { tone, icon, word, sentence, why }) {
    await stage(state);
    const band = await page.$eval('.band', (element) => ({ tone: element.className, icon: element.querySelector('use').getAttribute('href'),
        word: element.querySelector('h2').textContent, sentence: element.textContent }));
    assert.ok(band.tone.split(' ').includes(tone), `${state}: ${band.tone}`);
    assert.ok(band.icon.endsWith(`#${icon}`), `${state}: ${band.icon}`);
    assert.equal(band.word, word);
    if (sentence) assert.match(band.sentence, sentence);
    const given = await reasons();
    assert.equal(given.length, 6);
    given.forEach((reason, index) => assert.ok(reason === null || reason.length > 5, `${state}: act ${index} says why`));
    if (why) why.forEach((wanted, index) => (wanted === undefined ? 0 : assert.equal(given[index], wanted, `${state}: act ${index}`)));
    await look(state);
}

const LATER = 'This server does not offer it';
const all = (reason, more = {}) => [0, 1, 2, 3, 4, 5].map((index) => (index in more ? more[index] : reason));

// Takes the card off, lets something happen, and puts it on again.
async function meanwhile(name, happens) {
    const card = page.locator(cardOf(name)).first();
    if (await card.getAttribute('aria-pressed') === 'true') {
        await card.click();
        await stage('none');
    }
    await page.waitForSelector(`${cardOf(name)}[aria-pressed=false]`);
    await happens();
    await card.click();
}
const becomes = (name, change) => meanwhile(name, () => site.sql(`UPDATE card SET ${change} WHERE person_id = (SELECT id FROM person WHERE name = '${name}')`));

async function issueTo(letters, name) {
    await make('issued');
    await page.waitForSelector('#issue-find');
    await page.keyboard.type(letters, { delay: 60 });
    await press('ArrowDown'); // before the answer is there: it waits for it, and never takes one of the list before
    await page.waitForSelector(`.found .chosen >> text=${name}`);
    await press('Enter');
    await stage('active');
}

async function recharge(amount) {
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await page.keyboard.type(amount, { delay: 60 });
    await press('Enter');
}
const putAway = async () => {
    await page.waitForSelector('.reminder.ok');
    await press('Escape');
    await page.waitForSelector('[data-action=recharge]');
};

test('each act has a reason in every stage, in both languages', async () => {
    const source = readFileSync(path.join(root, 'webroot/lib/desk-state.js'), 'utf8');
    const { ACTIONS, legal } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    const stages = /const WHY = \{([^}]+)\}/.exec(source)[1].match(/\w+(?=: ')/g);
    assert.ok(stages.length > 20);
    const texts = ['en', 'zh-CN'].map((name) => JSON.parse(readFileSync(path.join(root, `webroot/text/${name}.json`), 'utf8')));
    for (const name of stages) {
        for (const action of ACTIONS) {
            const verdict = legal(action, { stage: name, balances: null, mayDo: () => true });
            texts.forEach((catalogue) => assert.ok(verdict.ok || catalogue[verdict.why], `${name} ${action.name}: ${verdict.why}`));
        }
        texts.forEach((catalogue) => assert.ok(catalogue[`state.${name}`], `state.${name}`));
    }
    assert.equal(legal(ACTIONS[0], { stage: 'active', mayDo: () => false }).why, 'why.role');
});

test('a site is set up', async () => {
    await page.fill('[name=full_name]', 'Mei Chen');
    await page.fill('[name=password]', PASSWORD);
    await press('Enter');
    await page.waitForSelector('[name=currency]');
    await page.click('button[type=submit]');
    await page.waitForSelector('[name=presets]');
    await page.click('button[type=submit]');
    await page.waitForSelector('[name=once-0]');
    await page.keyboard.type('2580', { delay: 60 });
    await page.click('[name=twice-0]');
    await page.keyboard.type('2580', { delay: 60 });
    await page.check('[name=written]');
    await page.click('button[type=submit]');
    await page.waitForSelector('.desk-line .chip.ok');
    await page.click('button[type=submit]');
    await page.waitForSelector('text=Now the first card');
    await page.click('button[type=submit]');
    await stage('none');
});

test('no card', async () => {
    await page.waitForSelector('[data-make=blank]');
    await shows('none', { tone: 'idle', icon: 'credit-card', word: 'Put a card on the reader',
        why: all('Needs a card', { 2: 'Needs the old card', 3: LATER }) });
});

test('blank, foreign, a phone, two cards', async () => {
    await make('blank');
    await shows('blank', { tone: 'brand', icon: 'credit-card', word: 'Blank card', sentence: /Give it to a person/,
        why: all('First issue this card', { 4: 'Blank, nothing to repair' }) });
    await make('foreign');
    await shows('foreign', { tone: 'idle', icon: 'credit-card-off', word: 'Not a card of this system', why: all('Use a card of this site') });
    await page.waitForSelector('.v-foreign .chip:has-text("Foreign")');
    await make('phone');
    await shows('not_supported', { tone: 'idle', icon: 'credit-card-off', word: 'Not a card we can write', why: all('Use a card of this site') });
    await accident('two');
    await shows('two_cards', { tone: 'amber', icon: 'cards', word: 'Two cards on the reader', sentence: /Take one of them off/,
        why: all('First take one card off') });
    assert.equal(await page.$$eval('.virtual.down', (cards) => cards.length), 2, 'both are shown on the reader');
    await page.click('.virtual.down >> nth=1');
    await page.waitForFunction(() => document.querySelectorAll('.virtual.down').length === 1);
});

test('active: issued as usual, and recharged', async () => {
    await issueTo('ann', 'Ann Bell');
    assert.deepEqual(await reasons(), [null, 'Nothing on it to pay out', LATER, LATER, 'Normal, nothing to repair', LATER]);
    await recharge('50');
    await putAway();
    await shows('active', { tone: 'ok', icon: 'circle-check', word: 'Card ready',
        why: [null, null, LATER, LATER, 'Normal, nothing to repair', LATER] });
});

test('in doubt: pulled away while it was written', async () => {
    await accident('cut');
    await page.waitForSelector('text=The next write is cut off');
    await recharge('20');
    await shows('in_doubt', { tone: 'amber', icon: 'reload', word: 'Put the SAME card back', why: all('First put the card back', { 3: LATER }) });
    await page.click(`${cardOf('Ann Bell')}[aria-pressed=false]`);
    await putAway();
});

const STORED = [
    ['lost', "state = 'lost'", { tone: 'bad', icon: 'alert-octagon', word: 'Lost card: keep it', sentence: /Do not hand it back yet/,
        why: all('First cancel the loss report', { 2: LATER, 3: LATER }) }],
    ['replaced', "state = 'replaced'", { tone: 'idle', icon: 'credit-card-off', word: 'Replaced card', why: all('Use the newer card') }],
    ['cancelled', "state = 'cancelled'", { tone: 'idle', icon: 'credit-card-off', word: 'Cancelled card', why: all('First issue it again') }],
    ['scrapped', "state = 'scrapped'", { tone: 'idle', icon: 'credit-card-off', word: 'Scrapped card', why: all('Take another card') }],
    ['expired', "state = 'active', issued_on = '2020-01-01', expires_on = '2020-12-31'", { tone: 'idle', icon: 'credit-card-off', word: 'Card expired',
        sentence: /2020-12-31/, why: all('First extend its validity', { 2: LATER, 3: LATER, 4: 'Normal, nothing to repair', 5: LATER }) }],
    ['blocked', "block = 'holder', issued_on = current_date, expires_on = NULL", { tone: 'bad', icon: 'lock', word: 'Card blocked',
        sentence: /Its holder blocked it/, why: all('First ask a supervisor', { 3: LATER }) }],
    ['blocked', "block = 'leaver'", { tone: 'bad', icon: 'lock', word: 'Card blocked', sentence: /Its holder has left/ }],
];
test('lost, replaced, cancelled, scrapped, expired, blocked', async () => {
    for (const [state, change, wanted] of STORED) {
        await becomes('Ann Bell', change);
        await shows(state, wanted);
        assert.match(await page.textContent('.holder'), /Ann Bell/);
    }
    await becomes('Ann Bell', 'block = NULL');
    await stage('active');
});

test('locked: an older content is put back onto the card', async () => {
    const uid = site.sql("SELECT encode(uid, 'hex') FROM card WHERE person_id = (SELECT id FROM person WHERE name = 'Ann Bell')");
    const file = readdirSync(site.cards).filter((name) => !name.includes('.')).map((name) => path.join(site.cards, name))
        .find((name) => readFileSync(name).subarray(0, 4).toString('hex') === uid);
    await meanwhile('Ann Bell', () => copyFileSync(file, `${file}.old`));
    await stage('active');
    await recharge('10');
    await putAway();
    await meanwhile('Ann Bell', () => copyFileSync(`${file}.old`, file));
    await shows('case', { tone: 'bad', icon: 'shield-x', word: 'Contradicts the books', why: all('First close the case') });
});

test('damaged: the records of a card are torn', async () => {
    await issueTo('grace', 'Grace Okafor');
    await recharge('30');
    await putAway();
    await accident('damage');
    await shows('damaged', { tone: 'amber', icon: 'tool', word: 'Card damaged', why: all('First repair the card', { 2: LATER, 3: LATER, 4: LATER, 5: LATER }) });
    await page.waitForSelector('.v-damaged.down');
});

test('a 4K card and one with a long number are issued like any other', async () => {
    for (const [kind, letters, name] of [['4k', 'elif', 'Elif Demir'], ['long_uid', 'jonas', 'Jonas Weber']]) {
        await make(kind);
        await stage('blank');
        await press('Enter');
        await page.waitForSelector('#issue-find');
        await page.keyboard.type(letters, { delay: 60 });
        await press('ArrowDown');
        await page.waitForSelector(`.found .chosen >> text=${name}`);
        await press('Enter');
        await stage('active');
    }
    assert.deepEqual(site.sql("SELECT chip, octet_length(uid) FROM card WHERE chip = '4k' OR octet_length(uid) = 7 ORDER BY chip").split('\n'), ['1k|7', '4k|4']);
});

test('the reader is unplugged and plugged in again', async () => {
    await accident('unplug');
    await shows('reader_away', { tone: 'bad', icon: 'plug-connected-x', word: 'Reader not connected', why: all('First plug the reader in') });
    await accident('plug');
    await stage('active');
});

test('the desk program is away and back', async () => {
    const pid = site.agentPid();
    process.kill(pid, 'SIGSTOP');
    try {
        site.sql("UPDATE desk_live SET agent_seen_at = agent_seen_at - interval '1 minute'"); // as if it had been silent for that long
        await shows('agent_away', { tone: 'bad', icon: 'power', word: 'Desk program not running', why: all('Start the desk program') });
    } finally {
        process.kill(pid, 'SIGCONT');
    }
    await stage('active');
});

test('the server is away and back', async () => {
    page.expected.push(/Failed to load resource/, /ERR_/, /EventSource/);
    const pid = site.serverPid();
    process.kill(pid, 'SIGSTOP'); // hangs: it closes nothing and answers nothing
    try {
        await stage('server_away');
        await shows('server_away', { tone: 'bad', icon: 'wifi-off', word: 'Server not reachable', why: all('Wait for the server') });
    } finally {
        process.kill(pid, 'SIGCONT');
    }
    await stage('active');
});

test('the lessons know what this desk has seen', async () => {
    assert.deepEqual(await page.$$eval('.lesson-dots i', (dots) => dots.map((dot) => dot.className)), ['done', 'done', 'done', 'done', 'done']);
});

test('a live site has no drawer and leads to its training server', async () => {
    site.sql("UPDATE site SET mode = 'live'");
    await page.goto(`${site.base}/#/settings`);
    await page.reload();
    await page.waitForSelector('[name=training_url]');
    assert.equal(await page.$('.banner.training'), null);
    page.expected.push(/400 \(Bad Request\)/, /403 \(Forbidden\)/);
    await page.fill('[name=training_url]', 'training server');
    await press('Enter');
    await page.waitForSelector('.problem');
    await page.fill('[name=training_url]', 'https://training.example.org/');
    await press('Enter');
    await page.waitForSelector('nav a[href="https://training.example.org/"]');
    await page.locator('[name=training_url]').scrollIntoViewIfNeeded();
    await look('live-settings');
    const refused = await page.evaluate(async () => {
        const { items } = await (await fetch('/api/v1/desks')).json();
        const answer = await fetch(`/api/v1/desks/${items[0].id}/training`, { method: 'POST', headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ action: 'list' }) });
        return { status: answer.status, code: (await answer.json()).code };
    });
    assert.deepEqual(refused, { status: 403, code: 'training_only' });
    await visit(page, '#/desk');
    await page.waitForSelector('.band');
    assert.equal(await page.$('.drawer, .lesson'), null);
});

test('the console and the policy are silent, and axe has nothing to say', async () => {
    assert.deepEqual(page.wrong, []);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(complaints, []);
});
