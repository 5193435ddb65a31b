// In doubt: what was being written is neither done nor undone until the same card answers. Nothing here decides by itself.
// Booked, and not even begun: it may go on, or be undone at once.
import { html, useSignal, useEffect, classes } from '../lib/html.js';
import { t, clockText, hasText } from '../lib/i18n.js';
import { act, log, settled, dismiss, cancel } from '../lib/live.js';
import { may } from '../lib/session.js';
import { money, cardNo, receiptNo, count } from '../lib/money.js';
import { cashOf } from './desk-band.js';
import { Reader } from './desk-stage.js';
import { Icon } from './icon.js';
import { ProblemSummary } from './field.js';
import { printReceipt } from './receipt.js';
import { lazy } from '../lib/lazy.js';

const ScrapDialog = lazy(() => import('./scrap-dialog.js'), 'ScrapDialog');

const LEG = { C: ['ok', 'check', 'leg.proven'], P: ['amber', 'help', 'leg.open'], X: ['idle', 'x', 'leg.void'] };
const NOT_BEGUN = ['amber', 'clock', 'op.open'];

function useSince(at) {
    const now = useSignal(Date.now());
    useEffect(() => {
        const timer = setInterval(() => (now.value = Date.now()), 1000);
        return () => clearInterval(timer);
    }, []);
    const seconds = Math.max(0, Math.round((now.value - new Date(at)) / 1000));
    return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`;
}

function Legs({ operation }) {
    return html`<div class="legs">${operation.legs.filter((leg) => leg.purse).map((leg) => {
        const [tone, icon, word] = operation.state === 'prepared' && leg.state === 'P' ? NOT_BEGUN : LEG[leg.state];
        return html`<div><span class="grow">${t(`account.${leg.purse}`)}</span>
            <b class="figures">${leg.purse === 'times' ? count(leg.amount_minor) : money(leg.amount_minor)}</b>
            <span class=${`chip ${tone}`}><${Icon} name=${icon} size="16" /> ${t(word)}</span></div>`;
    })}</div>`;
}

// The act is on the card itself: no cash is involved, and once begun it cannot be undone.
const ofCard = (operation) => ['issue', 'unissue'].includes(operation.kind);

// Asks for the act to be undone: {problem, busy, ask}.
function useCancel(operation) {
    const problem = useSignal(null);
    const busy = useSignal(false);
    const ask = async () => {
        if (busy.value) return;
        busy.value = true;
        try {
            await cancel(operation);
            problem.value = null;
        } catch (error) {
            problem.value = error;
        }
        busy.value = false;
    };
    return { problem: problem.value, busy: busy.value, ask };
}

const mayUndo = (operation) => !operation.cancel_requested && may(ofCard(operation) ? 'cards.issue' : 'money');
const UndoButton = ({ undo }) => html`<button type="button" class="btn btn-lg" data-undo disabled=${undo.busy} onClick=${undo.ask}>
    <${Icon} name="arrow-back-up" /> ${t('doubt.void')}</button>`;

// The words of the screen: what happened, and what may come of it.
function wordsOf(operation, card, locked) {
    const { kind } = operation;
    if (locked) return { title: 'doubt.locked_title', text: 'doubt.locked', ways: [] };
    if (operation.state === 'prepared') {
        return { title: card ? 'doubt.not_begun' : 'state.in_doubt', text: card ? 'doubt.late' : `doubt.booked_${kind}`, next: 'doubt.ways',
            ways: [`doubt.goes_on_${kind}`, `doubt.ends_${kind}`] };
    }
    return { title: 'state.in_doubt', text: card ? 'doubt.reading' : `doubt.what_${kind}`, next: 'doubt.tells', ways: [`doubt.done_${kind}`, `doubt.again_${kind}`] };
}

const Hand = ({ operation, values }) => !ofCard(operation) && html`<section class="panel hand"><${Icon} name="hand-stop" size="40" /><div>
    <h3>${t(`doubt.cash_${operation.kind}`)}</h3>
    <p class="muted">${t(`doubt.cash_${operation.kind}.${operation.state === 'prepared' ? 'booked' : 'hint'}`, values)}</p></div></section>`;

export function Doubt({ operation, card }) {
    const undo = useCancel(operation);
    const scrapping = useSignal(false);
    const since = useSince(operation.created_at);
    const locked = ofCard(operation) && card?.read_state === 'locked';
    const begun = operation.state !== 'prepared';
    const words = wordsOf(operation, card, locked);
    const values = { amount: money(cashOf(operation)), name: operation.person.name };
    const next = () => (act.value = null);
    return html`
        <section class="panel card-panel" role="alert">
            <header class="band amber tall" data-state="in_doubt"><${Icon} name="reload" size="48" /><div class="grow"><h2>${t(words.title)}</h2>
                <p>${t(words.text, values)}</p></div></header>
            <div class="idle-stage"><${Reader} tone="amber" /><div class="grow"><h3>${operation.person.name}</h3>
                <p class="muted">${t('doubt.card', { card: cardNo(operation.card.card_no) })}</p><${Legs} operation=${operation} /></div></div>
        </section>
        <${Hand} operation=${operation} values=${values} />
        <section class="panel fill guide"><h3>${t(words.next ?? 'guide.title')}</h3>
            ${words.ways.map((way, index) => html`<p class="tell"><${Icon} name=${index ? begun ? 'reload' : 'arrow-back-up' : 'circle-check'} /> ${t(way, values)}</p>`)}
            ${(begun || !ofCard(operation)) && html`<p class="muted">${t(ofCard(operation) ? 'doubt.gone_card' : 'doubt.gone', values)}</p>`}
            <${ProblemSummary} problem=${undo.problem} />
            <div class="row-actions">
                ${!ofCard(operation) && html`<button type="button" class="btn btn-lg" onClick=${() => printReceipt(operation)}><${Icon} name="printer" /> ${t('doubt.slip')}</button>`}
                ${!card && html`<button type="button" class="btn btn-lg" onClick=${next}><${Icon} name="arrow-right" /> ${t('doubt.next')}</button>`}
                ${mayUndo(operation) && !(begun && ofCard(operation)) && html`<${UndoButton} undo=${undo} />`}
                ${begun && ofCard(operation) && html`<button type="button" class=${locked ? 'btn btn-lg btn-primary' : 'btn btn-lg'} disabled=${!may('cards.issue')} onClick=${() => (scrapping.value = true)}>
                    <${Icon} name="trash" /> ${t('doubt.scrap')}</button>`}
                <span class="grow"></span>
                <span class="muted small">${t('doubt.open_for', { id: receiptNo(operation.id), since })}</span></div>
            ${operation.cancel_requested && html`<p class="muted">${t('doubt.void_asked')}</p>`}
        </section>
        ${scrapping.value && html`<${ScrapDialog} operation=${operation} locked=${locked} onClose=${() => (scrapping.value = false)} />`}`;
}

// An open act that cannot go on as the desk is now, beside what the screen says of that.
export function OpenAct({ operation }) {
    const undo = useCancel(operation);
    const values = { amount: money(cashOf(operation)), name: operation.person.name, card: cardNo(operation.card.card_no) };
    return html`
        <section class="panel hand" role="alert"><${Icon} name="hand-stop" size="40" /><div class="grow">
            <h2>${t(`open_act.${operation.kind}`, values)}</h2>
            <p class="muted">${t(operation.cancel_requested ? 'doubt.void_asked' : ofCard(operation) ? 'open_act.of_card' : `open_act.${operation.kind}.cash`, values)}</p>
            <${ProblemSummary} problem=${undo.problem} />
            ${mayUndo(operation) && html`<div class="row-actions"><${UndoButton} undo=${undo} /></div>`}</div></section>`;
}

// Decided without us: the card answered on another reader, or the act was given up. The cash is still ours.
function Ended({ operation }) {
    const done = operation.state === 'completed';
    const values = { name: operation.person.name, amount: money(cashOf(operation)), card: cardNo(operation.card.card_no) };
    const given = operation.card.state === 'scrapped'; // up, for ever
    const word = `settled.${done ? operation.kind : given ? 'scrapped' : ofCard(operation) ? `aborted_${operation.kind}` : 'aborted'}`;
    const cash = operation.cash_to_pay_minor ? ['cash.pay_now', operation.cash_to_pay_minor]
        : operation.cash_to_return_minor ? ['cash.give_back', operation.cash_to_return_minor] : null;
    return html`
        <section class=${classes('panel hand', done && 'settled')} role="status"><${Icon} name=${done ? 'circle-check' : 'circle-x'} size="40" /><div class="grow">
            <h2>${t(word, values)}</h2>
            <p class="muted">${t(hasText(`${word}.hint`) ? `${word}.hint` : 'settled.hint', values)}</p>
            ${cash && html`<p class="cash"><${Icon} name="cash" /> ${t(cash[0], { amount: money(cash[1]) })}</p>`}</div>
            <button type="button" class="btn btn-lg" onClick=${() => dismiss(operation)}>${t('act.done')}</button></section>`;
}

// Each stays until it is put away by hand.
export const Settled = () => settled.value.map((operation) => html`<${Ended} key=${operation.id} operation=${operation} />`);

export const WhatHappened = ({ card }) => html`
    <section class="panel new-cards fill"><header class="panel-head"><h3>${t('doubt.happened')}</h3></header>
        <ol class="steps">${log.value.map((step) => html`<li><span class="muted figures">${clockText(step.at)}</span> ${t(step.key, step.values)}</li>`)}
            <li><span class="muted">${t('doubt.now')}</span> ${t(card ? 'doubt.waiting_program' : 'doubt.waiting')}</li></ol></section>`;
