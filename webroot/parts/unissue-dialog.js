// Takes a card back that was issued by mistake: it is wiped and is nobody's afterwards. Reason and password, because it
// cannot be undone.
import { html, useSignal, useRef, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { post, newKey } from '../lib/api.js';
import { session } from '../lib/session.js';
import { begin } from '../lib/live.js';
import { money, count, cardNo } from '../lib/money.js';
import { play } from '../lib/sound.js';
import { Dialog, CloseButton } from './dialog.js';
import { ProblemSummary, TextField } from './field.js';
import { Photo } from './photo.js';
import { Icon } from './icon.js';

const REASONS = ['wrong_person', 'wrong_card', 'not_needed', 'other'];

// What is on the card, in the words of the screen.
const holds = (problem) => t('unissue.holds', { stored: money(problem.stored_minor), subsidy: money(problem.subsidy_minor),
    water: money(problem.water_minor), times: count(problem.times) });

export function UnissueDialog({ card, onClose }) {
    const first = useRef(card).current;
    const reason = useSignal('wrong_person');
    const words = useSignal('');
    const password = useSignal('');
    const problem = useSignal(null);
    const busy = useSignal(false);
    const key = useRef(newKey());
    const asked = useRef(null);
    const fixed = useSignal(false); // nobody answered: what was asked for is asked for again, and nothing else
    const here = card?.card?.id === first.card.id;
    const number = cardNo(first.card.card_no);
    const confirm = async () => {
        const grant = await post('/session/step-up', { password: password.value, operation_id: key.current, purpose: 'unissue' });
        if (!fixed.value) asked.current = { kind: 'unissue', presentation_id: card.presentation_id,
            reason: reason.value === 'other' && words.value.trim() ? words.value.trim() : reason.value };
        await begin(`/desks/${session.value.desk.id}/operations`, asked.current, { key: key.current, stepUp: grant.token });
        onClose();
    };
    const send = async () => {
        if (busy.value) return;
        if ((!here && !fixed.value) || !password.value) {
            problem.value = { code: here || fixed.value ? 'password_missing' : card ? 'card_changed' : 'no_card', local: true };
            play('failure');
            return;
        }
        busy.value = true;
        try {
            await confirm();
        } catch (error) {
            fixed.value = Boolean(error.unheard);
            problem.value = error.unheard ? { code: 'unheard', local: true } : error;
            play('failure');
        }
        busy.value = false;
    };
    return html`
        <${Dialog} title=${t('unissue.title')} hint=${t('dialog.whom', { name: first.person.name, card: number })} class="money" onClose=${onClose}
            onSubmit=${send} icon=${html`<${Photo} person=${first.person} size="small" />`}
            aside=${html`<span class=${`chip ${here ? 'ok' : 'amber'}`} role="status"><${Icon} name=${here ? 'circle-check' : 'reload'} size="16" />
                ${t(here ? 'dialog.on_reader' : 'dialog.put_back')}</span>`}
            foot=${html`<span class="grow"></span><${CloseButton} onClose=${onClose} />
                <button type="submit" class="btn btn-primary btn-xl" disabled=${busy.value}>${t('unissue.button', { card: number })} <kbd>Enter</kbd></button>`}>
            <${ProblemSummary} problem=${problem.value} extra=${problem.value?.code === 'card_not_empty' ? holds(problem.value) : undefined} />
            <p>${t('unissue.text', { name: first.person.name, card: number })}</p>
            <fieldset class="choices pairs"><legend class="form-label">${t('undo.reason')}</legend><div>${REASONS.map((name, index) => html`
                <label class=${classes('choice', reason.value === name && 'chosen')}><input type="radio" name="reason" value=${name} data-first=${index === 0}
                    checked=${reason.value === name} onChange=${() => (reason.value = name)} /><b>${t(`unissue.${name}`)}</b></label>`)}</div></fieldset>
            ${reason.value === 'other' && html`<${TextField} label=${t('undo.words')} name="words" value=${words} maxlength="200" />`}
            <${TextField} label=${t('step_up.label')} hint=${t('unissue.password')} type="password" name="password" value=${password} />
        <//>`;
}
