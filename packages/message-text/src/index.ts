export { DEFAULT_CHARACTER_LIMIT } from './limits.ts';
export { firstWords, maskName, maskNumber, shorten } from './masked.ts';
export { type MissingMedia, planParts } from './plan-parts.ts';
export type { Format } from './render-parts.ts';
export { sanitiseText } from './sanitise-text.ts';
export { truncateText } from './split-text.ts';
