// Forms that must not do something twice, cut something off or go by what is old: a lost answer, long files, settings.
import assert from 'node:assert/strict';
import { story, look, noBarriers, reads, gone, closed, focused, rows, visit, press, outages, refusals, answered } from './lib.mjs';
import { readySite, issueCard, sitAt, place, stage, fillIn, openMoney, done } from './desk.mjs';

let site;
let page;
const test = story(async (browser) => {
    site = await readySite(browser);
    await issueCard(site, site.desk, 'ann', 'Ann Bell');
    page = await sitAt(browser, site, site.desk);
});

const count = (table, where) => Number(site.sql(`SELECT count(*) FROM ${table} WHERE ${where}`));

// The request arrives and is done; its answer is lost, and everything after it until the line is mended.
async function loseAnswers(address) {
    outages(page);
    let arrived = false;
    await page.route(address, async (route) => {
        if (route.request().method() !== 'POST') return route.fallback();
        if (!arrived) await route.fetch();
        arrived = true;
        return route.abort('connectionreset');
    });
    return () => page.unroute(address);
}

test('the currency of the settings brings its digits', async () => {
    await visit(page, '#/settings');
    await page.selectOption('[name=currency]', 'JPY');
    await page.selectOption('[name=zone]', 'Asia/Tokyo');
    const reply = await answered(page, /\/settings$/, () => page.press('[name=name]', 'Enter'));
    assert.deepEqual([(await reply.json()).currency_code, (await reply.json()).currency_exponent], ['JPY', 0]);
    await page.selectOption('[name=currency]', 'CNY');
    await answered(page, /\/settings$/, () => page.press('[name=name]', 'Enter'));
    assert.equal(site.sql('SELECT currency_exponent, time_zone FROM site'), '2|Asia/Tokyo');
});

test('an answer is lost: one person comes of it', async () => {
    await visit(page, '#/people');
    await page.click('text=New person');
    await page.fill('dialog [name=name]', 'Nadia Fischer');
    const mend = await loseAnswers('**/people');
    await page.press('dialog [name=name]', 'Enter');
    await reads(page, 'dialog .problem', /never a second one/);
    assert.equal(await page.isEditable('dialog [name=name]'), false, 'only the same may be asked again');
    await look(page, 'form-unheard-person', { light: true, chinese: true });
    await mend();
    await page.press('dialog [name=name]', 'Enter');
    await closed(page);
    await reads(page, '[data-person] h2', /Nadia Fischer/);
    assert.equal(count('person', "name = 'Nadia Fischer'"), 1);
});

test('a file that would be cut is refused with what to do', async () => {
    await visit(page, '#/transactions');
    await rows(page, 1);
    const template = (await site.api.get('/operations?limit=1')).items[0];
    await page.route('**/operations?**', (route) => route.fulfill({ json: { items: Array(200).fill(template), next_cursor: 'more' } }));
    await page.click('.toolbar >> text=CSV');
    await reads(page, '.problem', /at most 20,000 rows/);
    await look(page, 'csv-too-long', { light: true, chinese: true });
    await page.unroute('**/operations?**');
    const file = page.waitForEvent('download');
    await page.click('.toolbar >> text=CSV');
    assert.equal((await file).suggestedFilename(), 'transactions.csv');
    await gone(page, '.problem');
});

test('times are sold at the price of this moment, and the reminder says the cash', async () => {
    const settings = await site.api.get('/settings');
    await site.api.patch('/settings', { times_price_minor: 150 }, { 'If-Match': `W/"${settings.version}"` });
    await visit(page, '#/desk');
    await place(site, site.desk, 'ann');
    await stage(page, 'active');
    await openMoney(page, 'F2');
    await page.click('.segments >> text=Times');
    await focused(page, 'dialog :is(input, button)');
    await page.fill('#amount-times', '10');
    await reads(page, 'dialog .cash-sum', /¥15\.00/);
    const now = await site.api.get('/settings'); // and changes while the form is open
    await site.api.patch('/settings', { times_price_minor: 200 }, { 'If-Match': `W/"${now.version}"` });
    refusals(page, 400);
    await page.press('#amount-times', 'Enter');
    await reads(page, 'dialog .problem', /price has changed/);
    await reads(page, 'dialog .cash-sum', /¥20\.00/);
    await look(page, 'times-price-changed', { light: true, chinese: true });
    await page.press('#amount-times', 'Enter');
    await reads(page, '.reminder', /It costs ¥20\.00 in cash/);
    await look(page, 'times-reminder', { light: true, chinese: true });
});

test('Escape closes the dialog that is open, and not the reminder behind it', async () => {
    refusals(page, 400, 409);
    await page.route('**/receipts', (route) => route.fulfill({ status: 409, json: { code: 'not_printed', reason: 'absent', status: 409 } }));
    await press(page, 'Control+p');
    await page.waitForSelector('dialog.print');
    await press(page, 'Escape');
    await closed(page);
    await page.waitForSelector('.reminder');
    await page.unroute('**/receipts');
    await done(page);
});

test('a comma is a decimal one, and the form says how it is understood', async () => {
    await fillIn(page, 'F2', { consumption: '12,50' });
    await reads(page, '#amount-consumption-line', /Understood as ¥12\.50/);
    await reads(page, 'dialog .cash-sum', /¥12\.50/);
    await look(page, 'amount-comma', { light: true });
    await page.fill('#amount-consumption', '12,5,0');
    await reads(page, '#amount-consumption-line', /two ways/);
    await look(page, 'amount-unclear', { light: true, chinese: true });
    await page.press('#amount-consumption', 'Escape');
    await closed(page);
});

test('axe has nothing to say', noBarriers);
