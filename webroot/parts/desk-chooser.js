// After the login: where do you sit? One desk that is free and has its reader is chosen at once.
import { html, useSignal, useEffect } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { chooseDesk, rememberedDesk, may } from '../lib/session.js';
import { Icon } from './icon.js';
import { useLoad, Loaded } from './async.js';
import { ProblemSummary } from './field.js';

export function DeskChooser() {
    const problem = useSignal(null);
    const busy = useSignal(false);
    const state = useLoad(async () => {
        const { items } = await get('/desks');
        return { items: items.filter((desk) => desk.active) };
    }, []);
    const choose = async (desk, takeOver) => {
        if (busy.value) return;
        busy.value = true;
        try {
            await chooseDesk(desk.id, takeOver);
        } catch (error) {
            problem.value = error;
            state.reload();
        }
        busy.value = false;
    };
    useEffect(() => {
        const free = (state.data?.items ?? []).filter((desk) => !desk.session);
        const own = free.find((desk) => desk.id === rememberedDesk()) ?? (state.data?.items.length === 1 ? free[0] : null);
        if (own && !problem.value) choose(own);
    }, [state.data]);
    const line = (desk) => {
        if (!desk.agent) return ['idle', 'plug', t('desks.not_paired')];
        return desk.agent.online ? ['ok', 'plug-connected', t(desk.agent.simulated ? 'reader.virtual' : 'reader.ready')] : ['bad', 'plug-connected-x', t('reader.offline')];
    };
    return html`
        <section class="panel chooser"><h2>${t('chooser.title')}</h2><p class="muted">${t('chooser.hint')}</p>
            <${ProblemSummary} problem=${problem.value} />
            <${Loaded} state=${state} empty=${t('chooser.none')}>${(data) => html`<ul>${data.items.map((desk) => {
                const [tone, icon, text] = line(desk);
                return html`<li><${Icon} name="device-desktop" size="24" /><span class="grow"><b>${desk.name}</b>
                    <small>${desk.session ? t('chooser.taken', { name: desk.session.operator }) : t('chooser.free')}</small></span>
                    <span class=${`chip ${tone}`}><${Icon} name=${icon} size="16" /> ${text}</span>
                    <button type="button" class="btn btn-lg" disabled=${busy.value} onClick=${() => choose(desk, Boolean(desk.session))}>
                        ${t(desk.session ? 'chooser.take_over' : 'chooser.sit', { desk: desk.name })}</button></li>`;
            })}</ul>`}<//>
            ${may('desks.manage') && html`<p><a href="#/desks">${t('chooser.manage')}</a></p>`}
        </section>`;
}
