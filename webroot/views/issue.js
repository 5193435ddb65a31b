// Cards for a whole department, in the order of the list: one placement each, nothing to type.
import { html, useSignal, useEffect, useRef, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get, newKey } from '../lib/api.js';
import { session } from '../lib/session.js';
import { live, act, stream } from '../lib/live.js';
import { stageOf, issuable } from '../lib/desk-state.js';
import { site, cardNo, count } from '../lib/money.js';
import { route, go } from '../lib/route.js';
import { play } from '../lib/sound.js';
import { Icon } from '../parts/icon.js';
import { look } from '../parts/card-state.js';
import { useDepartments } from '../parts/department-select.js';
import { useLoad, Loaded } from '../parts/async.js';
import { ProblemSummary } from '../parts/field.js';
import { DeskChooser } from '../parts/desk-chooser.js';
import { TrainingDrawer } from '../parts/training-drawer.js';
import { issueCard } from '../parts/issue-dialog.js';

const PAGE = 200;
const withoutCard = (person) => person.state === 'active'
    && (!person.card || ['replaced', 'cancelled', 'scrapped'].includes(person.card.state));

async function everybody(departmentId) {
    const items = [];
    for (let cursor = ''; cursor !== null;) {
        const page = await get('/people', { department_id: departmentId, state: 'active', limit: PAGE, cursor });
        items.push(...page.items);
        cursor = page.next_cursor;
    }
    return { items };
}

function Choose() {
    const departments = useDepartments();
    return html`<section class="panel chooser"><h2>${t('batch.title')}</h2><p class="muted">${t('batch.hint')}</p>
        <${Loaded} state=${departments}>${(list) => html`<ul>${list.map((d) => html`<li key=${d.id} style=${{ marginLeft: `${d.level * 1.5}rem` }}>
            <${Icon} name="hierarchy-2" /><span class="grow"><b>${d.name}</b><small>${t('batch.people', { count: count(d.people_count) })}</small></span>
            <button type="button" class="btn btn-lg" onClick=${() => go(`issue/${d.id}`)}>${t('batch.choose', { name: d.name })}</button></li>`)}</ul>`}<//></section>`;
}

// Issues as soon as a blank card lies on the reader; waits for it to be taken off before the next.
function useBatch(people) {
    const done = useSignal({});
    const skipped = useSignal(new Set());
    const problem = useSignal(null);
    const pending = useRef(null);
    const used = useRef(null); // the presence that got a card: nothing more happens until another card comes
    const current = people.find((person) => withoutCard(person) && !done.value[person.id] && !skipped.value.has(person.id));
    const stage = stageOf({ live: live.value, act: act.value, stream: stream.value });
    const card = live.value?.card;
    useEffect(() => {
        if (!current || !issuable(stage) || !card.presentation_id || pending.current || used.current === card.presence_id) return;
        pending.current = current;
        used.current = card.presence_id;
        problem.value = null;
        issueCard({ personId: current.id, presentationId: card.presentation_id, key: newKey() }).catch((error) => {
            problem.value = error;
            pending.current = null;
            play('failure');
        });
    }, [card?.presentation_id, stage, current?.id]);
    useEffect(() => {
        const person = pending.current;
        if (!person || !act.value?.finished_at || act.value.person.id !== person.id) return;
        pending.current = null;
        if (act.value.state === 'completed') {
            done.value = { ...done.value, [person.id]: act.value.card.card_no };
            play('success');
        } else {
            play('failure');
        }
    }, [act.value?.id, act.value?.state]);
    const skip = () => (skipped.value = new Set([...skipped.value, current.id]));
    return { current, stage, done, skipped, problem, skip };
}

function Batch({ people }) {
    const { current, stage, done, skipped, problem, skip } = useBatch(people);
    const finished = Object.keys(done.value).length;
    const justDone = act.value?.finished_at && live.value?.card;
    const [tone, icon] = current ? (stage === 'none' || justDone ? ['brand', 'scan'] : look(stage)) : ['ok', 'circle-check'];
    const word = !current ? t('batch.all_done') : justDone ? t('batch.take_off') : stage === 'none' ? t('batch.next') : t(`state.${stage}`);
    return html`
        <section class="panel card-panel" aria-live="polite"><header class=${`band ${tone}`}><${Icon} name=${icon} size="44" /><div class="grow"><h2>${word}</h2>
            <p>${current ? t('batch.for', { name: current.name }) : t('batch.none_left')}</p></div>
            <div class="band-side"><b class="figures">${count(finished)}</b><p>${t('batch.issued')}</p></div></header>
            <${ProblemSummary} problem=${problem.value} />
            ${current && html`<div class="row-actions pad"><button type="button" class="btn btn-lg" onClick=${skip}>${t('batch.skip', { name: current.name })}</button></div>`}</section>
        <section class="panel"><div class="table-scroll" tabindex="0" role="region" aria-label=${t('batch.title')}><table class="table rows"><thead><tr>
            <th scope="col">${t('person.name')}</th><th scope="col">${t('person.number')}</th><th scope="col">${t('person.department')}</th><th scope="col">${t('batch.result')}</th></tr></thead>
            <tbody>${people.map((person) => html`<tr key=${person.id} class=${classes(person.id === current?.id && 'chosen')}><td><b>${person.name}</b></td>
                <td>${person.personnel_no ?? ''}</td><td>${person.department?.name ?? ''}</td><td>${done.value[person.id]
                    ? html`<span class="chip ok"><${Icon} name="check" size="16" /> ${t('batch.got', { card: cardNo(done.value[person.id]) })}</span>`
                    : !withoutCard(person) ? html`<span class="chip idle">${t('issue.has_card', { card: person.card ? cardNo(person.card.card_no) : '' })}</span>`
                        : skipped.value.has(person.id) ? html`<span class="chip idle">${t('batch.skipped')}</span>`
                            : person.id === current?.id ? html`<span class="chip brand">${t('batch.now')}</span>` : ''}</td></tr>`)}</tbody></table></div></section>`;
}

function Department({ id }) {
    const state = useLoad(() => everybody(id), [id]);
    return html`<div class="stage"><${Loaded} state=${state} empty=${t('people.none')}>${(data) => html`<${Batch} people=${data.items} />`}<//></div>
        ${site.value.mode === 'training' && html`<${TrainingDrawer} stage=${live.value?.card ? 'card' : 'none'} />`}`;
}

export function render() {
    const id = route.value.parts[1];
    if (!session.value.desk) return html`<${DeskChooser} />`;
    return id ? html`<${Department} key=${id} id=${id} />` : html`<${Choose} />`;
}
