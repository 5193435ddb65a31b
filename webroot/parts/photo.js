// A face, or a drawn place for one with the initials: a missing photo must not look like another person.
import { html, useState, classes } from '../lib/html.js';

const initials = (name) => [...(name ?? '?')].filter((sign) => /\p{L}/u.test(sign)).length && /\p{Script=Han}/u.test(name)
    ? [...name].slice(-2).join('') : (name ?? '?').split(/\s+/).slice(0, 2).map((word) => [...word][0]).join('').toUpperCase();

// The address changes with the photo, so the browser may keep it.
const address = (person) => `/api/v1/people/${person.id}/photo?v=${person.photo_version}`;

// The name stands beside it, so it says nothing to screen readers. `size`: undefined (desk), small, tiny (rows).
export function Photo({ person, size }) {
    const [failed, setFailed] = useState(null);
    const shown = person.photo_version && failed !== person.photo_version;
    return html`
        <div class=${classes('photo', size)} aria-hidden="true">${shown
            ? html`<img key=${person.photo_version} src=${address(person)} alt="" onError=${() => setFailed(person.photo_version)} />`
            : html`<span>${initials(person.name)}</span>`}</div>`;
}

export const PHOTO_WIDTH = 480;
export const PHOTO_HEIGHT = 600;
const QUALITIES = [0.85, 0.7, 0.5];
const BYTES_MAX = 256 * 1024;

// Draws a picture file into a canvas of the photo's size, cut to its shape from the middle, faces being nearer the top.
// Throws when the browser cannot read it.
export async function drawPhoto(file, canvas) {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.max(PHOTO_WIDTH / picture.width, PHOTO_HEIGHT / picture.height);
    const width = PHOTO_WIDTH / scale;
    const height = PHOTO_HEIGHT / scale;
    Object.assign(canvas, { width: PHOTO_WIDTH, height: PHOTO_HEIGHT });
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.fillStyle = '#fff';
    context.fillRect(0, 0, PHOTO_WIDTH, PHOTO_HEIGHT);
    context.drawImage(picture, (picture.width - width) / 2, (picture.height - height) / 3, width, height, 0, 0, PHOTO_WIDTH, PHOTO_HEIGHT);
    picture.close();
}

// A JPEG of what a canvas shows, as small as the server takes it.
export async function photoBlob(canvas) {
    let blob = null;
    for (const quality of QUALITIES) {
        blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', quality));
        if (blob && blob.size <= BYTES_MAX) break;
    }
    return blob;
}
