/** Shows the chat: bubbles, pictures, and how the callback of each message went. */

/** More than anybody scrolls through, few enough for a phone. */
const MAX_SHOWN = 400;

/** A picture of this simulator. The host is left out: it may be one that only the relay can reach. */
const PICTURE_PATH = /^\/(\d+)x(\d+)\.[a-z]+\.[0-9a-f]{32}$/;

const CALLBACK_RANK = { delivered: 0, pending: 1, failed: 2, lost: 3 };

/** Under this prefix the page's own look at a picture is no request that anybody made of GroupMe. */
const PICTURE_PREFIX = '/_simulator/pictures';

/** Bubbles of one sender within this time belong together. */
const SAME_BREATH_SECONDS = 300;

/**
 * @param {HTMLElement} log
 * @param {() => string} ownName Whose messages stand on the right.
 */
export function createMessageList(log, ownName) {
  /** @type {Map<string, { element: HTMLElement, message: any, callbacks: Map<string, any> }>} */
  const shown = new Map();
  /** Callbacks may be told before their message. */
  const early = new Map();

  function add(message) {
    if (shown.has(message.id)) return;
    const previous = [...shown.values()].at(-1)?.message;
    const element = renderMessage(message, isSameBreath(previous, message), ownName());
    shown.set(message.id, { element, message, callbacks: new Map() });
    log.append(element);
    for (const callback of early.get(message.id) ?? []) updateCallback(callback);
    early.delete(message.id);
    const [oldest] = shown;
    if (shown.size > MAX_SHOWN && oldest !== undefined) {
      oldest[1].element.remove();
      shown.delete(oldest[0]);
    }
  }

  function updateCallback(callback) {
    const entry = shown.get(callback.messageId);
    if (entry === undefined) {
      if (early.size > MAX_SHOWN) early.clear();
      early.set(callback.messageId, [...(early.get(callback.messageId) ?? []), callback]);
      return;
    }
    entry.callbacks.set(callback.botName, callback);
    const worst = [...entry.callbacks.values()].sort(
      (a, b) => CALLBACK_RANK[b.state] - CALLBACK_RANK[a.state],
    )[0];
    showCallback(entry.element.querySelector('.delivery'), worst);
  }

  return {
    add,
    updateCallback,
    count: () => shown.size,
    /** Own messages move to the other side when the name changes. */
    rename() {
      for (const { element, message } of shown.values()) {
        element.classList.toggle('own', isOwn(message, ownName()));
      }
    },
    clear() {
      shown.clear();
      early.clear();
      log.replaceChildren();
    },
  };
}

function isOwn(message, ownName) {
  return message.sender_type === 'user' && message.name === ownName;
}

function isSameBreath(previous, message) {
  return (
    previous !== undefined &&
    previous.sender_id === message.sender_id &&
    previous.name === message.name &&
    message.created_at - previous.created_at < SAME_BREATH_SECONDS
  );
}

function renderMessage(message, continues, ownName) {
  const element = document.createElement('article');
  element.className = `message ${message.sender_type}`;
  element.classList.toggle('continues', continues);
  element.classList.toggle('own', isOwn(message, ownName));
  element.dataset.testid = 'message';
  element.dataset.senderType = message.sender_type;
  element.dataset.messageId = message.id;

  const avatar = make('span', 'avatar', initials(message.name));
  avatar.setAttribute('aria-hidden', 'true');
  avatar.style.setProperty('--hue', String(hue(message.name)));

  const name = make('p', 'name', message.name);
  if (message.sender_type === 'bot') name.append(make('span', 'badge', 'bot'));

  const bubble = make('div', 'bubble');
  if (message.text) bubble.append(make('p', 'text', message.text));
  for (const attachment of message.attachments) bubble.append(renderAttachment(attachment, message.name));

  const meta = make('p', 'meta');
  const time = make('time', '', formatTime(message.created_at));
  time.dateTime = new Date(message.created_at * 1000).toISOString();
  meta.append(time, make('span', 'delivery'));

  const body = make('div', 'body');
  body.append(name, bubble, meta);
  element.append(avatar, body);
  return element;
}

function renderAttachment(attachment, from) {
  const path = attachment.type === 'image' ? pathOf(attachment.url) : '';
  const [, width, height] = PICTURE_PATH.exec(path) ?? [];
  if (width === undefined) {
    const address = typeof attachment.url === 'string' ? ` ${attachment.url}` : '';
    return make('p', 'attachment', `Attached: ${attachment.type}${address}`);
  }
  const link = make('a', 'picture');
  link.href = PICTURE_PREFIX + path;
  link.target = '_blank';
  link.rel = 'noreferrer';
  const image = document.createElement('img');
  image.src = PICTURE_PREFIX + path;
  image.alt = `Picture from ${from}`;
  link.style.setProperty('--width', `${width}px`);
  link.style.setProperty('--ratio', String(Number(width) / Math.max(1, Number(height))));
  link.append(image);
  return link;
}

function pathOf(url) {
  return URL.canParse(url) ? new URL(url).pathname : '';
}

function showCallback(place, callback) {
  if (place === null) return;
  const { state, status, error, durationMs } = callback;
  place.dataset.state = state;
  if (state === 'pending') {
    place.textContent = '…';
    place.title = 'Callback under way';
  } else if (state === 'delivered') {
    place.textContent = '✓';
    place.title = `Callback answered ${status} in ${durationMs} ms`;
  } else {
    place.textContent = `⚠ ${status ?? error}`;
    place.title = status === null ? `Callback failed: ${error}` : `Callback answered ${status}`;
  }
  place.setAttribute('role', 'img');
  place.setAttribute('aria-label', place.title);
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : '']
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}

function hue(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 360;
  return sum;
}

function formatTime(unixSeconds) {
  return new Date(unixSeconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** The one way in which text gets onto the page: as text. */
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}
