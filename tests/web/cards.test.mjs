// Cards and their holders: photos, a card issued by mistake taken back, issued again, given up; a department in list order.
import assert from 'node:assert/strict';
import { story, look, noBarriers, visit, reads, rows, press, gone, closed, focused, speak, refusals } from './lib.mjs';
import { PASSWORD, readySite, sitAt, stage, make, putOn, pullOff, train, openIssue, issueTo, move, done, openMoney, enter } from './desk.mjs';

let site;
let page;
const test = story(async (browser) => {
    site = await readySite(browser);
    page = await sitAt(browser, site, site.desk);
});

const lit = () => page.waitForSelector('[data-action=unissue]:not([aria-disabled])');
async function openTakeBack() {
    await lit();
    await page.click('[data-action=unissue]');
    await focused(page, 'dialog [name=reason]');
}
const confirm = async (password) => {
    await page.fill('dialog [name=password]', password);
    await page.press('dialog [name=password]', 'Enter');
};
async function takeBack() {
    await openTakeBack();
    await confirm(PASSWORD);
    await stage(page, 'in_doubt');
    await closed(page);
}

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
const drawn = (selector, side, pixels) => page.waitForFunction(([where, name, size]) => document.querySelector(where)?.[name] === size, [selector, side, pixels]);

test('a card for a known person', async () => {
    await reads(page, '[data-action=unissue]', /Needs a card/);
    await make(page, 'blank');
    await openIssue(page);
    await issueTo(page, 'Ann Bell');
});

test('a photo is chosen, cut to shape, kept, and shown beside the card', async () => {
    await press(page, 'F9');
    await page.waitForSelector('[data-person] .timeline li');
    await page.click('.person-head >> text=Photo');
    await page.waitForSelector('dialog >> text=Choose a picture');
    await page.setInputFiles('#photo-file', { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture at all') });
    await page.waitForSelector('dialog .problem');
    await look(page, 'photo-unusable');
    await page.setInputFiles('#photo-file', await face());
    await page.waitForSelector('dialog canvas:not([hidden])');
    await gone(page, 'dialog .problem');
    await look(page, 'photo-dialog');
    await page.click('dialog .btn-primary');
    await closed(page);
    await drawn('.person-head img', 'naturalWidth', 480);
    await look(page, 'person-photo');
    await visit(page, '#/people?q=ann');
    await drawn('tbody .photo.tiny img', 'naturalHeight', 600);
    await look(page, 'people-photos');
    await visit(page, '#/desk');
    await drawn('.holder .photo img', 'naturalWidth', 480);
    await look(page, 'desk-photo');
});

test('a card with money on it is not taken back', async () => {
    await openMoney(page, 'F2');
    await press(page, 'F6');
    await reads(page, 'dialog .btn-primary', /¥50\.00/);
    await enter(page);
    await page.waitForSelector('.reminder.ok');
    await done(page);
    await page.waitForSelector('[data-action=unissue][aria-disabled=true]');
    await reads(page, '[data-action=unissue]', /Withdraw what is on it first/);
    await look(page, 'unissue-grey');
    await move(page, 'F3', { consumption: '50' });
    await page.waitForSelector('.reminder .cash');
    await done(page);
});

test('an empty one is: reason and password, and the card is blank', async () => {
    refusals(page, 401);
    await openTakeBack();
    await look(page, 'unissue-dialog');
    await press(page, 'Enter');
    await reads(page, 'dialog .problem', /Your password is missing/);
    await confirm('not my password');
    await reads(page, 'dialog .problem', /wrong/);
    await look(page, 'unissue-wrong-password');
    await confirm(PASSWORD);
    await stage(page, 'blank');
    await closed(page);
    await reads(page, '.hand.settled', /is taken back/);
    await reads(page, 'tbody', /Card taken back/);
    assert.equal(await page.$('.holder'), null, 'nothing of the former holder is on the screen');
    await look(page, 'unissue-done');
});

test('a new person in place gets the same card', async () => {
    await openIssue(page);
    await page.click('dialog >> text=A new person');
    await page.fill('dialog [name=name]', 'Noor Haddad');
    await page.fill('dialog [name=personnel_no]', 'N-1');
    await look(page, 'issue-new-person');
    await page.press('dialog [name=personnel_no]', 'Enter');
    await stage(page, 'active');
    await closed(page);
    await reads(page, '.holder', /Noor Haddad/);
});

test('cut in the middle it is in doubt, and put back it is finished', async () => {
    await train(site, site.desk, { action: 'cut', command: 60 });
    await takeBack();
    await gone(page, '.hand.settled'); // the reminder of the act before
    await reads(page, '.guide', /half wiped/);
    await look(page, 'unissue-in-doubt');
    await putOn(page);
    await stage(page, 'blank');
});

test('issued again to its first holder: one timeline, a rail for each card', async () => {
    await openIssue(page);
    await issueTo(page, 'Ann Bell');
    await press(page, 'F9');
    await page.waitForFunction(() => document.querySelectorAll('.rail-key').length === 2);
    await page.waitForFunction(() => [...document.querySelectorAll('.timeline .what b')].filter((each) => each.textContent === 'Card issued').length === 2);
    await reads(page, '.timeline', /Card taken back/);
    await look(page, 'person-two-cards');
    await visit(page, '#/cards');
    await rows(page, 3);
    await look(page, 'cards-reissued');
    await visit(page, '#/transactions?kind=unissue');
    await rows(page, 2);
    await visit(page, '#/desk');
    await stage(page, 'active');
});

test('a card locked by a torn trailer is given up', async () => {
    await train(site, site.desk, { action: 'tear', write: 17, kind: 'zero' });
    await takeBack();
    await putOn(page);
    await reads(page, '[data-state=in_doubt]', /This card cannot be finished/);
    await look(page, 'unissue-locked');
    await page.click('.guide >> text=Give this card up');
    await focused(page, 'dialog [name=reason]');
    await reads(page, 'dialog', /never be used again/);
    await look(page, 'scrap-dialog', { chinese: true });
    await page.click('dialog button[type=submit]');
    await stage(page, 'scrapped');
    await look(page, 'unissue-scrapped');
    await pullOff(page);
});

test('a whole department in list order, one placement each', async () => {
    await visit(page, '#/issue');
    await page.click('text=Issue for Canteen');
    await page.waitForSelector('tbody .chip.brand');
    const names = await page.$$eval('tbody tr', (lines) => lines.filter((line) => !line.querySelector('.chip.idle')).map((line) => line.querySelector('b').textContent));
    assert.ok(names.length >= 1);
    for (const [index, name] of names.slice(0, 2).entries()) {
        await page.waitForSelector(`.band >> text=${name}`);
        await make(page, 'blank');
        await page.waitForFunction((count) => document.querySelectorAll('tbody .chip.ok').length === count, index + 1);
        await reads(page, '.band h2', names.length > index + 1 ? /Take the card off/ : /Everybody has a card|Take the card off/);
        await page.click('.virtual.down');
        await gone(page, '.virtual.down');
    }
    await look(page, 'department-two');
});

test('in Chinese', async () => {
    await visit(page, '#/desk');
    await stage(page, 'none');
    await speak(page, 'zh-CN');
    await page.click('.virtual[aria-pressed=false] >> nth=1');
    await stage(page, 'active');
    await openTakeBack();
    await look(page, 'unissue-dialog-zh');
    await press(page, 'Escape');
    await closed(page);
});

test('axe has nothing to say to any of these screens', noBarriers);
