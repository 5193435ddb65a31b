// A browser for the tests: Debian's chromium, every console message and policy violation remembered, pictures on demand, and
// stories whose failed step says why.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root, wordsOfSites, stopSites } from './site.mjs';

// Longest wait for anything to come about: the machine may be slow and busy with other tests.
export const WAIT_MS = 60000;
const STEP_MS = 4 * WAIT_MS; // longest step
const PORTRAIT_MS = 5000; // what a page that hangs may cost the report of a failure

const shots = path.join(process.env.BUILD ? path.resolve(root, process.env.BUILD) : path.join(root, 'build'), 'screenshots');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const file = path.basename(process.argv[1] ?? 'page', '.test.mjs');
const pages = new Set(); // those that are open

export const openBrowser = () => chromium.launch({
    executablePath: '/usr/bin/chromium', timeout: WAIT_MS,
    args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--force-color-profile=srgb'],
});

export const openContext = (browser) => browser.newContext({
    viewport: { width: 1280, height: 800 }, locale: 'en-GB', colorScheme: 'light', timezoneId: 'Asia/Shanghai' });

// What the page complains about is kept; `expected`: patterns of messages that a story provokes. `ready`: what it shows when it
// can be used.
export async function openPage(browser, url, context, ready = 'html[data-ready]') {
    const page = await (context ?? await openContext(browser)).newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.complaints = [];
    page.expected = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type())
        && page.complaints.push(`${message.type()}: ${message.text()} ${message.location().url}`));
    page.on('pageerror', (error) => page.complaints.push(`exception: ${error.stack}`));
    page.on('close', () => pages.delete(page));
    pages.add(page);
    await page.addInitScript(() => {
        globalThis.violations = [];
        addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
        globalThis.print = () => (globalThis.printed = (globalThis.printed ?? 0) + 1);
    });
    await page.goto(url);
    await page.waitForSelector(ready);
    return page;
}

// What the browser says of refusals with these states: they are part of the story from now on.
export const refusals = (page, ...states) => page.expected.push(new RegExp(`the server responded with a status of (${states.join('|')}) `));
// What the browser says of a server that is away.
export const outages = (page) => page.expected.push(/Failed to load resource/, /ERR_/, /EventSource/);

async function silent(page) {
    assert.deepEqual(page.complaints.filter((text) => !page.expected.some((pattern) => pattern.test(text))), [], 'the console says nothing');
    assert.deepEqual(await page.evaluate(() => globalThis.violations), [], 'no violation of the policy');
}

// Another screen: what belongs to the one before is gone then.
export async function visit(page, hash) {
    await page.evaluate((to) => (location.hash = to), hash);
    const view = /^#\/(\w+)/.exec(hash)[1];
    await page.waitForSelector(view === 'desk' ? '#work.work-desk' : `#work.work-${view} .panel`);
}

// Waits until the text of an element matches.
export const reads = (page, selector, pattern) => page.waitForFunction(([where, source, flags]) =>
    new RegExp(source, flags).test(document.querySelector(where)?.textContent ?? ''), [selector, pattern.source, pattern.flags]);

export const rows = (page, count) => page.waitForFunction((wanted) => document.querySelectorAll('tbody tr').length === wanted, count);
export const gone = (page, selector) => page.waitForSelector(selector, { state: 'detached' });
export const closed = (page) => gone(page, 'dialog');
export const focused = (page, selector) => page.waitForSelector(`${selector}:focus`);
export const press = (page, key) => page.keyboard.press(key);

// Does something and waits for what the server answers to the request it causes: to this address, with these words in it.
export async function answered(page, address, act, words = '') {
    const isIt = (request) => request.method() !== 'GET' && address.test(request.url()) && (request.postData() ?? '').includes(words);
    const [reply] = await Promise.all([page.waitForResponse((each) => isIt(each.request())), act()]);
    return reply;
}

// The other language, also under a dialog.
export async function speak(page, language) {
    await page.evaluate(() => document.querySelector('.switch.word').click());
    await page.waitForSelector(`html[lang=${language}]`);
}

// Waits until nothing moves or loads any more, so that a picture shows what stays.
async function still(page) {
    await page.mouse.move(640, 8); // no hint of a button stands in the picture
    await gone(page, '.skeleton');
    await page.evaluate(async () => {
        await document.fonts.ready;
        await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null)));
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    });
}

export async function shoot(page, name, timeout = WAIT_MS) {
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: path.join(shots, `${name}.png`), timeout });
}

// Runs axe through the debugger, so that the page's own policy stays on. Returns short texts.
// `rules`: only these; without them everything of WCAG 2.2 AA and the best practices.
async function axe(page, rules) {
    if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axeSource);
    return page.evaluate(async (only) => {
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
        const result = await globalThis.axe.run(document, { resultTypes: ['violations'], iframes: false, preload: false, runOnly: only ? { type: 'rule', values: only } : tags });
        return result.violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(' ')} ${node.any[0]?.message ?? node.failureSummary}`));
    }, rules);
}

const barriers = []; // what axe said of all screens
// A picture in both themes (`light`: in one) and, if asked for, in Chinese, and what axe says to it: only colours differ
// between the themes. LOOKS=no leaves all of it out, for a quick run of the steps alone.
export async function look(page, name, { light = false, chinese = false } = {}) {
    if (process.env.LOOKS === 'no') return;
    await still(page);
    for (const theme of light ? ['light'] : ['dark', 'light']) {
        await page.evaluate((chosen) => (document.documentElement.dataset.bsTheme = chosen), theme);
        await shoot(page, theme === 'dark' ? `${name}-dark` : name);
        barriers.push(...(await axe(page, theme === 'dark' ? ['color-contrast'] : undefined)).map((found) => `${name}, ${theme}: ${found}`));
    }
    if (!chinese) return;
    await speak(page, 'zh-CN');
    await still(page);
    await shoot(page, `${name}-zh`);
    await speak(page, 'en');
}
export const noBarriers = () => assert.deepEqual(barriers, []);

// In one line each: where a page stands, what is open, what it says and what the browser complained about last.
async function portrait(page) {
    const seen = page.evaluate(() => {
        const text = (selector) => [...document.querySelectorAll(selector)].map((each) => each.textContent.replace(/\s+/g, ' ').trim().slice(0, 300)).filter(Boolean).join(' | ');
        const focus = document.activeElement;
        return { address: location.hash, 'data-state': document.querySelector('[data-state]')?.dataset.state, operator: text('.operator b'),
            focus: focus && `${focus.tagName.toLowerCase()}${focus.id && `#${focus.id}`}${focus.name ? `[name=${focus.name}]` : ''}`,
            dialog: text('dialog[open]'), problem: text('.problem, .field-error'), banner: text('.banner.bad, .banner.amber'), drawer: text('.drawer [role=status]'),
            cards: [...document.querySelectorAll('.virtual')].map((card) => `${card.textContent.replace(/\s+/g, ' ').trim()}${card.ariaPressed === 'true' ? ' (on the reader)' : ''}`).join(' | ') };
    }).catch((error) => ({ page: error.message }));
    const late = new Promise((done) => setTimeout(done, PORTRAIT_MS, { page: 'does not answer' }).unref());
    const facts = Object.entries(await Promise.race([seen, late])).filter(([, value]) => value);
    return [...facts.map(([name, value]) => `    ${name}: ${value}`), ...page.complaints.slice(-4).map((text) => `    console: ${text.slice(0, 300)}`)];
}

// Error with everything that tells why, at the end of the output too.
async function explained(error, left) {
    const [said, stack] = [error.message, error.stack.split('\n').filter((line) => /\.m?js:\d+/.test(line) && !/node_modules|node:|lib\.mjs:\d+:\d+\)?$/.test(line))];
    const call = said.replace(/\x1b\[\d+m/g, '').split('\n').filter(Boolean);
    const lines = [...call.slice(0, 6), ...call.slice(6).slice(-6), ...stack.slice(0, 3)];
    for (const [index, page] of [...pages].entries()) {
        const picture = `failed-${file}-${index + 1}`;
        await shoot(page, picture, PORTRAIT_MS).catch(() => null);
        lines.push(`  page ${index + 1} (${picture}.png)`, ...await portrait(page));
    }
    lines.push(...wordsOfSites().map((line) => `  ${line}`));
    if (left) lines.push(`  steps behind it that were not run: ${left}`);
    return Object.assign(new Error(said), { stack: lines.join('\n') });
}

// The steps of a file are one story: `open` makes ready what they need, and a step that fails ends it, because what comes
// behind would only fail as well. Behind each step the console and the policy are silent. Returns what adds a step.
export function story(open) {
    const steps = [];
    test(file, async (t) => {
        const browser = await openBrowser();
        steps.unshift(['made ready', () => open(browser)]);
        let failed = false;
        const run = async (work, left) => {
            let late;
            try {
                await Promise.race([work(), new Promise((never, fail) => (late = setTimeout(fail, STEP_MS, new Error('the step did not end'))))]);
                for (const page of pages) await silent(page);
            } catch (error) {
                failed = true;
                throw await explained(error, left);
            } finally {
                clearTimeout(late);
            }
        };
        for (const [index, [name, work]] of steps.entries()) {
            if (!failed) await t.test(name, () => run(work, steps.length - 1 - index));
        }
        await browser.close();
        await stopSites();
    });
    return (name, work) => steps.push([name, work]);
}
