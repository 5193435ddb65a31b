// The desk: the card on the reader fills the eye, the acts stand in their places beside it.
import { html, useEffect, useLayoutEffect, useSignal, effect, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get, serverAway } from '../lib/api.js';
import { session, may, locked } from '../lib/session.js';
import { live, act, stream, streamLost, late, onEvent } from '../lib/live.js';
import { site } from '../lib/money.js';
import { stageOf, openAct, issuable } from '../lib/desk-state.js';
import { bindKeys } from '../lib/keys.js';
import { play, hush } from '../lib/sound.js';
import { go } from '../lib/route.js';
import { Band } from '../parts/desk-band.js';
import { Holder, Purses, Entries, LastActs, Idle, Guide } from '../parts/desk-stage.js';
import { Actions, NewCards, Result } from '../parts/desk-actions.js';
import { Doubt, OpenAct, Settled, WhatHappened } from '../parts/desk-doubt.js';
import { MoneyDialog } from '../parts/money-dialog.js';
import { printReceipt } from '../parts/receipt.js';
import { lazy } from '../lib/lazy.js';

const IssueDialog = lazy(() => import('../parts/issue-dialog.js'), 'IssueDialog');
const UnissueDialog = lazy(() => import('../parts/unissue-dialog.js'), 'UnissueDialog');
const UndoDialog = lazy(() => import('../parts/undo-dialog.js'), 'UndoDialog');
const DeskChooser = lazy(() => import('../parts/desk-chooser.js'), 'DeskChooser');
const TrainingDrawer = lazy(() => import('../parts/training-drawer.js'), 'TrainingDrawer');
const Lessons = lazy(() => import('../parts/lessons.js'), 'Lessons');

const WITH_HOLDER = ['active', 'lost', 'blocked', 'case', 'damaged', 'expired', 'replaced', 'cancelled', 'scrapped', 'issuing'];
// What its holder has is not on a card that was replaced, cancelled or given up.
const WITH_PURSES = ['active', 'writing', 'lost', 'blocked', 'case', 'damaged', 'expired', 'issuing'];
const LAST_ACTS = ['none', 'reading', 'unknown', 'blank', 'foreign', 'gone', 'two_cards', 'not_supported', 'reader_away', 'agent_away', 'agent_old'];
const WHOLE_CARD = ['issue', 'unissue']; // acts on the card itself, without money
const SOUNDS = { completed: 'success', aborted: 'failure', in_doubt: 'doubt' };

const stageNow = () => stageOf({ live: live.value, act: act.value, stream: stream.value,
    serverAway: serverAway.value || streamLost.value, late: late.value });

// Sounds of acts and of cards that need care; the first look at a desk is silent.
function useSounds() {
    useEffect(() => {
        let before = null;
        let stageBefore = null;
        return effect(() => {
            const now = act.value;
            const stage = stageNow();
            const settled = before && now && before.id === now.id && before.state !== now.state ? SOUNDS[now.state] : null;
            if (settled) play(settled);
            else if (stageBefore && stage !== stageBefore && ['lost', 'case', 'blocked'].includes(stage)) play('failure');
            else if (stage !== 'in_doubt') hush();
            before = now;
            stageBefore = stage;
        });
    }, []);
}

// The last entries of the person on the reader; they come behind the card and never belong to another one.
function useEntries(personId, turn) {
    const entries = useSignal({ personId: null, items: null });
    useEffect(() => {
        let current = true;
        if (entries.value.personId !== personId) entries.value = { personId, items: null };
        if (personId && may('transactions.read')) {
            get(`/people/${personId}/timeline`, { limit: 8 }).then((page) => {
                if (current) entries.value = { personId, items: page.items };
            }, () => null);
        }
        return () => (current = false);
    }, [personId, turn]);
    return entries.value.personId === personId ? entries.value.items : null;
}

export function render() {
    if (!session.value.desk) return html`<${DeskChooser} />`;
    return html`<${Desk} />`;
}

function Desk() {
    const dialog = useSignal(null);
    const training = site.value.mode === 'training' && may('training');
    const turn = useSignal(0);
    useSounds();
    const card = live.value?.card ?? null;
    const stage = stageNow();
    const waiting = openAct({ live: live.value, act: act.value });
    const person = stage === 'in_doubt' && !card ? waiting.person : card?.person;
    const entries = useEntries(person?.id, `${turn.value} ${act.value?.id} ${act.value?.state}`);
    useEffect(() => onEvent((kind) => kind !== 'operation' && (turn.value += 1)), []);
    const result = !['case', 'blocked', 'lost'].includes(stage) && act.value?.finished_at && !WHOLE_CARD.includes(act.value.kind) && card?.card?.id === act.value.card.id ? act.value : null;
    // The reminder takes the focus to Done, a blank card to its issue: Enter goes on, wherever the caret was before.
    useEffect(() => {
        if (document.querySelector('dialog[open]')) return;
        document.querySelector(result ? '[data-done]' : '.next-step button')?.focus({ preventScroll: true });
    }, [result?.id, stage]);
    // Whatever comes next begins at the top: the band is what has to be seen.
    useEffect(() => document.querySelector('.desk')?.scrollTo(0, 0), [stage, result?.id]);
    const open = (name, extra) => (dialog.value = { name, ...extra });
    const close = () => (dialog.value = null);
    const begin = (name) => () => {
        if (locked.value || dialog.value) return undefined;
        act.value = act.value?.finished_at ? null : act.value;
        return open(name);
    };

    // Nothing to print or undo: the reminder is the card itself, ready or blank.
    useEffect(() => {
        if (act.value?.finished_at && WHOLE_CARD.includes(act.value.kind)) turn.value += 1;
    }, [act.value?.state]);
    // A dialog of any part takes the keys first: Escape closes it, and not the reminder behind it.
    const covered = () => dialog.value || document.querySelector('dialog[open]');
    useLayoutEffect(() => bindKeys({
        F9: () => (person && !covered() ? go(`people/${person.id}`) : false),
        'ctrl+p': () => (result && !covered() ? printReceipt(result) : false),
        'ctrl+z': () => (result?.state === 'completed' && !covered() ? open('undo', { operation: result }) : false),
        Enter: () => {
            if (covered() || locked.value || document.activeElement?.closest('button,a,input,select,dialog,[tabindex="0"]')) return false;
            if (result) return (act.value = null);
            return issuable(stage) && may('cards.issue') ? open('issue') : false;
        },
        Escape: () => (result && !covered() ? (act.value = null) : false),
    }), [result?.id, result?.state, stage, person?.id]);

    return html`
        <div class=${classes('desk', `tone-${stage}`)}>
            <div class="stage">
                <${Settled} />
                ${stage === 'in_doubt' ? html`<${Doubt} key=${waiting.id} operation=${waiting} card=${card} />` : html`
                ${waiting && !['writing', 'server_away'].includes(stage) && html`<${OpenAct} key=${waiting.id} operation=${waiting} />`}
                <section class="panel card-panel" aria-live="polite"><${Band} stage=${stage} card=${card} open=${waiting} />
                    ${WITH_HOLDER.includes(stage) && card?.person && html`<${Holder} card=${card} />`}
                    ${stage === 'writing' && html`<${Holder} card=${card} />`}
                    ${WITH_PURSES.includes(stage) && card?.balances && html`<${Purses} card=${card} />`}
                    ${stage === 'none' && html`<${Idle} />`}
                    ${stage !== 'none' && !WITH_HOLDER.includes(stage) && html`<${Guide} stage=${stage} />`}
                    ${issuable(stage) && may('cards.issue') && html`<div class="next-step"><button type="button" class="btn btn-primary btn-xl"
                        onClick=${() => open('issue')}>${t('issue.button')} <kbd>Enter</kbd></button></div>`}
                </section>
                ${WITH_HOLDER.includes(stage) && html`<${Guide} stage=${stage} card=${card} panel />`}
                ${WITH_HOLDER.includes(stage) || stage === 'writing' ? html`<${Entries} items=${entries} person=${person} freshId=${result?.id} />`
                    : LAST_ACTS.includes(stage) && html`<${LastActs} turn=${`${turn.value} ${act.value?.state}`} />`}`}
            </div>
            <div class="side-actions">
                ${result ? html`<${Result} operation=${result} card=${card} onPrint=${() => printReceipt(result)}
                    onUndo=${() => open('undo', { operation: result })} onDone=${() => (act.value = null)} />`
                    : html`<${Actions} stage=${stage === 'in_doubt' && card ? 'writing' : stage} card=${card} begin=${begin} />
                    ${stage === 'in_doubt' && html`<${WhatHappened} card=${card} />`}`}
                ${training && html`<${Lessons} stage=${stage} />`}
                ${!result && stage !== 'in_doubt' && html`<${NewCards} stage=${stage} card=${card} onTakeBack=${begin('unissue')} />`}
            </div>
        </div>
        ${training && html`<${TrainingDrawer} stage=${stage} onIssue=${() => dialog.value || open('issue')} />`}
        ${['recharge', 'withdraw'].includes(dialog.value?.name) && html`<${MoneyDialog} kind=${dialog.value.name} card=${card} stage=${stage} onClose=${close} />`}
        ${dialog.value?.name === 'issue' && html`<${IssueDialog} card=${card} stage=${stage} onClose=${close} />`}
        ${dialog.value?.name === 'unissue' && html`<${UnissueDialog} card=${card} onClose=${close} />`}
        ${dialog.value?.name === 'undo' && html`<${UndoDialog} operation=${dialog.value.operation} card=${card} onClose=${close} />`}`;
}
