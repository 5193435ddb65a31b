// Two desks side by side on one site, each with its reader: one card goes from one to the other.
import assert from 'node:assert/strict';
import { openPage, story, shoot, reads, closed, gone, press, refusals } from './lib.mjs';
import { PASSWORD, readySite, addDesk, issueCard, booksOf, sitAt, place, takeOff, train, stage, fillIn, enter, done, until } from './desk.mjs';

let site;
let browser;
let person;
let colleague;
let first; // desk 1, where Mei Chen sits
let second; // desk 2, where Tao Wu sits
let mei;
let tao;
const test = story(async (opened) => {
    browser = opened;
    site = await readySite(browser);
    first = site.desk;
    second = await addDesk(site, 'Gate desk');
    person = await issueCard(site, first, 'ann', 'Ann Bell');
    colleague = await issueCard(site, first, 'tomasz', 'Tomasz Nowak');
    await site.api.post('/operators', { name: 'tao', full_name: 'Tao Wu', roles: ['cashier'], password: PASSWORD });
    mei = await sitAt(browser, site, first, 'admin');
    tao = await sitAt(browser, site, second, 'tao');
    for (const page of [mei, tao]) refusals(page, 403, 409);
});

const stored = (page, amount) => page.waitForSelector(`.purses .purse:has-text("${amount}")`);

test('a card recharged at one desk is known at the other', async () => {
    await place(site, first, 'ann');
    await stage(mei, 'active');
    await stage(tao, 'none');
    await fillIn(mei, 'F2', { consumption: '50' });
    await enter(mei);
    await mei.waitForSelector('.reminder.ok');
    await takeOff(site, first);
    await stage(mei, 'none');
    await place(site, second, 'ann');
    await stage(tao, 'active');
    await stored(tao, '¥50.00');
    await stage(mei, 'none');
    await fillIn(tao, 'F3', { consumption: '20' });
    await enter(tao);
    await tao.waitForSelector('.reminder .cash:has-text("Now pay out ¥20.00")');
    await done(tao);
    const { balances, acts } = await booksOf(site, person);
    assert.equal(balances.stored_minor, 3000);
    assert.deepEqual(acts.map((act) => [act.kind, act.desk_id, act.state]), [['recharge', first.id, 'completed'], ['withdraw', second.id, 'completed']]);
    await takeOff(site, second);
    await stage(tao, 'none');
});

test('in doubt at one desk, put back at the other: finished there, and the first one is told', async () => {
    await place(site, first, 'ann');
    await stage(mei, 'active');
    await train(site, first, { action: 'cut', command: 8 });
    await fillIn(mei, 'F2', { consumption: '10' });
    await enter(mei);
    await stage(mei, 'in_doubt');
    await reads(mei, '.foot', /1 in doubt/); // it lies under the drawer, and is read all the same
    await place(site, second, 'ann');
    await tao.waitForSelector('.reminder.ok');
    await tao.waitForSelector('.reminder >> text=begun at another desk');
    await stored(tao, '¥40.00');
    await mei.waitForSelector('.hand >> text=Recharged ¥10.00 for Ann Bell');
    await stage(mei, 'none');
    await reads(mei, '.foot', /None in doubt/);
    await shoot(mei, 'settled-elsewhere');
    await shoot(tao, 'finished-for-another-desk');
    await mei.click('.hand button');
    await gone(mei, '.hand');
    await done(tao);
    const { balances, acts } = await booksOf(site, person);
    assert.equal(balances.stored_minor, 4000);
    assert.equal(acts.length, 3, 'finished, not done again');
    await takeOff(site, second);
    await stage(tao, 'none');
});

test('the next person is served meanwhile; a withdrawal finished elsewhere is paid where it was begun', async () => {
    await place(site, first, 'ann');
    await stage(mei, 'active');
    await train(site, first, { action: 'cut', command: 8 });
    await fillIn(mei, 'F3', { consumption: '5' });
    await enter(mei);
    await stage(mei, 'in_doubt');
    await mei.getByRole('button', { name: 'Next person' }).click();
    await stage(mei, 'none');
    await place(site, second, 'ann');
    await mei.waitForSelector('.hand >> text=Withdrawn ¥5.00 of Ann Bell');
    await mei.waitForSelector('.hand >> text=Now pay out ¥5.00');
    await tao.waitForSelector('.reminder >> text=begun at another desk');
    await mei.click('.hand button');
    await done(tao);
    assert.equal((await booksOf(site, person)).balances.stored_minor, 3500);
    await takeOff(site, second);
    await stage(tao, 'none');
});

test('two browsers at one desk: the one that lost it is refused, takes it back and goes on', async () => {
    await place(site, first, 'ann');
    await stage(mei, 'active');
    await fillIn(mei, 'F2', { consumption: '9' });
    const other = await sitAt(browser, site, first, 'admin');
    await stage(other, 'active');
    await mei.waitForSelector('.banner >> text=took this desk over');
    await enter(mei);
    await mei.waitForSelector('dialog .problem >> text=taken over in another browser');
    await shoot(mei, 'desk-lost-mid-form');
    assert.equal(await mei.inputValue('#amount-consumption'), '9', 'what was typed stays');
    assert.equal((await booksOf(site, person)).acts.length, 4, 'nothing was done');
    await mei.click('dialog >> text=Take it back');
    await gone(mei, 'dialog .problem');
    await other.waitForSelector('.banner >> text=took this desk over');
    await gone(mei, '.banner.amber');
    await enter(mei);
    await mei.waitForSelector('.reminder.ok');
    await stored(other, '¥44.00'); // it still sees the desk
    await done(mei);
    await other.context().close();
});

test('two tabs of one browser show one desk', async () => {
    const tab = await openPage(browser, `${site.base}/#/desk`, mei.context());
    await stage(tab, 'active');
    await fillIn(tab, 'F3', { consumption: '2' });
    await enter(tab);
    await tab.waitForSelector('.reminder.ok');
    await mei.waitForSelector('.reminder.ok >> text=¥2.00');
    await stored(mei, '¥42.00');
    await tab.close();
    await takeOff(site, first);
    await stage(mei, 'none');
    assert.equal((await booksOf(site, person)).acts.length, 6);
});

test('two cards of one number on both desks: while the act of one is open, the other is refused with words', async () => {
    site.copyCard('tomasz', 'twin');
    await place(site, first, 'tomasz');
    await stage(mei, 'active');
    await place(site, second, 'twin');
    await stage(tao, 'active');
    await fillIn(tao, 'F2', { consumption: '7', water: '1.50' });
    await fillIn(mei, 'F2', { consumption: '8' });
    for (const desk of [1, 2]) process.kill(site.deskPid(desk), 'SIGSTOP'); // whichever takes the act, it stays open
    await enter(mei);
    await stage(mei, 'writing');
    await tao.waitForSelector('dialog .chip:not(.ok)');
    await enter(tao);
    await tao.waitForSelector('dialog .problem >> text=Another operation on this card is open');
    await shoot(tao, 'refused-other-desk');
    assert.equal(await tao.inputValue('#amount-water'), '1.50', 'what was typed stays');
    await tao.keyboard.press('Escape');
    await closed(tao);
    for (const desk of [1, 2]) process.kill(site.deskPid(desk), 'SIGCONT');
    await until(async () => (await booksOf(site, colleague)).acts[0].state === 'completed', 'the act to be finished at either desk');
    const { balances, acts } = await booksOf(site, colleague);
    assert.deepEqual([balances.stored_minor, acts.length], [800, 1]);
});
