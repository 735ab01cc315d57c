import { make } from './messages.js';

/** The side panel: buttons that switch faults on, the faults as they stand, the last requests. */

const MAX_REQUESTS = 60;

const FAULT_BUTTONS = [
  {
    id: 'next-500',
    label: 'Next post fails:\u00a0500',
    hint: 'not shown in the chat',
    fault: { route: 'bots/post', mode: 'status', status: 500, times: 1 },
  },
  {
    id: 'shown-503',
    label: 'Next post: shown, but\u00a0503',
    hint: 'the relay cannot know',
    fault: { route: 'bots/post', mode: 'accept-then-status', status: 503, times: 1 },
  },
  {
    id: 'shown-reset',
    label: 'Next post: shown, then reset',
    hint: 'connection cut off',
    fault: { route: 'bots/post', mode: 'accept-then-reset', times: 1 },
  },
  {
    id: 'hang',
    label: 'Next post hangs 15\u00a0s',
    hint: 'then it is shown after all',
    fault: { route: 'bots/post', mode: 'delay', delayMs: 15_000, times: 1 },
  },
  {
    id: 'rate-limit',
    label: 'Rate limit',
    hint: '2 posts in 10\u00a0s, then\u00a0429',
    fault: { route: 'bots/post', mode: 'rate-limit', perSeconds: 10, posts: 2, retryAfter: true },
  },
  {
    id: 'outage',
    label: 'Outage',
    hint: '503 until cleared',
    fault: { route: 'bots/post', mode: 'status', status: 503 },
  },
  {
    id: 'pictures',
    label: 'Next upload fails:\u00a0500',
    hint: 'image service',
    fault: { route: 'pictures', mode: 'status', status: 500, times: 1 },
  },
  {
    id: 'callback-lost',
    label: 'Next callback is lost',
    hint: 'the echo never comes',
    fault: { route: 'callback', mode: 'reset', times: 1 },
  },
];

/**
 * @param {HTMLElement} buttons
 * @param {HTMLElement} list
 * @param {HTMLElement} count
 * @param {(fault: object) => void} addFault
 */
export function createFaultPanel(buttons, list, count, addFault) {
  for (const { id, label, hint, fault } of FAULT_BUTTONS) {
    const button = make('button', 'fault');
    button.type = 'button';
    button.dataset.testid = `fault-${id}`;
    button.append(make('span', 'fault-label', label), make('span', 'fault-hint', hint));
    button.addEventListener('click', () => addFault(fault));
    buttons.append(button);
  }
  return {
    show(faults) {
      list.replaceChildren(...faults.map(renderFault));
      count.textContent = String(faults.length);
      count.hidden = faults.length === 0;
    },
  };
}

function renderFault({ fault, remaining }) {
  const item = make('li', 'fault-active');
  item.append(
    make('code', '', fault.route),
    make('span', '', describeFault(fault)),
    make('span', 'times', remaining === null ? 'until cleared' : `${remaining}×`),
  );
  return item;
}

function describeFault(fault) {
  switch (fault.mode) {
    case 'status':
      return `answers ${fault.status}`;
    case 'accept-then-status':
      return `accepts, then answers ${fault.status}`;
    case 'delay':
      return `${fault.delayMs / 1000} s late`;
    case 'rate-limit':
      return `${fault.posts} in ${fault.perSeconds} s, then ${fault.status ?? 429}`;
    default:
      return fault.mode.replaceAll('-', ' ');
  }
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} empty
 */
export function createRequestPanel(list, empty) {
  /** @type {Map<number, HTMLElement>} */
  const shown = new Map();

  return {
    show(request) {
      const existing = shown.get(request.seq);
      const item = renderRequest(request, existing?.querySelector('details')?.open ?? false);
      if (existing === undefined) list.prepend(item);
      else existing.replaceWith(item);
      shown.set(request.seq, item);
      const [oldest] = shown;
      if (shown.size > MAX_REQUESTS && oldest !== undefined) {
        oldest[1].remove();
        shown.delete(oldest[0]);
      }
      empty.hidden = true;
    },
    clear() {
      shown.clear();
      list.replaceChildren();
      empty.hidden = false;
    },
  };
}

function renderRequest(request, open) {
  const item = make('li', 'request');
  item.dataset.testid = 'request';
  item.dataset.seq = String(request.seq);
  const details = make('details', '');
  details.open = open;

  const summary = make('summary', '');
  const outcome = request.status ?? (request.ending === 'pending' ? '…' : request.ending);
  const pill = make('span', 'pill', String(outcome));
  pill.dataset.kind = kindOf(request);
  const what = make('span', 'what');
  what.append(make('b', '', request.method), make('span', 'path', shorten(request.path)));
  summary.append(pill, what);
  if (request.fault !== null) summary.append(make('span', 'chip', request.fault));
  summary.append(make('span', 'took', request.durationMs === null ? '' : `${request.durationMs} ms`));

  details.append(summary, make('pre', '', describeRequest(request)));
  item.append(details);
  return item;
}

function kindOf({ status, ending }) {
  if (status === null) return ending === 'pending' ? 'pending' : 'broken';
  if (status < 400) return 'good';
  return status < 500 ? 'refused' : 'broken';
}

/** A picture's name is 32 digits that tell nobody anything. */
function shorten(path) {
  return path.replace(/\.([0-9a-f]{6})[0-9a-f]{26}/, '.$1…');
}

function describeRequest(request) {
  const { at, query, headers, json, bytes, sha256, messageId } = request;
  const body = json ?? (bytes === undefined ? undefined : { bytes, sha256 });
  return [
    `${at}  #${request.seq}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(Object.keys(query).length > 0 ? [`query: ${JSON.stringify(query)}`] : []),
    ...(messageId === undefined ? [] : [`chat message: ${messageId}`]),
    ...(body === undefined ? [] : ['', JSON.stringify(body, null, 2)]),
  ].join('\n');
}
