// The last steps of the set-up: a desk with its reader, and the first card.
import { html, useSignal, useEffect } from '../lib/html.js';
import { t, timeText } from '../lib/i18n.js';
import { get, post } from '../lib/api.js';
import { chooseDesk, session } from '../lib/session.js';
import { live } from '../lib/live.js';
import { site } from '../lib/money.js';
import { Icon } from './icon.js';
import { useMake } from './make.js';
import { TextField, ProblemSummary, fieldError } from './field.js';
import { Step, useStep } from './setup-steps.js';
import { Reader } from './desk-stage.js';

const LOOK_AGAIN_MS = 2000;

// The desks, looked at again while the step is open: an agent comes on line at any moment.
function useDesks() {
    const desks = useSignal(null);
    const look = async () => {
        desks.value = (await get('/desks')).items.filter((desk) => desk.active);
    };
    useEffect(() => {
        look().catch(() => null);
        const timer = setInterval(() => look().catch(() => null), LOOK_AGAIN_MS);
        return () => clearInterval(timer);
    }, []);
    return { desks, look };
}

export function PairingCode({ pairing }) {
    const command = `cardwright-agent --server ${location.origin} --reader pn532_uart:/dev/ttyUSB0 --state ~/.cardwright --pair ${pairing.code}`;
    return html`<div class="pairing" role="status"><p>${t('pairing.code', { until: timeText(pairing.expires_at) })}</p>
        <b class="figures">${pairing.code}</b><p class="muted">${t('pairing.command')}</p><code>${command}</code>
        ${site.value.mode === 'training' && html`<p class="muted">${t('pairing.simulated')}</p>`}</div>`;
}

export function DeskStep({ onNext, onBack, back }) {
    const { desks, look } = useDesks();
    const name = useSignal('');
    const pairing = useSignal(null);
    const { make: makeDesk, fixed } = useMake('/desks');
    const { problem, busy, run } = useStep(onNext);
    const online = (desks.value ?? []).find((desk) => desk.agent?.online && !desk.session)
        ?? (desks.value ?? []).find((desk) => desk.agent?.online);
    const make = async () => {
        try {
            const desk = desks.value[0] ?? await makeDesk({ name: name.value.trim() });
            pairing.value = await post(`/desks/${desk.id}/pairings`);
            await look();
        } catch (error) {
            problem.value = error;
        }
    };
    const send = () => (online ? run(() => chooseDesk(online.id, Boolean(online.session))) : desks.value && make());
    return html`
        <${Step} name="desk" busy=${busy.value} onSubmit=${send} onBack=${onBack} back=${back}
            button=${online ? t('setup.desk.use', { desk: online.name }) : t('setup.desk.pair')}>
            <${ProblemSummary} problem=${problem.value} fields=${[['/name', t('desks.name'), 'desk_name']]} />
            ${desks.value?.map((desk) => html`<div class="desk-line"><${Icon} name="device-desktop" size="24" /><span class="grow"><b>${desk.name}</b>
                <small>${desk.agent ? desk.agent.reader_name || desk.agent.host : t('desks.not_paired')}</small></span>
                <span class=${`chip ${desk.agent?.online ? 'ok' : 'idle'}`}><${Icon} name=${desk.agent?.online ? 'plug-connected' : 'plug'} size="16" />
                ${t(desk.agent?.online ? (desk.agent.simulated ? 'reader.virtual' : 'reader.ready') : 'reader.waiting')}</span></div>`)}
            ${desks.value?.length === 0 && html`<${TextField} label=${t('desks.name')} hint=${t('desks.name.hint')} name="desk_name" value=${name} first readonly=${fixed}
                error=${fieldError(problem.value, '/name')} />`}
            ${pairing.value && !online && html`<${PairingCode} pairing=${pairing.value} />`}
        <//>`;
}

export function CardStep({ onNext, onBack, back }) {
    const card = live.value?.card;
    return html`
        <${Step} name="card" onSubmit=${onNext} onBack=${onBack} back=${back}>
            <div class="idle-stage"><${Reader} /><div class="grow"><h3>${t('setup.card.put')}</h3>
                <p class="muted">${t(site.value.mode === 'training' ? 'setup.card.training' : 'setup.card.real')}</p>
                <p class=${`chip ${card ? 'ok' : 'idle'}`} role="status"><${Icon} name=${card ? 'circle-check' : 'clock'} size="16" />
                ${card ? t(`state.${card.state}`) : session.value?.desk ? t('setup.card.waiting') : t('desk.none')}</p></div></div>
        <//>`;
}
