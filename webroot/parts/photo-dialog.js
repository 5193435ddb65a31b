// A photo for a person: chosen from a file, cut and made small here, so that what is sent is what is seen.
import { html, useSignal, useRef } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { call } from '../lib/api.js';
import { Dialog, CloseButton } from './dialog.js';
import { ProblemSummary } from './field.js';
import { Photo, drawPhoto, photoBlob, PHOTO_WIDTH, PHOTO_HEIGHT } from './photo.js';
import { Icon } from './icon.js';

export function PhotoDialog({ person, onClose }) {
    const canvas = useRef();
    const input = useRef();
    const name = useSignal(''); // of the file, in place of the browser's own words
    const drawn = useSignal(false);
    const problem = useSignal(null);
    const busy = useSignal(false);
    const path = `/api/v1/people/${person.id}/photo`;
    const choose = async (event) => {
        const [file] = event.target.files;
        if (!file) return;
        problem.value = null;
        name.value = file.name;
        try {
            await drawPhoto(file, canvas.current);
            drawn.value = true;
        } catch {
            drawn.value = false;
            problem.value = { code: 'photo_unusable', local: true };
        }
    };
    const run = async (work) => {
        if (busy.value) return;
        busy.value = true;
        try {
            await work();
            onClose(true);
        } catch (error) {
            problem.value = error;
        }
        busy.value = false;
    };
    const save = () => {
        if (drawn.value) return run(async () => call('PUT', path, { raw: await photoBlob(canvas.current), repeatable: true }));
        problem.value = { code: 'no_photo_chosen', local: true };
        return undefined;
    };
    const remove = () => run(() => call('DELETE', path, { repeatable: true }));
    return html`
        <${Dialog} title=${t('photo.title')} hint=${person.name} class="photo-dialog" onClose=${() => onClose(false)} onSubmit=${save}
            foot=${html`${person.photo_version && html`<button type="button" class="btn btn-lg" disabled=${busy.value} onClick=${remove}>
                <${Icon} name="trash" size="18" /> ${t('photo.remove')}</button>`}
            <span class="grow"></span><${CloseButton} onClose=${() => onClose(false)} />
            <button type="submit" class="btn btn-primary btn-lg" disabled=${busy.value}>${t('photo.save')}</button>`}>
            <${ProblemSummary} problem=${problem.value} />
            <div class="photo-choice">
                <canvas ref=${canvas} class="photo" width=${PHOTO_WIDTH} height=${PHOTO_HEIGHT} hidden=${!drawn.value} role="img" aria-label=${t('photo.preview')}></canvas>
                ${!drawn.value && html`<${Photo} person=${person} />`}
                <div class="grow"><button type="button" class="btn btn-lg" aria-describedby="photo-hint" data-first onClick=${() => input.current.click()}>
                        <${Icon} name="user" /> ${t('photo.file')}</button>
                    <p class="form-hint" id="photo-hint">${t('photo.hint')}</p>
                    <p class="muted" role="status">${name.value}</p>
                    <input ref=${input} id="photo-file" type="file" hidden accept="image/jpeg,image/png,image/webp" onChange=${choose} /></div>
            </div>
        <//>`;
}
