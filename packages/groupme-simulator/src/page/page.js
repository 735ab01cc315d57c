import { createMessageList } from './messages.js';
import { createFaultPanel, createRequestPanel } from './panel.js';

/** How far from the end somebody may have scrolled and still be following. */
const FOLLOW_PX = 80;
const COUNT_FROM = 800;
const RETRY_MS = 1000;
const NAME_KEY = 'groupme-simulator.name';

const byId = (id) => document.getElementById(id);
const log = byId('chat-log');
const nameInput = byId('compose-name');
const textInput = byId('compose-text');
const problem = byId('compose-problem');
const toNewest = byId('to-newest');

nameInput.value = recallName() ?? 'Station Manager';

const messages = createMessageList(log, () => nameInput.value.trim());
const requests = createRequestPanel(byId('request-log'), byId('request-empty'));
const faults = createFaultPanel(byId('fault-buttons'), byId('fault-list'), byId('fault-count'), (fault) =>
  call('POST', 'faults', fault),
);

// --- what the simulator tells ---

const APPLY = {
  message: ({ message }) => {
    const following = isFollowing();
    messages.add(message);
    afterMessages(following);
  },
  callback: ({ callback }) => messages.updateCallback(callback),
  request: ({ request }) => requests.show(request),
  faults: (event) => faults.show(event.faults),
  reset: () => {
    messages.clear();
    requests.clear();
    afterMessages(true);
  },
};

/** Events that come while the state is being fetched wait here; applying one twice does no harm. */
let waiting = [];
let loaded = false;

const source = new EventSource('/_simulator/events');
source.addEventListener('open', load);
source.addEventListener('error', () => {
  loaded = false;
  showConnection('offline', 'not connected, trying again…');
});
for (const type of Object.keys(APPLY)) {
  source.addEventListener(type, ({ data }) => {
    const event = JSON.parse(data);
    if (loaded) APPLY[event.type](event);
    else waiting.push(event);
  });
}

async function load() {
  const state = await fetchState();
  if (state === undefined) {
    // A stream that is closed again calls `load` when it is back; one that is open does not.
    if (source.readyState === EventSource.OPEN) setTimeout(load, RETRY_MS);
    return;
  }
  const group = state.groups[0];
  byId('group-name').textContent = group.name;
  byId('group-avatar').textContent = [...group.name][0];
  document.title = `${group.name} · GroupMe simulator`;
  messages.clear();
  requests.clear();
  // The list is announced line by line to those who listen; not when it is only being restored.
  log.setAttribute('aria-busy', 'true');
  for (const message of state.messages) messages.add(message);
  for (const callback of state.callbacks) messages.updateCallback(callback);
  for (const request of state.requests) requests.show(request);
  log.removeAttribute('aria-busy');
  faults.show(state.faults);
  loaded = true;
  for (const event of waiting) APPLY[event.type](event);
  waiting = [];
  afterMessages(true);
  const withCallback = state.bots.filter((bot) => bot.callback).length;
  showConnection('online', withCallback > 0 ? 'live · callbacks on' : 'live · no callback address');
}

async function fetchState() {
  try {
    const answer = await fetch('/_simulator/state');
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

function showConnection(state, words) {
  const connection = byId('connection');
  connection.textContent = words;
  connection.dataset.state = state;
}

// --- scrolling ---

// Not every browser lets the keyboard scroll a box that cannot be focused.
log.tabIndex = 0;

function isFollowing() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < FOLLOW_PX;
}

function afterMessages(follow) {
  byId('chat-empty').hidden = messages.count() > 0;
  if (follow) scrollToNewest();
  else toNewest.hidden = false;
}

function scrollToNewest() {
  log.scrollTop = log.scrollHeight;
  toNewest.hidden = true;
}

log.addEventListener('scroll', () => {
  if (isFollowing()) toNewest.hidden = true;
});
toNewest.addEventListener('click', scrollToNewest);

// --- speaking ---

byId('compose').addEventListener('submit', async (event) => {
  event.preventDefault();
  const name = nameInput.value.trim();
  const text = textInput.value.trim();
  if (name === '' || text === '') {
    (name === '' ? nameInput : textInput).focus();
    return;
  }
  if (await call('POST', 'messages', { name, text })) {
    textInput.value = '';
    fitText();
    scrollToNewest();
  }
  textInput.focus();
});

textInput.addEventListener('keydown', (event) => {
  // While an input method composes a character, Enter belongs to it.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('compose').requestSubmit();
});
textInput.addEventListener('input', fitText);
nameInput.addEventListener('input', () => {
  rememberName(nameInput.value.trim());
  messages.rename();
});

function fitText() {
  const following = isFollowing();
  textInput.style.height = 'auto';
  textInput.style.height = `${textInput.scrollHeight}px`;
  const { length } = textInput.value;
  byId('compose-count').textContent = length < COUNT_FROM ? '' : `${length} / 1000`;
  // The field grows at the cost of the chat, whose end must stay in sight.
  if (following) scrollToNewest();
}

// --- the panel ---

byId('fault-clear').addEventListener('click', () => call('DELETE', 'faults'));
byId('reset').addEventListener('click', () => call('POST', 'reset'));

const toggle = byId('panel-toggle');
toggle.addEventListener('click', () => {
  const open = document.body.classList.toggle('panel-open');
  toggle.setAttribute('aria-expanded', String(open));
  byId('panel-toggle-label').textContent = open ? 'Chat' : 'Faults';
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !document.body.classList.contains('panel-open')) return;
  toggle.click();
  toggle.focus();
});

/** Calls a control route; false, and a line for people, when that failed. */
async function call(method, route, body) {
  try {
    const answer = await fetch(`/_simulator/${route}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error((await answer.json()).error);
    problem.hidden = true;
    return true;
  } catch (error) {
    problem.textContent = `That did not work: ${error.message}`;
    problem.hidden = false;
    return false;
  }
}

/** Storage may be forbidden; then the name lasts as long as the page. */
function recallName() {
  try {
    return localStorage.getItem(NAME_KEY) || undefined;
  } catch {
    return undefined;
  }
}

function rememberName(name) {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // See recallName.
  }
}
