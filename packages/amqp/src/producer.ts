export { PublishError } from './errors.ts';
export { openProducerLink, type ProducerLink } from './producer-link.ts';
