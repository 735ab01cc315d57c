import type { ApiCall, CallRow, ChaosFacts, FaultRecord } from './facts.ts';

interface CallsVerdict {
  readonly calls: number;
  readonly rows: number;
  /** No row, and a relay was killed before it could tell. Of uploads only: for posts another relay tells. */
  readonly explained: readonly string[];
  /** No row, and nothing that explains it. */
  readonly unexplained: readonly string[];
  /** Rows of calls that GroupMe never saw, though they say that it answered or that the post is in the chat. */
  readonly invented: readonly string[];
  /** Rows of one and the same call, beyond the first. */
  readonly doubled: readonly string[];
  /** Rows without an answer, of calls that something kept from arriving: as it should be. */
  readonly neverArrived: number;
  /** The same, and nothing did. */
  readonly unmade: readonly string[];
}

interface CallbacksVerdict {
  readonly delivered: number;
  readonly rows: number;
  readonly missing: readonly string[];
  readonly doubled: readonly string[];
  readonly invented: readonly string[];
}

export interface AuditVerdict {
  readonly posts: CallsVerdict;
  readonly uploads: CallsVerdict;
  readonly callbacks: CallbacksVerdict;
  readonly rejected: number;
  readonly parked: number;
}

/** Clocks are the same, but a row has whole milliseconds. */
const EARLY_MS = 5;
/** A busy machine hands a call on late. */
const LATE_MS = 1_000;
/** A call that timed out may still be under way in the network. */
const LATE_UNANSWERED_MS = 7_000;
/** What a call may take, and its event after that. */
const CALL_MS = 12_000;
/** From the end of the broker's trouble to the confirm of an event. */
const RECONNECT_MS = 15_000;

/** Pictures are uploaded side by side, four of a source; a kill cannot cost more rows. */
const UPLOADS_A_KILL = 8;

const DELIVERED = 'delivered';
const UNREACHABLE = 'unreachable';

/** Compares what GroupMe saw and sent with what Postgres has. */
export function checkAudit(facts: ChaosFacts): AuditVerdict {
  const kills = facts.faults.filter(({ kind, target }) => kind === 'kill' && target.startsWith('relay'));
  return {
    posts: checkCalls(facts.postCalls, facts.postRows, {
      kills: [],
      faults: facts.faults,
      own: facts.ownCalls,
    }),
    uploads: checkCalls(facts.uploadCalls, facts.imageRows, { kills, faults: facts.faults, own: [] }),
    callbacks: checkCallbacks(facts),
    rejected: facts.auditRejected,
    parked: facts.auditParked,
  };
}

function checkCalls(
  calls: readonly ApiCall[],
  rows: readonly CallRow[],
  why: {
    kills: readonly FaultRecord[];
    faults: readonly FaultRecord[];
    /** Of producers, who post the same words when the relay does not. */
    own: readonly ApiCall[];
  },
): CallsVerdict {
  const { single, doubled } = dropDoubled(rows);
  const open = new Map<string, ApiCall[]>();
  for (const call of calls) open.set(call.key, [...(open.get(call.key) ?? []), call]);

  /** Takes the call that the row tells of. */
  const take = (row: CallRow, untilMs: number): boolean => {
    const candidates = open.get(row.key) ?? [];
    const found = candidates.find(
      ({ atMs, status }) =>
        (row.code === 0 || status === row.code) && atMs >= row.sentAtMs - EARLY_MS && atMs <= untilMs,
    );
    if (found === undefined) return false;
    candidates.splice(candidates.indexOf(found), 1);
    return true;
  };
  const inOrder = single.toSorted((a, b) => a.sentAtMs - b.sentAtMs);
  const answered = inOrder.filter(({ code }) => code !== 0);
  // Where no connection was made there is no call to be found.
  const unreachable = inOrder.filter(({ outcome }) => outcome === UNREACHABLE);
  const unanswered = inOrder.filter(({ code, outcome }) => code === 0 && outcome !== UNREACHABLE);
  const endMs = (row: CallRow) => row.sentAtMs + (row.durationMs ?? CALL_MS);
  // First those that say what was answered: only one call can be meant.
  const invented = answered.filter((row) => !take(row, endMs(row) + LATE_MS));
  // Then those that must have a call, before those that may have none.
  const sureFirst = unanswered.toSorted(
    (a, b) => Number(b.outcome === DELIVERED) - Number(a.outcome === DELIVERED),
  );
  let left = sureFirst.filter((row) => !take(row, endMs(row) + LATE_UNANSWERED_MS));
  // A relay that settles what another one began knows only that the call was made, at some time.
  left = left.filter((row) => row.outcome !== DELIVERED || !take(row, Number.POSITIVE_INFINITY));
  // It looked into the chat, and took for its predecessor's what the producer had posted meanwhile: nothing tells them apart.
  const ownKeys = new Set(why.own.filter(({ accepted }) => accepted).map(({ key }) => key));
  const isInvented = ({ durationMs, key, outcome }: CallRow) =>
    outcome === DELIVERED && !(durationMs === 0 && ownKeys.has(key));
  invented.push(...left.filter(isInvented));
  const notArrived = [...unreachable, ...left.filter((row) => !isInvented(row))];
  const unmade = notArrived.filter((row) => !why.faults.some((fault) => isInTheWay(fault, row)));

  const explained: string[] = [];
  const excused = new Map<FaultRecord, number>();
  const unexplained: string[] = [];
  const without = [...open.values()].flat().sort((a, b) => a.atMs - b.atMs);
  for (const call of without) {
    const untilMs = confirmedAtTheLatestMs(call, why.faults);
    const kill = why.kills.find(
      (candidate) =>
        candidate.startMs >= call.atMs - LATE_MS &&
        candidate.startMs <= untilMs &&
        (excused.get(candidate) ?? 0) < UPLOADS_A_KILL,
    );
    if (kill === undefined) {
      unexplained.push(describeCall(call));
      continue;
    }
    excused.set(kill, (excused.get(kill) ?? 0) + 1);
    explained.push(`${describeCall(call)}, before #${kill.number} ${kill.what}`);
  }
  return {
    calls: calls.length,
    rows: rows.length,
    explained,
    unexplained,
    invented: invented.map(describeRow),
    doubled: doubled.map(describeRow),
    neverArrived: notArrived.length - unmade.length,
    unmade: unmade.map(describeRow),
  };
}

/** Whether a fault can have kept a call from arriving that has a row. */
function isInTheWay({ kind, target, startMs, endMs }: FaultRecord, row: CallRow): boolean {
  const endedMs = row.sentAtMs + (row.durationMs ?? CALL_MS);
  if (kind === 'network' && target === 'groupme')
    return startMs <= endedMs + LATE_MS && endMs >= row.sentAtMs - LATE_MS;
  // Announced by a relay that then lost its life, its time or the broker, and told of by another.
  const isUntold = row.durationMs === 0;
  const stops = kind === 'broker' || kind === 'network' || target.startsWith('relay');
  return isUntold && stops && startMs <= row.sentAtMs + CALL_MS && endMs >= row.sentAtMs - LATE_MS;
}

/** Until when the relay may hold the call's event in memory only: longer while the broker is out of reach. */
function confirmedAtTheLatestMs(call: ApiCall, faults: readonly FaultRecord[]): number {
  let untilMs = call.atMs + CALL_MS;
  for (const { kind, target, startMs, endMs } of faults.toSorted((a, b) => a.startMs - b.startMs)) {
    const holdsUp = kind === 'broker' || kind === 'freeze' || (kind === 'network' && target === 'broker');
    if (holdsUp && startMs <= untilMs && endMs >= call.atMs)
      untilMs = Math.max(untilMs, endMs + RECONNECT_MS);
  }
  return untilMs;
}

function dropDoubled(rows: readonly CallRow[]): { single: CallRow[]; doubled: CallRow[] } {
  const seen = new Set<string>();
  const single: CallRow[] = [];
  const doubled: CallRow[] = [];
  for (const row of rows) {
    const call = JSON.stringify([row.key, row.messageId, row.part, row.attempt, row.sentAtMs]);
    (seen.has(call) ? doubled : single).push(row);
    seen.add(call);
  }
  return { single, doubled };
}

function checkCallbacks(facts: ChaosFacts): CallbacksVerdict {
  const rowsOf = (ids: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  };
  const echoes = rowsOf(facts.echoRows);
  const callbacks = rowsOf(facts.callbackRows);
  const delivered = facts.callbacks.filter((callback) => callback.delivered);
  const sent = new Set(facts.callbacks.map(({ chatId }) => chatId));
  return {
    delivered: delivered.length,
    rows: facts.echoRows.length + facts.callbackRows.length,
    missing: delivered
      .filter(({ chatId, fromBot }) => !(fromBot ? echoes : callbacks).has(chatId))
      .map(({ chatId }) => chatId),
    doubled: [...echoes, ...callbacks].filter(([, count]) => count > 1).map(([id]) => id),
    invented: [...echoes.keys(), ...callbacks.keys()].filter((id) => !sent.has(id)),
  };
}

function describeCall({ key, atMs, status, fault }: ApiCall): string {
  const answer = status === null ? 'not answered' : `answered ${status}`;
  return `${new Date(atMs).toISOString()} ${shorten(key)}, ${answer}${fault === null ? '' : ` (${fault})`}`;
}

function describeRow({ messageId, part, attempt, sentAtMs, code, outcome }: CallRow): string {
  return `${new Date(sentAtMs).toISOString()} ${messageId} part ${part} attempt ${attempt}: ${outcome} ${code}`;
}

function shorten(key: string): string {
  return key.length > 60 ? `${key.slice(0, 57)}…` : key;
}
