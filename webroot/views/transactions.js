// Transactions: every desk act of the site, its filters in the address, and the same rows as CSV.
import { html, useSignal } from '../lib/html.js';
import { t, whenText, fullText } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { site, money, change, count, cardNo, receiptNo, figure } from '../lib/money.js';
import { route, setQuery, go } from '../lib/route.js';
import { Icon } from '../parts/icon.js';
import { ActChip } from '../parts/card-state.js';
import { usePages, PagedTable, download } from '../parts/table.js';
import { useLoad } from '../parts/async.js';
import { Dialog, CloseButton } from '../parts/dialog.js';
import { ProblemSummary } from '../parts/field.js';
import { actText } from '../parts/desk-stage.js';
import { printReceipt } from '../parts/receipt.js';
import { csvText } from '../lib/csv.js';

const CSV_PAGE = 200;
const CSV_ROWS_MAX = 20000;
const amountOf = (entry) => (entry.account === 'times' ? count(entry.amount_minor) : change(entry.amount_minor));

const columns = () => [
    { head: t('table.time'), cell: (row) => html`<span class="muted">${whenText(row.created_at)}</span>` },
    { head: t('table.act'), cell: (row) => html`<b>${actText({ kind: row.kind, operation: row })}</b>` },
    { head: t('table.person'), cell: (row) => row.person.name },
    { head: t('table.department'), cell: (row) => row.person.department ?? '' },
    { head: t('card.number'), number: true, cell: (row) => cardNo(row.card.card_no) },
    { head: t('receipt.desk'), cell: (row) => row.desk.name },
    { head: t('receipt.operator'), cell: (row) => row.operator.name },
    { head: t('table.state'), cell: (row) => html`<${ActChip} state=${row.state} />` },
    { head: t('table.amount', { currency: site.value.currency_code }), number: true, cell: (row) => row.entries.map((entry) => html`
        <b class=${entry.amount_minor > 0 ? 'amount-line plus' : 'amount-line'}>${amountOf(entry)}</b>`) },
];

// All pages of the filter, as one file; amounts as plain numbers.
async function saveCsv(filter) {
    const head = ['time', 'act', 'person', 'personnel_no', 'department', 'card', 'desk', 'operator', 'state', 'account', 'amount', 'balance'];
    const rows = [head.map((name) => t(`csv.${name}`))];
    const plain = (entry, value) => (entry.account === 'times' ? `${value}` : (value / 10 ** site.value.currency_exponent).toFixed(site.value.currency_exponent));
    for (let cursor = ''; cursor !== null;) {
        // A file that is cut looks like a whole one, so there is none.
        if (rows.length > CSV_ROWS_MAX) throw { code: 'csv_too_long', local: true };
        const page = await get('/operations', { ...filter, limit: CSV_PAGE, cursor });
        for (const row of page.items) {
            const facts = [row.created_at, actText({ kind: row.kind, operation: row }), row.person.name, row.person.personnel_no, row.person.department,
                row.card.card_no, row.desk.name, row.operator.name, t(`op.${row.state}`)];
            const entries = row.entries.length ? row.entries : [null];
            entries.forEach((entry) => rows.push(entry ? [...facts, t(`purse.${entry.account}`), plain(entry, entry.amount_minor), plain(entry, entry.balance_after_minor)] : [...facts, '', '', '']));
        }
        cursor = page.next_cursor;
    }
    download(new Blob([csvText(rows)], { type: 'text/csv' }), 'transactions.csv');
}

function Act({ act, onClose }) {
    const fact = (name, value) => html`<div class="fact"><span>${t(name)}</span><b>${value}</b></div>`;
    return html`<${Dialog} side title=${actText({ kind: act.kind, operation: act })} hint=${fullText(act.created_at)} onClose=${onClose} onSubmit=${onClose}
        aside=${html`<${ActChip} state=${act.state} />`}
        foot=${html`<a class="btn btn-lg" href=${`#/people/${act.person.id}`}><${Icon} name="user" /> ${t('card.to_person')}</a><span class="grow"></span>
        ${act.state === 'completed' && !['issue', 'unissue'].includes(act.kind) && html`<button type="button" class="btn btn-lg" onClick=${() => printReceipt(act)}><${Icon} name="printer" /> ${t('act.print')}</button>`}
        <${CloseButton} onClose=${onClose} />`}>
        <div class="facts">${fact('table.person', act.person.name)}${fact('card.number', cardNo(act.card.card_no))}${fact('receipt.desk', act.desk.name)}
            ${fact('receipt.operator', act.operator.name)}${fact('receipt.number', receiptNo(act.id))}
            ${act.reason && fact('undo.reason', t(`undo.${act.reason}`).startsWith('undo.') ? act.reason : t(`undo.${act.reason}`))}</div><br />
        <div class="legs">${act.legs.filter((leg) => leg.purse).map((leg) => html`<div><span class="grow">${t(`account.${leg.purse}`)}</span>
            <b class="figures">${leg.purse === 'times' ? count(leg.amount_minor) : money(leg.amount_minor)}</b>
            <span class="muted">${t({ C: 'leg.proven', P: 'leg.open', X: 'leg.void' }[leg.state])}</span></div>`)}</div><br />
        ${act.entries.map((entry) => html`<p>${t(`purse.${entry.account}`)}: <b>${amountOf(entry)}</b> <span class="muted">${t('table.balance')} ${entry.account === 'times' ? count(entry.balance_after_minor) : figure(entry.balance_after_minor)}</span></p>`)}
    <//>`;
}

export function render() {
    const { query } = route.value;
    const opened = useSignal(null);
    const busy = useSignal(false);
    const problem = useSignal(null);
    const desks = useLoad(async () => get('/desks').catch(() => ({ items: [] })), []);
    const filter = { from: query.from, to: query.to, kind: query.kind, state: query.state, desk_id: query.desk, person_id: query.person };
    const pages = usePages('/operations', filter, [JSON.stringify(filter)]);
    const pick = (name, label, options) => html`<div class="field"><label class="form-label" for=${`tx-${name}`}>${label}</label>
        <select id=${`tx-${name}`} class="form-select" onChange=${(event) => setQuery({ [name]: event.target.value })}>
        ${[['', t('filter.all')], ...options].map(([value, text]) => html`<option value=${value} selected=${value === (query[name] ?? '')}>${text}</option>`)}</select></div>`;
    const day = (name) => html`<div class="field"><label class="form-label" for=${`tx-${name}`}>${t(`filter.${name}`)}</label>
        <input id=${`tx-${name}`} type="date" class="form-control" value=${query[name] ?? ''} onChange=${(event) => setQuery({ [name]: event.target.value })} /></div>`;
    const save = async () => {
        busy.value = true;
        problem.value = null;
        await saveCsv(filter).catch((error) => (problem.value = error));
        busy.value = false;
    };
    return html`<section class="panel"><div class="toolbar">${day('from')}${day('to')}
        ${pick('kind', t('table.act'), ['recharge', 'withdraw', 'issue', 'unissue'].map((kind) => [kind, t(`act_name.${kind}`)]))}
        ${pick('state', t('table.state'), ['open', 'in_doubt', 'completed', 'aborted'].map((state) => [state, t(`op.${state}`)]))}
        ${pick('desk', t('receipt.desk'), (desks.data?.items ?? []).map((desk) => [desk.id, desk.name]))}
        <span class="grow"></span><button type="button" class="btn" onClick=${() => go('transactions')}><${Icon} name="filter" size="18" /> ${t('filter.clear')}</button>
        <button type="button" class="btn" disabled=${busy.value} onClick=${save}><${Icon} name="file-spreadsheet" size="18" /> ${t('act.csv')}</button></div>
        ${problem.value && html`<div class="pad"><${ProblemSummary} level="2" problem=${problem.value} extra=${problem.value.code === 'csv_too_long' ? t('csv.too_long', { most: count(CSV_ROWS_MAX) }) : undefined} /></div>`}
        <${PagedTable} pages=${pages} columns=${columns()} label=${t('nav.transactions')} empty=${t('transactions.none')} onOpen=${(row) => (opened.value = row)} />
    </section>${opened.value && html`<${Act} act=${opened.value} onClose=${() => (opened.value = null)} />`}`;
}
