// The acts beside the card: same key, same place, lit or grey with the reason. After an act its reminder stands here.
import { html, useLayoutEffect, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { may, deskId } from '../lib/session.js';
import { ACTIONS, legal, room, mayTakeBack } from '../lib/desk-state.js';
import { site, money, count, receiptNo } from '../lib/money.js';
import { bindKeys } from '../lib/keys.js';
import { play } from '../lib/sound.js';
import { Icon } from './icon.js';
import { openFinder } from './finder.js';

function hintOf(action, card) {
    if (action.name === 'withdraw') {
        const most = room(card.balances, site.value).withdraw;
        return t('action.withdraw.hint', { consumption: money(most.consumption), water: money(most.water) });
    }
    return null;
}

function Action({ action, verdict, card, onDo, first }) {
    const hint = verdict.ok ? hintOf(action, card) : t(verdict.why);
    const press = () => (verdict.ok ? onDo() : play('failure'));
    return html`
        <button type="button" class=${classes('action', verdict.ok ? (first ? 'main' : 'lit') : 'grey')} data-action=${action.name}
            aria-disabled=${verdict.ok ? undefined : 'true'} aria-keyshortcuts=${action.key} onClick=${press}>
            <${Icon} name=${action.icon} size="24" />
            <span class="grow"><b>${t(`action.${action.name}`)}</b>${hint && html`<small>${hint}</small>`}</span><kbd>${action.key}</kbd></button>`;
}

export function Actions({ stage, card, begin }) {
    const verdicts = ACTIONS.map((action) => legal(action, { stage, balances: card?.balances, site: site.value, mayDo: may }));
    useLayoutEffect(() => bindKeys(Object.fromEntries(ACTIONS.map((action, index) =>
        [action.key, () => (document.querySelector('dialog[open]') ? false : verdicts[index].ok ? begin(action.name)() : play('failure'))]))),
    [stage, card?.presentation_id, JSON.stringify(verdicts)]);
    return html`<section class="actions" aria-label=${t('action.title')}>${ACTIONS.map((action, index) => html`
        <${Action} action=${action} verdict=${verdicts[index]} card=${card} onDo=${begin(action.name)} first=${index === 0} />`)}</section>`;
}

export function NewCards({ stage, card, onTakeBack }) {
    if (!may('cards.issue')) return null;
    const item = (href, icon, key, onClick) => html`
        <a href=${href} onClick=${onClick}><${Icon} name=${icon} /><span class="grow">${t(key)}</span><${Icon} name="chevron-right" size="18" /></a>`;
    const find = (event) => {
        event.preventDefault();
        openFinder();
    };
    const back = mayTakeBack({ stage, balances: card?.balances });
    return html`
        <section class="panel new-cards fill"><header class="panel-head"><h3>${t('new_cards.title')}</h3></header>
            ${item('#/desk', 'user-search', 'new_cards.find', find)}
            ${item('#/people?new=1', 'user-plus', 'new_cards.person')}
            ${item('#/issue', 'cards', 'new_cards.department')}
            <button type="button" class=${classes(!back.ok && 'grey')} data-action="unissue" aria-disabled=${back.ok ? undefined : 'true'}
                onClick=${() => (back.ok ? onTakeBack() : play('failure'))}><${Icon} name="credit-card-off" />
                <span class="grow">${t('new_cards.take_back')}${!back.ok && html`<small>${t(back.why)}</small>`}</span>
                <${Icon} name="chevron-right" size="18" /></button>
        </section>`;
}

const purseName = (purse) => t(`purse.${purse}`);

// Old and new balance of a leg: the card was read after the act, so the new one is what it holds now.
function balancesOf(leg, operation, card) {
    const now = room(card.balances, site.value).now[leg.purse];
    const moved = leg.state === 'C' ? (leg.amount_minor - leg.debt_minor) * (operation.kind === 'withdraw' ? -1 : 1) : 0;
    return [now - moved, now].map(leg.purse === 'times' ? count : money);
}

function Leg({ leg, operation, card }) {
    const void_ = leg.state === 'X';
    const [before, after] = balancesOf(leg, operation, card);
    return html`
        <div class="leg"><div class="leg-head"><span>${purseName(leg.purse)}</span>
            <span class=${`chip ${void_ ? 'idle' : 'ok'}`}><${Icon} name=${void_ ? 'x' : 'check'} size="16" /> ${t(void_ ? 'leg.void' : 'leg.proven')}</span></div>
            <b class="figures"><span class="muted">${before}</span> <${Icon} name="arrow-right" size="18" /> ${after}</b>
            ${leg.debt_minor > 0 && html`<small class="muted">${t('leg.debt', { amount: money(leg.debt_minor) })}</small>`}</div>`;
}

// The reminder: what is on the card now, what to do with the cash, Print and Undo.
export function Result({ operation, card, onPrint, onUndo, onDone }) {
    const done = operation.state === 'completed';
    const kind = operation.reverses ? `undone_${operation.kind === 'withdraw' ? 'recharge' : 'withdraw'}` : operation.kind;
    const proven = operation.legs.filter((leg) => leg.state === 'C')
        .reduce((sum, leg) => sum + (leg.purse === 'times' ? leg.price_minor : leg.amount_minor), 0);
    const timesOnly = operation.legs.every((leg) => leg.purse === 'times');
    const amount = timesOnly ? t('times.count', { count: operation.legs[0].amount_minor }) : money(proven);
    const undoable = done && !operation.reverses && !operation.reversed_by;
    return html`
        <section class=${`reminder ${done ? 'ok' : 'idle'}`} role="status" aria-live="assertive">
            <header><${Icon} name=${done ? 'circle-check' : 'circle-x'} size="40" /><p>${t(done ? `done.${kind}` : 'done.aborted')}</p>
                ${done && html`<b class="figures">${amount}</b>`}</header>
            <div class="reminder-body">
                ${operation.legs.map((leg) => html`<${Leg} leg=${leg} operation=${operation} card=${card} />`)}
                ${operation.desk_id !== deskId.value && html`<p class="muted">${t('cash.elsewhere')}</p>`}
                ${done && timesOnly && operation.cash_to_take_minor > 0 && html`<p class="cash"><${Icon} name="cash" /> ${t('cash.costs', { amount: money(operation.cash_to_take_minor) })}</p>`}
                ${operation.cash_to_pay_minor > 0 && html`<p class="cash"><${Icon} name="cash" /> ${t('cash.pay_now', { amount: money(operation.cash_to_pay_minor) })}</p>`}
                ${operation.cash_to_return_minor > 0 && html`<p class="cash"><${Icon} name="cash" /> ${t('cash.give_back', { amount: money(operation.cash_to_return_minor) })}</p>`}
                <div class="receipt-no"><span>${t('receipt.number')}</span><b class="figures">${receiptNo(operation.id)}</b></div>
            </div>
        </section>
        ${done && html`<button type="button" class="action main" onClick=${onPrint}><${Icon} name="printer" size="24" />
            <span class="grow"><b>${t('act.print_receipt')}</b></span><kbd>Ctrl P</kbd></button>`}
        ${undoable && html`<button type="button" class="action lit" onClick=${onUndo}><${Icon} name="arrow-back-up" size="24" />
            <span class="grow"><b>${t(`act.undo_${operation.kind}`)}</b></span><kbd>Ctrl Z</kbd></button>`}
        <button type="button" class="action lit" data-done onClick=${onDone}><${Icon} name="check" size="24" />
            <span class="grow"><b>${t('act.done')}</b></span><kbd>Enter</kbd></button>
        <p class="muted small">${undoable ? t('undo.hint') : t('done.hint')}</p>`;
}
