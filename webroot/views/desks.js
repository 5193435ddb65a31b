// Desks: who works where, which agent speaks for them, and codes that pair a new one.
import { html, useSignal, useEffect } from '../lib/html.js';
import { t, whenText, languages } from '../lib/i18n.js';
import { get, post, patch, del } from '../lib/api.js';
import { may, session, chooseDesk, locked } from '../lib/session.js';
import { site } from '../lib/money.js';
import { Icon } from '../parts/icon.js';
import { Table } from '../parts/table.js';
import { Dialog, CloseButton } from '../parts/dialog.js';
import { TextField, SelectField, ProblemSummary, fieldError } from '../parts/field.js';
import { useMake } from '../parts/make.js';
import { useLoad, Loaded } from '../parts/async.js';
import { PairingCode } from '../parts/setup-desk.js';

const LOOK_AGAIN_MS = 5000;

const stateOf = (desk) => {
    if (!desk.active) return ['idle', 'power', 'desks.retired'];
    if (!desk.agent) return ['idle', 'plug', 'desks.not_paired'];
    if (desk.agent.update === 'required') return ['bad', 'download', 'desks.too_old'];
    if (!desk.agent.online) return ['bad', 'plug-connected-x', 'reader.offline'];
    if (desk.agent.reader_state !== 'ok') return ['amber', 'plug-connected-x', 'reader.absent'];
    if (desk.agent.update) return ['amber', 'download', 'desks.old'];
    return ['ok', 'plug-connected', desk.agent.simulated ? 'reader.virtual' : 'reader.ready'];
};

const columns = () => [
    { head: t('desks.name'), cell: (row) => html`<b>${row.name}</b>` },
    { head: t('table.state'), cell: (row) => {
        const [tone, icon, word] = stateOf(row);
        return html`<span class=${`chip ${tone}`}><${Icon} name=${icon} size="16" /> ${t(word)}</span>`;
    } },
    { head: t('desks.reader'), cell: (row) => row.agent?.reader_name ?? '' },
    { head: t('desks.host'), cell: (row) => html`<span class="muted">${[row.agent?.host, row.agent?.version].filter(Boolean).join(' · ')}</span>` },
    { head: t('desks.receipts'), cell: (row) => html`<span class="muted">${t(`desks.by_${row.receipt_by}`)}</span>` },
    { head: t('desks.seen'), cell: (row) => (row.agent?.seen_at ? whenText(row.agent.seen_at) : '') },
    { head: t('desks.works'), cell: (row) => row.session?.operator ?? '' },
];

// What prints receipts here. A printer hangs on the PC of the desk: its program is told at its start which one.
function Receipts({ desk, form, disabled, error }) {
    const { printer } = desk.agent ?? {};
    const choice = (name, hint, options) => html`<${SelectField} label=${t(`desks.${name}`)} hint=${hint} name=${name} value=${form[name]}
        disabled=${disabled} error=${error(`/${name}`)} options=${options} />`;
    const hint = printer ? t('desks.printer_is', { printer }) : t('desks.no_printer');
    return html`<h3 class="dialog-part">${t('desks.receipts')}</h3>
        ${choice('receipt_by', form.receipt_by.value === 'printer' ? hint : null, ['browser', 'printer'].map((word) => [word, t(`desks.by_${word}`)]))}
        <div class="two">${choice('receipt_paper_mm', null, [['80', t('desks.mm', { width: 80 })], ['58', t('desks.mm', { width: 58 })]])}
        ${choice('receipt_language', null, Object.entries(languages))}</div>`;
}

function Edit({ desk, onClose }) {
    const name = useSignal(desk?.name ?? '');
    const receipts = { receipt_by: useSignal(desk?.receipt_by ?? 'browser'), receipt_paper_mm: useSignal(`${desk?.receipt_paper_mm ?? 80}`),
        receipt_language: useSignal(desk?.receipt_language ?? 'en') };
    const problem = useSignal(null);
    const busy = useSignal(false);
    const { make, fixed } = useMake('/desks');
    const pairing = useSignal(null);
    const run = (work, keep) => async () => {
        if (busy.value) return;
        busy.value = true;
        try {
            await work();
            problem.value = null;
            if (!keep) onClose(true);
        } catch (error) {
            problem.value = error;
        }
        busy.value = false;
    };
    const save = run(() => (desk ? patch(`/desks/${desk.id}`, { name: name.value.trim(), receipt_by: receipts.receipt_by.value,
        receipt_paper_mm: Number(receipts.receipt_paper_mm.value), receipt_language: receipts.receipt_language.value }, desk.version)
        : make({ name: name.value.trim() })));
    const manage = may('desks.manage');
    return html`<${Dialog} side title=${desk ? desk.name : t('desks.new')} onClose=${() => onClose(true)} onSubmit=${save}
        foot=${html`${desk && manage && html`<button type="button" class="btn" onClick=${run(() => patch(`/desks/${desk.id}`, { active: !desk.active }, desk.version))}>
            ${t(desk.active ? 'desks.retire' : 'desks.revive')}</button>`}<span class="grow"></span><${CloseButton} onClose=${() => onClose(true)} />
            ${manage && html`<button type="submit" class="btn btn-primary btn-lg" disabled=${busy.value}>${t(desk ? 'desks.save' : 'desks.make')}</button>`}`}>
        <${ProblemSummary} problem=${problem.value} fields=${[['/name', t('desks.name'), 'desk_name']]} />
        <${TextField} label=${t('desks.name')} hint=${t('desks.name.hint')} name="desk_name" value=${name} first disabled=${!manage} readonly=${fixed} error=${fieldError(problem.value, '/name')} />
        ${desk?.active && html`<${Receipts} desk=${desk} form=${receipts} disabled=${!manage} error=${(pointer) => fieldError(problem.value, pointer)} />
            <h3 class="dialog-part">${t('desks.host')}</h3>${desk.agent?.update && html`<p class="warning"><${Icon} name="download" />
            ${t('update.banner', { version: desk.agent.version ?? '?', needs: desk.agent.needs })}</p>`}`}
        ${desk?.active && manage && html`<div class="row-actions"><button type="button" class="btn" onClick=${run(async () => {
            pairing.value = await post(`/desks/${desk.id}/pairings`);
        }, true)}><${Icon} name="plug" size="18" /> ${t(desk.agent ? 'desks.pair_again' : 'setup.desk.pair')}</button>
        ${desk.agent && html`<button type="button" class="btn" onClick=${run(() => del(`/desks/${desk.id}/agent`))}><${Icon} name="plug-connected-x" size="18" /> ${t('desks.revoke')}</button>`}</div><br />`}
        ${pairing.value && html`<${PairingCode} pairing=${pairing.value} />`}
        ${desk?.active && desk.id !== session.value.desk?.id && html`<button type="button" class="btn" onClick=${run(() => chooseDesk(desk.id, Boolean(desk.session)))}>
            ${t(desk.session ? 'chooser.take_over' : 'chooser.sit', { desk: desk.name })}</button>`}
        ${site.value.mode === 'live' && html`<p class="muted">${t('desks.live_only')}</p>`}
    <//>`;
}

export function render() {
    const dialog = useSignal(null);
    const state = useLoad(() => get('/desks'), []);
    useEffect(() => {
        const timer = setInterval(() => !locked.value && state.reload(), LOOK_AGAIN_MS);
        return () => clearInterval(timer);
    }, []);
    const close = () => {
        dialog.value = null;
        state.reload();
    };
    return html`<section class="panel"><div class="toolbar"><p class="grow muted">${t('desks.hint')}</p>
        ${may('desks.manage') && html`<button type="button" class="btn btn-primary" onClick=${() => (dialog.value = {})}><${Icon} name="plus" size="18" /> ${t('desks.new')}</button>`}</div>
        <${Loaded} state=${state} empty=${t('chooser.none')}>${(data) => html`<${Table} columns=${columns()} rows=${data.items} label=${t('nav.desks')} onOpen=${(row) => (dialog.value = { desk: row })} />`}<//></section>
        ${dialog.value && html`<${Edit} desk=${dialog.value.desk} onClose=${close} />`}`;
}
