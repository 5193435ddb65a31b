// A browser for the tests: Debian's chromium, every console message and policy violation remembered, pictures on demand.
import { test as step } from 'node:test';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

// Longest wait for anything to come about: the machine may be slow and busy with other tests.
export const WAIT_MS = 60000;

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const shots = path.join(process.env.BUILD ? path.resolve(root, process.env.BUILD) : path.join(root, 'build'), 'screenshots');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const openBrowser = () => chromium.launch({
    executablePath: '/usr/bin/chromium', args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--force-color-profile=srgb'],
});

// What the page complained about; a test ends with all of it empty.
export async function openPage(browser, url, { context, width = 1280, height = 800, language = 'en-GB', theme = 'light' } = {}) {
    const own = context ?? await browser.newContext({ viewport: { width, height }, locale: language, colorScheme: theme, timezoneId: 'Asia/Shanghai' });
    const page = await own.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const wrong = [];
    page.wrong = wrong;
    page.expected = []; // patterns of messages that a test provokes
    const add = (text) => page.expected.some((pattern) => pattern.test(text)) || wrong.push(text);
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && add(`${message.type()}: ${message.text()} ${message.location().url}`));
    page.on('pageerror', (error) => add(`exception: ${error.stack}`));
    await page.addInitScript(() => {
        globalThis.violations = [];
        addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
        globalThis.print = () => (globalThis.printed = (globalThis.printed ?? 0) + 1);
    });
    await page.goto(url);
    await page.waitForSelector('html[data-ready]');
    return page;
}

// Another screen: what belongs to the one before is gone then.
export async function visit(page, hash) {
    await page.evaluate((to) => (location.hash = to), hash);
    await page.waitForSelector(`#work.work-${/^#\/(\w+)/.exec(hash)[1]}`);
}

export const violations = (page) => page.evaluate(() => globalThis.violations);

export async function clean(page) {
    assert.deepEqual(page.wrong, [], 'the console says nothing');
    assert.deepEqual(await violations(page), [], 'no violation of the policy');
}

// Waits until the text of an element matches.
export const reads = (page, selector, pattern) => page.waitForFunction(([where, source, flags]) =>
    new RegExp(source, flags).test(document.querySelector(where)?.textContent ?? ''), [selector, pattern.source, pattern.flags]);

// Waits until nothing moves or loads any more, so that a picture shows what stays.
export async function still(page) {
    await page.mouse.move(640, 8); // no hint of a button stands in the picture
    await page.waitForFunction(() => !document.querySelector('.skeleton'));
    await page.evaluate(async () => {
        await document.fonts.ready;
        await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null)));
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    });
}

// The steps of a file are one story: what comes behind a failed one would only fail as well. `pages` names the pages to take
// a picture of when one fails.
export function story(pages) {
    let broken = false;
    return (name, work) => step(name, async (t) => {
        if (broken) return t.skip('an earlier step failed');
        try {
            await work();
        } catch (error) {
            broken = true;
            for (const [of, page] of Object.entries(pages())) await shoot(page, `failed-${of}`).catch(() => null);
            throw error;
        }
        return undefined;
    });
}

export async function shoot(page, name) {
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

// Runs axe through the debugger, so that the page's own policy stays on. Returns short texts.
// `rules`: only these; without them everything of WCAG 2.2 AA and the best practices.
export async function axe(page, rules) {
    if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axeSource);
    return page.evaluate(async (only) => {
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
        const result = await globalThis.axe.run(document, { resultTypes: ['violations'], iframes: false, preload: false, runOnly: only ? { type: 'rule', values: only } : tags });
        return result.violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(' ')} ${node.any[0]?.message ?? node.failureSummary}`));
    }, rules);
}

export const setTheme = (page, theme) => page.evaluate((name) => {
    document.documentElement.dataset.bsTheme = name;
}, theme);
