// One site from zero to a recharge, then everything a cashier meets; each step goes on where the one before stopped. No key is
// pressed before what it is meant for is there, and nothing is read before it says what it has to.
import { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage, shoot, axe, violations, setTheme, story, clean, still, reads, WAIT_MS } from './lib.mjs';
import { PASSWORD, logIn, stage as stageOf, done as putAway } from './desk.mjs';
import { startSite } from './site.mjs';

let site;
let browser;
let context;
let page;
const test = story(() => ({ page }));

before(async () => {
    site = await startSite();
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'Asia/Shanghai', colorScheme: 'light' });
    page = await openPage(browser, site.link, { context });
});

after(async () => {
    await browser?.close();
    await site?.stop();
});

const stage = (name) => stageOf(page, name);
const done = () => putAway(page);
const press = (key) => page.keyboard.press(key);
const says = (selector, pattern) => reads(page, selector, pattern);
const focused = (selector) => page.waitForSelector(`${selector}:focus`);
const closed = () => page.waitForSelector('dialog', { state: 'detached' });
const make = (kind) => page.click(`[data-make="${kind}"]`);
const rows = (count) => page.waitForFunction((wanted) => document.querySelectorAll('tbody tr').length === wanted, count);

// A screen of the back office, with what it loads.
async function visit(view, query = '') {
    await page.evaluate((to) => (location.hash = to), `#/${view}${query}`);
    await page.waitForSelector(`#work.work-${view}`);
    if (view !== 'desk') await page.waitForSelector('#work .panel');
}

// The dialog of an act on money, its caret in the first amount.
async function openMoney(key) {
    await page.waitForSelector(`[data-action=${key === 'F2' ? 'recharge' : 'withdraw'}]:not([aria-disabled])`);
    await press(key);
    await focused('#amount-consumption');
}

// A picture in both themes, and what axe has to say to it. Only colours differ between the themes.
const complaints = [];
async function look(name, on = page) {
    if (process.env.LOOKS === 'no') return; // for a quick run of the steps alone
    await still(on);
    for (const theme of ['dark', 'light']) {
        await setTheme(on, theme);
        await shoot(on, theme === 'dark' ? `${name}-dark` : name);
        complaints.push(...(await axe(on, theme === 'dark' ? ['color-contrast'] : undefined)).map((found) => `${name}, ${theme}: ${found}`));
    }
}

test('first run: from the one-time link to the desk', async () => {
    const begun = Date.now();
    await page.fill('[name=full_name]', 'Mei Chen');
    await page.fill('[name=password]', 'short');
    await page.press('[name=password]', 'Enter');
    await focused('.problem');
    assert.equal(await page.inputValue('[name=full_name]'), 'Mei Chen', 'what was typed stays');
    page.expected.push(/400 \(Bad Request\)/);
    page.wrong.length = 0;
    await look('setup-account-problem');
    await page.fill('[name=password]', PASSWORD);
    await page.press('[name=password]', 'Enter');
    await page.waitForSelector('[name=currency]');
    await look('setup-site');
    await page.reload(); // left and taken up again
    await page.waitForSelector('[name=currency]');
    await page.click('button[type=submit]');
    await page.waitForSelector('[name=presets]');
    await look('setup-limits');
    await page.click('button[type=submit]');
    await page.click('[name=once-0]');
    await page.keyboard.type('25', { delay: 60 });
    await page.keyboard.type('x', { delay: 60 });
    await page.keyboard.insertText('８'); // a full-width digit
    await page.keyboard.type('80', { delay: 60 });
    await page.waitForFunction(() => [...document.querySelectorAll('[name^=once]')].map((box) => box.value).join('') === '2580');
    await page.click('[name=twice-0]');
    await page.keyboard.type('2581', { delay: 60 });
    await page.check('[name=written]');
    await look('setup-password-differ');
    await page.fill('[name=twice-3]', '0');
    await page.click('button[type=submit]');
    await page.waitForSelector('.desk-line .chip.ok');
    await look('setup-desk');
    await page.click('button[type=submit]');
    await page.waitForSelector('text=Now the first card');
    await look('setup-card');
    await page.click('button[type=submit]');
    await stage('none');
    await page.waitForSelector('.top .chip >> text=Virtual reader');
    await page.waitForSelector('[data-make=blank]');
    await look('desk-no-card');
    assert.ok(Date.now() - begun < 180000, 'within three minutes');
    await clean(page);
});

test('a blank card is issued to a person', async () => {
    await make('blank');
    await stage('blank');
    await focused('.next-step button');
    await look('desk-blank');
    await press('Enter');
    await focused('#issue-find');
    await page.keyboard.type('ann', { delay: 60 });
    await page.waitForFunction(() => [...document.querySelectorAll('.found li b')].map((name) => name.textContent).join() === 'Ann Bell');
    await press('ArrowDown');
    await page.waitForSelector('.found li.chosen');
    await look('issue-dialog');
    await page.press('#issue-find', 'Enter');
    await closed();
    await stage('active');
    await look('desk-active-empty');
    await clean(page);
});

test('recharge: three keystrokes', async () => {
    await openMoney('F2');
    await press('F8');
    await press('Enter');
    await page.waitForSelector('.reminder.ok');
    await says('.reminder', /¥200\.00/);
    await page.waitForSelector('tr.fresh');
    await look('recharge-result');
    await press('Control+p');
    await page.waitForFunction(() => globalThis.printed === 1);
    await says('#receipt', /CNY 200\.00/);
    await focused('[data-done]');
    await press('Enter');
    await page.waitForSelector('[data-action=recharge]');
    await says('.purses', /¥200\.00/);
    await look('desk-active');
    await clean(page);
});

test('both accounts in one act; typed amounts; the limits are said before', async () => {
    await openMoney('F2');
    await page.keyboard.type('0', { delay: 60 });
    await press('Enter');
    await page.waitForSelector('.amount-field.wrong');
    await look('recharge-zero');
    await page.fill('#amount-consumption', '');
    await page.fill('#amount-water', '1000');
    await says('#amount-water-line', /at most ¥999\.99/);
    await look('recharge-over-limit');
    await page.fill('#amount-water', '12.30');
    await page.fill('#amount-consumption', '50');
    await says('dialog .btn-primary', /Recharge ¥62\.30/);
    await look('recharge-dialog');
    await page.press('#amount-consumption', 'Enter');
    await page.waitForSelector('.reminder.ok');
    await says('.reminder', /¥250\.00.*¥12\.30/s);
    await press('Escape');
    await page.waitForSelector('.reminder', { state: 'detached' });
    await clean(page);
});

test('withdraw: more than the card holds is refused before anything happens', async () => {
    await openMoney('F3');
    await page.keyboard.type('250.01', { delay: 60 });
    await page.press('#amount-consumption', 'Enter');
    await page.waitForSelector('.amount-field.wrong');
    await look('withdraw-short');
    await page.fill('#amount-consumption', '20');
    await says('dialog .btn-primary', /Withdraw ¥20\.00/);
    await page.press('#amount-consumption', 'Enter');
    await says('.reminder', /Now pay out ¥20\.00/);
    await look('withdraw-result');
    await done();
    await clean(page);
});

test('times are an act of their own', async () => {
    await openMoney('F2');
    await page.getByRole('button', { name: 'Times', exact: true }).click();
    await page.fill('#amount-times', '5');
    await says('dialog .btn-primary', /5 times/);
    await look('recharge-times');
    await page.press('#amount-times', 'Enter');
    await page.waitForSelector('.reminder.ok');
    await says('.reminder', /5 times/);
    await done();
});

test('a card pulled mid-write is in doubt, and put back it is finished once', async () => {
    await page.click('[data-accident=cut]:enabled');
    await says('.drawer [role=status]', /The next write is cut off/);
    await openMoney('F2');
    await press('F7');
    await says('dialog .btn-primary', /¥100\.00/);
    await page.press('#amount-consumption', 'Enter');
    await stage('in_doubt');
    await says('.hand', /Do not give the cash back yet/);
    await page.waitForSelector('.virtual[aria-pressed=false]');
    await look('desk-in-doubt');
    await page.click('text=Print open-act slip');
    await page.waitForFunction(() => globalThis.printed === 2);
    await says('#receipt', /Open act/);
    await page.click('.virtual');
    await page.waitForSelector('.reminder.ok');
    await says('.purses', /¥330\.00/);
    await look('desk-settled');
    await clean(page);
});

test('undo within the shift', async () => {
    await press('Control+z');
    await focused('[name=reason]');
    await look('undo-dialog');
    await press('Enter');
    await page.waitForSelector('.reminder >> text=Recharge undone');
    await says('.purses', /¥230\.00/);
    await look('undo-result');
    await done();
    await clean(page);
});

test('F10 locks; the card stays; another operator takes over', async () => {
    await press('F10');
    await focused('dialog [name=password]');
    await look('lock');
    await says('.who', /Ann Bell/);
    await page.fill('dialog [name=password]', PASSWORD);
    await page.press('dialog [name=password]', 'Enter');
    await page.waitForSelector('#login-over', { state: 'detached' });
    await stage('active');
    await clean(page);
});

test('a session that ended mid-form: the form waits, nothing typed is lost', async () => {
    page.expected.push(/401 \(Unauthorized\)/);
    await openMoney('F2');
    await page.fill('#amount-water', '7.70');
    await says('dialog .btn-primary', /¥7\.70/);
    const cookies = await context.cookies();
    await context.clearCookies();
    await page.press('#amount-water', 'Enter');
    await page.waitForSelector('#login-over');
    await look('session-expired');
    await context.addCookies(cookies); // the same browser session, as after a new login of the same desk
    await page.fill('dialog [name=password]', PASSWORD);
    await page.press('dialog [name=password]', 'Enter');
    await page.waitForSelector('.reminder.ok');
    await says('.reminder', /¥7\.70/);
    await done();
});

test('a reader that types opens the person anywhere', async () => {
    const no = (await page.textContent('.virtual-top span')).replace(/\D/g, '');
    await visit('settings');
    // As quick as a reader types, by the times of the events: the machine itself may be slow.
    await page.evaluate((digits) => {
        [...digits, 'Enter'].forEach((key, index) => {
            const event = new KeyboardEvent('keydown', { key, bubbles: true });
            Object.defineProperty(event, 'timeStamp', { value: 1e9 + 5 * index });
            document.body.dispatchEvent(event);
        });
    }, no);
    await page.waitForSelector('[data-person]');
    await says('.person-head', /Ann Bell/);
    await page.waitForSelector('.timeline li');
    await look('person');
    await clean(page);
});

test('every screen of the back office', async () => {
    for (const view of ['people', 'cards', 'transactions', 'issue', 'desks', 'operators', 'settings', 'audit']) {
        await visit(view);
        await look(`view-${view}`);
    }
    await visit('transactions', '?kind=withdraw');
    await rows(2); // the withdrawal, and the undo of the recharge
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('text=CSV')]);
    assert.equal(file.suggestedFilename(), 'transactions.csv');
    await page.click('tbody tr');
    await page.waitForSelector('dialog[open]');
    await look('transaction');
    await press('Escape');
    await closed();
    await visit('cards');
    await rows(1);
    await page.click('tbody tr td >> nth=0');
    await page.waitForSelector('[name=expires_on]');
    await look('card');
    await press('Escape');
    await closed();
    await visit('people');
    await page.fill('#people-q', '王');
    await rows(1);
    await says('tbody tr', /王小明/);
    await page.click('text=New person');
    await focused('dialog[open] [name=name]');
    await press('Enter');
    await page.waitForSelector('dialog .problem');
    await look('person-dialog-problem');
    await press('Escape');
    await closed();
    await visit('operators');
    await page.click('text=New operator');
    await page.fill('dialog [name=full_name]', 'Tao Wu');
    await page.fill('dialog [name=name]', 'tao');
    await look('operator-dialog');
    await page.press('dialog [name=name]', 'Enter');
    await page.waitForSelector('dialog code');
    await look('operator-link');
    await press('Escape');
    await closed();
    await visit('desks');
    await rows(1);
    await page.click('tbody tr');
    await page.click('dialog[open] >> text=New pairing code');
    await page.waitForSelector('.pairing b');
    await look('desk-pairing');
    await press('Escape');
    await closed();
    await clean(page);
});

test('cards for a whole department, one placement each', async () => {
    await visit('desk');
    await page.click('.virtual[aria-pressed=true]'); // Ann's card off
    await stage('none');
    await visit('issue');
    await page.click('text=Issue for Canteen');
    await page.waitForSelector('text=Put the next blank card on');
    await make('blank');
    await page.waitForSelector('.chip.ok >> text=Issued');
    await look('issue-department');
    await clean(page);
});

test('in Chinese, the same keys', async () => {
    await visit('desk');
    await stage('active');
    await page.click('.switch.word');
    await page.waitForSelector('html[lang=zh-CN]');
    await look('desk-active-zh');
    await openMoney('F2');
    await press('F6');
    await says('dialog .btn-primary', /充值 ¥50\.00/);
    await look('recharge-dialog-zh');
    await press('Escape');
    await closed();
    for (const view of ['people', 'transactions', 'settings']) {
        await visit(view);
        await look(`view-${view}-zh`);
    }
    await visit('desk');
    await page.click('.switch.word');
    await page.waitForSelector('html[lang=en]');
    await clean(page);
});

test('a second browser is asked before it takes the desk over, and the first one is told', async () => {
    const other = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    const second = await openPage(browser, site.base, { context: other });
    await second.waitForSelector('[name=password]');
    await look('login', second);
    await logIn(second, 'admin', PASSWORD);
    await second.waitForSelector('.chooser >> text=Take over');
    await look('desk-chooser', second);
    await second.click('.chooser li button');
    await second.waitForSelector('[data-state]');
    await page.waitForSelector('.banner >> text=took this desk over');
    await look('desk-taken');
    await page.click('text=Take it back');
    await page.waitForSelector('.banner >> text=took this desk over', { state: 'detached' });
    await clean(second);
    await other.close();
});

test('the server away and back: a banner, and the page goes on by itself', async () => {
    page.expected.push(/Failed to load resource/, /ERR_/, /EventSource/);
    const pid = site.serverPid();
    process.kill(pid, 'SIGSTOP'); // hangs: it closes nothing and answers nothing
    await page.waitForSelector('.banner.bad');
    await look('server-away');
    process.kill(pid, 'SIGCONT');
    await page.waitForSelector('.banner.bad', { state: 'detached' });
    assert.deepEqual(await violations(page), []);
});

test('help pages and the API documentation', async () => {
    const own = await context.newPage();
    await own.addInitScript(() => {
        globalThis.violations = [];
        addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    await own.goto(`${site.base}/docs/errors/over_limit/`);
    await reads(own, 'main', /超过账户上限/);
    await shoot(own, 'help');
    await own.goto(`${site.base}/docs/`);
    await own.waitForSelector('.opblock', { timeout: WAIT_MS });
    await shoot(own, 'docs');
    assert.deepEqual(await violations(own), []);
    await own.close();
});

test('axe has nothing to say to any of these screens', async () => assert.deepEqual(complaints, []));
