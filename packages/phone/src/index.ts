export { countrySetting } from './country-setting.ts';
export { createSenderNormaliser, type SenderNormaliser } from './normalise-sender.ts';
