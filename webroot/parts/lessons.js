// Short lessons of a training site. A lesson is done when this desk has seen what it is about; who has learnt what is
// remembered in this browser, by operator.
import { html, useSignal, useEffect, useRef } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { session } from '../lib/session.js';
import { act } from '../lib/live.js';
import { Icon } from './icon.js';

const LESSONS = ['recharge', 'pulled', 'foreign', 'damaged', 'unplugged'];
const STAGE_OF = { foreign: 'foreign', damaged: 'damaged', unplugged: 'reader_away' };

const slot = () => `lessons-${session.value.operator.id}`;
function remembered() {
    try {
        return JSON.parse(localStorage.getItem(slot())) ?? [];
    } catch {
        return []; // a private window, or somebody else's text under this name
    }
}
function remember(names) {
    try {
        localStorage.setItem(slot(), JSON.stringify(names));
    } catch { /* then they are done as long as the page is open */ }
}

// The lessons that this step of the desk finishes: a stage is over when another one follows it.
function learnt(before, now) {
    const found = Object.keys(STAGE_OF).filter((name) => before.stage === STAGE_OF[name] && now.stage !== before.stage);
    const settled = now.act?.finished_at && now.act.id === before.act?.id && !before.act.finished_at;
    if (settled && now.act.state === 'completed' && now.act.kind === 'recharge') found.push('recharge');
    if (settled && before.doubtful === now.act.id) found.push('pulled');
    return found;
}

export function Lessons({ stage }) {
    const done = useSignal(remembered());
    const shown = useSignal(Math.max(0, LESSONS.findIndex((name) => !done.value.includes(name))));
    const before = useRef({ stage, act: act.value, doubtful: null });
    useEffect(() => {
        const fresh = learnt(before.current, { stage, act: act.value }).filter((name) => !done.value.includes(name));
        const doubtful = stage === 'in_doubt' ? act.value?.id : before.current.doubtful;
        before.current = { stage, act: act.value, doubtful };
        if (!fresh.length) return;
        done.value = [...done.value, ...fresh];
        remember(done.value);
        shown.value = LESSONS.indexOf(fresh[fresh.length - 1]);
    }, [stage, act.value?.id, act.value?.state]);
    const name = LESSONS[shown.value];
    const isDone = done.value.includes(name);
    const turn = (step) => (shown.value = (shown.value + step + LESSONS.length) % LESSONS.length);
    return html`
        <section class="panel lesson" aria-label=${t('lesson.title')}>
            <header><span class="grow muted">${t('lesson.of', { no: shown.value + 1, count: LESSONS.length })}</span>
                <span class="lesson-dots" role="img" aria-label=${t('lesson.done_count', { count: done.value.length })}>${LESSONS.map((each) => html`
                    <i class=${done.value.includes(each) ? 'done' : ''} />`)}</span>
                <button type="button" class="btn btn-row" aria-label=${t('lesson.back')} onClick=${() => turn(-1)}><${Icon} name="arrow-left" size="16" /></button>
                <button type="button" class="btn btn-row" aria-label=${t('lesson.next')} onClick=${() => turn(1)}><${Icon} name="arrow-right" size="16" /></button></header>
            <h3>${t(`lesson.${name}`)}</h3>
            <p aria-live="polite">${t(isDone ? `lesson.${name}.learnt` : `lesson.${name}.task`)}</p>
            ${isDone && html`<span class="chip ok"><${Icon} name="check" size="16" /> ${t('lesson.done')}</span>`}
        </section>`;
}
