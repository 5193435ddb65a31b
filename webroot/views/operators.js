// Operators and what their roles allow.
import { html, useSignal, classes } from '../lib/html.js';
import { t, whenText, languages, fullText } from '../lib/i18n.js';
import { get, post, patch, put } from '../lib/api.js';
import { session } from '../lib/session.js';
import { Icon } from '../parts/icon.js';
import { usePages, PagedTable } from '../parts/table.js';
import { Dialog, CloseButton } from '../parts/dialog.js';
import { TextField, SelectField, ProblemSummary, fieldError } from '../parts/field.js';
import { useLoad, Loaded } from '../parts/async.js';

const columns = () => [
    { head: t('operator.full_name'), cell: (row) => html`<b>${row.full_name}</b>` },
    { head: t('login.name'), cell: (row) => row.name },
    { head: t('operator.roles'), cell: (row) => row.roles.map((role) => t(`role.${role}`)).join(', ') },
    { head: t('operator.last_login'), cell: (row) => (row.last_login_at ? whenText(row.last_login_at) : t('operator.never')) },
    { head: t('table.state'), cell: (row) => html`<span class=${classes('chip', row.active && !row.locked_until ? 'ok' : 'idle')}>
        ${t(row.locked_until ? 'operator.locked' : row.active ? (row.has_password ? 'operator.active' : 'operator.no_password') : 'operator.inactive')}</span>` },
];

const linkOf = (made) => `${location.origin}${made.setup_path}`;

function LinkDialog({ made, onClose }) {
    const link = linkOf(made);
    return html`<${Dialog} title=${t('operator.link')} hint=${made.expires_at ? t('operator.link.until', { until: fullText(made.expires_at) }) : t('operator.link.hint')}
        onClose=${onClose} onSubmit=${onClose} foot=${html`<span class="grow"></span><button type="button" class="btn btn-lg"
        onClick=${() => navigator.clipboard?.writeText(link)}><${Icon} name="copy" /> ${t('act.copy')}</button><${CloseButton} onClose=${onClose} />`}>
        <p><code>${link}</code></p><//>`;
}

function Roles({ chosen, roles }) {
    return html`<fieldset class="choices"><legend class="form-label">${t('operator.roles')}</legend><div>${roles.map((role) => html`
        <label class=${classes('choice', chosen.value.includes(role.name) && 'chosen')}><input type="checkbox" name=${`role-${role.name}`} checked=${chosen.value.includes(role.name)}
            onChange=${(event) => (chosen.value = event.target.checked ? [...chosen.value, role.name] : chosen.value.filter((name) => name !== role.name))} />
            <span><b>${t(`role.${role.name}`)}</b><small>${t(`role.${role.name}.hint`)}</small></span></label>`)}</div></fieldset>`;
}

function Edit({ operator, roles, onClose, onLink }) {
    const form = { full: useSignal(operator?.full_name ?? ''), name: useSignal(operator?.name ?? ''), language: useSignal(operator?.language ?? 'en'), roles: useSignal(operator?.roles ?? ['cashier']) };
    const problem = useSignal(null);
    const run = async (work) => {
        try {
            await work();
        } catch (error) {
            problem.value = error;
        }
    };
    const facts = () => ({ name: form.name.value.trim(), full_name: form.full.value.trim(), language: form.language.value });
    const save = () => run(async () => {
        if (!operator) return onLink(await post('/operators', { ...facts(), roles: form.roles.value }));
        const changed = await patch(`/operators/${operator.id}`, facts(), operator.version);
        if (form.roles.value.join() !== operator.roles.join()) {
            await put(`/operators/${operator.id}/roles`, { roles: form.roles.value }, { version: changed.version });
        }
        return onClose(true);
    });
    const flip = () => run(async () => {
        await patch(`/operators/${operator.id}`, { active: !operator.active }, operator.version);
        onClose(true);
    });
    const reset = () => run(async () => onLink(await post(`/operators/${operator.id}/password-reset`)));
    const error = (pointer) => fieldError(problem.value, pointer);
    const self = operator?.id === session.value.operator.id;
    return html`<${Dialog} side title=${operator ? operator.full_name : t('operator.new')} onClose=${() => onClose(false)} onSubmit=${save}
        foot=${html`${operator && !self && html`<button type="button" class="btn" onClick=${flip}>${t(operator.active ? 'operator.deactivate' : 'operator.activate')}</button>`}
        ${operator?.active && html`<button type="button" class="btn" onClick=${reset}><${Icon} name="key" size="18" /> ${t('operator.reset')}</button>`}
        <span class="grow"></span><${CloseButton} onClose=${() => onClose(false)} /><button type="submit" class="btn btn-primary btn-lg">${t(operator ? 'operator.save' : 'operator.make')}</button>`}>
        <${ProblemSummary} problem=${problem.value} fields=${[['/full_name', t('operator.full_name'), 'full_name'], ['/name', t('login.name'), 'name'], ['/roles', t('operator.roles'), 'role-cashier']]} />
        <${TextField} label=${t('operator.full_name')} name="full_name" value=${form.full} first error=${error('/full_name')} />
        <${TextField} label=${t('login.name')} hint=${t('operator.name.hint')} name="name" value=${form.name} error=${error('/name')} />
        <${SelectField} label=${t('operator.language')} name="language" value=${form.language} options=${Object.entries(languages)} />
        <${Roles} chosen=${form.roles} roles=${roles} />
    <//>`;
}

export function render() {
    const turn = useSignal(0);
    const dialog = useSignal(null);
    const roles = useLoad(() => get('/roles'), []);
    const pages = usePages('/operators', {}, [turn.value]);
    const close = (changed) => {
        dialog.value = null;
        if (changed) turn.value += 1;
    };
    return html`<section class="panel"><div class="toolbar"><p class="grow muted">${t('operator.hint')}</p>
        <button type="button" class="btn btn-primary" onClick=${() => (dialog.value = {})}><${Icon} name="user-plus" size="18" /> ${t('operator.new')}</button></div>
        <${PagedTable} pages=${pages} columns=${columns()} label=${t('nav.operators')} onOpen=${(row) => (dialog.value = { operator: row })} /></section>
        ${dialog.value && !dialog.value.link && html`<${Loaded} state=${roles}>${(data) => html`<${Edit} operator=${dialog.value.operator} roles=${data.items}
            onClose=${close} onLink=${(made) => {
                turn.value += 1;
                dialog.value = { link: made };
            }} />`}<//>`}
        ${dialog.value?.link && html`<${LinkDialog} made=${dialog.value.link} onClose=${() => close(false)} />`}`;
}
