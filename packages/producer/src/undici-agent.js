// What the bundle has in place of undici: the rest of it does not load on Node 20.
export { default as Agent } from 'undici/lib/dispatcher/agent.js';
