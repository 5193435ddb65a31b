// Receipts on an 80 mm printer through the browser. The height of the page comes from the content: with "80mm auto" the
// browser silently takes a letter sheet.
import { html, render } from '../lib/html.js';
import { t, fullText } from '../lib/i18n.js';
import { session } from '../lib/session.js';
import { site, money, count, cardNo } from '../lib/money.js';
import { cashOf } from './desk-band.js';

const MM_PER_PX = 25.4 / 96;
const MARGIN_MM = 4;
let sheet = null;

const Row = ({ name, value, strong }) => html`<div class=${strong ? 'r-row strong' : 'r-row'}><span>${name}</span><span>${value}</span></div>`;

const nameOf = (operation) => (operation.reverses
    ? t(`act_name.undo_${operation.kind === 'withdraw' ? 'recharge' : 'withdraw'}`) : t(`act_name.${operation.kind}`));

function Receipt({ operation, balances, copy, slip }) {
    return html`
        <h1>${site.value.name || 'Cardwright'}</h1>
        <h2>${slip ? t('receipt.open_slip') : nameOf(operation)}${copy ? ` · ${t('receipt.copy')}` : ''}</h2>
        ${site.value.mode === 'training' && html`<p class="r-note">${t('receipt.training')}</p>`}
        <${Row} name=${t('receipt.at')} value=${fullText(operation.finished_at ?? operation.created_at)} />
        <${Row} name=${t('receipt.number')} value=${operation.id.slice(-8).toUpperCase()} />
        <${Row} name=${t('person.name')} value=${operation.person.name} />
        <${Row} name=${t('card.number')} value=${cardNo(operation.card.card_no)} />
        <${Row} name=${t('receipt.desk')} value=${operation.desk?.name ?? session.value.desk?.name ?? ''} />
        <${Row} name=${t('receipt.operator')} value=${session.value.operator.full_name} />
        <hr />
        ${operation.legs.filter((leg) => leg.purse).map((leg) => html`<${Row} name=${t(`account.${leg.purse}`)}
            value=${`${leg.state === 'X' ? `${t('leg.void')} ` : ''}${leg.purse === 'times' ? count(leg.amount_minor) : money(leg.amount_minor)}`} />`)}
        <${Row} name=${t(operation.kind === 'withdraw' ? 'cash.paid' : 'cash.taken')} value=${money(cashOf(operation))} strong />
        ${balances && html`<hr /><${Row} name=${t('account.consumption')} value=${money(balances.stored_minor + balances.subsidy_minor)} />
            <${Row} name=${t('account.water')} value=${money(balances.water_minor)} />`}
        ${slip && html`<p class="r-note">${t('receipt.slip_text')}</p>`}
        <p class="r-end">${t('receipt.thanks')}</p>`;
}

function print(content) {
    const root = document.getElementById('receipt');
    render(content, root);
    root.classList.add('measure');
    const heightMm = Math.ceil(root.getBoundingClientRect().height * MM_PER_PX) + 2 * MARGIN_MM + 2;
    root.classList.remove('measure');
    sheet ??= new CSSStyleSheet();
    sheet.replaceSync(`@page{size:80mm ${heightMm}mm;margin:${MARGIN_MM}mm}`);
    if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    document.body.classList.add('printing');
    globalThis.print();
    document.body.classList.remove('printing');
}

export const printReceipt = (operation, card, copy = false) =>
    print(html`<${Receipt} operation=${operation} balances=${card?.balances} copy=${copy} />`);
export const printOpenSlip = (operation) => print(html`<${Receipt} operation=${operation} slip />`);
