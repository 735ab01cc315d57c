import { listenerPhoto, serveBytes, serveJson, startHttpServer, waitFor } from '@wbor/testkit';

/** What reached GroupMe. */
interface Arrival {
  /** Unix seconds. */
  readonly createdAt: number;
  /** When the whole request was there, by `performance.now()`. */
  readonly atMs: number;
  readonly text: string;
}

/**
 * Stands in for GroupMe, and does as little as can be done: what it cost would be part of every figure, and most of the
 * smallest, so that ratios looked better than they are. The simulator does more.
 */
export interface GroupMeStandIn {
  readonly botId: string;
  readonly accessToken: string;
  readonly groupId: string;
  readonly apiUrl: string;
  readonly imageUrl: string;
  /** A picture that a message may name. */
  readonly photoUrl: string;
  /** Calls of bots/post, in the order in which they came. */
  readonly arrivals: readonly Arrival[];
  /** Resolves once there are as many. */
  waitForArrivals(count: number, timeoutMs: number): Promise<unknown>;
  dispose(): Promise<void>;
}

const GROUP_ID = '90000001';
const PAGE = 100;

export async function startGroupMeStandIn(): Promise<GroupMeStandIn> {
  const arrivals: Arrival[] = [];
  const server = await startHttpServer({
    'POST /v3/bots/post': ({ json }, response) => {
      arrivals.push({
        atMs: performance.now(),
        createdAt: Math.floor(Date.now() / 1_000),
        text: String((json as { text?: unknown } | undefined)?.text),
      });
      response.writeHead(202).end();
    },
    'GET /photo.jpg': serveBytes(listenerPhoto(), 'image/jpeg'),
    // Whoever is in doubt about a post finds it there.
    [`GET /v3/groups/${GROUP_ID}/messages`]: (request, response) =>
      serveJson({ meta: { code: 200 }, response: { messages: newestOf(arrivals) } })(request, response),
    // The look whether a thumbnail is there.
    '*': serveJson({}),
  });
  const picture = `${server.url}/640x420.jpeg.${'0'.repeat(32)}`;
  server.handle({ 'POST /pictures': serveJson({ payload: { url: picture, picture_url: picture } }) });
  return {
    botId: 'a1b2c3d4e5f60718293a4b5c6d',
    accessToken: 'benchmark-access-token-0123456789abcdef',
    groupId: GROUP_ID,
    apiUrl: `${server.url}/v3`,
    imageUrl: server.url,
    photoUrl: `${server.url}/photo.jpg`,
    arrivals,
    waitForArrivals: (count, timeoutMs) =>
      waitFor(() => arrivals.length >= count, {
        timeoutMs,
        what: `${count} posts at GroupMe (there are ${arrivals.length})`,
      }),
    dispose: () => server.dispose(),
  };
}

/** The newest page, whichever was asked for: no search goes further back. */
function newestOf(arrivals: readonly Arrival[]): object[] {
  const from = Math.max(0, arrivals.length - PAGE);
  return arrivals
    .slice(from)
    .map(({ createdAt, text }, index) => ({
      id: String(100_000_000_000_000_000n + BigInt(from + index)),
      created_at: createdAt,
      sender_type: 'bot',
      text,
      attachments: [],
    }))
    .toReversed();
}
