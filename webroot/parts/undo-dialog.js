// Undo: the opposite act, with a reason from a list; the card has to lie on the reader.
import { html, useSignal, useRef, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { post, newKey } from '../lib/api.js';
import { session } from '../lib/session.js';
import { begin } from '../lib/live.js';
import { money, cardNo } from '../lib/money.js';
import { play } from '../lib/sound.js';
import { Dialog, CloseButton } from './dialog.js';
import { ProblemSummary, TextField } from './field.js';
import { cashOf } from './desk-band.js';

const REASONS = ['wrong_amount', 'wrong_account', 'wrong_card', 'holder_changed_mind', 'other'];

export function UndoDialog({ operation, card, onClose }) {
    const reason = useSignal('wrong_amount');
    const words = useSignal('');
    const problem = useSignal(null);
    const busy = useSignal(false);
    const password = useSignal('');
    const stepUp = useSignal(false);
    const key = useRef(newKey());
    const asked = useRef(null); // what was asked for last
    const fixed = useSignal(false); // nobody knows whether that was begun: only the same may be asked again
    const amount = money(cashOf(operation));
    const send = async () => {
        if (busy.value) return;
        if (card?.card?.id !== operation.card.id && !fixed.value) {
            problem.value = { code: card ? 'card_changed' : 'no_card', local: true };
            play('failure');
            return;
        }
        busy.value = true;
        try {
            const grant = stepUp.value ? await post('/session/step-up', { password: password.value, operation_id: key.current, purpose: 'undo' }) : null;
            if (!fixed.value) asked.current = { desk_id: session.value.desk.id, presentation_id: card.presentation_id,
                reason: reason.value === 'other' && words.value.trim() ? words.value.trim() : reason.value };
            await begin(`/operations/${operation.id}/reverse`, asked.current, { key: key.current, stepUp: grant?.token });
            onClose();
        } catch (error) {
            fixed.value = Boolean(error.unheard);
            stepUp.value = error.code === 'step_up_required' || (stepUp.value && error.code === 'login_failed');
            problem.value = error.unheard ? { code: 'unheard', local: true } : error.code === 'step_up_required' ? null : error;
            play('failure');
        }
        busy.value = false;
    };
    const extra = problem.value?.code === 'short' ? t('amount.short_other', { balance: money(problem.value.balance_minor), most: money(problem.value.largest_minor) }) : undefined;
    return html`
        <${Dialog} title=${t(`act.undo_${operation.kind}`)} hint=${t('dialog.whom', { name: operation.person.name, card: cardNo(operation.card.card_no) })}
            class="money" onClose=${onClose} onSubmit=${send} foot=${html`<div class="grow cash-sum"><span>${t(operation.kind === 'recharge' ? 'cash.pay' : 'cash.take')}</span>
            <b class="figures">${amount}</b></div><${CloseButton} onClose=${onClose} />
            <button type="submit" class="btn btn-primary btn-xl" disabled=${busy.value}>${t(`undo.button_${operation.kind}`, { amount })} <kbd>Enter</kbd></button>`}>
            <${ProblemSummary} problem=${problem.value} extra=${extra} />
            <fieldset class="choices"><legend class="form-label">${t('undo.reason')}</legend><div>${REASONS.map((name, index) => html`
                <label class=${classes('choice', reason.value === name && 'chosen')}><input type="radio" name="reason" value=${name} data-first=${index === 0}
                    checked=${reason.value === name} onChange=${() => (reason.value = name)} /><b>${t(`undo.${name}`)}</b></label>`)}</div></fieldset>
            ${reason.value === 'other' && html`<${TextField} label=${t('undo.words')} name="words" value=${words} maxlength="200" />`}
            ${stepUp.value && html`<${TextField} label=${t('step_up.label')} hint=${t('step_up.hint')} type="password" name="password" value=${password} first />`}
        <//>`;
}
