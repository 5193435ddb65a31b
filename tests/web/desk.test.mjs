// One site from zero to a recharge, then everything a cashier meets; each step goes on where the one before stopped. No key is
// pressed before what it is meant for is there, and nothing is read before it says what it has to.
import assert from 'node:assert/strict';
import { openContext, openPage, story, shoot, look, noBarriers, visit, reads, rows, closed, focused, gone, press, speak, refusals, outages } from './lib.mjs';
import { PASSWORD, logIn, stage, make, putOn, pullOff, accident, openMoney, enter, done, lockScreen, logInOver } from './desk.mjs';
import { startSite } from './site.mjs';

let site;
let browser;
let page;
const test = story(async (opened) => {
    browser = opened;
    site = await startSite();
    page = await openPage(browser, site.link);
});

test('first run: from the one-time link to the desk', async () => {
    refusals(page, 400);
    await page.fill('[name=full_name]', 'Mei Chen');
    await page.fill('[name=password]', 'short');
    await page.press('[name=password]', 'Enter');
    await focused(page, '.problem');
    assert.equal(await page.inputValue('[name=full_name]'), 'Mei Chen', 'what was typed stays');
    await look(page, 'setup-account-problem');
    await page.fill('[name=password]', PASSWORD);
    await page.press('[name=password]', 'Enter');
    await page.waitForSelector('[name=currency]');
    assert.equal(await page.inputValue('[name=zone]'), 'Asia/Shanghai', 'what the site has, from the first moment');
    await look(page, 'setup-site');
    await page.reload(); // left and taken up again
    await page.waitForSelector('[name=currency]');
    await page.click('button[type=submit]');
    await page.waitForSelector('[name=presets]');
    await look(page, 'setup-limits');
    await page.click('button[type=submit]');
    await focused(page, '[name=once-0]');
    await page.keyboard.type('25x');
    await page.keyboard.insertText('８'); // a full-width digit
    await page.keyboard.type('80');
    await page.waitForFunction(() => [...document.querySelectorAll('[name^=once]')].map((box) => box.value).join('') === '2580');
    await page.click('[name=twice-0]');
    await page.keyboard.type('2581');
    await page.check('[name=written]');
    await look(page, 'setup-password-differ');
    await page.fill('[name=twice-3]', '0');
    await page.click('button[type=submit]');
    await page.waitForSelector('.desk-line .chip.ok');
    await look(page, 'setup-desk');
    await page.click('button[type=submit]');
    await reads(page, '.setup-body', /Now the first card/);
    await look(page, 'setup-card');
    await page.click('button[type=submit]');
    await stage(page, 'none');
    await reads(page, '.top .chip', /Virtual reader/);
    await page.waitForSelector('[data-make=blank]');
    await look(page, 'desk-no-card');
});

test('a blank card is issued to a person', async () => {
    await make(page, 'blank');
    await stage(page, 'blank');
    await focused(page, '.next-step button');
    await look(page, 'desk-blank');
    await press(page, 'Enter');
    await focused(page, '#issue-find');
    await page.fill('#issue-find', 'ann');
    await page.waitForFunction(() => [...document.querySelectorAll('.found li b')].map((name) => name.textContent).join() === 'Ann Bell');
    await press(page, 'ArrowDown');
    await page.waitForSelector('.found li.chosen');
    await look(page, 'issue-dialog');
    await page.press('#issue-find', 'Enter');
    await closed(page);
    await stage(page, 'active');
    await look(page, 'desk-active-empty');
});

test('recharge: three keystrokes', async () => {
    await openMoney(page, 'F2');
    await press(page, 'F8');
    await reads(page, 'dialog .btn-primary', /¥200\.00/);
    await press(page, 'Enter');
    await page.waitForSelector('.reminder.ok');
    await reads(page, '.reminder', /¥200\.00/);
    await page.waitForSelector('tr.fresh');
    await look(page, 'recharge-result');
    await press(page, 'Control+p');
    await page.waitForFunction(() => globalThis.printed === 1);
    await reads(page, '#receipt', /CNY 200\.00/);
    await focused(page, '[data-done]');
    await press(page, 'Enter');
    await page.waitForSelector('[data-action=recharge]');
    await reads(page, '.purses', /¥200\.00/);
    await look(page, 'desk-active');
});

test('both accounts in one act; typed amounts; the limits are said before', async () => {
    await openMoney(page, 'F2');
    await page.fill('#amount-consumption', '0');
    await enter(page);
    await page.waitForSelector('.amount-field.wrong');
    await look(page, 'recharge-zero');
    await page.fill('#amount-consumption', '');
    await page.fill('#amount-water', '1000');
    await reads(page, '#amount-water-line', /at most ¥999\.99/);
    await look(page, 'recharge-over-limit');
    await page.fill('#amount-water', '12.30');
    await page.fill('#amount-consumption', '50');
    await reads(page, 'dialog .btn-primary', /Recharge ¥62\.30/);
    await look(page, 'recharge-dialog');
    await enter(page);
    await page.waitForSelector('.reminder.ok');
    await reads(page, '.reminder', /¥250\.00.*¥12\.30/s);
    await closed(page);
    await press(page, 'Escape');
    await gone(page, '.reminder');
});

test('withdraw: more than the card holds is refused before anything happens', async () => {
    await openMoney(page, 'F3');
    await page.fill('#amount-consumption', '250.01');
    await enter(page);
    await page.waitForSelector('.amount-field.wrong');
    await look(page, 'withdraw-short');
    await page.fill('#amount-consumption', '20');
    await reads(page, 'dialog .btn-primary', /Withdraw ¥20\.00/);
    await enter(page);
    await reads(page, '.reminder', /Now pay out ¥20\.00/);
    await look(page, 'withdraw-result');
    await done(page);
});

test('times are an act of their own', async () => {
    await openMoney(page, 'F2');
    await page.getByRole('button', { name: 'Times', exact: true }).click();
    await page.fill('#amount-times', '5');
    await reads(page, 'dialog .btn-primary', /5 times/);
    await look(page, 'recharge-times');
    await page.press('#amount-times', 'Enter');
    await page.waitForSelector('.reminder.ok');
    await reads(page, '.reminder', /5 times/);
    await done(page);
});

test('a card pulled mid-write is in doubt, and put back it is finished once', async () => {
    await accident(page, 'cut');
    await openMoney(page, 'F2');
    await press(page, 'F7');
    await reads(page, 'dialog .btn-primary', /¥100\.00/);
    await enter(page);
    await stage(page, 'in_doubt');
    await reads(page, '.hand', /Do not give the cash back yet/);
    await look(page, 'desk-in-doubt');
    await page.click('.guide >> text=Print open-act slip');
    await page.waitForFunction(() => globalThis.printed === 2);
    await reads(page, '#receipt', /Open act/);
    await putOn(page, 'Ann Bell');
    await page.waitForSelector('.reminder.ok');
    await reads(page, '.purses', /¥330\.00/);
    await look(page, 'desk-settled');
});

test('undo within the shift', async () => {
    await press(page, 'Control+z');
    await focused(page, '[name=reason]');
    await look(page, 'undo-dialog');
    await press(page, 'Enter');
    await reads(page, '.reminder', /Recharge undone/);
    await reads(page, '.purses', /¥230\.00/);
    await look(page, 'undo-result');
    await done(page);
});

test('F10 locks; the card stays; another operator takes over', async () => {
    refusals(page, 401, 423); // what was under way when it was locked
    await lockScreen(page);
    await look(page, 'lock');
    await reads(page, '.who', /Ann Bell/);
    await logInOver(page, 'admin');
    await stage(page, 'active');
});

test('a session that ended mid-form: the form waits, nothing typed is lost', async () => {
    await openMoney(page, 'F2');
    await page.fill('#amount-water', '7.70');
    await reads(page, 'dialog .btn-primary', /¥7\.70/);
    const cookies = await page.context().cookies();
    await page.context().clearCookies();
    await page.press('#amount-water', 'Enter');
    await page.waitForSelector('#login-over');
    await look(page, 'session-expired');
    await page.context().addCookies(cookies); // the same browser session, as after a new login of the same desk
    await logInOver(page, 'admin');
    await page.waitForSelector('.reminder.ok');
    await reads(page, '.reminder', /¥7\.70/);
    await done(page);
});

test('a reader that types opens the person anywhere', async () => {
    const no = (await page.textContent('.virtual-top span')).replace(/\D/g, '');
    await visit(page, '#/settings');
    // As quick as a reader types, by the times of the events: the machine itself may be slow.
    await page.evaluate((digits) => {
        [...digits, 'Enter'].forEach((key, index) => {
            const event = new KeyboardEvent('keydown', { key, bubbles: true });
            Object.defineProperty(event, 'timeStamp', { value: 1e9 + 5 * index });
            document.body.dispatchEvent(event);
        });
    }, no);
    await page.waitForSelector('[data-person]');
    await reads(page, '.person-head', /Ann Bell/);
    await page.waitForSelector('.timeline li');
    await look(page, 'person');
});

test('every screen of the back office', async () => {
    for (const view of ['people', 'cards', 'transactions', 'issue', 'desks', 'operators', 'settings', 'audit']) {
        await visit(page, `#/${view}`);
        await look(page, `view-${view}`);
    }
    await visit(page, '#/transactions?kind=withdraw');
    await rows(page, 2); // the withdrawal, and the undo of the recharge
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('#work >> text=CSV')]);
    assert.equal(file.suggestedFilename(), 'transactions.csv');
    await page.click('#work tbody tr');
    await page.waitForSelector('dialog[open]');
    await look(page, 'transaction');
    await press(page, 'Escape');
    await closed(page);
    await visit(page, '#/cards');
    await rows(page, 1);
    await page.click('#work tbody tr td >> nth=0');
    await page.waitForSelector('[name=expires_on]');
    await look(page, 'card');
    await press(page, 'Escape');
    await closed(page);
    await visit(page, '#/people');
    await page.fill('#people-q', '王');
    await rows(page, 1);
    await reads(page, 'tbody tr', /王小明/);
    await page.click('#work >> text=New person');
    await focused(page, 'dialog[open] [name=name]');
    await press(page, 'Enter');
    await page.waitForSelector('dialog .problem');
    await look(page, 'person-dialog-problem');
    await press(page, 'Escape');
    await closed(page);
    await visit(page, '#/operators');
    await page.click('#work >> text=New operator');
    await page.fill('dialog [name=full_name]', 'Tao Wu');
    await page.fill('dialog [name=name]', 'tao');
    await look(page, 'operator-dialog');
    await page.press('dialog [name=name]', 'Enter');
    await page.waitForSelector('dialog code');
    await look(page, 'operator-link');
    await press(page, 'Escape');
    await closed(page);
    await visit(page, '#/desks');
    await rows(page, 1);
    await page.click('#work tbody tr');
    await page.click('dialog[open] >> text=New pairing code');
    await page.waitForSelector('.pairing b');
    await look(page, 'desk-pairing');
    await press(page, 'Escape');
    await closed(page);
});

test('cards for a whole department, one placement each', async () => {
    await visit(page, '#/desk');
    await pullOff(page, 'Ann Bell');
    await visit(page, '#/issue');
    await page.click('#work >> text=Issue for Canteen');
    await reads(page, '.band h2', /Put the next blank card on/);
    await make(page, 'blank');
    await reads(page, 'tbody .chip.ok', /Issued/);
    await look(page, 'issue-department');
});

test('in Chinese, the same keys', async () => {
    await visit(page, '#/desk');
    await stage(page, 'active');
    await speak(page, 'zh-CN');
    await look(page, 'desk-active-zh');
    await openMoney(page, 'F2');
    await press(page, 'F6');
    await reads(page, 'dialog .btn-primary', /充值 ¥50\.00/);
    await look(page, 'recharge-dialog-zh');
    await press(page, 'Escape');
    await closed(page);
    for (const view of ['people', 'transactions', 'settings']) {
        await visit(page, `#/${view}`);
        await look(page, `view-${view}-zh`);
    }
    await visit(page, '#/desk');
    await speak(page, 'en');
});

test('a second browser is asked before it takes the desk over, and the first one is told', async () => {
    const other = await openContext(browser);
    const second = await openPage(browser, site.base, other);
    await second.waitForSelector('[name=password]');
    await look(second, 'login');
    await logIn(second, 'admin');
    await second.waitForSelector('.chooser li button >> text=Take over');
    await look(second, 'desk-chooser');
    await second.click('.chooser li button');
    await second.waitForSelector('[data-state]');
    await reads(page, '.banner.amber', /took this desk over/);
    await look(page, 'desk-taken');
    await page.click('.banner >> text=Take it back');
    await gone(page, '.banner.amber');
    await other.close();
});

test('the server away and back: a banner, and the page goes on by itself', async () => {
    outages(page);
    const pid = site.serverPid();
    process.kill(pid, 'SIGSTOP'); // hangs: it closes nothing and answers nothing
    await page.waitForSelector('.banner.bad');
    await look(page, 'server-away');
    process.kill(pid, 'SIGCONT');
    await gone(page, '.banner.bad');
});

test('help pages and the API documentation', async () => {
    const own = await openPage(browser, `${site.base}/docs/errors/over_limit/`, page.context(), 'main');
    await reads(own, 'main', /超过账户上限/);
    await shoot(own, 'help');
    await own.goto(`${site.base}/docs/`);
    await own.waitForSelector('.opblock');
    await shoot(own, 'docs');
    await own.close();
});

test('axe has nothing to say to any of these screens', noBarriers);
