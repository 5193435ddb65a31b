// Every state of a desk, brought about by the virtual reader where an accident makes it, and by the database where an act of
// a later server does: band, icon, sentence, what is lit, and why everything else is not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { story, look, noBarriers, visit, reads, refusals, outages } from './lib.mjs';
import { readySite, sitAt, stage, make, putOn, pullOff, accident, openIssue, issueTo, fillIn, enter, move, done } from './desk.mjs';
import { root } from './site.mjs';

let site;
let page;
const test = story(async (browser) => {
    site = await readySite(browser);
    page = await sitAt(browser, site, site.desk);
});

// The reasons of the six acts in their order; null: the act is lit.
async function reasons() {
    const heights = await page.$$eval('.actions .action', (all) => all.map((each) => each.getBoundingClientRect().height));
    assert.ok(heights.every((height) => height <= 61), 'a reason has one line');
    return page.$$eval('.actions .action', (all) => all.map((each) =>
        (each.classList.contains('grey') ? each.querySelector('small')?.textContent ?? '' : null)));
}

// What stands there: colour, icon, a word and a sentence, and for every act "lit" or why not.
async function shows(state, { tone, icon, word, sentence, why }) {
    await stage(page, state);
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
    await look(page, `state-${state}`, { chinese: true });
}

const LATER = 'This server does not offer it';
const all = (reason, more = {}) => [0, 1, 2, 3, 4, 5].map((index) => (index in more ? more[index] : reason));

// Something happens to Ann's card while it is off the reader.
async function meanwhile(happens) {
    await pullOff(page, 'Ann Bell');
    await happens();
    await putOn(page, 'Ann Bell');
}
const becomes = (change) => meanwhile(() => site.sql(`UPDATE card SET ${change} WHERE person_id = (SELECT id FROM person WHERE name = 'Ann Bell')`));

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

test('no card', async () => {
    await page.waitForSelector('[data-make=blank]');
    await shows('none', { tone: 'idle', icon: 'credit-card', word: 'Put a card on the reader',
        why: all('Needs a card', { 2: 'Needs the old card', 3: LATER }) });
});

const lying = (count) => page.waitForFunction((wanted) => document.querySelectorAll('.virtual.down').length === wanted, count);
test('blank, foreign, a phone, two cards', async () => {
    await make(page, 'blank');
    await shows('blank', { tone: 'brand', icon: 'credit-card', word: 'Blank card', sentence: /Give it to a person/,
        why: all('First issue this card', { 4: 'Blank, nothing to repair' }) });
    await make(page, 'foreign');
    await shows('foreign', { tone: 'idle', icon: 'credit-card-off', word: 'Not a card of this system', why: all('Use a card of this site') });
    await reads(page, '.v-foreign .chip', /Foreign/);
    await make(page, 'phone');
    await shows('not_supported', { tone: 'idle', icon: 'credit-card-off', word: 'Not a card we can write', why: all('Use a card of this site') });
    await page.click('[data-accident=two]');
    await shows('two_cards', { tone: 'amber', icon: 'cards', word: 'Two cards on the reader', sentence: /Take one of them off/,
        why: all('First take one card off') });
    await lying(2);
    await page.click('.virtual.down >> nth=1');
    await lying(1);
});

test('active: issued as usual, and recharged', async () => {
    await make(page, 'issued');
    await issueTo(page, 'Ann Bell', 'ann');
    assert.deepEqual(await reasons(), [null, 'Nothing on it to pay out', LATER, LATER, 'Normal, nothing to repair', LATER]);
    await move(page, 'F2', { consumption: '50' });
    await done(page);
    await shows('active', { tone: 'ok', icon: 'circle-check', word: 'Card ready',
        why: [null, null, LATER, LATER, 'Normal, nothing to repair', LATER] });
});

test('in doubt: pulled away while it was written', async () => {
    await accident(page, 'cut');
    await fillIn(page, 'F2', { consumption: '20' });
    await enter(page);
    await shows('in_doubt', { tone: 'amber', icon: 'reload', word: 'Put the SAME card back', why: all('First put the card back', { 3: LATER }) });
    await putOn(page, 'Ann Bell');
    await page.waitForSelector('.reminder.ok');
    await done(page);
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
        await becomes(change);
        await shows(state, wanted);
        await reads(page, '.holder', /Ann Bell/);
    }
    await becomes('block = NULL');
    await stage(page, 'active');
});

test('locked: an older content is put back onto the card', async () => {
    const { card } = (await site.api.get(`/desks/${site.desk.id}/training`)).items.find((each) => each.holder?.name === 'Ann Bell');
    await meanwhile(() => site.copyCard(card, `${card}.old`));
    await stage(page, 'active');
    await move(page, 'F2', { consumption: '10' });
    await meanwhile(() => site.copyCard(`${card}.old`, card));
    await shows('case', { tone: 'bad', icon: 'shield-x', word: 'Contradicts the books', why: all('First close the case') });
});

test('damaged: the records of a card are torn', async () => {
    await make(page, 'issued');
    await issueTo(page, 'Grace Okafor', 'grace');
    await move(page, 'F2', { consumption: '30' });
    await done(page);
    await accident(page, 'damage');
    await shows('damaged', { tone: 'amber', icon: 'tool', word: 'Card damaged', why: all('First repair the card', { 2: LATER, 3: LATER, 4: LATER, 5: LATER }) });
    await page.waitForSelector('.v-damaged.down');
});

test('a 4K card and one with a long number are issued like any other', async () => {
    for (const [kind, letters, name] of [['4k', 'elif', 'Elif Demir'], ['long_uid', 'jonas', 'Jonas Weber']]) {
        await make(page, kind);
        await openIssue(page);
        await issueTo(page, name, letters);
    }
    assert.deepEqual(site.sql("SELECT chip, octet_length(uid) FROM card WHERE chip = '4k' OR octet_length(uid) = 7 ORDER BY chip").split('\n'), ['1k|7', '4k|4']);
});

test('the reader is unplugged and plugged in again', async () => {
    await accident(page, 'unplug');
    await shows('reader_away', { tone: 'bad', icon: 'plug-connected-x', word: 'Reader not connected', why: all('First plug the reader in') });
    await accident(page, 'plug');
    await stage(page, 'active');
});

test('the desk program is away and back', async () => {
    refusals(page, 409); // the drawer may have asked for its cards at the moment the program went
    await site.stopDesk();
    site.sql("UPDATE desk_live SET agent_seen_at = agent_seen_at - interval '1 minute'"); // as if it had been silent for that long
    await shows('agent_away', { tone: 'bad', icon: 'power', word: 'Desk program not running', why: all('Start the desk program') });
    site.continueDesk();
    await stage(page, 'none'); // its virtual reader begins empty
    await putOn(page, 'Jonas Weber');
    await stage(page, 'active');
});

test('the server is away and back', async () => {
    outages(page);
    const pid = site.serverPid();
    process.kill(pid, 'SIGSTOP'); // hangs: it closes nothing and answers nothing
    try {
        await shows('server_away', { tone: 'bad', icon: 'wifi-off', word: 'Server not reachable', why: all('Wait for the server') });
    } finally {
        process.kill(pid, 'SIGCONT');
    }
    await stage(page, 'active');
});

test('the lessons know what this desk has seen', async () => {
    assert.deepEqual(await page.$$eval('.lesson-dots i', (dots) => dots.map((dot) => dot.className)), ['done', 'done', 'done', 'done', 'done']);
});

test('a live site has no drawer and leads to its training server', async () => {
    site.sql("UPDATE site SET mode = 'live'");
    await visit(page, '#/settings');
    await page.reload();
    await page.waitForSelector('[name=training_url]');
    assert.equal(await page.$('.banner.training'), null);
    refusals(page, 400, 403);
    await page.fill('[name=training_url]', 'training server');
    await page.press('[name=training_url]', 'Enter');
    await page.waitForSelector('.problem');
    await page.fill('[name=training_url]', 'https://training.example.org/');
    await page.press('[name=training_url]', 'Enter');
    await page.waitForSelector('nav a[href="https://training.example.org/"]');
    await page.locator('[name=training_url]').scrollIntoViewIfNeeded();
    await look(page, 'state-live-settings', { chinese: true });
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

test('axe has nothing to say to any of these screens', noBarriers);
