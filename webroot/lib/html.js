// One place for the libraries, so that views import from here only.
import { h, render, Fragment } from '../vendor/preact-11.2.0/preact.js';
import htm from '../vendor/htm-3.1.1/htm.js';

export { h, render, Fragment };
export { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback } from '../vendor/preact-11.2.0/hooks.js';
export { signal, computed, effect, batch, untracked, useSignal, useComputed } from '../vendor/signals-2.11.4/signals.js';

export const html = htm.bind(h);

let counter = 0;
// Ids for labels and descriptions; unique in this page.
export const newId = (prefix = 'f') => `${prefix}${++counter}`;

export const classes = (...names) => names.filter(Boolean).join(' ');
