// The modules of the pages without a browser: what they decide is tested here, what they look like elsewhere. A copy, because
// node takes a .js file for a module only below a package.json that says so.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';

const webroot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../webroot');
const folder = mkdtempSync(path.join(tmpdir(), 'cardwright-pages-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
const own = (source) => !source.endsWith('.gz');
for (const name of ['lib', 'parts', 'views', 'vendor/preact-11.2.0', 'vendor/htm-3.1.1', 'vendor/signals-2.11.4']) {
    cpSync(path.join(webroot, name), path.join(folder, name), { recursive: true, filter: own });
}

export const module = (name) => import(pathToFileURL(path.join(folder, name)).href);
export const catalogues = ['en', 'zh-CN'].map((language) => JSON.parse(readFileSync(path.join(webroot, `text/${language}.json`), 'utf8')));
