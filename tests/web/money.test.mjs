// What is typed into a field of money: never taken for a hundred times as much.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { module, catalogues } from './pages.mjs';

const { parseAmount, hasMarks, receiptNo, site } = await module('lib/money.js');
globalThis.addEventListener ??= () => null;

const read = (digits, cases) => Object.entries(cases).forEach(([text, wanted]) => {
    const got = parseAmount(text, digits);
    assert.equal(got.minor ?? got.error ?? (got.empty && 'empty'), wanted, `“${text}” with ${digits} digits`);
});

test('two digits behind the point', () => read(2, {
    '': 'empty', '  ': 'empty', 12: 1200, '12.5': 1250, '12.50': 1250, '12.': 1200, ' 12.50 ': 1250,
    '12,50': 1250, '20,5': 2050, '12，50': 1250, '１２．５０': 1250, '1,2': 120, '0,05': 5,
    '1,234': 123400, '1,234.50': 123450, '12,500': 1250000, '1,234,567.8': 123456780, "1'234.50": 123450, '1 234.50': 123450, '1_234': 123400,
    '1234,50': 123450, '12,': 1200,
    '12 50': 'amount.unclear', "12'50": 'amount.unclear', '12_50': 'amount.unclear', '1,23.50': 'amount.unclear', '1,2,3': 'amount.unclear', '1.234,50': 'amount.unclear',
    '1234,567': 'amount.unclear', '1,234,56': 'amount.unclear', "1'234,567": 'amount.unclear', '12,50,': 'amount.unclear', ',': 'amount.unclear',
    '12.345': 'amount.too_fine', '1,234.567': 'amount.too_fine', 0: 'amount.zero', '0,00': 'amount.zero',
    abc: 'amount.not_a_number', '-5': 'amount.not_a_number', '1e3': 'amount.not_a_number', '1.2.3': 'amount.not_a_number', '.50': 'amount.not_a_number',
}));

test('no digits behind the point: yen, and times', () => read(0, {
    1250: 1250, '1,250': 1250, '1 250': 1250, '１，２５０': 1250, '12,50': 'amount.unclear_whole', '20,5': 'amount.unclear_whole', '12,': 'amount.unclear_whole',
    '1250.': 1250, '12.5': 'amount.no_fraction', '1,250.5': 'amount.no_fraction', 0: 'amount.zero',
}));

test('three digits behind the point: what may be thousands or decimals is refused', () => read(3, {
    '1.234': 1234, '1,2': 1200, '1,23': 1230, '1,234': 'amount.unclear', '12,345': 'amount.unclear', '1234,567': 1234567, '1,234.500': 1234500,
    '1,234,567': 1234567000,
}));

test('no amount is ever read as more than its digits say', () => {
    for (const digits of [0, 1, 2, 3]) {
        for (const mark of [',', '，', ' ', "'", '_']) {
            for (let decimals = 1; decimals <= 4; decimals++) {
                const text = `12${mark}${'3'.repeat(decimals)}`;
                const { minor } = parseAmount(text, digits);
                const grouped = decimals === 3;
                if (minor !== undefined && !grouped) assert.ok(minor < 13 * 10 ** digits, `“${text}” with ${digits} digits gives ${minor}`);
            }
        }
    }
});

test('lists take spaces, and no comma inside of an amount', async () => {
    const { parseList } = await module('parts/setup-steps.js');
    site.value = { ...site.value, currency_exponent: 2 };
    assert.deepEqual(parseList('50 100 200.50'), [5000, 10000, 20050]);
    assert.deepEqual(parseList('50, 100，　200;'), [5000, 10000, 20000]);
    assert.equal(parseList('20,5 50'), null);
    assert.equal(parseList('50,100'), null);
    assert.equal(parseList(''), null);
});

test('how it is understood is said wherever marks stand in it', () => {
    assert.deepEqual(['12,50', '1,234', "1'000", '1 234', '12，50'].map(hasMarks), [true, true, true, true, true]);
    assert.deepEqual(['12.50', '1234', ' 12 ', '１２'].map(hasMarks), [false, false, false, false]);
    for (const key of ['amount.unclear', 'amount.unclear_whole', 'amount.understood']) catalogues.forEach((texts) => assert.ok(texts[key], key));
});

test('the number of a receipt is that of the paper (tests/sql/receipts.sql)', () => {
    assert.equal(receiptNo('01a20511-667e-71e6-a33f-5ccbd1c6af1f'), '5CCB-D1C6-AF1F');
});
