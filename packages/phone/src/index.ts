export { countrySetting } from './country-setting.ts';
export { digitForms, NUMBER_REMOVED, type SoughtNumber, seekNumber } from './find-number.ts';
export { createSenderNormaliser, type SenderNormaliser } from './normalise-sender.ts';
