// The system password: exactly four digits, typed twice, sealed by the first card.
import { html, useSignal, useRef, useEffect, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { put } from '../lib/api.js';
import { site } from '../lib/money.js';
import { CheckField, ProblemSummary } from './field.js';
import { Icon } from './icon.js';
import { Step, useStep, freshSite } from './setup-steps.js';

const COUNT = 4;

// Four boxes for one digit each. Only 0 to 9 of the ASCII kind; the caret goes on by itself.
export function Digits({ digits, name, label, first, disabled }) {
    const boxes = useRef([]);
    useEffect(() => {
        if (first) boxes.current[0]?.focus();
    }, []);
    const set = (index, text) => {
        const next = [...digits.value];
        next[index] = text;
        digits.value = next;
    };
    const input = (index) => (event) => {
        const typed = event.target.value;
        const good = [...typed].filter((sign) => /^[0-9]$/.test(sign));
        if (!good.length) {
            set(index, '');
            event.target.value = '';
            return;
        }
        if (good.length > 1) {
            const next = [...digits.value];
            good.slice(0, COUNT - index).forEach((sign, step) => (next[index + step] = sign));
            digits.value = next;
            boxes.current[Math.min(COUNT - 1, index + good.length)]?.focus();
            return;
        }
        set(index, good[0]);
        event.target.value = good[0];
        boxes.current[index + 1]?.focus();
    };
    const keydown = (index) => (event) => {
        if (event.key === 'Backspace' && !digits.value[index] && index > 0) {
            set(index - 1, '');
            boxes.current[index - 1].focus();
        }
    };
    return html`
        <fieldset class="digits"><legend class="form-label">${label}</legend>${digits.value.map((digit, index) => html`
            <input type="text" inputmode="numeric" autocomplete="off" maxlength="4" name=${`${name}-${index}`} value=${digit} disabled=${disabled}
                ref=${(element) => (boxes.current[index] = element)} aria-label=${t('password.digit', { label, no: index + 1 })}
                onInput=${input(index)} onKeyDown=${keydown(index)} onFocus=${(event) => event.target.select()} />`)}</fieldset>`;
}

const blank = () => Array(COUNT).fill('');
const left = (digits) => digits.filter((digit) => digit === '').length;

export function usePassword() {
    const once = useSignal(blank());
    const twice = useSignal(blank());
    const written = useSignal(false);
    const missing = left(once.value) + left(twice.value);
    const differ = missing === 0 && once.value.join('') !== twice.value.join('');
    const wait = missing ? t('password.missing', { count: missing }) : differ ? t('password.differ') : !written.value ? t('password.tick') : null;
    return { once, twice, written, differ, wait, text: () => once.value.join('') };
}

export function PasswordFields({ form, first = true }) {
    return html`
        <${Digits} digits=${form.once} name="once" label=${t('password.label')} first=${first} />
        <p class="form-hint">${t('password.rule')}</p>
        <${Digits} digits=${form.twice} name="twice" label=${t('password.again')} />
        <p class=${classes('field-error', !form.differ && 'hidden')} role="status">${form.differ ? t('password.differ') : ''}</p>
        <div class="warning"><${Icon} name="alert-triangle" size="24" /><div><b>${t('password.seal')}</b><p>${t('password.seal.text')}</p></div></div>
        <${CheckField} label=${t('password.written')} name="written" value=${form.written} />`;
}

export function PasswordStep({ onNext, onBack, back }) {
    const form = usePassword();
    const { problem, busy, run } = useStep(onNext);
    const sealed = Boolean(site.value.cards_sealed_at);
    const already = site.value.system_password_set;
    const send = () => {
        if (already && form.once.value.join('') === '') return onNext();
        if (form.wait) return document.querySelector('input[name^="once"],input[name^="twice"]')?.focus();
        return run(async () => {
            await put('/settings/system-password', { digits: form.text() });
            await freshSite();
        });
    };
    return html`
        <${Step} name="password" busy=${busy.value} onSubmit=${send} onBack=${onBack} back=${back} ready=${already || !form.wait}
            wait=${already ? t('password.set_already') : form.wait} button=${already ? t('setup.go_on') : undefined}>
            <${ProblemSummary} problem=${problem.value} />
            ${sealed ? html`<p class="warning"><${Icon} name="lock" size="24" /> ${t('password.sealed')}</p>` : html`<${PasswordFields} form=${form} />`}
        <//>`;
}
