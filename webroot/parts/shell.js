// What stands around every view: navigation, top bar, banners, the foot of the desk.
import { html, useEffect, classes } from '../lib/html.js';
import { t, language, languages, setLanguage } from '../lib/i18n.js';
import { session, may, lock, chooseDesk } from '../lib/session.js';
import { serverAway, watchServer } from '../lib/api.js';
import { live, streamLost, taken } from '../lib/live.js';
import { site } from '../lib/money.js';
import { theme, setTheme } from '../lib/theme.js';
import { soundOn, setSound } from '../lib/sound.js';
import { bindKeys } from '../lib/keys.js';
import { route } from '../lib/route.js';
import { Icon } from './icon.js';
import { Finder, openFinder, closeFinder, finderOpen } from './finder.js';
import { DeskFoot } from './desk-foot.js';
import { PrintLine, PrintProblem } from './receipt.js';

const GROUPS = [
    ['nav.daily', [['desk', 'device-desktop', 'desks.use'], ['people', 'users', 'people.read'], ['cards', 'credit-card', 'cards.read'],
        ['cases', 'shield-x', 'cases.read'],
        ['issue', 'cards', 'cards.issue']]],
    ['nav.money', [['transactions', 'list-check', 'transactions.read']]],
    ['nav.system', [['desks', 'plug', 'desks.use'], ['operators', 'user-check', 'operators.manage'],
        ['settings', 'settings', 'settings.read'], ['audit', 'history', 'audit.read']]],
];

export const Brand = () => html`
    <div class="brand"><img src="img/icon.svg" width="26" height="26" alt="" /> <span>Cardwright</span></div>`;

const initials = (name) => [...name.split(/\s+/)].slice(0, 2).map((word) => [...word][0]).join('').toUpperCase();

function Operator() {
    const { operator, desk } = session.value;
    return html`
        <button type="button" class="operator" onClick=${lock} aria-label=${t('lock.button', { name: operator.full_name })}>
            <span class="avatar" aria-hidden="true">${initials(operator.full_name)}</span>
            <span class="grow"><b>${operator.full_name}</b><small>${desk?.name ?? t('desk.none')}</small></span><kbd>F10</kbd></button>`;
}

function Nav({ name }) {
    return html`
        <nav class="side" aria-label=${t('nav.label')}>
            <${Brand} />
            <div class="side-scroll">${GROUPS.map(([group, items]) => {
                const shown = items.filter(([, , permission]) => may(permission));
                return shown.length > 0 && html`<section><h2>${t(group)}</h2>${shown.map(([path, icon]) => html`
                    <a href=${`#/${path}`} class=${classes(path === name && 'chosen')} aria-current=${path === name ? 'page' : undefined}
                        title=${t(`nav.${path}`)}><${Icon} name=${icon} size="18" /><span>${t(`nav.${path}`)}</span></a>`)}</section>`;
            })}
                ${site.value.mode === 'live' && site.value.training_url && html`<section><a href=${site.value.training_url} target="_blank" rel="noopener noreferrer">
                    <${Icon} name="school" size="18" /><span>${t('nav.training_server')}</span></a></section>`}</div>
            <${Operator} />
        </nav>`;
}

// The little switches; they carry a label because they are the only icons without a word.
export function Switches() {
    const other = language.value === 'en' ? 'zh-CN' : 'en';
    return html`
        <button type="button" class="switch" aria-pressed=${soundOn.value} aria-label=${t(soundOn.value ? 'sound.on' : 'sound.off')}
            onClick=${() => setSound(!soundOn.value)}><${Icon} name=${soundOn.value ? 'volume' : 'volume-off'} /></button>
        <button type="button" class="switch" aria-label=${t(theme.value === 'dark' ? 'theme.to_light' : 'theme.to_dark')}
            onClick=${() => setTheme(theme.value === 'dark' ? 'light' : 'dark')}>
            <${Icon} name=${theme.value === 'dark' ? 'sun' : 'moon'} /></button>
        <button type="button" class="switch word" lang=${other} onClick=${() => setLanguage(other)}
            aria-label=${languages[other]}>${other === 'en' ? 'EN' : '中文'}</button>`;
}

function readerChip() {
    if (!session.value.desk) return null;
    const agent = live.value?.agent;
    if (!agent) return ['idle', 'plug', 'reader.unknown'];
    if (agent.update === 'required') return ['bad', 'download', 'reader.too_old'];
    if (!agent.online) return ['bad', 'plug-connected-x', 'reader.offline'];
    if (agent.reader_state !== 'ok') return ['bad', 'plug-connected-x', 'reader.absent'];
    return site.value.mode === 'training' ? ['brand', 'school', 'reader.virtual'] : ['ok', 'plug-connected', 'reader.ready'];
}

function Top({ name }) {
    const chip = readerChip();
    return html`
        <header class="top">
            <h1>${name === 'desk' && session.value.desk ? session.value.desk.name : t(`nav.${name}`)}</h1>
            <span class="muted grow sub">${site.value.name}</span>
            <button type="button" class="find" onClick=${() => openFinder()}><${Icon} name="search" size="18" />
                <span class="grow">${t('find.label')}</span><kbd>Ctrl K</kbd></button>
            <${PrintLine} />
            ${chip && html`<span class=${`chip ${chip[0]}`}><${Icon} name=${chip[1]} size="16" /> ${t(chip[2])}</span>`}
            <${Switches} />
        </header>`;
}

// The program of this desk is older than the server wants: said until it is updated.
function UpdateBanner() {
    const { update, version, needs } = (session.value.desk && live.value?.agent) || {};
    if (!update) return null;
    const refused = update === 'required';
    return html`<div class=${`banner ${refused ? 'bad' : 'amber'}`} role="alert" data-update=${update}><${Icon} name="download" size="18" />
        <b>${t('update.banner', { version: version ?? '?', needs })}</b> <span>${t(refused ? 'update.refused' : 'update.works')}</span></div>`;
}

function Banners() {
    const takenBy = taken.value?.session_id === session.value.id && taken.value.by.full_name; // ours was taken, not by us
    return html`
        ${site.value.mode === 'training' && html`<aside class="banner training" aria-label=${t('mode.training')}><${Icon} name="school" size="18" />
            <b class="grow">${t('training.banner')}</b><span>${t('training.leave')}</span></aside>`}
        ${(serverAway.value || streamLost.value) && html`<div class="banner bad" role="alert"><${Icon} name="wifi-off" size="18" />
            <b>${t('banner.server')}</b> <span>${t('banner.server.next')}</span></div>`}
        <${UpdateBanner} />
        ${takenBy && html`<div class="banner amber" role="alert"><${Icon} name="user-x" size="18" />
            <b class="grow">${t('banner.taken', { name: takenBy })}</b>
            <button type="button" class="btn" onClick=${() => chooseDesk(session.value.desk.id, true)}>${t('desk.take_back')}</button></div>`}`;
}

export function Shell({ name, children }) {
    useEffect(watchServer, []);
    useEffect(closeFinder, []); // what another operator searched
    useEffect(() => bindKeys({ F10: () => void lock(), 'ctrl+k': () => openFinder() }), []);
    useEffect(() => document.getElementById('work')?.scrollTo(0, 0), [route.value.parts.join('/')]);
    return html`
        <a class="visually-hidden-focusable skip" href="#work" onClick=${(event) => {
            event.preventDefault();
            document.getElementById('work').focus();
        }}>${t('nav.skip')}</a>
        <div class="frame">
            <${Nav} name=${name} />
            <div class="pane"><${Banners} /><${Top} name=${name} />
                <main id="work" tabindex="-1" class=${classes('work', `work-${name}`)}>${children}</main>
                ${name === 'desk' && session.value.desk && html`<${DeskFoot} />`}
            </div>
        </div>
        ${finderOpen.value && html`<${Finder} />`}<${PrintProblem} />`;
}

