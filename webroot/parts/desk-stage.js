// What stands under the band: holder, purses, last entries; and what to do when there is no card or a strange one.
import { html, classes } from '../lib/html.js';
import { t, whenText, dayText, hasText } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { session, may } from '../lib/session.js';
import { site, money, figure, change, count, cardNo } from '../lib/money.js';
import { go, link } from '../lib/route.js';
import { Icon } from './icon.js';
import { Table } from './table.js';
import { useLoad, Loaded } from './async.js';
import { openFinder } from './finder.js';
import { printReceipt } from './receipt.js';
import { ActChip } from './card-state.js';
import { Photo } from './photo.js';

const Fact = ({ label, children }) => html`<div class="fact"><span>${label}</span><b>${children}</b></div>`;

export function Holder({ card }) {
    const { person } = card;
    return html`
        <div class="holder">
            <${Photo} person=${person} />
            <div class="grow who"><h3>${person.name}</h3>
                <p><${Icon} name="hierarchy-2" size="18" /> ${person.department ?? t('person.no_department')}</p></div>
            ${person.personnel_no && html`<${Fact} label=${t('person.number')}>${person.personnel_no}<//>`}
            ${card.card && html`<${Fact} label=${t('card.number')}>${cardNo(card.card.card_no)}<//>
            <${Fact} label=${t('card.valid_until')}>${card.card.expires_on ? dayText(card.card.expires_on) : t('card.always')}<//>`}
        </div>`;
}

const Purse = ({ icon, name, value, hint, class: extra }) => html`
    <div class=${classes('purse', extra)}><span class="purse-name"><${Icon} name=${icon} size="18" /> ${name}</span>
        <b class="figures">${value}</b><small>${hint}</small></div>`;

export function Purses({ card }) {
    const b = card.balances;
    const total = b.stored_minor + b.subsidy_minor;
    return html`
        <div class="purses">
            <${Purse} icon="wallet" name=${t('purse.stored')} value=${money(b.stored_minor)}
                hint=${t('purse.consumption_sum', { amount: money(total) })}  />
            <${Purse} icon="gift" name=${t('purse.subsidy')} value=${money(b.subsidy_minor)} hint=${t('purse.spent_first')} />
            <${Purse} icon="droplet" name=${t('purse.water')} value=${money(b.water_minor)} hint=${t('purse.water_account')} />
            ${site.value.uses_times !== false && html`<${Purse} icon="hash" name=${t('purse.times')} value=${count(b.times)}
                hint=${t('purse.times_hint')} />`}
        </div>
        ${b.in_transit_minor > 0 && html`<div class="line amber"><${Icon} name="hourglass" size="20" />
            <span class="grow">${t('purse.in_transit', { amount: money(b.in_transit_minor) })}</span></div>`}
        ${b.uncollected_minor > 0 && html`<div class="line amber"><${Icon} name="hourglass" size="20" />
            <span class="grow">${t('purse.uncollected', { amount: money(b.uncollected_minor) })}</span></div>`}
        ${b.debt_minor > 0 && html`<div class="line bad"><${Icon} name="alert-triangle" size="20" />
            <span class="grow">${t('purse.debt', { amount: money(b.debt_minor) })}</span></div>`}`;
}

// One row a purse that an act changed.
export const entryRows = (items) => items.flatMap((item) => (item.entries.length ? item.entries : [null]).map((entry, index) => ({
    id: `${item.made}-${index}`, item, entry })));

const amountText = (entry) => (entry.account === 'times' ? (entry.amount_minor > 0 ? '+' : '') + count(entry.amount_minor)
    : change(entry.amount_minor));
const balanceText = (entry) => (entry.account === 'times' ? count(entry.balance_after_minor) : figure(entry.balance_after_minor));

export const entryColumns = () => [
    { head: t('table.time'), cell: (row) => html`<span class="muted">${whenText(row.item.at)}</span>` },
    { head: t('table.act'), cell: (row) => html`<b>${actText(row.item)}</b>` },
    { head: t('table.account'), cell: (row) => (row.entry ? t(`purse.${row.entry.account}`) : '') },
    { head: t('table.where'), cell: (row) => html`<span class="muted">${[row.item.desk, row.item.operator].filter(Boolean).join(', ')}</span>` },
    { head: t('table.amount', { currency: site.value.currency_code }), number: true, cell: (row) => (row.entry
        ? html`<b class=${row.entry.amount_minor > 0 ? 'plus' : ''}>${amountText(row.entry)}</b>`
        : row.item.operation && row.item.operation.state !== 'completed' && html`<${ActChip} state=${row.item.operation.state} />`) },
    { head: t('table.balance'), number: true, cell: (row) => html`<span class="muted">${row.entry ? balanceText(row.entry) : ''}</span>` },
];

export const actText = (item) => {
    if (item.operation?.reverses) return t(`act_name.undo_${item.operation.kind === 'withdraw' ? 'recharge' : 'withdraw'}`);
    return t(`act_name.${item.kind}`);
};

export function Entries({ items, person, freshId }) {
    return html`
        <section class="panel fill"><header class="panel-head"><h3>${t('entries.title')}</h3><span class="grow"></span>
            <button type="button" class="quiet" onClick=${() => go(`people/${person.id}`)}>${t('entries.all')} <kbd>F9</kbd></button></header>
            ${items?.length === 0 ? html`<div class="blank"><p>${t('entries.none')}</p></div>`
                : items && html`<${Table} columns=${entryColumns()} rows=${entryRows(items)} label=${t('entries.title')}
                fresh=${(row) => freshId && row.item.operation?.id === freshId} />`}
        </section>`;
}

const lastColumns = () => [
    { head: t('table.time'), cell: (row) => html`<span class="muted">${whenText(row.created_at)}</span>` },
    { head: t('table.person'), cell: (row) => html`<b>${row.person.name}</b>` },
    { head: t('table.department'), cell: (row) => row.person.department ?? '' },
    { head: t('table.act'), cell: (row) => actText({ kind: row.kind, operation: row }) },
    { head: t('table.amount', { currency: site.value.currency_code }), number: true, cell: (row) => row.entries.map((entry) => html`
        <b class=${classes('amount-line', entry.amount_minor > 0 && 'plus')}>${amountText(entry)}</b>`) },
    { head: t('table.receipt'), number: true, cell: (row) => (row.state !== 'completed' ? html`<${ActChip} state=${row.state} />`
        : ['issue', 'unissue'].includes(row.kind) ? html`<span class="muted">${t('receipt.none')}</span>`
            : html`<button type="button" class="btn btn-row" onClick=${() => printReceipt(row)}>
                <${Icon} name="printer" size="16" /> ${t('act.print')}</button>`) },
];

export function LastActs({ turn }) {
    const state = useLoad(() => get('/operations', { desk_id: session.value.desk.id, limit: 8 }), [turn]);
    if (!may('transactions.read')) return null;
    return html`
        <section class="panel fill"><header class="panel-head"><h3>${t('last.title')}</h3></header>
            <${Loaded} state=${state} empty=${t('last.none')}>${(data) => html`<${Table} columns=${lastColumns()} rows=${data.items}
                label=${t('last.title')} onOpen=${(row) => go(`people/${row.person.id}`)} />`}<//>
        </section>`;
}

export const Reader = ({ tone = 'brand' }) => html`
    <svg class=${`reader-drawing ${tone}`} viewBox="0 0 230 190" aria-hidden="true">
        <g transform="rotate(-7 115 55)"><rect class="plastic" x="50" y="14" width="124" height="78" rx="9" />
            <rect x="64" y="34" width="25" height="19" rx="4" fill="#fff" opacity=".92" />
            <path d="M146 26q8 12 0 24M153 21q12 17 0 34" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" opacity=".85" />
            <path d="M64 68h60M64 78h38" stroke="#fff" stroke-width="5" stroke-linecap="round" opacity=".55" /></g>
        <path class="waves" d="M76 108h78M84 117h62" stroke-width="3" stroke-linecap="round" />
        <path class="body" d="M38 124h154l20 48q3 10-7 10H25q-10 0-7-10z" />
        <ellipse cx="115" cy="137" rx="46" ry="7" fill="none" stroke="#fff" stroke-width="2" opacity=".7" />
        <circle cx="188" cy="166" r="4.500" fill="#63d68a" /></svg>`;

export function Idle() {
    return html`
        <div class="idle-stage"><${Reader} />
            <div class="grow"><h3>${t('idle.title')}</h3><p class="muted">${t('idle.text')}</p>
                <label class="form-label" id="idle-find">${t('idle.no_card')}</label>
                <button type="button" class="find big" aria-labelledby="idle-find idle-find-text" onClick=${() => openFinder()}>
                    <${Icon} name="search" /><span class="grow" id="idle-find-text">${t('idle.find')}</span><kbd>Ctrl K</kbd></button>
            </div></div>`;
}

// Numbered steps: what to do, and under it why or what follows.
export function Guide({ stage, card, panel }) {
    const kind = stage === 'blocked' && hasText(`guide.blocked.${card?.card?.block}.1`) ? `blocked.${card.card.block}` : stage;
    const steps = [1, 2, 3].filter((no) => hasText(`guide.${kind}.${no}`));
    if (!steps.length) return null;
    const values = { name: card?.person?.name ?? '', card: card?.card ? cardNo(card.card.card_no) : '' };
    const why = (no) => hasText(`guide.${kind}.${no}.why`) && html`<small>${t(`guide.${kind}.${no}.why`, values)}</small>`;
    return html`<section class=${panel ? 'panel guide' : 'guide'}><h3>${t('guide.title')}</h3><ol>${steps.map((no) => html`
        <li><span><b>${t(`guide.${kind}.${no}`, values)}</b>${why(no)}</span></li>`)}</ol>
        ${stage === 'case' && card?.card && may('cases.read') && html`<div class="row-actions"><a class="btn btn-lg" href=${link('cases', { card_id: card.card.id })}>
            <${Icon} name="shield-x" /> ${t('guide.case.open')}</a></div>`}</section>`;
}
