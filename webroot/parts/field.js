// Fields with a visible label, and the summary that stands above a form when something has to be mended.
import { html, useEffect, useRef, useMemo, newId, classes } from '../lib/html.js';
import { t, hasText, problemTexts, loadProblems } from '../lib/i18n.js';
import { Icon } from './icon.js';

export function Field({ label, hint, error, children, id, class: extra }) {
    return html`
        <div class=${classes('field', extra)}>
            <label class="form-label" for=${id}>${label}</label>
            ${hint && html`<div class="form-hint" id=${`${id}-hint`}>${hint}</div>`}
            ${children}
            ${error && html`<div class="field-error" id=${`${id}-error`}><${Icon} name="alert-triangle" size="16" /> ${error}</div>`}
        </div>`;
}

// A text field bound to a signal. `error` is a text.
export function TextField({ label, hint, error, value, type = 'text', name, first, wide, ...rest }) {
    const id = useMemo(() => newId(), []);
    return html`
        <${Field} label=${label} hint=${hint} error=${error} id=${id} class=${wide && 'wide'}>
            <input id=${id} name=${name} type=${type} class=${classes('form-control', error && 'is-invalid')} value=${value.value}
                onInput=${(event) => (value.value = event.target.value)} aria-invalid=${error ? 'true' : undefined}
                aria-describedby=${classes(hint && `${id}-hint`, error && `${id}-error`) || undefined}
                data-first=${first} autocomplete="off" ...${rest} />
        <//>`;
}

export function SelectField({ label, hint, error, value, options, name, ...rest }) {
    const id = useMemo(() => newId(), []);
    return html`
        <${Field} label=${label} hint=${hint} error=${error} id=${id}>
            <select id=${id} name=${name} class="form-select" value=${value.value} ...${rest}
                onChange=${(event) => (value.value = event.target.value)}>
                ${options.map(([key, text]) => html`<option value=${key} selected=${key === value.value}>${text}</option>`)}
            </select>
        <//>`;
}

export function CheckField({ label, hint, value, name }) {
    const id = useMemo(() => newId(), []);
    return html`
        <div class="check"><input id=${id} name=${name} type="checkbox" class="form-check-input" checked=${value.value}
            onChange=${(event) => (value.value = event.target.checked)} />
        <label for=${id}>${label}${hint && html`<span class="form-hint">${hint}</span>`}</label></div>`;
}

// What a refusal says, in the language of the screen.
export function problemText(problem) {
    const texts = problemTexts.value?.[problem.code];
    const own = `problem.${problem.code}`;
    if (hasText(own)) return { title: t(own), next: t(`${own}.next`) };
    return { title: texts?.title ?? problem.title ?? problem.code, next: texts?.next ?? problem.next ?? '' };
}

// Message for one field of a problem: the catalogue knows the common codes, the server's own words are the fallback.
export function fieldError(problem, pointer) {
    const found = problem?.errors?.find((error) => error.pointer === pointer);
    if (!found) return null;
    const key = `field.${found.code}`;
    return hasText(key) ? t(key) : found.message;
}

const helpPath = (code) => `docs/errors/${code}/`;

// "There is a problem": gets the focus, names each field and says the way out. `fields`: [pointer, label, name of the input].
// `level`: of its heading, where it does not stand below one of a second level.
export function ProblemSummary({ problem, fields = [], extra, level }) {
    const ref = useRef();
    useEffect(() => {
        if (!problem) return;
        loadProblems().catch(() => null);
        ref.current?.focus();
    }, [problem]);
    if (!problem) return null;
    const { title, next } = problemText(problem);
    const named = fields.filter(([pointer]) => problem.errors?.some((error) => error.pointer === pointer));
    const jump = (name) => (event) => {
        event.preventDefault();
        event.currentTarget.closest('form,section,main')?.querySelector(`[name="${name}"]`)?.focus();
    };
    const documented = problem.code !== 'server_away' && !problem.local;
    return html`
        <div class="problem" role="alert" tabindex="-1" ref=${ref}>
            <${Icon} name="alert-octagon" />
            <div><h3 aria-level=${level}>${t('problem.there_is')}</h3>
            <p><b>${title}.</b> ${extra ?? next} ${documented && html`
                <a href=${helpPath(problem.code)} target="_blank" rel="noopener">${t('problem.help')}</a>`}</p>
            ${named.length > 0 && html`<ul>${named.map(([pointer, label, name]) => html`
                <li><a href="#" onClick=${jump(name)}>${label}: ${fieldError(problem, pointer)}</a></li>`)}</ul>`}
            </div>
        </div>`;
}
