// An act that was paid for and is not begun: it stays on the screen with or without its card, says so, and can be undone.
import assert from 'node:assert/strict';
import { story, look, noBarriers, reads, gone, press } from './lib.mjs';
import { readySite, issueCard, booksOf, sitAt, place, stage, fillIn, enter, move, done, until } from './desk.mjs';

let site;
let page;
let person;
const test = story(async (browser) => {
    site = await readySite(browser);
    person = await issueCard(site, site.desk, 'ann', 'Ann Bell');
    page = await sitAt(browser, site, site.desk);
    await place(site, site.desk, 'ann');
    await stage(page, 'active');
});

// The desk program goes in the middle of things, and the server has not noticed yet.
async function programGone() {
    await site.stopDesk();
    site.sql("UPDATE desk_live SET agent_online = true, agent_seen_at = now() + interval '1 hour'");
}
const programBack = () => {
    site.sql('UPDATE desk_live SET agent_seen_at = now()');
    site.continueDesk();
};
const lastAct = async () => (await booksOf(site, person)).acts.at(-1);
const undo = () => page.click('[data-undo]');

test('nobody begins to write: after a while the screen says so, and an undo ends it at once', async () => {
    await move(page, 'F2', { consumption: '50' });
    await done(page);
    await programGone();
    await fillIn(page, 'F2', { consumption: '20' });
    await enter(page);
    await stage(page, 'writing');
    await stage(page, 'in_doubt');
    await reads(page, '.band h2', /Nothing is written yet/);
    await reads(page, '.foot', /1 open/);
    await look(page, 'open-late', { chinese: true });
    await undo();
    await reads(page, '.reminder', /Give back ¥20\.00/);
    assert.equal((await lastAct()).state, 'aborted');
    await done(page);
    await stage(page, 'active');
    await reads(page, '.foot', /None in doubt/);
});

test('its card cannot take it any more: the undo stands beside the reason', async () => {
    await fillIn(page, 'F2', { consumption: '30' });
    await enter(page);
    await stage(page, 'writing');
    site.sql("UPDATE card SET block = 'case'");
    await page.reload();
    await stage(page, 'case');
    await reads(page, '.hand', /A recharge of ¥30\.00 for Ann Bell is open/);
    await look(page, 'open-case', { chinese: true });
    await undo();
    await reads(page, '.hand', /Give back ¥30\.00/);
    await page.click('.hand button');
    await gone(page, '.hand');
    site.sql('UPDATE card SET block = NULL');
    await page.reload();
    await stage(page, 'active');
});

test('the card is gone before it was begun: the act and its cash stay on the screen', async () => {
    await fillIn(page, 'F3', { consumption: '10' });
    await enter(page);
    await stage(page, 'writing');
    programBack(); // with nothing on its reader
    await reads(page, '.band', /before anything was written/);
    await reads(page, '.foot', /1 open/);
    await look(page, 'open-no-card', { chinese: true });
    assert.equal((await lastAct()).state, 'prepared');
    await undo();
    await reads(page, '.hand', /Undone: the act of Ann Bell over ¥10\.00/);
    await look(page, 'open-undone');
    await page.click('.hand button');
    await stage(page, 'none');
    assert.deepEqual((await booksOf(site, person)).acts.map((act) => act.state), ['completed', 'aborted', 'aborted', 'aborted']);
});

test('put back instead, it is written as if nothing had happened', async () => {
    await place(site, site.desk, 'ann');
    await stage(page, 'active');
    await programGone();
    await fillIn(page, 'F2', { consumption: '5' });
    await enter(page);
    await stage(page, 'writing');
    programBack();
    await reads(page, '.band', /before anything was written/);
    await press(page, 'Escape'); // puts nothing away
    await place(site, site.desk, 'ann');
    await page.waitForSelector('.reminder.ok');
    await until(async () => (await lastAct()).state === 'completed', 'the act');
    assert.equal((await booksOf(site, person)).balances.stored_minor, 5500);
});

test('axe has nothing to say', noBarriers);
