// One site from zero to a recharge, then everything a cashier meets; each step goes on where the one before stopped.
import { test as step, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage, shoot, axe, violations, setTheme } from './lib.mjs';
import { startSite } from './site.mjs';

const PASSWORD = 'four random words here';
let site;
let browser;
let context;
let page;

before(async () => {
    site = await startSite();
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'Asia/Shanghai', colorScheme: 'light' });
    page = await openPage(browser, site.link, { context });
    page.setDefaultTimeout(20000); // generous: the machine may be busy with other tests
});

after(async () => {
    await browser?.close();
    await site?.stop();
});

const settle = () => page.waitForTimeout(250);
const stage = (name) => page.waitForSelector(`[data-state=${name}]`);
const visit = async (hash) => {
    await page.evaluate((to) => (location.hash = to), hash);
    await settle();
};
const press = (...keys) => keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
const text = (selector) => page.textContent(selector);

// A picture in both themes, and what axe has to say to it. Only colours differ between the themes.
const complaints = [];
async function look(name, on = page) {
    if (process.env.LOOKS === 'no') return; // for a quick run of the steps alone
    await on.waitForTimeout(200);
    for (const theme of ['dark', 'light']) {
        await setTheme(on, theme);
        await shoot(on, theme === 'dark' ? `${name}-dark` : name);
        complaints.push(...(await axe(on, theme === 'dark' ? ['color-contrast'] : undefined)).map((found) => `${name}, ${theme}: ${found}`));
    }
}

// The steps are one story: what comes behind a failed one would only fail as well.
let broken = false;
const test = (name, work) => step(name, async (t) => {
    if (broken) return t.skip('an earlier step failed');
    try {
        await work();
    } catch (error) {
        broken = true;
        await shoot(page, 'failed').catch(() => null);
        throw error;
    }
    return undefined;
});

async function clean(on = page) {
    assert.deepEqual(on.wrong, [], 'the console says nothing');
    assert.deepEqual(await violations(on), [], 'no violation of the policy');
}

async function logIn(on, name, password) {
    await on.fill('[name=name]', name);
    await on.fill('[name=password]', password);
    await on.keyboard.press('Enter');
}

test('first run: from the one-time link to the desk', async () => {
    const begun = Date.now();
    await page.fill('[name=full_name]', 'Mei Chen');
    await page.fill('[name=password]', 'short');
    await press('Enter');
    await page.waitForSelector('.problem');
    assert.equal(await page.inputValue('[name=full_name]'), 'Mei Chen', 'what was typed stays');
    page.expected.push(/400 \(Bad Request\)/);
    page.wrong.length = 0;
    await look('setup-account-problem');
    await page.fill('[name=password]', PASSWORD);
    await press('Enter');
    await page.waitForSelector('[name=currency]');
    await look('setup-site');
    await page.reload(); // left and taken up again
    await page.waitForSelector('[name=currency]');
    await page.click('button[type=submit]');
    await page.waitForSelector('[name=presets]');
    await look('setup-limits');
    await page.click('button[type=submit]');
    await page.waitForSelector('[name=once-0]');
    await page.keyboard.type('25', { delay: 60 });
    await page.keyboard.type('x', { delay: 60 });
    await page.keyboard.insertText('８'); // a full-width digit
    await page.keyboard.type('80', { delay: 60 });
    assert.deepEqual(await page.$$eval('[name^=once]', (all) => all.map((box) => box.value)), ['2', '5', '8', '0']);
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
    await page.waitForSelector('text=Virtual reader');
    await look('desk-no-card');
    assert.ok(Date.now() - begun < 180000, 'within three minutes');
    await clean();
});

test('a blank card is issued to a person', async () => {
    await page.click('.drawer >> text=Blank card');
    await stage('blank');
    await page.evaluate(() => document.activeElement.blur());
    await look('desk-blank');
    await press('Enter');
    await page.waitForSelector('#issue-find');
    await page.keyboard.type('ann', { delay: 60 });
    await page.waitForSelector('.found >> text=Ann Bell');
    await press('ArrowDown');
    await look('issue-dialog');
    await press('Enter');
    await stage('active');
    await look('desk-active-empty');
    await clean();
});

test('recharge: three keystrokes', async () => {
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await press('F8', 'Enter');
    await page.waitForSelector('.reminder.ok');
    assert.match(await text('.reminder'), /¥200\.00/);
    await page.waitForSelector('tr.fresh');
    await look('recharge-result');
    await press('Control+p');
    await page.waitForFunction(() => globalThis.printed === 1);
    assert.match(await text('#receipt'), /CNY 200\.00/);
    await press('Enter');
    await page.waitForSelector('[data-action=recharge]');
    assert.match(await text('.purses'), /¥200\.00/);
    await look('desk-active');
    await clean();
});

test('both accounts in one act; typed amounts; the limits are said before', async () => {
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await page.keyboard.type('0', { delay: 60 });
    await press('Enter');
    await page.waitForSelector('.amount-field.wrong');
    await look('recharge-zero');
    await page.fill('#amount-consumption', '');
    await page.fill('#amount-water', '1000');
    assert.match(await text('#amount-water-line'), /at most ¥999\.99/);
    await look('recharge-over-limit');
    await page.fill('#amount-water', '12.30');
    await page.fill('#amount-consumption', '50');
    assert.match(await text('dialog .btn-primary'), /Recharge ¥62\.30/);
    await look('recharge-dialog');
    await press('Enter');
    await page.waitForSelector('.reminder.ok');
    assert.match(await text('.reminder'), /¥250\.00.*¥12\.30/s);
    await press('Escape');
    await clean();
});

test('withdraw: more than the card holds is refused before anything happens', async () => {
    await press('F3');
    await page.waitForSelector('#amount-consumption:focus');
    await page.keyboard.type('250.01', { delay: 60 });
    await press('Enter');
    await page.waitForSelector('.amount-field.wrong');
    await look('withdraw-short');
    await page.fill('#amount-consumption', '20');
    await press('Enter');
    await page.waitForSelector('.reminder .cash');
    assert.match(await text('.reminder .cash'), /Now pay out ¥20\.00/);
    await look('withdraw-result');
    await press('Enter');
    await clean();
});

test('times are an act of their own', async () => {
    await press('F2');
    await page.click('dialog >> text=Times');
    await page.fill('#amount-times', '5');
    await look('recharge-times');
    await press('Enter');
    await page.waitForSelector('.reminder.ok');
    assert.match(await text('.reminder'), /5 times/);
    await press('Escape');
});

test('a card pulled mid-write is in doubt, and put back it is finished once', async () => {
    await page.click('text=Pull the card mid-write');
    await page.waitForSelector('text=The next write is cut off');
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await press('F7', 'Enter');
    await stage('in_doubt');
    assert.match(await text('.hand'), /Do not give the cash back yet/);
    await page.waitForSelector('.virtual[aria-pressed=false]');
    await look('desk-in-doubt');
    await page.click('text=Print open-act slip');
    await page.waitForFunction(() => globalThis.printed === 2);
    assert.match(await text('#receipt'), /Open act/);
    await page.click('.virtual');
    await page.waitForSelector('.reminder.ok');
    assert.match(await text('.purses'), /¥330\.00/);
    await look('desk-settled');
    await clean();
});

test('undo within the shift', async () => {
    await press('Control+z');
    await page.waitForSelector('[name=reason]');
    await look('undo-dialog');
    await press('Enter');
    await page.waitForSelector('text=Recharge undone');
    assert.match(await text('.purses'), /¥230\.00/);
    await look('undo-result');
    await press('Enter');
    await clean();
});

test('F10 locks; the card stays; another operator takes over', async () => {
    await press('F10');
    await page.waitForSelector('#login-over');
    await look('lock');
    assert.match(await text('.who'), /Ann Bell/);
    await page.fill('dialog [name=password]', PASSWORD);
    await press('Enter');
    await page.waitForSelector('#login-over', { state: 'detached' });
    await stage('active');
    await clean();
});

test('a session that ended mid-form: the form waits, nothing typed is lost', async () => {
    page.expected.push(/401 \(Unauthorized\)/);
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await page.fill('#amount-water', '7.70');
    const cookies = await context.cookies();
    await context.clearCookies();
    await press('Enter');
    await page.waitForSelector('#login-over');
    await look('session-expired');
    await context.addCookies(cookies); // the same browser session, as after a new login of the same desk
    await page.fill('dialog [name=password]', PASSWORD);
    await press('Enter');
    await page.waitForSelector('.reminder.ok');
    assert.match(await text('.reminder'), /¥7\.70/);
    await press('Escape');
});

test('a reader that types opens the person anywhere', async () => {
    const no = (await text('.virtual-top span')).replace(/\D/g, '');
    await visit('#/settings');
    await page.evaluate((digits) => {
        for (const key of [...digits, 'Enter']) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    }, no);
    await page.waitForSelector('[data-person]');
    assert.match(await text('.person-head'), /Ann Bell/);
    await page.waitForSelector('.timeline li');
    await look('person');
    await clean();
});

test('every screen of the back office', async () => {
    for (const view of ['people', 'cards', 'transactions', 'issue', 'desks', 'operators', 'settings', 'audit']) {
        await visit(`#/${view}`);
        await page.waitForSelector('#work .panel');
        await look(`view-${view}`);
    }
    await visit('#/transactions?kind=withdraw');
    assert.equal(await page.$$eval('tbody tr', (rows) => rows.length), 2, 'the withdrawal, and the undo of the recharge');
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('text=CSV')]);
    assert.equal(file.suggestedFilename(), 'transactions.csv');
    await page.click('tbody tr');
    await look('transaction');
    await press('Escape');
    await visit('#/cards');
    await page.click('tbody tr td >> nth=0');
    await page.waitForSelector('[name=expires_on]');
    await look('card');
    await press('Escape');
    await visit('#/people');
    await page.fill('#people-q', '王');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    assert.match(await text('tbody tr'), /王小明/);
    await page.click('text=New person');
    await page.waitForSelector('dialog[open]');
    await press('Enter');
    await page.waitForSelector('dialog .problem');
    await look('person-dialog-problem');
    await press('Escape');
    await visit('#/operators');
    await page.click('text=New operator');
    await page.fill('[name=full_name]', 'Tao Wu');
    await page.fill('dialog [name=name]', 'tao');
    await look('operator-dialog');
    await press('Enter');
    await page.waitForSelector('dialog code');
    await look('operator-link');
    await press('Escape');
    await visit('#/desks');
    await page.click('tbody tr');
    await page.click('text=New pairing code');
    await page.waitForSelector('.pairing b');
    await look('desk-pairing');
    await press('Escape');
    await clean();
});

test('cards for a whole department, one placement each', async () => {
    await visit('#/desk');
    await page.click('.virtual'); // Ann's card off
    await stage('none');
    await visit('#/issue');
    await page.click('text=Issue for Canteen');
    await page.waitForSelector('text=Put the next blank card on');
    await page.click('.drawer >> text=Blank card');
    await page.waitForSelector('.chip.ok >> text=Issued');
    await look('issue-department');
    await clean();
});

test('in Chinese, the same keys', async () => {
    await visit('#/desk');
    await page.click('.switch.word');
    await page.waitForSelector('html[lang=zh-CN]');
    await stage('active');
    await look('desk-active-zh');
    await press('F2');
    await page.waitForSelector('#amount-consumption:focus');
    await press('F6');
    assert.match(await text('dialog .btn-primary'), /充值 ¥50\.00/);
    await look('recharge-dialog-zh');
    await press('Escape');
    for (const view of ['people', 'transactions', 'settings']) {
        await visit(`#/${view}`);
        await page.waitForSelector('#work .panel');
        await look(`view-${view}-zh`);
    }
    await visit('#/desk');
    await page.click('.switch.word');
    await clean();
});

test('two desks: the second browser is asked before it takes over, the first one is told', async () => {
    const other = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    const second = await openPage(browser, site.base, { context: other });
    second.setDefaultTimeout(10000);
    await look('login', second);
    await logIn(second, 'admin', PASSWORD);
    await second.waitForSelector('text=Take over');
    await look('desk-chooser', second);
    await second.click('.chooser button');
    await second.waitForSelector('[data-state]');
    await page.waitForSelector('text=took this desk over');
    await look('desk-taken');
    await page.click('text=Take it back');
    await page.waitForSelector('text=took this desk over', { state: 'detached' });
    await clean(second);
    await other.close();
});

test('the server away and back: a banner, and the page goes on by itself', async () => {
    page.expected.push(/Failed to load resource/, /ERR_/, /EventSource/);
    const pid = site.serverPid();
    process.kill(pid, 'SIGSTOP'); // hangs: it closes nothing and answers nothing
    await page.waitForSelector('.banner.bad', { timeout: 20000 });
    await look('server-away');
    process.kill(pid, 'SIGCONT');
    await page.waitForSelector('.banner.bad', { state: 'detached', timeout: 20000 });
    assert.deepEqual(await violations(page), []);
});

test('first load: at most 150 KB on the wire', async () => {
    const fresh = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const own = await fresh.newPage();
    const client = await fresh.newCDPSession(own);
    await client.send('Network.enable');
    let bytes = 0;
    client.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
    await own.goto(site.base);
    await own.waitForSelector('[name=password]');
    await own.waitForLoadState('networkidle');
    const first = bytes;
    await logIn(own, 'admin', PASSWORD);
    await own.waitForSelector('.chooser button');
    await own.waitForLoadState('networkidle');
    console.log(`on the wire: ${Math.round(first / 1024)} KB for the first page, ${Math.round(bytes / 1024)} KB with the desk`);
    assert.ok(first <= 150 * 1024, `${first} bytes`);
    await fresh.close();
});

test('help pages and the API documentation', async () => {
    const own = await openPageOf('/docs/errors/over_limit/');
    assert.match(await own.textContent('main'), /超过账户上限/);
    await shoot(own, 'help');
    await own.goto(`${site.base}/docs/`);
    await own.waitForSelector('.opblock', { timeout: 20000 });
    await shoot(own, 'docs');
    assert.deepEqual(await violations(own), []);
    await own.close();
});

test('axe has nothing to say to any of these screens', async () => assert.deepEqual(complaints, []));

async function openPageOf(path) {
    const own = await context.newPage();
    await own.addInitScript(() => {
        globalThis.violations = [];
        addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    await own.goto(site.base + path);
    return own;
}
