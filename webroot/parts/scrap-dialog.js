// Gives a card up that cannot be finished: for ever, so it is asked twice, with a reason for the audit.
import { html, useSignal, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { cancel } from '../lib/live.js';
import { cardNo } from '../lib/money.js';
import { play } from '../lib/sound.js';
import { Dialog, CloseButton } from './dialog.js';
import { ProblemSummary, TextField } from './field.js';
import { Icon } from './icon.js';

const REASONS = ['lost', 'broken', 'other'];

export function ScrapDialog({ operation, locked, onClose }) {
    const reason = useSignal(locked ? 'broken' : '');
    const words = useSignal('');
    const problem = useSignal(null);
    const busy = useSignal(false);
    const values = { card: cardNo(operation.card.card_no), name: operation.person.name };
    const send = async () => {
        if (busy.value) return;
        if (!reason.value || (reason.value === 'other' && !words.value.trim())) {
            problem.value = { code: 'reason_missing', local: true };
            play('failure');
            return;
        }
        busy.value = true;
        try {
            await cancel(operation, { scrap: true, reason: reason.value === 'other' ? words.value.trim() : reason.value });
            onClose();
        } catch (error) {
            problem.value = error;
            play('failure');
        }
        busy.value = false;
    };
    return html`
        <${Dialog} title=${t('scrap.title', values)} hint=${values.name} class="money" onClose=${onClose} onSubmit=${send}
            foot=${html`<span class="grow"></span><${CloseButton} onClose=${onClose} />
                <button type="submit" class="btn btn-primary btn-xl" disabled=${busy.value}>${t('scrap.button', values)}</button>`}>
            <${ProblemSummary} problem=${problem.value} />
            <p class="warning"><${Icon} name="alert-triangle" /> ${t(`scrap.text_${operation.kind}`, values)}</p>
            <fieldset class="choices"><legend class="form-label">${t('scrap.reason')}</legend><div>${REASONS.map((name, index) => html`
                <label class=${classes('choice', reason.value === name && 'chosen')}><input type="radio" name="reason" value=${name} data-first=${index === 0}
                    checked=${reason.value === name} onChange=${() => (reason.value = name)} /><b>${t(`scrap.${name}`)}</b></label>`)}</div></fieldset>
            ${reason.value === 'other' && html`<${TextField} label=${t('undo.words')} name="words" value=${words} maxlength="200" />`}
        <//>`;
}
